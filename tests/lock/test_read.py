"""A lock as text: what is in it, what is odd about it, and where."""

from __future__ import annotations

import json
import logging
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.pylock import Pylock, PylockValidationError

from safepip.core.errors import RequirementFileError
from safepip.core.finding import Level
from safepip.lock.keys import unknown_keys
from safepip.lock.read import key_path, oddities, read_lock

from .locks import HEAD, PDM, PIP, UV, WHEEL, lock_of


@pytest.mark.parametrize("text", [PIP, UV, PDM], ids=["pip", "uv", "pdm"])
def test_what_other_tools_write_is_read_without_a_word(text: str) -> None:
    lock = lock_of(text)
    assert lock.pylock == Pylock.from_dict(tomllib.loads(text))
    assert list(oddities(lock)) == []


@pytest.mark.parametrize(
    "text, place, message",
    [
        ("lock-version =", "pylock.toml:1", "Invalid value (at end of document)"),
        (WHEEL, "pylock.toml", "Missing required value in 'lock-version'"),
        (f'lock-version = 1\ncreated-by = "x"{WHEEL}', "pylock.toml:1:16", "Unexpected type int (expected str) in 'lock-version'"),
        (f'lock-version = "2.0"\ncreated-by = "x"{WHEEL}', "pylock.toml:1:16", "pylock version 2.0 is not supported"),
        (f'lock-version = "0.9"\ncreated-by = "x"{WHEEL}', "pylock.toml:1:16", "pylock version 0.9 is not supported"),
        (HEAD + WHEEL.replace('"demo"', '"Demo"'), "pylock.toml:5:8", "Name 'Demo' is not normalized in 'packages[0].name'"),
        (HEAD + WHEEL.replace("demo-1.0", "other-1.0"), "pylock.toml:8:1", "Name in 'other-1.0-py3-none-any.whl' is not consistent with package name 'demo' in 'packages[0].wheels[0]'"),
        (HEAD + WHEEL.replace("demo-1.0", "demo-2.0"), "pylock.toml:8:1", "Version in 'demo-2.0-py3-none-any.whl' is not consistent with package version '1.0' in 'packages[0].wheels[0]'"),
        (HEAD + WHEEL.replace("hashes = {", "hashes = {} #"), "pylock.toml:10:10", "At least one hash must be provided in 'packages[0].wheels[0].hashes'"),
    ],
)  # fmt: skip
def test_an_invalid_lock_is_refused_in_pips_words_at_its_line(text: str, place: str, message: str) -> None:
    with pytest.raises(RequirementFileError) as error:
        lock_of(text)
    assert error.value.message == f"Invalid pylock file 'pylock.toml': {message}"
    assert str(error.value.origin) == place


def test_a_lock_that_is_no_text_is_refused() -> None:
    with pytest.raises(RequirementFileError, match="Error reading pylock file"):
        read_lock(b"\xff", place="pylock.toml", location="/pylock.toml", remote=False)


def test_a_later_minor_version_is_a_warning_with_its_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        lock = lock_of(HEAD.replace("1.0", "1.7") + WHEEL)
    (finding,) = oddities(lock)
    assert (finding.rule, finding.level, str(finding.origin)) == (
        "lock-version",
        Level.WARN,
        "pylock.toml:1:16",
    )
    assert "1.7" in finding.message
    assert not caplog.records, "packaging would write a line to stderr"


def test_each_unknown_key_is_a_warning_with_its_line() -> None:
    text = (
        HEAD
        + "extra = []\n"
        + WHEEL.replace("url =", 'marker = "x"\nurl =').replace('version = "1.0"', 'versoin = "1"')
    )
    found = {(str(f.origin), f.message.partition(" ")[0]) for f in oddities(lock_of(text))}
    assert found == {
        ("pylock.toml:3:1", "extra"),
        ("pylock.toml:7:1", "versoin"),
        ("pylock.toml:10:1", "marker"),
    }


def test_what_stands_in_tables_for_tools_is_theirs() -> None:
    table = {
        "tool": {"x": {"y": 1}},
        "packages": [
            {
                "tool": {"x": 1},
                "dependencies": [{"name": "a", "anything": 1}],
                "attestation-identities": [{"kind": "GitHub", "repository": "o/r"}],
                "wheels": [{"hashes": {"blake2b": "x"}}],
            }
        ],
    }
    assert list(unknown_keys(table)) == []


def test_places_that_packaging_names_are_found_again() -> None:
    assert key_path("packages[3].wheels[0].hashes") == ("packages", 3, "wheels", 0, "hashes")
    assert key_path("") == ()


KEYS = st.sampled_from([
    "name", "version", "wheels", "sdist", "url", "path", "hashes", "sha256", "marker", "packages", "extras", "size",
    "vcs", "directory", "archive", "environments", "odd",
])  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.sampled_from(["1.0", "demo", "x==1", "https://h.example/demo-1.0-py3-none-any.whl"]), st.integers(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.property
@given(
    st.dictionaries(KEYS, VALUES, max_size=4), st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=2)
)
def test_a_lock_is_valid_where_packaging_says_so_and_every_refusal_has_a_place(
    top: dict[str, object], packages: list[dict[str, object]]
) -> None:
    table = {"lock-version": "1.0", "created-by": "x", **top, "packages": packages}
    text = "".join(f"{key} = {toml(value)}\n" for key, value in table.items())
    try:
        expected: str | None = None
        Pylock.from_dict(tomllib.loads(text))
    except PylockValidationError as error:
        expected = str(error)
    try:
        lock_of(text)
        found = None
    except RequirementFileError as error:
        found = error
    assert (found and found.message) == (expected and f"Invalid pylock file 'pylock.toml': {expected}")
    assert found is None or found.origin is not None


def toml(value: object) -> str:
    """One value as TOML writes it; JSON does, but for tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@pytest.mark.property
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_else_is_an_error_and_never_a_crash(data: bytes) -> None:
    with pytest.raises(RequirementFileError):
        read_lock(data, place="pylock.toml", location="/pylock.toml", remote=False)


@pytest.mark.parametrize("written", ['version = "1.0"', 'lock-version = "1.0"', "demo-1.0"])
def test_a_number_of_thousands_of_digits_is_no_lock(written: str) -> None:
    text = (HEAD + WHEEL).replace(written, written.replace("1.0", "1." + "9" * 5000), 1)
    with pytest.raises(RequirementFileError, match="more than a thousand digits") as error:
        lock_of(text)
    assert error.value.origin is not None
    assert error.value.origin.line
