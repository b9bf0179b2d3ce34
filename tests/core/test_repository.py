"""Addresses of repositories: what is matched is what is connected to, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.repository import RepositoryError, read_repository
from safepip.core.url import Url
from safepip.policy.urls import admits_url

COMMIT = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def test_an_address_is_taken_apart() -> None:
    read = read_repository(f"git+https://git.example/acme/demo.git@{COMMIT}#egg=demo&subdirectory=x")

    assert str(read.url) == "git+https://git.example/acme/demo.git"
    assert str(read.address) == read.shown == "https://git.example/acme/demo.git"
    assert (read.revision, read.commit, read.name) == (COMMIT, COMMIT, "demo.git")


def test_the_login_of_ssh_is_part_of_the_address() -> None:
    read = read_repository(f"git+ssh://git@git.example:2222/acme/demo@{COMMIT}")

    assert read.shown == "ssh://git@git.example:2222/acme/demo"


def test_a_token_is_no_part_of_what_is_shown() -> None:
    read = read_repository(f"git+https://me:s3cret@git.example/demo@{COMMIT}")

    assert read.shown == "https://git.example/demo"
    assert read.address.credentials is not None
    assert "s3cret" not in repr(read)


@pytest.mark.parametrize(
    ("revision", "commit"),
    [
        (COMMIT, COMMIT),
        (COMMIT.upper(), COMMIT),
        ("ab" * 32, "ab" * 32),
        (COMMIT[:39], None),
        (COMMIT + "0", None),
        (COMMIT[:-1] + "g", None),
        (COMMIT[:-1] + "\u0661", None),  # a digit, but no ASCII one
        ("main", None),
        ("", None),
    ],
)
def test_only_all_digits_are_a_commit(revision: str, commit: str | None) -> None:
    assert read_repository(f"git+https://git.example/demo@{revision}").commit == commit


def test_the_usual_port_is_no_other_place() -> None:
    patterns = ["git+https://git.example/acme/*", "git+ssh://git.example:22/acme/*"]

    for address in ("git+https://git.example:443/acme/demo", "git+ssh://git@git.example/acme/demo"):
        assert admits_url(patterns, read_repository(address).url)


@pytest.mark.parametrize(
    "target",
    [
        "git+https://git.example/a/../b",
        "git+https://git.example/a/%2e%2e/b",
        "git+https://git.example/a/%2E./b",
        "git+https://git.example/a%2f..%2fb",
        "git+https://git.example/a/..;/b",
        "git+https://git.example/a/..%3bx/b",
        "git+https://git.example/a/%252e%252e/b",
        "git+https://git.example/a%5c..%5cb",
        "git+https://git.example/a%00b",
        "git+https://git.example/a%0ab",
        "git+https://git.example/a\\b",
        "git+https://git.example/a\tb",
        "git+https://git.example/a?b",
        "git+https://git.example/",
        "git+https://git.example",
        "git+https:///a",
        "git+https:a",
        "git+ssh://git@git.example/a%20b",
        "git+ssh://git:x@git.example/a",
        "git+ssh://-oProxyCommand=x@git.example/a",
        "git+ssh://%2doProxyCommand=x@git.example/a",
        "git+ssh://git@-git.example/a",
        "git+ssh://git@git.example:a/b",
        "git+git@git.example:a/b",
        "git+file:///a",
        "git+ext://a",
        "git://git.example/a",
        "ext::sh",
        "hg+https://git.example/a",
    ],
)
def test_what_could_be_two_places_is_none(target: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        read_repository(target)

    assert caught.value.hint


_PARTS = st.lists(
    st.sampled_from(
        [
            "acme",
            "evil",
            "..",
            ".",
            "%2e%2e",
            "%2f",
            "/",
            "@",
            "?",
            "#",
            "\\",
            ":",
            "git.example",
            "-u",
            "%00",
        ]
    ),
    max_size=8,
)


@given(_PARTS, st.sampled_from(["git+https", "git+ssh"]))
def test_what_is_admitted_is_what_is_connected_to(parts: list[str], scheme: str) -> None:
    """Whoever reads the address that git is given finds the admitted host, and a path below the pattern's."""
    target = f"{scheme}://git.example/acme/{''.join(parts)}@{COMMIT}"
    try:
        repository = read_repository(target)
    except RepositoryError:
        return
    if admits_url([f"{scheme}://git.example/acme/*"], repository.url):
        address = Url.parse(repository.shown)
        assert (address.host, address.port, address.query, address.fragment) == ("git.example", None, "", "")
        assert address.path.startswith("/acme/")
        assert not {"..", "."} & set(address.path.split("/"))
