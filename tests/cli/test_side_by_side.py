"""Two commands that change one environment: the later one waits, and is not carried out on a guess."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli.conftest import Shell, trusting
from support.server import IndexServer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such locks: its journal stands in")
PATIENCE_SECONDS = 60


@contextmanager
def started(shell: Shell, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "safepip", "--python", str(shell.python), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=shell.folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as run:
        try:
            yield run
        finally:
            run.kill()


def wait_for(run: subprocess.Popen[str], words: str) -> None:
    """Read stdout up to these words."""
    assert run.stdout is not None
    said = ""
    while words not in said:
        letter = run.stdout.read(1)
        assert letter, f"it ended after {said!r}"
        said += letter


def wait_until_installing(run: subprocess.Popen[str]) -> None:
    """Everything is fetched and verified; what is left is to apply it."""
    assert run.stderr is not None
    while "Installing" not in (line := run.stderr.readline()):
        assert line


@pytest.mark.parametrize("more", [(), ("-r", "names.txt")], ids=["words", "file"])
@pytest.mark.parametrize(("answer", "outcome"), [("y", 1), ("n", 0)], ids=["removed", "kept"])
def test_an_installation_waits_for_a_removal(
    shell: Shell, index: IndexServer, answer: str, outcome: int, more: tuple[str, ...]
) -> None:
    shell.write("names.txt", "lib\n")
    assert shell.safepip("install", "-q", "lib", *trusting(index)).code == 0

    with started(shell, "uninstall", *(more or ("lib",))) as removal:
        wait_for(removal, "Proceed (Y/n)?")
        with started(shell, "install", "app", *trusting(index)) as installation:
            wait_until_installing(installation)
            time.sleep(1)
            assert (installation.poll(), shell.installed()) == (None, {"lib-2.0"})

            _, said = removal.communicate(f"{answer}\n", timeout=PATIENCE_SECONDS)
            assert removal.returncode == 0, said
            _, said = installation.communicate(timeout=PATIENCE_SECONDS)

    assert installation.returncode == outcome, said
    assert shell.installed() == (set() if outcome else {"app-1.0", "lib-2.0"})
    assert ("another command has changed the environment meanwhile" in said) == bool(outcome)


def test_a_removal_in_another_environment_waits_for_nobody(shell: Shell, index: IndexServer) -> None:
    other = Shell(folder=shell.folder, python=shell.python.parent.parent.parent / "other/bin/python")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", other.python.parent.parent], check=True)
    for one in (shell, other):
        assert one.safepip("install", "-q", "lib", *trusting(index)).code == 0

    with started(shell, "uninstall", "lib") as removal:
        wait_for(removal, "Proceed (Y/n)?")
        assert other.safepip("uninstall", "-y", "lib").code == 0
        assert shell.safepip("list").code == 0
