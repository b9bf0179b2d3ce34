"""Requirements and markers on which packaging itself would give up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement

from safepip.core.specifier import endless_number, read_marker, read_requirement


def nested(times: int) -> str:
    return "(" * times + "os_name == 'posix'" + ")" * times


def test_a_marker_that_is_nested_too_deeply_is_none() -> None:
    with pytest.raises(InvalidMarker, match="nested too deeply"):
        read_marker(nested(3000))
    with pytest.raises(InvalidRequirement, match="nested too deeply"):
        read_requirement(f"demo; {nested(3000)}")


def test_a_marker_in_some_parentheses_is_one() -> None:
    assert read_marker(nested(20)) == Marker("os_name == 'posix'")
    assert str(read_requirement(f"demo; {nested(20)}").name) == "demo"


@pytest.mark.parametrize("text", ["demo==1.{}", "demo>=1!{}", "demo~=1.{}.dev1", "demo=={}.*"])
def test_a_number_that_python_does_not_read_is_no_version(text: str) -> None:
    with pytest.raises(InvalidRequirement, match="more than a thousand digits"):
        read_requirement(text.format("9" * 5000))
    long = read_requirement(text.format("9" * 900))
    assert not long.specifier.contains("1")


@given(st.text("d0123456789.=<>! ;()[]e", max_size=40))
def test_whatever_packaging_reads_is_read_the_same(text: str) -> None:
    try:
        expected = Requirement(text)
    except InvalidRequirement:
        with pytest.raises(InvalidRequirement):
            read_requirement(text)
    else:
        assert read_requirement(text) == expected


def test_where_an_endless_number_begins() -> None:
    assert endless_number("ab" + "1" * 1000) == 2
    assert endless_number("1" * 999) is None
