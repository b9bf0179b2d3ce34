"""URL patterns of policy."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.url import Url
from safepip.policy.urls import admits_url, meet_url_patterns, same_index, url_pattern_covers


@pytest.mark.parametrize(
    "pattern, url, admitted",
    [
        ("https://*", "https://any.example/x", True),
        ("https://*", "http://any.example/x", False),
        ("https://files.example/*", "https://FILES.example:443/x", True),
        ("https://files.example/*", "https://files.example:8443/x", False),
        ("https://files.example/*", "https://files.example.attacker.example/x", False),
        ("https://files.example/*", "https://files.example@attacker.example/x", False),
        ("https://files.example/*", "https://user:pw@files.example/x", True),
        ("https://files.example/a/*", "https://files.example/a/x", True),
        ("https://files.example/a/*", "https://files.example/ab/x", False),
        ("https://files.example/a/*", "https://files.example/a/../b/x", False),
        ("https://files.example/a/*", "https://files.example/a/%2E%2e/b/x", False),
        ("https://files.example/a/*", "https://files.example/a/..%2fb/x", False),
        ("https://files.example/a/*", "https://files.example/a/..x", True),
        ("https://files.example/*", "https://files.example/a/../b/x", True),
        ("https://files.example/x.whl", "https://files.example/x.whl#sha256=1", True),
        ("https://files.example/x.whl", "https://files.example/x.whl?y", False),
    ],
)
def test_admits_url(pattern: str, url: str, admitted: bool) -> None:
    assert admits_url([pattern], Url.parse(url)) is admitted


def test_an_empty_list_admits_nothing() -> None:
    assert not admits_url([], Url.parse("https://files.example/x"))


def test_patterns_nest_or_share_nothing() -> None:
    assert url_pattern_covers("https://*", "https://a.example/*")
    assert not url_pattern_covers("https://a.example/*", "https://*")
    assert not url_pattern_covers("https://a.example/x", "https://a.example/x/*")
    assert meet_url_patterns(["https://*"], ["git+https://a.example/*"]) == ()
    assert meet_url_patterns(["https://a.example/*"], ["https://*"]) == ("https://a.example/*",)


def url_patterns() -> st.SearchStrategy[str]:
    hosts = st.sampled_from(["https://a.example", "https://b.example:8443", "git+https://a.example"])
    paths = st.sampled_from(["/", "/*", "/x", "/x/*", "/x/y/*", "/x/y", "/x/y?z", "/x/%2e%2e/y", "/x/../*"])
    return st.sampled_from(["https://*", "git+https://*"]) | st.builds("".join, st.tuples(hosts, paths))


@given(st.lists(url_patterns(), max_size=6), st.lists(url_patterns(), max_size=6))
def test_the_meet_of_two_lists_admits_what_both_admit(one: list[str], other: list[str]) -> None:
    both = meet_url_patterns(one, other)
    for place in ("https://a.example", "https://b.example:8443", "git+https://a.example"):
        for path in ("/", "/x", "/x/y", "/x/y?z", "/x/y/w", "/x/../y", "/x/%2e%2e/y", "/v"):
            url = Url.parse(place + path)
            assert admits_url(both, url) is (admits_url(one, url) and admits_url(other, url))


def test_a_long_list_is_merged_in_no_time() -> None:
    """A stranger's folder may list anything; comparing each with each took minutes, for every command."""
    one = [f"https://host{number}.example/files/*" for number in range(3000)]
    began = process_time()
    assert len(meet_url_patterns(one, [*one, "git+https://h.example/*"])) == 3000
    assert process_time() - began < 5


@pytest.mark.parametrize(
    "other, same",
    [
        ("https://NEXUS.example:443/simple/", True),
        ("https://me:pw@nexus.example/simple", True),
        ("https://nexus.example/simple/x", False),
        ("https://nexus.example/simple?x", False),
        ("https://nexus.example:8443/simple", False),
        ("http://nexus.example/simple", False),
    ],
)
def test_same_index(other: str, same: bool) -> None:
    assert same_index(Url.parse("https://nexus.example/simple"), Url.parse(other)) is same
