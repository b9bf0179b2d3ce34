"""Small projects that build as well-known backends do: compilers, programs of the room, no pyproject.toml.

`make real-builds` builds real ones.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from cli.test_index_sdists import POLICY
from support.sdists import make_sdist, make_tar, sdist_filename
from support.server import IndexServer

HEADER = Path(sysconfig.get_path("include"), "Python.h")
COMPILER = shutil.which("cc") or shutil.which("gcc")


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer() as server:
        yield server


@pytest.fixture
def admitting(shell: Shell) -> Shell:
    shell.write("policy.toml", '[builds]\nsdists = ["demo"]\n')
    return shell


def install(shell: Shell, server: IndexServer, *words: str) -> str:
    ended = shell.safepip("install", "demo", *words, *POLICY, *trusting(server))
    assert (ended.code, "demo-1.0" in shell.installed()) == (0, True), ended.err
    return ended.out


def says(shell: Shell, code: str) -> str:
    """What the target's Python prints."""
    return subprocess.run(
        [str(shell.python), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


_EXTENSION = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "demo_speed", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_demo_speed(void) {
    PyObject *made = PyModule_Create(&module);
    PyModule_AddIntConstant(made, "answer", ANSWER);
    return made;
}
"""
_BACKEND_COMPILES = """
import base64, hashlib, os, pathlib, shlex, subprocess, sys, sysconfig, zipfile

TAG = "cp{0}{1}-cp{0}{1}-".format(*sys.version_info) + sysconfig.get_platform().translate({45: 95, 46: 95})
METADATA = "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n\\n"
WHEEL = "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: false\\nTag: " + TAG + "\\n"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    built = "demo_speed" + sysconfig.get_config_var("EXT_SUFFIX")
    link = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    flags = shlex.split(os.environ.get("CFLAGS", "-DANSWER=42"))
    include = ["-I", sysconfig.get_path("include")]
    subprocess.run(["cc", "-shared", "-fPIC", *link, *flags, *include, "speed.c", "-o", built], check=True)
    files = {built: pathlib.Path(built).read_bytes(), "demo-1.0.dist-info/METADATA": METADATA.encode(),
             "demo-1.0.dist-info/WHEEL": WHEEL.encode()}
    rows = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows += name + ",sha256=" + digest + "," + str(len(content)) + "\\n"
    files["demo-1.0.dist-info/RECORD"] = (rows + "demo-1.0.dist-info/RECORD,,\\n").encode()
    name = "demo-1.0-" + TAG + ".whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return name
"""


@pytest.mark.skipif(not (COMPILER and HEADER.exists()), reason="a C compiler and Python's headers")
def test_an_extension_is_compiled_with_the_flags_of_the_environment(
    admitting: Shell, server: IndexServer
) -> None:
    """The compiler finds its headers, writes its temporary files, and its linker runs, all closed in."""
    files = {"tools/backend.py": _BACKEND_COMPILES, "speed.c": _EXTENSION}
    server.add_file(make_sdist("demo", files=files), sdist_filename("demo"))
    answer = "import demo_speed; print(demo_speed.answer)"

    built = install(admitting, server)
    first = says(admitting, answer)
    again = install(admitting, server, "--force-reinstall")
    admitting.environ["CFLAGS"] = "-DANSWER=43"
    flagged = install(admitting, server, "--force-reinstall")

    assert ("Created wheel" in built, "Using cached" in again, "Created wheel" in flagged) == (True,) * 3
    assert (first, says(admitting, answer)) == ("42", "43")


def test_programs_of_the_room_are_found(admitting: Shell, server: IndexServer) -> None:
    """As meson-python calls meson, which calls ninja."""
    tool = "import sys\ndef main(): print('made by', *sys.argv[1:])\n"
    scripts = {"console_scripts": {"make-it": "tool:main"}}
    publish(server, "tool", files={"tool.py": tool}, entry_points=scripts)
    code = (
        "import subprocess; said = subprocess.run(['make-it', 'hand'], capture_output=True, text=True, check=True);"
        "open('demo/__init__.py', 'w').write('said = ' + repr(said.stdout.strip()))"
    )
    server.add_file(make_sdist("demo", needs=["tool"], at_build=code), sdist_filename("demo"))

    install(admitting, server)

    assert says(admitting, "import demo; print(demo.said)") == "made by hand"


def test_a_program_that_the_system_lacks_is_asked_for_and_found(
    admitting: Shell, server: IndexServer
) -> None:
    """As meson-python asks for ninja, and scikit-build-core for cmake."""
    scripts = {"console_scripts": {"no-such-program-here": "tool:main"}}
    publish(server, "tool", files={"tool.py": "def main(): print('here')\n"}, entry_points=scripts)
    code = "import shutil; FACTS['asks'] = [] if shutil.which('no-such-program-here') else ['tool']"
    at_build = "import subprocess; subprocess.run(['no-such-program-here'], check=True)"
    server.add_file(make_sdist("demo", code=code, at_build=at_build), sdist_filename("demo"))

    built = install(admitting, server)
    again = install(admitting, server, "--force-reinstall")

    assert ("Installing backend dependencies" in built, "Using cached" in again) == (True, True)


_SETUPTOOLS = """
import base64, hashlib, pathlib, runpy, zipfile

def setup(**said):
    setup.said = said

class Legacy:
    def _read(self):
        runpy.run_path("setup.py")
        return setup.said

    def get_requires_for_build_wheel(self, config_settings=None):
        return self._read()["setup_requires"]

    def build_wheel(self, folder, config_settings=None, metadata_directory=None):
        said = self._read()
        from late import version
        info = "demo-" + version + ".dist-info/"
        files = {"demo.py": "", info + "METADATA": "Metadata-Version: 2.1\\nName: " + said["name"]
                 + "\\nVersion: " + version + "\\n\\n",
                 info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
        rows = ""
        for name, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows += name + ",sha256=" + digest + "," + str(len(text)) + "\\n"
        files[info + "RECORD"] = rows + info + "RECORD,,\\n"
        name = "demo-" + version + "-py3-none-any.whl"
        with zipfile.ZipFile(pathlib.Path(folder, name), "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        return name
"""


def test_setup_py_alone_asks_for_what_knows_its_version(admitting: Shell, server: IndexServer) -> None:
    """As projects with pbr in ``setup_requires``: no pyproject.toml, and a version that only a build knows."""
    build_meta = "from setuptools import Legacy\n__legacy__ = Legacy()\n"
    modules = {"setuptools/__init__.py": _SETUPTOOLS, "setuptools/build_meta.py": build_meta}
    publish(server, "setuptools", "80.0", files=modules)
    publish(server, "late", files={"late.py": "version = '1.0'\n"})
    setup = "from setuptools import setup\nsetup(name='demo', setup_requires=['late'])\n"
    server.add_file(make_tar({"demo-1.0/setup.py": setup.encode()}), sdist_filename("demo"))

    built = install(admitting, server)
    again = install(admitting, server, "--force-reinstall")

    assert ("Installing backend dependencies" in built, "Using cached" in again) == (True, True)
