"""Credentials asked of the person at the terminal, as pip asks for them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from cli.conftest import Shell, publish, trusting
from support.server import IndexServer


@pytest.fixture
def closed() -> Iterator[IndexServer]:
    """An index that wants to know who asks."""
    with IndexServer(credentials=("me", "s3cret")) as server:
        publish(server, "app", "1.0", requires=["lib"])
        publish(server, "lib", "1.0")
        publish(server, "other", "1.0")
        yield server


def at_a_terminal(shell: Shell, answers: list[tuple[str, str]], *arguments: str) -> tuple[int, str, str]:
    """Run with stdin and stderr on a terminal; answer each question as it comes: code, stdout, terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "safepip", "--python", str(shell.python), *arguments]
    run = subprocess.Popen(
        command,
        cwd=shell.folder,
        env={**os.environ, "TERM": "dumb"},
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(theirs)
    seen, waiting, end = "", list(answers), time.monotonic() + 60
    while time.monotonic() < end:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other side was closed
            break
        if not piece:
            break
        seen += piece.decode()
        if waiting and waiting[0][0] in seen:
            os.write(ours, waiting.pop(0)[1].encode() + b"\n")
    out = run.communicate(timeout=60)[0].decode()
    os.close(ours)
    return run.returncode, out, seen


def test_a_terminal_is_asked_once_for_user_and_password_which_is_not_shown(
    shell: Shell, closed: IndexServer
) -> None:
    answers = [(f"User for localhost:{closed.port}: ", "me"), ("Password: ", "s3cret")]

    code, out, seen = at_a_terminal(shell, answers, "install", "app", "other", *trusting(closed))

    assert (code, shell.installed()) == (0, {"app-1.0", "lib-1.0", "other-1.0"}), seen
    assert seen.count("User for") == 1
    assert "s3cret" not in seen + out


def test_a_wrong_password_ends_the_run_and_installs_nothing(shell: Shell, closed: IndexServer) -> None:
    answers = [("User for", "me"), ("Password: ", "wrong")]

    code, _, seen = at_a_terminal(shell, answers, "install", "other", *trusting(closed))

    assert (code, shell.installed()) == (11, set())
    assert seen.count("User for") == 1
    assert "401" in seen


@pytest.mark.parametrize(
    "answers", [[("User for", "\x04")], [("User for", "")], [("User for", "me"), ("Password: ", "\x04")]]
)
def test_whoever_gives_no_answer_is_not_asked_again(
    shell: Shell, closed: IndexServer, answers: list[tuple[str, str]]
) -> None:
    code, _, seen = at_a_terminal(shell, answers, "install", "app", "other", *trusting(closed))

    assert (code, shell.installed()) == (11, set()), seen
    assert seen.count("User for") == 1
    assert "401" in seen
    assert "Traceback" not in seen


@pytest.mark.parametrize("option", [(), ("--no-input",)])
def test_without_a_terminal_or_leave_nobody_is_asked(
    shell: Shell, closed: IndexServer, option: tuple[str, ...]
) -> None:
    if option:
        code, _, seen = at_a_terminal(shell, [], "install", "other", *trusting(closed), *option)
    else:
        ended = shell.safepip("install", "other", *trusting(closed), stdin="me\ns3cret\n")
        code, seen = ended.code, ended.err

    assert (code, shell.installed()) == (11, set())
    assert "User for" not in seen
