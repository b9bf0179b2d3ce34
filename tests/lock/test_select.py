"""Which files of a lock are for an environment."""

from __future__ import annotations

import pytest
from packaging.tags import Tag

from safepip.core.errors import RequirementFileError
from safepip.lock.select import undeclared
from safepip.lock.selectors import Selectors

from .locks import HEAD, PDM, SHA256, UV, WHEEL, chosen, lock_of

TWO = WHEEL + WHEEL.replace('version = "1.0"', 'version = "2.0"').replace("demo-1.0", "demo-2.0")


def names(text: str, **asked: object) -> list[str]:
    return [one.package.name for one in chosen(lock_of(text), **asked)]  # type: ignore[arg-type]  # keywords of tests


def test_markers_decide_what_is_for_this_machine() -> None:
    assert names(UV) == ["app"]


@pytest.mark.parametrize(
    "asked, expected",
    [
        ({}, ["app"]),
        ({"extras": ["fast"]}, ["app", "speed"]),
        ({"groups": ["dev"]}, ["app", "tests"]),
        ({"groups": ["dev"], "default_groups": False}, ["tests"]),
        ({"groups": ["DEV"], "extras": ["Fast"], "default_groups": False}, ["speed", "tests"]),
    ],
)
def test_extras_and_groups_decide_what_is_wanted(asked: dict[str, object], expected: list[str]) -> None:
    assert names(PDM, **asked) == expected


def test_each_file_has_the_place_of_its_table() -> None:
    (one,) = chosen(lock_of(UV))
    assert one.path == ("packages", 0, "wheels", 0)
    (one,) = chosen(lock_of(UV), no_binary=True)
    assert one.path == ("packages", 0, "sdist")
    (one,) = chosen(lock_of(UV), tags=(Tag("cp27", "cp27m", "win32"),))
    assert one.path == ("packages", 0, "sdist")


@pytest.mark.parametrize(
    "text, place, message",
    [
        ('requires-python = ">=3.99"\n' + WHEEL, "pylock.toml:3:19", "does not satisfy the Python version requirement '>=3.99'"),
        ("environments = [\"sys_platform == 'amiga'\"]\n" + WHEEL, "pylock.toml:3:16", "does not satisfy any of the environments"),
        (WHEEL.replace("[[packages.", 'requires-python = ">=3.99"\n[[packages.'), "pylock.toml:4:1", "requirement '>=3.99' for package 'demo'"),
        (TWO, "pylock.toml:12:1", "Multiple packages with the name 'demo' are selected at packages[1] and packages[0]"),
        (WHEEL.replace("py3-none-any", "cp27-cp27m-win32"), "pylock.toml:4:1", "No wheel found matching the provided tags for package 'demo'"),
    ],
)  # fmt: skip
def test_a_lock_for_somebody_else_is_refused_in_pips_words(text: str, place: str, message: str) -> None:
    with pytest.raises(RequirementFileError) as error:
        chosen(lock_of(HEAD + text))
    assert error.value.message.startswith("Cannot select requirements from pylock file 'pylock.toml': ")
    assert message in error.value.message
    assert str(error.value.origin) == place


def test_what_the_lock_does_not_have_is_told_with_what_it_has() -> None:
    lock = lock_of(PDM)
    asked = Selectors(extras=frozenset({"FAST", "slow"}), groups=frozenset({"dev", "default"}))
    assert list(undeclared(lock, asked)) == [("extra", "slow", ["fast"]), ("group", "default", ["dev"])]
    assert list(undeclared(lock, Selectors(extras=frozenset({"fast"}), groups=frozenset({"Dev"})))) == []


def test_a_digest_is_no_marker() -> None:
    assert SHA256 not in str(names(UV))


def test_a_marker_of_metadata_is_no_marker_of_a_lock() -> None:
    """Where metadata has ``extra``, a lock has ``extras``."""
    with pytest.raises(RequirementFileError, match=r"Cannot select requirements .*: 'extra'") as error:
        chosen(lock_of(HEAD + WHEEL.replace("[[packages.", "marker = \"extra == 'x'\"\n[[packages.")))
    assert str(error.value.origin) == "pylock.toml:8:10"
    assert names(HEAD + WHEEL.replace("[[packages.", "marker = \"'x' not in extras\"\n[[packages.")) == [
        "demo"
    ]
