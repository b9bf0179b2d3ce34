"""Environments that are odd, old, hostile or not to be touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Shell, trusting
from support.environments import tree
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
