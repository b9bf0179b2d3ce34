import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepip.report.visible import cells, shown, shown_lines, whole_line


@pytest.mark.parametrize(
    "text, visible",
    [
        ("demo-1.0.whl", "demo-1.0.whl"),
        ("café 日本 🎉", "café 日本 🎉"),
        ("a\tb", "a    b"),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("two\nlines\r", "two␊lines␍"),
        ("del\x7f", "del␡"),
        ("\x9b31m", "\ufffd31m"),
        ("abc\u202etxt.exe", "abc\ufffdtxt.exe"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("line\u2028separator", "line\ufffdseparator"),
        ("undecodable\udcff", "undecodable\ufffd"),
        ("##[add-mask]x", "##\\[add-mask]x"),
        ("##vso[task.setvariable]x", "##vso\\[task.setvariable]x"),
        ("## a heading", "## a heading"),
        ("https://a:b@c/##[x]", "https://****@c/##\\[x]"),
    ],
)
def test_what_is_shown(text, visible):
    assert shown(text) == visible


@pytest.mark.parametrize("text", ["::error::x", "  ::add-mask::x", "\t::stop-commands::x", "::"])
def test_no_line_begins_a_workflow_command(text):
    assert not whole_line(text).lstrip().startswith("::")
    assert text.strip() in whole_line(text)


def test_colons_elsewhere_stay():
    assert whole_line("a::b") == "a::b"
    assert shown_lines("a\n::b") == ["a", "\\::b"]


@settings(deadline=None)
@given(st.text(alphabet=st.characters()))
def test_nothing_that_acts_is_shown(text):
    for character in shown(text):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "##[" not in shown(text)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "M"], exclude_characters="@=#&?")))
def test_ordinary_text_is_shown_as_it_is(text):
    assert shown(text) == text


@settings(deadline=None)
@given(st.text(alphabet=st.characters()))
def test_every_character_has_one_cell(text):
    assert len(cells(text)) == len(text)
