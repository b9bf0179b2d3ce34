"""TOML of a project, with the place of each value, alone and inside another file."""

from __future__ import annotations

import pytest

from safepip.core.toml import Embedding, TomlError, TomlText

TEXT = 'name = "demo"\n\n[[packages]]\nwheels = [\n    {url = "https://h.example/x"},\n]\n'


def test_each_value_has_its_line_and_column() -> None:
    origin = TomlText(TEXT, place="pylock.toml").origin(("packages", 0, "wheels", 0, "url"))
    assert (origin.place, origin.line, origin.column, origin.length) == ("pylock.toml", 5, 12, 21)
    assert origin.text == '    {url = "https://h.example/x"},'
    assert origin.key == "packages.wheels.url"


def test_what_is_not_written_is_told_at_its_table() -> None:
    origin = TomlText(TEXT, place="pylock.toml").origin(("packages", 0, "version"))
    assert (origin.line, origin.text) == (3, "[[packages]]")


def test_nothing_is_told_at_the_file() -> None:
    origin = TomlText("", place="pylock.toml").origin(("lock-version",))
    assert (str(origin), origin.line) == ("pylock.toml", None)


def test_windows_line_ends_change_no_place() -> None:
    assert TomlText("a = 1\r\nb = 2\r\n", place="x").origin(("b",)).line == 2


@pytest.mark.parametrize(
    "text, line", [("a = 1\nb = ", 2), ("a = 1\na = 2\n", 2), ("[t", 1), ("a = " + "[" * 2000, None)]
)
def test_no_toml_is_an_error_at_its_line(text: str, line: int | None) -> None:
    with pytest.raises(TomlError) as error:
        TomlText(text, place="x.toml")
    assert error.value.origin.line == line


def test_inside_another_file_places_are_those_of_that_file() -> None:
    rows = ['# dependencies = ["demo"]', "#", "# x = 1"]
    text = TomlText(
        'dependencies = ["demo"]\n\nx = 1',
        place="tool.py",
        within=Embedding(rows=rows, first=10, indents=[2, 1, 2]),
    )
    found = text.origin(("dependencies", 0))
    assert (found.line, found.column, found.text) == (10, 19, rows[0])
    assert (text.origin(("x",)).line, text.origin(("x",)).column) == (12, 7)


@pytest.mark.parametrize("text", ["{} = 1", "[{}]", "x = {{ {} = 1 }}", "[[{}]]"])
def test_a_key_of_thousands_of_parts_is_an_error_and_takes_no_time(text: str) -> None:
    key = ".".join(["a"] * 100_000)
    with pytest.raises(TomlError, match="a key of more than 500 parts") as error:
        TomlText("y = 1\n" + text.format(key), place="lock")
    assert error.value.origin.line == 2
    assert TomlText(text.format(".".join(["a"] * 100)), place="lock").table


@pytest.mark.parametrize("value", ['"{}"', "'{}'", '"\\"{}"', "['{}', \"{}\"]"])
def test_dots_in_texts_and_numbers_are_no_keys(value: str) -> None:
    assert TomlText("x = " + value.replace("{}", "." * 1000), place="lock").table
    assert TomlText("x = [" + "1.5, " * 1000 + "]", place="lock").table
