"""Wherever a password comes from, and however the run ends: it is sent to its index and stands nowhere else."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

USER = "reader"
TOLD = ("-vvv", "--log", "run.log", "--report", "report.json")


@pytest.fixture
def closed() -> Iterator[IndexServer]:
    """An index that wants to know who asks."""
    with IndexServer(credentials=(USER, "s3cret-Passw0rd/")) as server:
        publish(server, "app", "1.0", requires=["lib"])
        publish(server, "lib", "1.0")
        yield server


def in_the_url(shell: Shell, server: IndexServer, password: str) -> tuple[str, ...]:
    del shell
    quoted = password.replace("/", "%2F")
    return ("--index-url", server.url.replace("://", f"://{USER}:{quoted}@"), "--cert", server.ca_path)


def in_the_environment(shell: Shell, server: IndexServer, password: str) -> tuple[str, ...]:
    shell.environ["PIP_INDEX_URL"] = in_the_url(shell, server, password)[1]
    return ("--cert", server.ca_path)


def in_netrc(shell: Shell, server: IndexServer, password: str) -> tuple[str, ...]:
    netrc = shell.folder.parent / "secrets" / "netrc"
    netrc.parent.mkdir()
    netrc.write_text(f"machine localhost login {USER} password {password}\n")
    netrc.chmod(0o600)
    shell.environ["NETRC"] = str(netrc)
    return trusting(server)


def in_the_keyring(shell: Shell, server: IndexServer, password: str) -> tuple[str, ...]:
    program = shell.folder.parent / "secrets" / "keyring"
    program.parent.mkdir()
    answer = f'{{"username": "{USER}", "password": "{password}"}}'
    program.write_text(f"#!{sys.executable}\nprint({answer!r})\n")
    program.chmod(0o700)
    shell.environ["PATH"] = f"{program.parent}:/usr/bin:/bin"
    return trusting(server)


SOURCES = [in_the_url, in_the_environment, in_netrc, in_the_keyring]


def standing_in(folder: Path, texts: tuple[str, ...]) -> list[str]:
    """Files below a folder that hold one of the texts, in any form; the places of the secrets themselves aside."""
    encoded = [text.encode() for text in texts]
    files = (path for path in folder.rglob("*") if path.is_file() and "secrets" not in path.parts)
    return [str(path) for path in files if any(text in path.read_bytes() for text in encoded)]


def forms(password: str) -> tuple[str, ...]:
    return (password, password.replace("/", "%2F"), base64.b64encode(f"{USER}:{password}".encode()).decode())


def assert_nowhere(shell: Shell, ended: Ended, password: str) -> None:
    assert not [form for form in forms(password) if form in ended.out + ended.err]
    assert standing_in(shell.folder.parent, forms(password)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the keyring of this test is a script")
@pytest.mark.parametrize("source", SOURCES)
def test_a_right_password_is_used_and_stands_nowhere(shell: Shell, closed: IndexServer, source) -> None:
    index = source(shell, closed, "s3cret-Passw0rd/")

    ended = shell.safepip("install", "app", *TOLD, *index, environ={"SAFEPIP_LOG": "audit.jsonl"})

    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.err
    assert {"run.log", "report.json", "audit.jsonl"} <= {path.name for path in shell.folder.iterdir()}
    assert list((shell.folder.parent / "home").rglob("first-use.sqlite3"))
    assert_nowhere(shell, ended, "s3cret-Passw0rd/")


@pytest.mark.skipif(sys.platform == "win32", reason="the keyring of this test is a script")
@pytest.mark.parametrize("source", SOURCES)
def test_a_wrong_password_stands_nowhere_either(shell: Shell, closed: IndexServer, source) -> None:
    index = source(shell, closed, "wr0ng-Passw0rd")

    ended = shell.safepip("install", "app", *TOLD, *index, environ={"SAFEPIP_LOG": "audit.jsonl"})

    assert (ended.code, shell.installed()) == (11, set())
    assert "401" in ended.err
    assert_nowhere(shell, ended, "wr0ng-Passw0rd")


@pytest.mark.skipif(sys.platform == "win32", reason="the keyring of this test is a script")
@pytest.mark.parametrize(
    "options, asked",
    [
        ((), True),
        (("--keyring-provider", "auto"), True),
        (("--keyring-provider", "subprocess"), True),
        (("--keyring-provider", "subprocess", "--no-input"), True),
        (("--keyring-provider", "auto", "--no-input"), False),
        (("--no-input",), False),
        (("--keyring-provider", "disabled"), False),
    ],
)
def test_the_keyring_is_asked_where_pip_would_ask_it(
    shell: Shell, closed: IndexServer, options: tuple[str, ...], asked: bool
) -> None:
    index = in_the_keyring(shell, closed, "s3cret-Passw0rd/")

    ended = shell.safepip("install", "lib", *options, *index)

    assert ended.code == (0 if asked else 11), ended.err


def test_bytes_that_are_refused_show_no_password(shell: Shell, closed: IndexServer) -> None:
    closed.replace_file(wheel_filename("lib", "1.0"), make_wheel("lib", "1.0", files={"lib.py": b"stolen"}))
    index = in_the_url(shell, closed, "s3cret-Passw0rd/")

    ended = shell.safepip("install", "app", *TOLD, *index, environ={"SAFEPIP_LOG": "audit.jsonl"})

    assert (ended.code, shell.installed()) == (13, set())
    assert_nowhere(shell, ended, "s3cret-Passw0rd/")


def test_a_bug_shows_no_password(shell: Shell, closed: IndexServer) -> None:
    """A traceback holds source lines and messages, and no values of variables."""
    breaking = shell.folder.parent / "breaking"
    breaking.mkdir()
    (breaking / "sitecustomize.py").write_text(
        "import safepip.io.index as index\n"
        "def fails(reply, content_type):\n"
        "    raise ZeroDivisionError(repr(reply.url) + repr(reply))\n"
        "index._to_cache = fails\n"
    )
    index = in_the_url(shell, closed, "s3cret-Passw0rd/")

    ended = shell.safepip("install", "app", "-vvv", *index, environ={"PYTHONPATH": str(breaking)})

    assert "ZeroDivisionError" in ended.err
    assert (ended.code, shell.installed()) == (70, set())
    assert not [form for form in forms("s3cret-Passw0rd/") if form in ended.out + ended.err]
