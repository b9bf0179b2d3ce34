"""Environments that are odd, old, hostile or not to be touched."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, trusting
from safepip.io.pip import RUNNER
from support.environments import Wheelhouse, make_environment, pip_install, tree
from support.locks import lock, package
from support.server import IndexServer

OTHER_PYTHONS = ("3.10", "3.12", "3.13", "3.14")


def library_of(shell: Shell) -> Path:
    return next(shell.python.parent.parent.glob("lib/python*/site-packages"))


@pytest.mark.parametrize(
    "noise",
    [
        'print(\'{"unsupported": "3.0"}\')',
        "import os; os.write(1, b'no end of line' * 10_000)",
        "sys.stderr.write('noise' * 50_000)",
        "raise ValueError('broken hook')",
    ],
)
def test_a_target_that_talks_at_start_up(shell: Shell, index: IndexServer, noise: str) -> None:
    (library_of(shell) / "noise.pth").write_text(f"import sys; {noise}\n")

    ended = shell.safepip("install", "app", *trusting(index))

    assert (ended.code, ended.out) == (0, "Successfully installed app-1.0 lib-2.0\n"), ended.err
    assert "noise" not in ended.err


def test_no_pip_but_safepips_own_is_run(shell: Shell, index: IndexServer) -> None:
    """Neither the target's, nor one beside the interpreter, nor one in the working directory."""
    hostile = "raise SystemExit('the wrong pip')\n"
    for folder in (library_of(shell), shell.python.parent, shell.folder):
        (folder / "pip").mkdir(exist_ok=True)
        (folder / "pip/__init__.py").write_text(hostile)
    shell.write("json.py", hostile)

    ended = shell.safepip("install", "app", *trusting(index))
    listed = shell.safepip("list", "--format=freeze")

    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-2.0"}), ended.err
    assert (listed.code, listed.out) == (0, "app==1.0\nlib==2.0\n"), listed.err


@pytest.fixture
def managed(tmp_path: Path, shell: Shell) -> Shell:
    """A Python of the system's: no virtual environment, and marked as EXTERNALLY-MANAGED."""
    real = Path(os.path.realpath(sys.executable))
    own = Path(os.__file__).parent
    prefix = tmp_path / "system"
    library = prefix / own.relative_to(sys.base_prefix)
    library.mkdir(parents=True)
    (prefix / "bin").mkdir()
    shutil.copy2(real, prefix / "bin/python3")
    for child in own.parent.iterdir():
        if child != own:
            (library.parent / child.name).symlink_to(child)
    for child in own.iterdir():
        if child.name != "site-packages":
            (library / child.name).symlink_to(child)
    (library / "site-packages").mkdir()
    words = "[externally-managed]\nError=To install system-wide, use apt.\n\n See the manual.\n"
    (library / "EXTERNALLY-MANAGED").write_text(words)
    return Shell(folder=shell.folder, python=prefix / "bin/python3")


def test_an_externally_managed_python_is_not_touched(managed: Shell, index: IndexServer) -> None:
    before = tree(managed.python.parent.parent)

    ended = managed.safepip("install", "lib", *trusting(index))

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[:4] == [
        "ERROR: This environment is externally managed",
        "   = note: To install system-wide, use apt.",
        "",
        "           See the manual.",
    ]
    assert index.requests == []
    assert tree(managed.python.parent.parent) == before


def test_nothing_is_removed_from_an_externally_managed_python(managed: Shell, index: IndexServer) -> None:
    house = Wheelhouse(managed.folder / "wheels")
    house.add("old")
    assert pip_install(managed.python, house, "--break-system-packages", "old").returncode == 0
    managed.write("pylock.toml", lock(package(index, "lib", "2.0")))
    before = tree(managed.python.parent.parent)

    refused = managed.safepip("sync", *trusting(index), "pylock.toml")

    assert (refused.code, refused.out) == (1, "")
    assert "ERROR: This environment is externally managed" in refused.err
    assert tree(managed.python.parent.parent) == before

    broken = managed.safepip("sync", "--break-system-packages", *trusting(index), "pylock.toml")
    assert (broken.code, broken.out.splitlines()) == (
        0,
        ["Successfully uninstalled old-1.0", "Successfully installed lib-2.0"],
    ), broken.err


@pytest.mark.parametrize(
    "more", [("--target", "out"), ("--prefix", "out"), ("--root", "out"), ("--break-system-packages",)]
)
def test_it_may_fill_other_folders_or_be_broken_on_purpose(
    managed: Shell, index: IndexServer, more: tuple[str, ...]
) -> None:
    ended = managed.safepip("install", "lib", *more, "--root-user-action=ignore", *trusting(index))

    assert (ended.code, ended.out) == (0, "Successfully installed lib-2.0\n"), ended.err


def test_a_virtual_environment_can_be_required(managed: Shell, shell: Shell, index: IndexServer) -> None:
    environ = {"PIP_REQUIRE_VIRTUALENV": "1"}

    outside = managed.safepip("install", "--target", "out", "lib", *trusting(index), environ=environ)
    inside = shell.safepip("install", "lib", *trusting(index), environ=environ)

    assert (outside.code, inside.code) == (3, 0), outside.err + inside.err
    assert "Could not find an activated virtualenv (required)." in outside.err


@pytest.mark.parametrize(
    "script, said",
    [
        ("#!/bin/sh\nexit 3\n", "does not work as a Python interpreter"),
        ("#!/bin/sh\necho broken linker >&2; exit 127\n", "broken linker"),
        ("#!/nonexistent/python\n", "cannot be started"),
    ],
)
def test_a_program_that_is_no_python(shell: Shell, script: str, said: str) -> None:
    program = shell.write("python-ish", script)
    program.chmod(0o755)

    ended = Shell(folder=shell.folder, python=program).safepip("install", "lib", "-i", "https://localhost:9/")

    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err


def pythons() -> dict[str, str]:
    """Other interpreters that this machine has, by version."""
    found = {}
    for folder in [*os.environ.get("PATH", "").split(os.pathsep), *_pyenv_folders()]:
        for version in OTHER_PYTHONS:
            program = Path(folder, f"python{version}")
            if program.is_file() and version not in found and _works(program):
                found[version] = str(program)
    return found


def _pyenv_folders() -> list[str]:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return [str(folder) for folder in sorted(root.glob("versions/*/bin"))]


def _works(program: Path) -> bool:
    run = subprocess.run([program, "-c", "import venv"], capture_output=True, check=False)
    return run.returncode == 0


PYTHONS = pythons()


def test_other_pythons_are_installed_into(shell: Shell, index: IndexServer, tmp_path: Path) -> None:
    """With each that is there; the one that runs the tests always is."""
    for version, python in {"own": sys.executable, **PYTHONS}.items():
        folder = tmp_path / version
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
        target = Shell(folder=shell.folder, python=folder / "bin/python")

        ended = target.safepip("install", "app", *trusting(index))

        assert (ended.code, target.installed()) == (0, {"app-1.0", "lib-2.0"}), (version, ended.err)


# --- which environment ---------------------------------------------------------------------------


@pytest.fixture
def tool(empty_environment: Path, tmp_path: Path) -> Path:
    """An environment that holds safepip and what it needs; its interpreter."""
    folder = tmp_path / "tools/safepip"
    shutil.copytree(empty_environment, folder, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    paths = (sysconfig.get_path("purelib"), str(Path(__file__).parents[2] / "src"))
    (site / "what-it-needs.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")
    return folder / "bin/python"


def with_package(folder: Path, name: str) -> Path:
    """A fake environment that has one distribution."""
    make_environment(folder)
    metadata = next(folder.glob("lib/python*/site-packages")) / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    return folder


def listed(tool: Path, cwd: Path, *arguments: str, **environ: str) -> tuple[str, str]:
    """What ``safepip freeze`` of a tool's environment says, on stdout and stderr."""
    run = subprocess.run(
        [tool, "-m", "safepip", *arguments, "freeze", "--all"],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout, run.stderr


def mark(tool: Path, name: str) -> None:
    (tool.parent.parent / name).write_text("")


def cache_tag(tool: Path, name: str) -> None:
    (tool.parent.parent.parent.parent / name).write_text("Signature: 8a477f597d28d172789f06886806bc55\n")


MADE_FOR_TOOLS = [(mark, "pipx_metadata.json"), (mark, "uv-receipt.toml"), (cache_tag, "CACHEDIR.TAG")]


@pytest.mark.parametrize("marked", MADE_FOR_TOOLS, ids=["pipx", "uv tool", "uvx"])
@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX", "PATH"])
def test_a_tools_own_environment_is_never_the_one_that_is_meant(
    tool: Path, tmp_path: Path, marked: tuple[Callable[[Path, str], None], str], variable: str
) -> None:
    make, name = marked
    make(tool, name)
    meant = with_package(tmp_path / "meant", "demo")
    value = f"{meant / 'bin'}{os.pathsep}{os.defpath}" if variable == "PATH" else str(meant)

    out, err = listed(tool, tmp_path, **{variable: value})

    assert out == "demo==1.0\n"
    why = "first on PATH" if variable == "PATH" else variable
    assert err.startswith(f"safepip: working on {meant / 'bin/python'}")
    assert f"({why})" in err


def test_an_environment_that_holds_more_is_the_one_that_is_meant(tool: Path, tmp_path: Path) -> None:
    """Even where another one is active; and a tag of its own, as ``uv venv`` leaves it, says nothing."""
    with_package(tmp_path / "tools/safepip", "demo")
    mark(tool, "CACHEDIR.TAG")
    active = with_package(tmp_path / "active", "other")

    out, err = listed(tool, tmp_path, VIRTUAL_ENV=str(active))

    assert "demo==1.0" in out
    assert "other" not in out
    assert err == ""


@pytest.mark.parametrize("option", ["meant", "meant/bin/python", "./meant", "{}/meant"])
def test_python_names_an_interpreter_or_a_folder(tool: Path, tmp_path: Path, option: str) -> None:
    with_package(tmp_path / "meant", "demo")
    active = with_package(tmp_path / "active", "other")

    out, err = listed(tool, tmp_path, "--python", option.format(tmp_path), VIRTUAL_ENV=str(active))

    assert (out, err) == ("demo==1.0\n", "")


def test_an_environment_that_only_stands_in_the_working_directory_is_not_meant(
    tool: Path, tmp_path: Path
) -> None:
    for name in (".venv", "venv", "env"):
        with_package(tmp_path / name, "demo")
    mark(tool, "pipx_metadata.json")
    meant = with_package(tmp_path / "meant", "other")

    out, _ = listed(tool, tmp_path, PATH=f".{os.pathsep}{meant / 'bin'}")

    assert out == "other==1.0\n"


# --- what cannot be one --------------------------------------------------------------------------

COMMANDS = [("install", "lib", "--no-index"), ("list",), ("uninstall", "-y", "lib"), ("cache", "dir")]


@pytest.mark.parametrize("command", COMMANDS, ids=[words[0] for words in COMMANDS])
def test_a_program_that_only_repeats_what_it_is_told(shell: Shell, command: tuple[str, ...]) -> None:
    program = shell.folder / "repeater"
    shutil.copy2(shutil.which("echo") or "/bin/echo", program)

    ended = Shell(folder=shell.folder, python=program).safepip(*command)

    assert (ended.code, ended.out) == (1, "")
    assert "does not work as a Python interpreter" in ended.err
    assert "= help: name an interpreter" in ended.err


def test_one_that_is_named_like_an_interpreter_is_found_out_before_anything_changes(shell: Shell) -> None:
    program = shell.folder / "python3"
    shutil.copy2(shutil.which("echo") or "/bin/echo", program)

    ended = Shell(folder=shell.folder, python=program).safepip("install", "lib", "--no-index")

    assert (ended.code, ended.out) == (1, "")
    assert "does not work as a Python interpreter" in ended.err


def test_an_interpreter_that_pip_no_longer_supports_is_refused_with_a_way_out(tmp_path: Path) -> None:
    """By what runs there for commands that pip applies as they are; all of it is old Python too."""
    code = f"import sys; sys.version_info = (3, 8, 18, 'final', 0)\n{RUNNER}"

    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        "ERROR: This version of pip does not support python 3.8 (requires >=3.10).",
        f"   = help: choose a newer interpreter with --python; {sys.executable} is too old",
    ]
    assert ast.parse(RUNNER, feature_version=(3, 4))


# --- an interpreter from a configuration file ----------------------------------------------------

DELEGATED = [("list",), ("show", "lib"), ("freeze",), ("uninstall", "-y", "lib"), ("debug",), ("hash", "x")]
SECTIONS = ["[global]\n", "[{command}]\n", "[:env:]\n", "[DEFAULT]\n[global]\n"]


@pytest.mark.parametrize("command", DELEGATED, ids=[words[0] for words in DELEGATED])
def test_an_interpreter_from_a_configuration_file_is_refused(shell: Shell, command: tuple[str, ...]) -> None:
    for section in SECTIONS:
        text = section.format(command=command[0])
        conf = shell.write(
            "pip.conf",
            text.replace("[DEFAULT]\n", "[DEFAULT]\nPYTHON : ./python\n")
            + ("" if "DEFAULT" in text else "--python = ./python\n"),
        )
        ended = from_here(shell, *command, PIP_CONFIG_FILE=str(conf))

        assert (ended.code, ended.out) == (10, ""), text
        assert "error[interpreter-from-environment]: ./python would be run" in ended.err
        assert f"{conf}:2:" in ended.err
        assert "= help: delete it; name the interpreter with --python" in ended.err


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("[global]\npython-version = 3.9\n", ("freeze",)),
        ("[install]\npython = ./python\n", ("freeze",)),
        ("[global]\npython =\n", ("freeze",)),
        ("[global]\npython = ./python\n", ("config", "list")),
        ("[global]\npython = ./python\n", ("freeze", "--help")),
        ("[global]\npython = ./python\n", ("help",)),
        ("[global]\npython = ./python\n", ("--version",)),
    ],
)
def test_what_names_no_interpreter_for_the_command_passes(
    shell: Shell, text: str, command: tuple[str, ...]
) -> None:
    conf = shell.write("pip.conf", text)

    assert from_here(shell, *command, PIP_CONFIG_FILE=str(conf)).code == 0


def test_the_command_line_has_precedence_over_the_file(shell: Shell) -> None:
    conf = shell.write("pip.conf", "[global]\npython = ./python\n")

    assert shell.safepip("freeze", environ={"PIP_CONFIG_FILE": str(conf)}).code == 0


def from_here(shell: Shell, *arguments: str, **environ: str) -> Ended:
    """safepip on the environment that runs the tests: no ``--python``."""
    run = subprocess.run(
        [sys.executable, "-m", "safepip", *arguments],
        cwd=shell.folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(run.returncode, run.stdout, run.stderr)
