"""The HTTP client: every hop over verified HTTPS, nothing without a ceiling, patience with limits."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from dataclasses import replace

import pytest

from safepip.core.errors import Refused, Undecided
from safepip.core.url import Credentials, Url
from safepip.io.exchange import ConnectionLost
from safepip.io.retry import retry_after
from tests.support.connected import IMPATIENT, http, request_for
from tests.support.server import IndexServer, Response, gzip_bomb


@pytest.fixture
def server():
    with IndexServer() as running:
        running.answer("/page", Response(body=b"hello"))
        yield running


def refusal(caught: pytest.ExceptionInfo[Refused]) -> str:
    (finding,) = caught.value.findings
    return f"{finding.rule}: {finding.message}"


def test_an_answer_comes_with_status_headers_and_url(server):
    with http() as client:
        reply = client.get(request_for(server.origin + "/page"))
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"hello", "text/html")
    assert str(reply.url) == server.origin + "/page"
    assert reply.delimited


def test_many_requests_share_one_connection(server):
    with http() as client:
        for _ in range(5):
            client.get(request_for(server.origin + "/page"))
            client.get(request_for(server.origin + "/missing"))
    assert server.connections == 1


# -- plaintext -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["plaintext-index", "plaintext-link"])
def test_plain_http_is_refused_before_a_connection_is_opened(rule):
    with IndexServer(plaintext=True) as plain, http() as client, pytest.raises(Refused) as caught:
        client.get(request_for(plain.origin + "/page", rule=rule))
    assert refusal(caught).startswith(f"{rule}: the URL is http://localhost")
    assert plain.connections == 0


def test_plain_http_on_loopback_is_allowed_where_the_index_says_so():
    with IndexServer(plaintext=True) as plain, http() as client:
        plain.answer("/page", Response(body=b"hello"))
        reply = client.get(request_for(plain.origin + "/page", allows_plaintext=True))
    assert reply.body == b"hello"


def test_the_plaintext_exemption_is_for_loopback_only():
    with http() as client, pytest.raises(Refused) as caught:
        client.get(request_for("http://index.example/page", allows_plaintext=True))
    assert refusal(caught).startswith("plaintext-link")


def test_the_plaintext_exemption_is_for_its_own_origin_only(server):
    with IndexServer(plaintext=True) as other, http() as client:
        server.redirect("/r", other.origin + "/page")
        with pytest.raises(Refused) as caught:
            client.get(
                request_for(server.origin + "/r", allows_plaintext=True, refuses_redirect=lambda _: None)
            )
    assert refusal(caught).startswith("plaintext-link")
    assert other.connections == 0


# -- redirects -------------------------------------------------------------------------------------


def test_a_redirect_on_the_same_origin_is_followed(server):
    server.redirect("/r", "/page", status=301)
    with http() as client:
        reply = client.get(request_for(server.origin + "/r"))
    assert (reply.body, reply.url.path) == (b"hello", "/page")


def test_a_redirect_to_plain_http_is_refused(server):
    with IndexServer(plaintext=True) as plain, http() as client:
        server.redirect("/r", plain.origin + "/page")
        with pytest.raises(Refused) as caught:
            client.get(request_for(server.origin + "/r", refuses_redirect=lambda _: None))
    assert "redirects to http://" in refusal(caught)
    assert plain.connections == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://localhost/x", "git+https://localhost/x"])
def test_a_redirect_to_another_scheme_is_refused(server, location):
    server.redirect("/r", location)
    with http() as client, pytest.raises(Refused) as caught:
        client.get(request_for(server.origin + "/r", refuses_redirect=lambda _: None))
    assert refusal(caught).startswith("plaintext-link")


def test_a_redirect_to_a_foreign_host_is_refused_unless_it_may_lead_there(server):
    with IndexServer() as other, http() as client:
        other.answer("/page", Response(body=b"other"))
        server.redirect("/r", other.origin + "/page")
        with pytest.raises(Refused) as caught:
            client.get(request_for(server.origin + "/r"))
        assert other.connections == 0
        reply = client.get(request_for(server.origin + "/r", refuses_redirect=lambda _: None))
    assert refusal(caught).startswith("file-host")
    assert reply.body == b"other"


def test_a_redirect_with_credentials_is_refused(server):
    server.redirect("/r", server.origin.replace("://", "://user:secret@") + "/page")
    with http() as client, pytest.raises(Refused) as caught:
        client.get(request_for(server.origin + "/r"))
    assert "credentials" in refusal(caught)
    assert "secret" not in refusal(caught)


@pytest.mark.parametrize(
    "location", ["https://local host/", "https://[/", "https://localhost\\@evil.example/"]
)
def test_a_redirect_that_cannot_be_read_is_no_answer(server, location):
    server.redirect("/r", location)
    with http() as client, pytest.raises(Undecided, match="unreadable URL"):
        client.get(request_for(server.origin + "/r"))


def test_redirects_end(server):
    server.redirect("/loop", "/loop")
    with http() as client, pytest.raises(Undecided, match="more than 10 times"):
        client.get(request_for(server.origin + "/loop"))
    assert server.paths_asked() == ["/loop"] * 11


def test_credentials_and_headers_do_not_follow_to_another_origin(server):
    home = Url.parse(server.origin)

    def known(url: Url) -> Credentials | None:
        return Credentials(username="user", password="pw") if url.origin == home.origin else None

    with IndexServer() as other, http() as client:
        server.redirect("/here", "/page")
        server.redirect("/there", other.origin + "/page")
        headers = {"X-Api-Key": "secret", "Range": "bytes=0-3"}
        for path in ("/here", "/there"):
            client.get(
                request_for(
                    server.origin + path, credentials=known, headers=headers, refuses_redirect=lambda _: None
                )
            )
        at_home, away = server.requests, other.requests
    assert [asked.headers["Authorization"] for asked in at_home] == ["Basic dXNlcjpwdw=="] * 3
    assert [asked.headers["X-Api-Key"] for asked in at_home] == ["secret"] * 3
    (foreign,) = away
    assert foreign.headers["Authorization"] is None
    assert foreign.headers["X-Api-Key"] is None
    assert foreign.headers["Range"] == "bytes=0-3"


# -- ceilings --------------------------------------------------------------------------------------


def test_a_body_larger_than_the_ceiling_is_no_answer(server):
    with http() as client:
        assert client.get(request_for(server.origin + "/page", max_bytes=5)).body == b"hello"
        with pytest.raises(Undecided, match="more than 4 bytes"):
            client.get(request_for(server.origin + "/page", max_bytes=4))


def test_a_gzip_bomb_is_stopped_at_the_ceiling(server):
    server.answer("/bomb", gzip_bomb(200_000_000))
    with http() as client, pytest.raises(Undecided, match="more than 1,000,000 bytes"):
        client.get(request_for(server.origin + "/bomb", coded=True))


def test_a_gzip_page_is_unpacked(server):
    server.answer("/z", Response(body=gzip.compress(b"x" * 5000), headers={"Content-Encoding": "gzip"}))
    with http() as client:
        assert client.get(request_for(server.origin + "/z", coded=True)).body == b"x" * 5000
    assert server.requests[0].headers["Accept-Encoding"] == "gzip"


def test_a_content_coding_nobody_asked_for_is_no_answer(server):
    server.answer("/z", Response(body=gzip.compress(b"x"), headers={"Content-Encoding": "gzip"}))
    server.answer("/br", Response(body=b"x", headers={"Content-Encoding": "br"}))
    with http() as client:
        with pytest.raises(Undecided, match="content coding 'gzip'"):
            client.get(request_for(server.origin + "/z"))
        with pytest.raises(Undecided, match="content coding 'br'"):
            client.get(request_for(server.origin + "/br", coded=True))
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    "body", [b"no gzip at all", gzip.compress(b"x" * 500)[:-12]], ids=["no gzip", "cut short"]
)
def test_a_damaged_coding_is_no_answer(server, body):
    server.answer("/z", Response(body=body, headers={"Content-Encoding": "gzip"}))
    with http() as client, pytest.raises(Undecided, match=r"damaged|cut short"):
        client.get(request_for(server.origin + "/z", coded=True))


def test_a_server_that_drips_is_given_up(server):
    server.answer("/drip", Response(body=b"x" * 50_000, chunk_delay_seconds=0.05))
    with http() as client, pytest.raises(Undecided, match="longer than"):
        client.get(request_for(server.origin + "/drip", max_seconds=0.2))


# -- patience --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_trouble_is_tried_again(server, status):
    server.fail("/busy", status, times=1)
    server.answer("/busy", Response(body=b"hello"))
    with http() as client:
        assert client.get(request_for(server.origin + "/busy")).body == b"hello"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_an_answer_that_will_not_change_is_not_asked_for_again(server, status):
    server.fail("/no", status)
    with http() as client:
        assert client.get(request_for(server.origin + "/no")).status == status
    assert server.paths_asked() == ["/no"]


def test_lasting_trouble_is_answered_in_the_end(server):
    server.fail("/busy", 503)
    with http() as client:
        assert client.get(request_for(server.origin + "/busy")).status == 503
    assert server.paths_asked() == ["/busy"] * 2


def test_the_servers_pause_is_kept_up_to_a_ceiling(server):
    server.fail("/busy", 503, times=1, Retry_After="1")
    server.answer("/busy", Response(body=b"hello"))
    started = time.monotonic()
    with http(replace(IMPATIENT, retry_after_max_seconds=0.3)) as client:
        client.get(request_for(server.origin + "/busy"))
    assert 0.3 <= time.monotonic() - started < 0.9


def test_a_retry_after_may_be_a_date():
    assert retry_after("7") == 7.0
    assert retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == 0.0
    assert retry_after("soon") is None
    assert retry_after("") is None


def test_a_server_that_says_nothing_is_no_answer(server):
    server.hang("/hang")
    with http(replace(IMPATIENT, read_timeout_seconds=0.1)) as client, pytest.raises(Undecided) as caught:
        client.get(request_for(server.origin + "/hang"))
    assert "nothing came for 0.1 seconds" in caught.value.message
    assert server.paths_asked() == ["/hang"] * 2


def test_a_connection_that_breaks_off_is_tried_again(server):
    server.answer("/cut", Response(body=b"hello", close_after=2), times=1)
    server.answer("/cut", Response(body=b"hello"))
    with http() as client:
        assert client.get(request_for(server.origin + "/cut")).body == b"hello"


def test_a_connection_that_always_breaks_off_is_no_answer(server):
    server.answer("/cut", Response(body=b"hello", close_after=2))
    with http() as client, pytest.raises(ConnectionLost, match="broke off"):
        client.get(request_for(server.origin + "/cut"))


def test_a_body_without_announced_length_is_told_apart(server):
    server.answer("/endless", Response(body=b"hello", announced=-1))
    with http() as client:
        assert not client.get(request_for(server.origin + "/endless")).delimited


def test_nobody_listening_is_no_answer():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"https://localhost:{unused.getsockname()[1]}/"
        with (
            http() as client,
            pytest.raises(Undecided, match="gave no answer: the connection was refused") as caught,
        ):
            client.get(request_for(url))
    assert caught.value.hint == "check its host and port, and whether anything listens there"


def test_where_the_proxy_does_not_listen_it_is_the_proxy_that_is_named():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = f"http://ada:s3cret@localhost:{unused.getsockname()[1]}"
        with (
            http(proxy=proxy) as client,
            pytest.raises(
                Undecided, match="no connection to the proxy: the connection was refused"
            ) as caught,
        ):
            client.get(request_for("https://localhost/"))
    assert "HTTPS_PROXY" in str(caught.value.hint)
    assert "s3cret" not in str(vars(caught.value))


def test_closing_ends_a_pause(server):
    server.fail("/busy", 503)
    with http(replace(IMPATIENT, retries=3, backoff_seconds=20, retry_after_max_seconds=20)) as client:
        threading.Timer(0.2, client.close).start()
        with pytest.raises(Undecided, match="the run ends"):
            client.get(request_for(server.origin + "/busy"))


# -- proxies ---------------------------------------------------------------------------------------


def test_a_proxy_is_asked_to_connect(server):
    with http(proxy=f"http://localhost:{_refusing_port()}") as client, pytest.raises(Undecided):
        client.get(request_for(server.origin + "/page"))
    assert server.connections == 0


def test_an_empty_proxy_option_means_none(server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://localhost:{_refusing_port()}")
    with http(proxy="") as client:
        assert client.get(request_for(server.origin + "/page")).status == 200


def test_the_environments_proxy_counts_with_its_exceptions(server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://localhost:{_refusing_port()}")
    with http() as client, pytest.raises(Undecided):
        client.get(request_for(server.origin + "/page"))
    with http(proxy_from_environment=False) as client:
        assert client.get(request_for(server.origin + "/page")).status == 200
    monkeypatch.setenv("NO_PROXY", "localhost")
    with http() as client:
        assert client.get(request_for(server.origin + "/page")).status == 200


def _refusing_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])
