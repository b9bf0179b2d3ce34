"""A client certificate is shown to the indexes it was given for, and to nobody else (mTLS)."""

from __future__ import annotations

import hashlib

from cli.conftest import Shell, publish
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename
from tests.support.certificates import client_certificate_path

FILE = wheel_filename("demo")
DIGEST = hashlib.sha256(make_wheel("demo")).hexdigest()


def command(index: IndexServer, *arguments: str) -> tuple[str, ...]:
    shown = ("--client-cert", client_certificate_path(), "--retries", "0")
    return ("install", *arguments, "--index-url", index.url, "--cert", index.ca_path, *shown)


def test_a_direct_url_elsewhere_learns_nobodys_name(shell: Shell, index: IndexServer) -> None:
    with IndexServer(asks_client=True) as curious:
        publish(curious, "demo")
        url = f"{curious.origin}/files/{FILE}#sha256={DIGEST}"
        ended = shell.safepip(*command(index, f"demo @ {url}"))
        assert (ended.code, shell.installed()) == (10, set()), ended.err
        assert curious.requests == []


def test_a_direct_url_on_the_index_itself_does(shell: Shell) -> None:
    with IndexServer(asks_client=True) as own:
        publish(own, "demo")
        url = f"{own.origin}/files/{FILE}#sha256={DIGEST}"
        ended = shell.safepip(*command(own, f"demo @ {url}"))
        assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


def test_a_file_of_the_index_that_lies_elsewhere_is_asked_for_without_it(shell: Shell) -> None:
    with IndexServer(asks_client=True) as own, IndexServer(asks_client=True) as curious:
        link = f"{curious.origin}/files/{FILE}"
        own.add_wheel(make_wheel("demo"), FILE, url=link)
        publish(curious, "demo")
        ended = shell.safepip(*command(own, "demo"))
        assert (ended.code, shell.installed()) == (10, set()), ended.err
        assert curious.requests == []
