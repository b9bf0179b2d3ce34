"""The scan that finds keys in TOML text."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.positions import KeyPath, mark


def line_of(text: str, *path: str | int) -> tuple[int, int]:
    span = mark(text).keys[path]
    return span.line, span.column


def value_of(text: str, *path: str | int) -> str:
    span = mark(text).values[path]
    line = text.split("\n")[span.line - 1]
    return line[span.column - 1 : span.column - 1 + span.length]


def test_keys_of_tables_and_arrays_of_tables_are_found_in_their_lines() -> None:
    text = '[[index]]\nname = "a"\n\n[[index]]\n  name = "b"\n[hashes]\nmode = "files"\n'
    assert line_of(text, "index", 0, "name") == (2, 1)
    assert line_of(text, "index", 1) == (4, 1)
    assert line_of(text, "index", 1, "name") == (5, 3)
    assert line_of(text, "hashes", "mode") == (7, 1)
    assert value_of(text, "hashes", "mode") == '"files"'


@pytest.mark.parametrize(
    "text, path, value",
    [
        ('tool."safe\\u0070ip".x = 1', ("tool", "safepip", "x"), "1"),
        ("[tool . 'safepip']\nx = 1", ("tool", "safepip", "x"), "1"),
        ("hashes = { mode = 'files', other = [1, 2] }", ("hashes", "other", 1), "2"),
        ("a = [ # one\n 1, # two ]\n 22, ]\nb = 3", ("a", 1), "22"),
        ('a = """\n[not.a.table]\nb = 1\n"""\nb = 2', ("b",), "2"),
        ("a = '''it''s [x]\n'''''\nb = 2", ("b",), "2"),
        ('a = "\\"#]"\nb = 2', ("b",), "2"),
        ("a = 1979-05-27 07:32:00\nb = 2", ("a",), "1979-05-27 07:32:00"),
        ("[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n[a.d]\ne = 3", ("a", 0, "b", 1, "c"), "2"),
        ("[[a]]\n[[a]]\n[a.d]\ne = 3", ("a", 1, "d", "e"), "3"),
        ('"" = 1', ("",), "1"),
        ("a = [[1, 2], [33]]", ("a", 1, 0), "33"),
        ("a = {}\nb = []\nc = 5 # end", ("c",), "5"),
        ('a = """x"""""\nb = 2', ("b",), "2"),
    ],
)
def test_every_way_to_write_a_key_is_understood(text: str, path: KeyPath, value: str) -> None:
    assert value_of(text, *path) == value


def test_a_value_over_several_lines_is_marked_in_its_first() -> None:
    assert value_of('x = ["a",\n  "b"]', "x") == '["a",'


def flat(value: object, path: KeyPath = ()) -> set[KeyPath]:
    """Every key path of a parsed TOML document."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return {path} - {()} | {found for key, item in inner for found in flat(item, (*path, key))}


KEYS = st.sampled_from(["a", "b-1", "_", '"q uoted"', "'lit.eral'", '""', '"\\u00e9\\""'])
SCALARS = st.sampled_from(
    [
        "1",
        "-0.5e3",
        "true",
        "inf",
        '"a # b"',
        "'x=]'",
        '"""\nm[]{}"""',
        "'''\n''x'''",
        "2026-01-31",
        "07:30:00",
        "0xff",
    ]
)
BLANKS = st.sampled_from(["", " ", "\n", " # ] } = \n "])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.tuples(BLANKS, st.lists(inner, max_size=3), BLANKS).map(
            lambda t: f"[{t[0]}{','.join(t[1])}{t[2]}]"
        ),
        st.dictionaries(KEYS, inner, max_size=3).map(
            lambda d: "{ " + ", ".join(f"{key} = {value}" for key, value in d.items()) + " }"
        ),
    ),
    max_leaves=6,
)
HEADERS = st.tuples(
    st.sampled_from(["[{}]", "[[{}]]", "[ {} ] # x", "[other.{}]", "[[other . {}]]"]), KEYS
).map(lambda t: t[0].format(t[1]))
PAIRS = st.tuples(st.lists(KEYS, min_size=1, max_size=3).map(" . ".join), VALUES).map(
    lambda t: f"{t[0]} = {t[1]}"
)


@given(st.lists(st.one_of(HEADERS, PAIRS, st.sampled_from(["", "# [c] = '", "\t"])), max_size=8))
def test_finds_exactly_the_keys_that_tomllib_finds(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(mark(text).values) == set(mark(text).keys) == flat(parsed)


@pytest.mark.parametrize("text", ["= 1", "x = 'abc", "x = ]"])
def test_what_tomllib_would_refuse_is_no_key(text: str) -> None:
    with pytest.raises(ValueError):
        mark(text)


def test_inline_tables_that_are_deep_enough_are_passed_over() -> None:
    text = 'a = [{b = {c = \'}\', d = "{\\""}}, {e = 1, # }\n}]\nlast = 1\n'
    everything, few = mark(text), mark(text, deepest=2)
    assert few.values[("a", 0)] == everything.values[("a", 0)]
    assert ("a", 0, "b") not in few.keys
    assert ("a", 1, "e") in few.keys, "one with a comment is walked through"
    assert few.keys[("last",)] == everything.keys[("last",)]


@pytest.mark.property
@given(st.text(alphabet="abc={}[],'\"#\\ \n1.", max_size=60), st.integers(1, 3))
def test_passing_over_tables_changes_no_other_place(text: str, deepest: int) -> None:
    try:
        tomllib.loads(text)
    except ValueError:
        return
    everything, few = mark(text), mark(text, deepest=deepest)
    assert all(everything.keys[path] == span for path, span in few.keys.items())
    assert all(path in few.keys for path in everything.keys if len(path) <= deepest)


@pytest.mark.parametrize(
    "inner",
    [
        '"""x " }"""',
        "'''x ' }'''",
        '"}"',
        "'}'",
        '""',
        "''",
        '"\\"}"',
        '"\\\\"',
        "[{x = 1}]",
        "{y = {z = 1}}",
        '"""\n}"""',
    ],
)
def test_whatever_stands_in_a_table_that_is_passed_over(inner: str) -> None:
    text = f"a = [{{b = {inner}, c = {{}}}}]\nlast = 1\n"
    line, _ = mark(text, deepest=2).keys[("last",)].line, tomllib.loads(text)
    assert line == text.count("\n")
