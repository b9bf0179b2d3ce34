"""What a policy says: one digest for one meaning, and the way back from values to words."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.policy import wording
from safepip.policy.content import content_digest
from safepip.policy.keys import SCALARS

from .support import written
from .test_merge_properties import KEYS, texts

WORDS = st.text(max_size=4)
LEAVES = st.one_of(
    WORDS,
    st.integers(-9, 9),
    st.booleans(),
    st.floats(allow_nan=False),
    st.dates(),
    st.times(),
    st.datetimes(),
)
TABLES = st.dictionaries(
    WORDS,
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
    ),
    max_size=4,
)


def turned(value: Any) -> Any:
    """The same, with the keys of every table the other way round."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


def typed(value: Any) -> Any:
    """Equal only for values of the same types: to Python ``1 == True == 1.0``."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return (type(value), str(value))


@given(TABLES)
def test_the_order_of_keys_says_nothing(table: dict[str, Any]) -> None:
    assert content_digest(turned(table)) == content_digest(table)


@given(TABLES, TABLES)
def test_two_that_differ_have_two_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (content_digest(one) == content_digest(other)) is (typed(one) == typed(other))


@pytest.mark.parametrize(
    "one, other",
    [
        (date(2027, 3, 1), "2027-03-01"),
        (datetime(2027, 3, 1), date(2027, 3, 1)),  # noqa: DTZ001  a local one, as TOML has it
        (time(1), "01:00:00"),
        (1, True),
        (1, 1.0),
        (1, "1"),
        (["a"], {"a": "a"}),
        ([], {}),
        (["a", "b"], ["b", "a"]),
        (["table", []], {}),
        ("a\x00b", "a"),
    ],
)
def test_values_of_other_types_are_other_values(one: object, other: object) -> None:
    assert content_digest({"key": one}) != content_digest({"key": other})


@given(texts())
def test_words_lead_back_to_the_same_values(text: str) -> None:
    """What ``policy show`` and findings print of a key means what the file said."""
    file = written(text)
    for key in SCALARS:
        if key.field in file.values:
            value = file.values[key.field].value
            table, _, name = key.path.partition(".")
            again = written(f"[{table}]\n{name} = {wording.toml(wording.plain(key, value))}\n")
            assert again.values[key.field].value == value
            assert wording.statement(key, value).startswith(f"{key.path} = ")


def test_every_scalar_key_has_words_for_its_default() -> None:
    from safepip.policy.schema import Policy

    defaults = Policy()
    said = {key.path: wording.plain(key, getattr(defaults, key.field).value) for key in SCALARS}
    assert said["hashes.mode"] == "files"
    assert said["cooldown.min-age"] == "1 day"
    assert said["log.file"] is said["hashes.record"] is None
    assert set(said) == set(KEYS)


@given(st.lists(st.text(max_size=6)))
def test_any_text_is_written_as_toml_reads_it(texts_written: list[str]) -> None:
    clean = [text for text in texts_written if not any("\ud800" <= c <= "\udfff" for c in text)]
    assert tomllib.loads(f"key = {wording.toml(clean)}")["key"] == clean


def test_entries_say_what_was_written_and_no_more() -> None:
    text = '[[index]]\nname = "corp"\nurl = "https://corp.example/simple/"\nfile-hosts = []\nabsent-status = [403]\n'
    (index,) = written(text).indexes
    assert wording.index_entry(index) == {
        "name": "corp",
        "url": "https://corp.example/simple",
        "file-hosts": [],
        "absent-status": [403],
    }


def test_an_entry_is_told_whole_for_it_is_what_trust_is_given_to() -> None:
    names = ", ".join(f'"n{number}"' for number in range(90))
    (many,) = written(f'[[index]]\nname = "pypi"\npackages = [{names}]\n').indexes
    assert wording.entry("index", wording.index_entry(many)).endswith(f"packages = [{names}]")
