"""A private index that gives no answer, in every way there is, does not hand its names to the public one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from cli.conftest import Ended, Shell, index, publish, shell, trusting
from support.server import IndexServer, Response
from tests.support.certificates import Certificate
from threats.conftest import Run, safepip

__all__ = ["index", "safepip", "shell"]

JSON = "application/vnd.pypi.simple.v1+json"
PAGE = IndexServer.page_path("acme")


def page(**keys: object) -> str:
    return json.dumps({"meta": {"api-version": "1.0"}, "name": "acme", "files": [], **keys})


def answer(**fields: object) -> Callable[[IndexServer], None]:
    """The private index's page of the project is this, for good."""
    return lambda server: server.answer(PAGE, Response(**fields))  # type: ignore[arg-type]  # fields of Response


SILENT = {
    "401": (answer(status=401), 11, "index-unavailable"),
    "403": (answer(status=403), 11, "index-unavailable"),
    "407": (answer(status=407), 11, "index-unavailable"),
    "429": (answer(status=429), 11, "index-unavailable"),
    "500": (answer(status=500), 11, "index-unavailable"),
    "503": (answer(status=503), 11, "index-unavailable"),
    "a status nobody knows": (answer(status=299), 11, "index-unavailable"),
    "another content type": (answer(body=page().encode(), content_type="application/json"), 11, "index-unavailable"),
    "no content type": (answer(body=page().encode(), content_type=None), 11, "index-unavailable"),
    "no JSON": (answer(body=b"{", content_type=JSON), 11, "index-unavailable"),
    "a page that is cut short": (
        answer(body=page().encode(), content_type=JSON, announced=4000, close_after=20), 11, "index-unavailable",
    ),
    "another major version": (
        answer(body=page(meta={"api-version": "2.0"}).encode(), content_type=JSON), 11, "index-unavailable",
    ),
    "a login form": (
        answer(body=b"<html><body><form action='/login'><input name=p></form></body></html>"), 11, "index-unavailable",
    ),
    "a redirect to plain http": (
        answer(status=302, headers={"Location": "http://localhost:1/simple/acme/"}), 10, "plaintext-link",
    ),
    "a redirect to a stranger": (
        answer(status=302, headers={"Location": "https://localhost:1/simple/acme/"}), 10, "file-host",
    ),
    "a quarantined project": (
        answer(body=page(**{"project-status": {"status": "quarantined"}}).encode(), content_type=JSON),
        10, "quarantined-project",
    ),
    "a status of the project that nobody knows": (
        answer(body=page(**{"project-status": {"status": "odd"}}).encode(), content_type=JSON), 11, "index-unavailable",
    ),
}  # fmt: skip
ABSENT = {
    "404": answer(status=404),
    "410": answer(status=410),
    "an empty page": answer(body=page().encode(), content_type=JSON),
}


@pytest.fixture
def private() -> Iterator[IndexServer]:
    with IndexServer() as server:
        publish(server, "acme", "1.0")
        yield server


@pytest.fixture
def public(index: IndexServer) -> IndexServer:
    publish(index, "acme", "9.0")
    return index


def install(safepip: Run, public: IndexServer, private: str) -> Ended:
    return safepip("install", "acme", *trusting(public), "--extra-index-url", private, "--retries", "0")


@pytest.mark.parametrize("how", SILENT)
def test_no_answer_is_not_absent(
    shell: Shell, safepip: Run, public: IndexServer, private: IndexServer, how: str
) -> None:
    fails, code, rule = SILENT[how]
    fails(private)

    ended = install(safepip, public, private.url)

    assert (ended.code, shell.installed()) == (code, set()), ended.err
    assert f"error[{rule}]" in ended.err
    assert not [path for path in public.paths_asked() if path.endswith(".whl")]


@pytest.mark.parametrize("how", ABSENT)
def test_absent_is_an_answer(
    shell: Shell, safepip: Run, public: IndexServer, private: IndexServer, how: str
) -> None:
    ABSENT[how](private)

    ended = install(safepip, public, private.url)

    assert (ended.code, shell.installed()) == (0, {"acme-9.0"}), ended.err


@pytest.mark.parametrize("certificate", [kind for kind in Certificate if kind is not Certificate.GOOD])
def test_a_certificate_that_fails_is_no_answer(
    shell: Shell, safepip: Run, public: IndexServer, certificate: Certificate
) -> None:
    with IndexServer(certificate=certificate) as private:
        ended = install(safepip, public, private.url)

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert "error[tls-failure]" in ended.err
    assert "the server showed a certificate for" in ended.err
    assert "verified against the CA bundle" in ended.err
    assert "= help: " in ended.err


@pytest.mark.parametrize("private", ["https://localhost:1/simple", "https://nowhere.invalid/simple"])
def test_nobody_there_is_no_answer(shell: Shell, safepip: Run, public: IndexServer, private: str) -> None:
    ended = install(safepip, public, private)

    assert (ended.code, shell.installed()) == (11, set())
    assert "error[index-unavailable]" in ended.err


def test_only_a_policy_skips_an_index_and_the_plan_says_so(
    shell: Shell, safepip: Run, public: IndexServer
) -> None:
    policy = (
        f'[[index]]\nname = "public"\nurl = "{public.url}"\nca-bundle = "{public.ca_path}"\n'
        '[[index]]\nname = "corp"\nurl = "https://localhost:1/simple"\nunavailable = "skip"\n'
    )
    named = ("--policy", str(shell.write("policy.toml", policy)))

    ended = safepip(*named, "install", "acme", "--retries", "0")
    missing = safepip(*named, "install", "no-such-project", "--retries", "0")

    assert (ended.code, shell.installed()) == (0, {"acme-9.0"}), ended.err
    assert "corp gave no answer, and its entry says to skip it then" in ended.err
    assert (missing.code, "corp" in missing.err) == (1, True), missing.err
    assert shell.safepip("uninstall", "-y", "acme").code == 0
    shell.write("policy.toml", policy.replace('unavailable = "skip"\n', ""))
    assert safepip(*named, "install", "acme", "--retries", "0").code == 11
