import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepip.core.origin import BUILT_IN, Layer, Origin, Place
from safepip.report.frame import DEFAULT_WIDTH, Frame, frame
from tests.report import samples

PLAIN = st.text(alphabet="ab/ \t日本é:🎉-", min_size=1, max_size=80).filter(str.strip)
COMBINING = st.text(alphabet="ab\u0301\u0300 日", min_size=1, max_size=40).filter(str.strip)


def columns(text: str) -> int:
    """Width of a text, counted without the code under test."""
    return sum(
        0 if unicodedata.category(c) == "Mn" else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text.replace("\t", "    ")
    )


def over_carets(drawn: Frame) -> str:
    """What of the source line stands over the carets."""
    assert drawn.source is not None
    taken, column = "", 0
    for character in drawn.source:
        if drawn.indent <= column < drawn.indent + drawn.carets:
            taken += character
        column += columns(character)
    return taken


def place(
    text: str, column: int | None = None, length: int | None = None, kind: Place = Place.FILE
) -> Origin:
    return Origin(layer=Layer.PROJECT, kind=kind, place="f", line=7, column=column, length=length, text=text)


@settings(deadline=None)
@given(PLAIN, st.data())
def test_carets_stand_under_the_value_and_nothing_else(text, data):
    text = text.rstrip() + "."
    first = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(1, len(text) - first))

    drawn = frame(place(text, first + 1, length))

    assert over_carets(drawn) == text[first : first + length].replace("\t", "    ")


@settings(deadline=None)
@given(COMBINING, st.data())
def test_combining_marks_move_no_caret(text, data):
    first = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(1, len(text) - first))

    drawn = frame(place(text, first + 1, length))

    assert drawn.indent <= columns(text[:first])
    assert drawn.indent + drawn.carets >= columns(text[: first + length])
    assert drawn.carets <= columns(text[first : first + length]) + 2


@settings(deadline=None)
@given(PLAIN, st.integers(20, 60), st.data())
def test_a_long_line_is_cut_around_the_value(text, width, data):
    text = (
        "x" * data.draw(st.integers(0, 100)) + "[" + text.strip() + "]" + "y" * data.draw(st.integers(0, 100))
    )
    first = text.index("[")

    drawn = frame(place(text, first + 1, text.index("]") + 1 - first), width=width)

    assert drawn.source is not None
    assert columns(drawn.source) <= width
    assert over_carets(drawn).startswith("[")
    assert drawn.indent + drawn.carets <= width


def test_without_a_width_a_line_of_a_minified_file_is_still_cut():
    drawn = frame(place("a" * 100_000 + "VALUE" + "b" * 100_000, 100_001, 5))
    assert len(drawn.source) <= DEFAULT_WIDTH
    assert over_carets(drawn) == "VALUE"
    assert drawn.source.startswith("…a")
    assert drawn.source.endswith("b…")


def test_a_short_line_is_not_cut():
    assert frame(place("a" * 30, 1, 1), width=30).source == "a" * 30


@pytest.mark.parametrize(
    "text, column, length, value",
    [
        ("  flask==3  ", None, None, "flask==3"),
        ("-i http://x  # why", 4, None, "http://x  # why"),
        ("flask", 2, 0, "l"),
        ("\tflask", 2, 5, "flask"),
        ("日本 x", 4, 1, "x"),
    ],
)
def test_what_is_underlined(text, column, length, value):
    assert over_carets(frame(place(text, column, length))) == value


@pytest.mark.parametrize("column, length", [(6, 1), (6, None), (90, 5), (3, 900)])
def test_a_value_past_the_end_has_a_caret_all_the_same(column, length):
    drawn = frame(place("flask", column, length))
    assert drawn.source == "flask"
    assert 1 <= drawn.carets <= 5
    assert drawn.indent <= 5


def test_a_masked_secret_keeps_the_carets_in_place():
    line = "--index-url https://bob:hunter2@index.example/simple --pre"
    url = line.split()[1]
    drawn = frame(place(line, line.index(url) + 1, len(url)))
    assert over_carets(drawn) == "https://****@index.example/simple"


@pytest.mark.parametrize("value", ["bob", "hunter2", "ter", "bob:hunter2"])
def test_carets_under_a_part_of_a_secret_stand_under_the_mask(value):
    line = "-i https://bob:hunter2@index.example/simple"
    drawn = frame(place(line, line.index(value) + 1, len(value)))
    assert over_carets(drawn) == "****"


def test_a_variable_in_the_userinfo_is_shown():
    line = "-i https://${USER}:${PASSWORD}@index.example/simple"
    assert frame(place(line)).source == line


def test_the_gutter_holds_line_numbers_only():
    assert frame(place("x", 1, 1)).number == "7"
    assert frame(place("x", 1, 1, Place.ARGUMENT)).number == ""
    assert frame(place("x", 1, 1, Place.ENVIRONMENT)).number == ""


@pytest.mark.parametrize(
    "origin, shown_place",
    [
        (samples.in_file("flask", "flask"), "requirements.txt:1:1"),
        (samples.in_arguments("safepip install flask", "flask"), "command line"),
        (samples.in_environment("PIP_INDEX_URL", "x"), "$PIP_INDEX_URL"),
        (
            samples.on_page("https://bob:pw@index.example/simple/demo/", 12),
            "https://****@index.example/simple/demo/:12",
        ),
        (BUILT_IN, "safepip's default"),
    ],
)
def test_places_in_words(origin, shown_place):
    assert frame(origin).place == shown_place


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_without_a_text_there_is_no_frame(text):
    assert frame(place(text)).source is None


def test_an_argument_without_the_command_line_is_named_by_its_position():
    origin = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=4)
    assert frame(origin).place == "command line, argument 4"
