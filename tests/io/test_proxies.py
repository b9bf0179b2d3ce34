"""Proxies see where TLS goes, and nothing else."""

from __future__ import annotations

import pytest

from safepip.core.errors import ConfigurationError, Undecided
from safepip.core.url import Url
from safepip.io.proxies import Proxies
from tests.support.connected import connected, http, index_of, request_for, step_for
from tests.support.proxy import ConnectProxy
from tests.support.server import IndexServer
from tests.support.wheels import make_wheel, wheel_filename

CONTENT = make_wheel("demo")


@pytest.fixture
def server():
    with IndexServer() as running:
        running.add_wheel(CONTENT, wheel_filename("demo"))
        yield running


def download(run, server) -> bytes:
    index = index_of(server)
    return run.ensure(index, step_for(index, run.file(index)))["demo"].read_bytes()


def test_a_download_goes_through_the_proxy(server):
    with ConnectProxy() as proxy, connected(proxy=f"http://localhost:{proxy.port}") as run:
        assert download(run, server) == CONTENT
    assert set(proxy.asked) == {f"CONNECT localhost:{server.port} HTTP/1.1"}
    assert len(proxy.asked) == server.connections


def test_a_proxy_without_a_scheme_is_an_http_one(server):
    with ConnectProxy() as proxy, connected(proxy=f"localhost:{proxy.port}") as run:
        assert download(run, server) == CONTENT
    assert proxy.asked


def test_the_environments_proxy_is_used_and_its_exceptions_are_not(server, monkeypatch):
    with ConnectProxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://localhost:{proxy.port}")
        with connected() as run:
            assert download(run, server) == CONTENT
        through_it = len(proxy.asked)
        monkeypatch.setenv("NO_PROXY", "localhost")
        with connected() as run:
            assert download(run, server) == CONTENT
    assert len(proxy.asked) == through_it > 0


def test_a_proxys_credentials_are_sent_to_the_proxy_alone(server):
    with (
        ConnectProxy("ada:s3cret") as proxy,
        connected(proxy=f"http://ada:s3cret@localhost:{proxy.port}") as run,
    ):
        assert download(run, server) == CONTENT
    assert all("Proxy-Authorization: Basic" in head for head in proxy.heads)
    assert not any("proxy-authorization" in asked.headers for asked in server.requests)


def test_a_proxy_that_wants_other_credentials_is_no_answer_and_no_leak(server):
    with (
        ConnectProxy("ada:s3cret") as proxy,
        http(proxy=f"http://ada:wr0ng@localhost:{proxy.port}") as client,
        pytest.raises(Undecided) as caught,
    ):
        client.get(request_for(server.origin))
    assert "407" in caught.value.message
    assert "wr0ng" not in str(vars(caught.value))
    assert server.connections == 0


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "gopher"])
def test_a_proxy_of_another_kind_is_a_mistake_of_the_configuration(server, scheme):
    with (
        http(proxy=f"{scheme}://ada:s3cret@localhost:1") as client,
        pytest.raises(ConfigurationError) as caught,
    ):
        client.get(request_for(server.origin))
    assert scheme in caught.value.message
    assert "s3cret" not in str(vars(caught.value))
    assert server.connections == 0


def test_plaintext_to_this_machine_never_goes_to_a_proxy():
    """``unsafe-plaintext`` holds for loopback only, and a proxy is somewhere else."""
    proxies = Proxies(named="http://proxy.example:3128")
    assert proxies.towards(Url.parse("http://localhost:3141/root")) is None
    assert proxies.towards(Url.parse("https://index.example/simple")) == "http://proxy.example:3128"
