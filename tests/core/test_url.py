"""URLs are split once, compare by what they mean, and never show a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.url import Credentials, Url, UrlError


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example\\@localhost/simple",
        "https://a.example/\tx",
        "https://a.example/a b",
        "ht\ttp://a.example/",
        "https://a.example/\u2028x",
        "https://a.example/\x7f",
        "https:///simple",
        "https://a.example:port/",
        "https://[::1/",
        "https://[nonsense]/",
        "https://-bad-.example!/",
        "https://" + "a" * 70 + ".example/",
        "//a.example/x",
        "a.example/simple",
        "",
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text: str) -> None:
    with pytest.raises(UrlError):
        Url.parse(text)


@pytest.mark.parametrize(
    "text, host, port, path",
    [
        ("https://index.example/simple", "index.example", None, "/simple"),
        ("HTTPS://Index.Example.:443/simple/", "index.example", None, "/simple/"),
        ("https://index.example", "index.example", None, "/"),
        ("https://index.example:8443/", "index.example", 8443, "/"),
        ("https://[::1]:8443/x", "::1", 8443, "/x"),
        ("https://bücher.example/", "xn--bcher-kva.example", None, "/"),
        ("https://a_b.example/%20", "a_b.example", None, "/%20"),
        ("file:///srv/wheels", "", None, "/srv/wheels"),
    ],
)
def test_ordinary_urls_are_read(text: str, host: str, port: int | None, path: str) -> None:
    url = Url.parse(text)

    assert (url.host, url.port, url.path) == (host, port, path)


def test_userinfo_is_kept_apart_and_never_shown() -> None:
    url = Url.parse("https://me:s%40cret@index.example/simple?x=1#sha256=00")

    assert url.credentials == Credentials(username="me", password="s@cret")
    shown = f"{url} {url!r} {url.without_secrets} {url.for_request} {url.credentials} {url.credentials!r}"
    assert "s@cret" not in shown
    assert "s%40cret" not in shown
    assert str(url) == "https://****@index.example/simple?x=1#sha256=00"
    assert url.for_request == "https://index.example/simple?x=1"


def test_a_token_may_stand_as_user_name_alone() -> None:
    assert Url.parse("https://token@index.example/").credentials == Credentials(
        username="token", password=None
    )


def test_a_host_before_an_at_sign_is_userinfo_not_the_host() -> None:
    assert Url.parse("https://index.example@evil.example/simple").host == "evil.example"


@pytest.mark.parametrize(
    "reference, joined",
    [
        ("demo/", "https://index.example/simple/demo/"),
        ("../../packages/demo-1.0.whl#sha256=00", "https://index.example/packages/demo-1.0.whl#sha256=00"),
        ("//cdn.example/demo.whl", "https://cdn.example/demo.whl"),
        ("http://index.example/demo.whl", "http://index.example/demo.whl"),
    ],
)
def test_references_are_joined_to_the_page(reference: str, joined: str) -> None:
    assert str(Url.parse("https://index.example/simple/").join(reference)) == joined


@pytest.mark.parametrize("reference", ["ht\ntp://evil.example/x", "a\\b", "x y"])
def test_references_whose_odd_characters_would_vanish_are_refused(reference: str) -> None:
    with pytest.raises(UrlError):
        Url.parse("https://index.example/simple/").join(reference)


def test_a_page_never_lends_its_credentials_to_a_link() -> None:
    page = Url.parse("https://me:pw@index.example/simple/")

    assert page.join("demo.whl").credentials is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_loopback_is_known(host: str) -> None:
    assert Url.parse(f"http://{host}:3141/").is_loopback


@pytest.mark.parametrize("host", ["localhost.example", "10.0.0.1", "128.0.0.1", "127.0.0.1.example"])
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not Url.parse(f"http://{host}/").is_loopback


def test_the_file_name_is_decoded_once() -> None:
    assert Url.parse("https://a.example/x/demo%2B1%252e.whl").filename == "demo+1%2e.whl"


def test_origin_is_scheme_host_and_port() -> None:
    assert Url.parse("https://a.example/x").origin == Url.parse("https://A.example:443/y").origin
    assert Url.parse("https://a.example/x").origin != Url.parse("http://a.example/x").origin


@given(st.text(max_size=60))
def test_no_text_makes_the_parser_fail_in_another_way(text: str) -> None:
    try:
        url = Url.parse(text)
    except UrlError:
        return
    assert Url.parse(url.without_secrets).origin == url.origin
