"""Answers made to hang, to crash or to confuse; each ends in a failure that safepip foresees."""

from __future__ import annotations

import gzip
import socket
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from integration.hostile import HostileServer
from safepip.core.errors import SafepipError, Undecided
from safepip.core.index import Index
from safepip.core.url import Url
from safepip.io.retry import retry_after
from tests.support.connected import IMPATIENT, connected, http, index_of, request_for, step_for, trust
from tests.support.server import JSON_TYPE, IndexServer, Response, redirect
from tests.support.wheels import make_wheel, wheel_filename

WHEEL = wheel_filename("demo")
PAGE, FILE = "/simple/demo/", f"/files/{WHEEL}"
HURRIED = replace(IMPATIENT, page_max_seconds=1.0, retries=0)


@pytest.fixture
def server():
    with IndexServer() as running:
        running.add_wheel(make_wheel("demo"), WHEEL)
        yield running


def install(run, index: Index) -> None:
    run.ensure(index, step_for(index, run.file(index)))


# -- time ------------------------------------------------------------------------------------------


def _head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode()


DRIPS = {
    "head": (b"HTTP/1.1 200 OK\r\n", b"X"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "redirect's body": (_head("HTTP/1.1 302 Found", "Location: /x", "Content-Length: 60000"), b"X"),
    "chunk extension": (_head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + b"1;", b"X"),
    "empty gzip members": (
        _head("HTTP/1.1 200 OK", "Content-Encoding: gzip", "Content-Length: 600000"),
        gzip.compress(b""),
    ),
}


@contextmanager
def dripping(begin: bytes, drop: bytes):
    """Sends the beginning, then one drop after the other."""

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(begin)
        while True:
            connection.sendall(drop)
            time.sleep(0.1)

    with HostileServer(drip) as hostile:
        yield Index(name="corp", url=Url.parse(hostile.url), trust=trust())


@pytest.mark.parametrize("begin,drop", DRIPS.values(), ids=DRIPS)
def test_a_server_that_sends_without_end_is_given_up(begin, drop):
    started = time.monotonic()
    with dripping(begin, drop) as index, connected(limits=HURRIED) as run:
        assert "longer than 1 second" in run.refusal(index).message
    assert time.monotonic() - started < 5


def test_a_file_may_take_longer_than_a_page(server):
    server.answer("/slow", Response(body=b"x" * 6000, chunk_delay_seconds=0.25))
    with http(HURRIED) as client, client.stream(request_for(server.origin + "/slow")) as incoming:
        assert len(b"".join(incoming.chunks)) == 6000


def test_what_stands_after_a_compressed_page_is_not_collected(server):
    page = gzip.compress(server._json_page("demo"))
    coded = {"Content-Encoding": "gzip"}
    server.answer(PAGE, Response(body=page + b"x" * 10_000_000, content_type=JSON_TYPE, headers=coded))
    with connected() as run:
        assert "damaged" in run.refusal(index_of(server)).message


def test_a_page_compressed_in_several_members_is_read(server):
    body = server._json_page("demo")
    members = gzip.compress(body[:40]) + gzip.compress(body[40:])
    server.answer(PAGE, Response(body=members, content_type=JSON_TYPE, headers={"Content-Encoding": "gzip"}))
    with connected() as run:
        assert run.file(index_of(server)).filename == WHEEL


# -- values that a library stumbles over -----------------------------------------------------------

ODD_URLS = [
    "https://999.1.1.1/",
    "https://xn--0/",
    "https://localhost/" + "a" * 70_000 + "/",
    "https://[fe80::1%25lo]/",
]


@pytest.mark.parametrize("prefix", ODD_URLS)
def test_a_link_that_cannot_be_asked_is_a_clear_failure(server, prefix):
    server._projects["demo"][0]["url"] = prefix + WHEEL
    with connected() as run:
        index = index_of(server)
        for ask in (lambda: install(run, index), lambda: run.metadata(index)):
            with pytest.raises(SafepipError) as caught:
                ask()
            assert len(caught.value.message) < 500


def test_a_redirect_that_is_too_long_is_a_clear_failure(server):
    server.answer(PAGE, redirect("/simple/" + "a" * 70_000))
    with connected() as run:
        assert run.refusal(index_of(server)).rule == "index-unavailable"


@pytest.mark.parametrize("validator", ['"plain"', '"\xe9\xff"', 'W/"\xa0"'])
def test_an_etag_goes_back_as_it_came(server, tmp_path, validator):
    page = Response(body=server._json_page("demo"), content_type=JSON_TYPE, headers={"ETag": validator})
    server.answer(PAGE, page, times=1)
    server.answer(PAGE, Response(status=304, content_type=None))
    for _ in range(2):
        with connected(tmp_path) as run:
            assert run.file(index_of(server)).filename == WHEEL
    assert server.requests[-1].headers["If-None-Match"] == validator


@pytest.mark.parametrize(
    "content_range", ["bytes 0-9/" + "9" * 5000, "bytes " + "9" * 5000 + "-9/10", "bytes 0-9/1" + "0" * 24]
)
def test_a_range_with_endless_numbers_is_no_range(content_range):
    with IndexServer(sidecars=False) as server:
        server.add_wheel(make_wheel("demo"), WHEEL)
        answer = Response(status=206, body=b"0123456789", headers={"Content-Range": content_range})
        server.answer(FILE, answer, times=1)
        with connected() as run:
            assert run.metadata(index_of(server)).name == "demo"


@pytest.mark.parametrize(
    "text", ["Mon, 01 Jan 2020 00:00:00 +" + "9" * 26, "soon", "-5", "Mon, 01 Jan 99999 00:00:00 GMT"]
)
def test_a_retry_after_that_says_nothing_counts_for_nothing(text):
    assert retry_after(text) is None
    assert retry_after("120") == 120
    assert retry_after("Mon, 01 Jan 2020 00:00:00 GMT") == 0


@pytest.mark.parametrize(
    "field,text",
    [
        ("upload-time", "0001-01-01T00:00:00+23:59"),
        ("upload-time", "9999-12-31T23:59:59-23:59"),
        ("size", 10**400),
    ],
)
def test_a_file_with_impossible_facts_is_left_out(server, field, text):
    server.add_wheel(make_wheel("demo", "2.0"), wheel_filename("demo", "2.0"), **{field: text})
    with connected() as run:
        listing = run.listing(index_of(server))
    assert [file.filename for file in listing.files] == [WHEEL]
    (note,) = listing.notes
    assert len(note) < 400


def test_an_own_url_that_no_library_reads_is_a_clear_failure():
    with http() as client, pytest.raises(Undecided, match="cannot be used"):
        client.get(request_for("https://999.999.999.999/simple/"))
