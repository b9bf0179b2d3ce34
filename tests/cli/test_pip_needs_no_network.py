"""What pip does in the target is done without a single attempt to connect."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Shell, trusting
from support.server import IndexServer

# Stands in the target, so that every process that runs there writes down what it tries.
_RECORDER = """
import sys
def record(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open({log!r}, "a") as stream:
            stream.write(event + "\\n")
        raise OSError(101, "Network is unreachable")
sys.addaudithook(record)
with open({log!r}, "a") as stream:
    stream.write("started\\n")
"""


@pytest.fixture
def log(shell: Shell, tmp_path: Path) -> Path:
    path = tmp_path / "attempts.log"
    library = next(shell.python.parent.parent.glob("lib/python*/site-packages"))
    (library / "sitecustomize.py").write_text(_RECORDER.format(log=str(path)))
    return path


@pytest.mark.parametrize("more", [(), ("--no-deps",), ("--target", "out"), ("--force-reinstall",)])
def test_applying_tries_no_connection(
    shell: Shell, index: IndexServer, log: Path, more: tuple[str, ...]
) -> None:
    ended = shell.safepip("install", "app", *more, *trusting(index))

    assert ended.code == 0, ended.err
    assert set(log.read_text().splitlines()) == {"started"}


def test_the_recorder_would_have_noticed(shell: Shell, index: IndexServer, log: Path) -> None:
    """The twin: pip left to itself asks the index, and the recorder stops it."""
    command = [sys.executable, "-m", "pip", "--python", str(shell.python), "install", "--retries", "0", "app"]
    ended = subprocess.run([*command, *trusting(index)], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "socket.getaddrinfo" in log.read_text().splitlines()
