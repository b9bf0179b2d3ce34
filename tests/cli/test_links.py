"""Links of an index page that lead where no file may come from: refused at their line or JSON pointer."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cli.conftest import Shell, index, shell, trusting
from support.server import IndexServer
from support.wheels import make_wheel, sha256
from threats.conftest import Run, safepip

__all__ = ["index", "safepip", "shell"]

NAME = "odd-1.0-py3-none-any.whl"
CONTENT = make_wheel("odd", "1.0")
JSON = "application/vnd.pypi.simple.v1+json"
REFUSED = {
    "plain http": (f"http://localhost:1/{NAME}", "plaintext-link"),
    "plain http on this machine": (f"http://127.0.0.1:1/{NAME}", "plaintext-link"),
    "a file of this machine": (f"file:///etc/{NAME}", "file-host"),
    "a repository": (f"git+https://evil.example/{NAME}", "file-host"),
    "the bytes themselves": (f"data:application/zip;base64,AAAA/{NAME}", "file-host"),
    "ftp": (f"ftp://evil.example/{NAME}", "file-host"),
    "user and password": (f"https://me:s3cret@evil.example/{NAME}", "file-host"),
    "a user alone": (f"https://me@evil.example/{NAME}", "file-host"),
}
LEFT_OUT = {
    "backslashes": f"https:\\\\evil.example\\{NAME}",
    "a backslash before the userinfo": f"https://localhost\\@evil.example/{NAME}",
    "a tab in the scheme": f"ht\ttps://evil.example/{NAME}",
    "a control character": f"https://evil.example/\x01{NAME}",
    "another file's name": "/files/other-1.0-py3-none-any.whl",
    "a folder in the name": f"/files/%2e%2e%2f{NAME}",
}


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer() as running:
        yield running


def publish_page(server: IndexServer, link: str, *, html: bool, base: str = "") -> str:
    """A page whose only file is linked so; returns where on the page that stands."""
    if html:
        anchor = f'<a href="{link}#sha256={sha256(CONTENT)}">{NAME}</a>'
        head = f"<!DOCTYPE html><html><head><title>Links for odd</title>{base}</head><body>"
        server.add_project_page("odd", f"{head}\n{anchor}\n</body></html>")
        return f"{server.url}/odd/ (line 2)"
    file = {"filename": NAME, "url": link, "hashes": {"sha256": sha256(CONTENT)}}
    page = {"meta": {"api-version": "1.0"}, "name": "odd", "files": [file]}
    server.add_project_page("odd", json.dumps(page), JSON)
    return f"{server.url}/odd/ (/files/0)"


@pytest.mark.parametrize("html", [True, False], ids=["html", "json"])
@pytest.mark.parametrize("link", REFUSED)
def test_a_link_that_no_file_may_come_from_is_refused_at_its_place(
    shell: Shell, safepip: Run, server: IndexServer, link: str, html: bool
) -> None:
    url, rule = REFUSED[link]
    place = publish_page(server, url, html=html)

    ended = safepip("install", "odd", *trusting(server))

    assert (ended.code, shell.installed()) == (10, set())
    assert f"error[{rule}]" in ended.err
    assert f"--> {place}\n" in ended.err
    assert "s3cret" not in ended.err


@pytest.mark.parametrize("html", [True, False], ids=["html", "json"])
@pytest.mark.parametrize("link", LEFT_OUT)
def test_a_link_that_can_be_read_in_two_ways_is_left_out_and_its_place_is_said(
    shell: Shell, safepip: Run, server: IndexServer, link: str, html: bool
) -> None:
    place = publish_page(server, LEFT_OUT[link], html=html)

    ended = safepip("install", "odd", *trusting(server))

    assert (ended.code, shell.installed()) == (1, set())
    assert f"{place}: left out: " in ended.err


@pytest.mark.parametrize(
    "base", ["http://localhost:1/", "//localhost:1/", "file:///", "data:,", "https://me:s3cret@localhost:1/"]
)
def test_a_base_leads_relative_links_nowhere_else(
    shell: Shell, safepip: Run, server: IndexServer, base: str
) -> None:
    publish_page(server, NAME, html=True, base=f'<base href="{base}">')

    ended = safepip("install", "odd", *trusting(server), "--retries", "0")

    assert ended.code in {10, 11}
    assert shell.installed() == set()
    assert f"{server.url}/odd/" in ended.err
    assert "s3cret" not in ended.err


@pytest.mark.parametrize("html", [True, False], ids=["html", "json"])
def test_metadata_that_names_another_project_than_the_page_is_refused(
    shell: Shell, safepip: Run, server: IndexServer, html: bool
) -> None:
    content = make_wheel("other", "1.0")
    server.json = not html
    server.sidecars = False
    server.add_wheel(content, NAME)

    ended = safepip("install", "odd", *trusting(server))

    assert ended.code in {10, 13}
    assert shell.installed() == set()
    assert "metadata-mismatch" in ended.err
    assert f"{server.url}/odd/ ({'line' if html else '/files/0'}" in ended.err


@pytest.mark.parametrize("html", [True, False], ids=["html", "json"])
@pytest.mark.parametrize("link", [f"/files/{NAME}", f"../../files/{NAME}", f"//HOST/files/{NAME}"])
def test_a_plain_link_is_followed(
    shell: Shell, safepip: Run, server: IndexServer, link: str, html: bool
) -> None:
    server.add_file(CONTENT, NAME)
    publish_page(server, link.replace("HOST", f"localhost:{server.port}"), html=html)

    ended = safepip("install", "odd", *trusting(server))

    assert (ended.code, shell.installed()) == (0, {"odd-1.0"}), ended.err
