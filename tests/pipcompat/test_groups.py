"""Dependency groups: the same requirements and the same words as pip, and each with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.dependency_groups import resolve_dependency_groups

from safepip.core.errors import RequirementFileError
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.pipcompat.groups import read_groups

TYPED = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=3)


class Disk:
    def __init__(self, **files: str) -> None:
        self.files = files

    def read_bytes(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path].encode()


def read(text: str, *asked: str) -> list[RequirementLine]:
    files = Disk(**{"pyproject.toml": text, "sub/pyproject.toml": text})
    return list(read_groups([Sourced(value=one, origin=TYPED) for one in asked], files))


GROUPS = """\
[dependency-groups]
Test_Tools = ["pytest>=8; python_version > '3'", {include-group = "typing"}]
typing = [
    "mypy",
    "types @ https://files.example/types-1-py3-none-any.whl",
]
empty = []
"""


def test_each_requirement_has_the_place_of_its_string() -> None:
    lines = read(GROUPS, "test.tools")
    assert [(line.text, str(line.origin)) for line in lines] == [
        ('pytest>=8; python_version > "3"', "pyproject.toml:2:15"),
        ("mypy", "pyproject.toml:4:5"),
        ("types @ https://files.example/types-1-py3-none-any.whl", "pyproject.toml:5:5"),
    ]
    assert [line.kind for line in lines][1:] == [RequirementKind.NAMED, RequirementKind.URL]


def test_a_group_is_the_word_of_the_project_and_no_requirement_file() -> None:
    (line,) = read(GROUPS, "./pyproject.toml:typing"[2:])[:1]
    assert line.origin.layer is Layer.PROJECT
    assert not line.from_file


def test_an_empty_group_asks_for_nothing() -> None:
    assert read(GROUPS, "empty") == []


def test_groups_are_read_in_the_order_they_are_asked_for() -> None:
    lines = read(GROUPS, "typing", "sub/pyproject.toml:Typing")
    assert [line.origin.place for line in lines] == ["pyproject.toml"] * 2 + ["sub/pyproject.toml"] * 2


@pytest.mark.parametrize(
    "text, place, message",
    [
        ("[dependency-groups\n", "pyproject.toml:1:19", "Error parsing pyproject.toml: Expected ']' at the end of a table declaration (at line 1, column 19)"),
        ("", "pyproject.toml", "[dependency-groups] table was missing from 'pyproject.toml'. Cannot resolve '--group' option."),
        ("dependency-groups = 3", "pyproject.toml:1:21", "[dependency-groups] table was malformed in pyproject.toml. Cannot resolve '--group' option."),
        ("[dependency-groups]\na_b = []\na-b = []", "pyproject.toml:1:1", "[dependency-groups] data was invalid in pyproject.toml: Duplicate dependency group names: a-b (a_b, a-b)"),
        ("[dependency-groups]\na = 'x'", "pyproject.toml:2:5", "[dependency-groups] resolution failed for 'a' from 'pyproject.toml': Dependency group 'a' contained a string rather than a list."),
        ("[dependency-groups]\na = [3, {x = 'y'}]", "pyproject.toml:2:5", "[dependency-groups] resolution failed for 'a' from 'pyproject.toml': Invalid dependency group item: 3; Invalid dependency group item: {'x': 'y'}"),
        ("[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]", "pyproject.toml:2:5", "[dependency-groups] resolution failed for 'a' from 'pyproject.toml': Cyclic dependency group include while resolving a: a -> b, b -> a"),
        ("[dependency-groups]\nb = []", "pyproject.toml:1:1", "[dependency-groups] resolution failed for 'a' from 'pyproject.toml': Dependency group 'a' not found"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_pips_words_with_its_place(
    text: str, place: str, message: str
) -> None:
    with pytest.raises(RequirementFileError) as error:
        read(text, "a")
    assert error.value.message == message
    assert str(error.value.origin) == place


def test_a_missing_project_is_told_where_it_was_asked_for() -> None:
    with pytest.raises(
        RequirementFileError, match=re.escape("not there/pyproject.toml not found. Cannot resolve")
    ) as error:
        list(read_groups([Sourced(value="not there/pyproject.toml:a", origin=TYPED)], Disk()))
    assert error.value.origin == TYPED


def test_a_path_in_a_group_is_no_requirement(tmp_path: Path) -> None:
    with pytest.raises(RequirementFileError, match="resolution failed"):
        read("[dependency-groups]\na = ['./local']", "a")


def test_a_name_that_looks_like_a_file_stays_a_name() -> None:
    (line,) = read("[dependency-groups]\na = ['demo.zip']", "a")
    assert (line.kind, line.target) == (RequirementKind.NAMED, None)


NAMES = st.sampled_from(["a", "b", "c", "A_b", "d.e"])
MEMBERS = st.one_of(
    st.sampled_from(["x", "y>=1", "z[extra]; python_version>'3'", "not valid"]),
    NAMES.map(lambda name: {"include-group": name}),
)


@pytest.mark.property
@given(st.dictionaries(NAMES, st.lists(MEMBERS, max_size=4), max_size=5), NAMES)
def test_requirements_are_those_that_packaging_resolves(
    groups: dict[str, list[str | dict[str, str]]], name: str
) -> None:
    text = "[dependency-groups]\n" + "".join(f"{_key(k)} = {_array(v)}\n" for k, v in groups.items())
    try:
        expected: list[str] | None = list(resolve_dependency_groups(groups, name))
    except ExceptionGroup:
        expected = None
    try:
        found: list[str] | None = [line.text for line in read(text, name)]
    except RequirementFileError:
        found = None
    assert found == expected


def _key(name: str) -> str:
    return f'"{name}"'


def _array(members: list[str | dict[str, str]]) -> str:
    parts = [
        f'"{one}"' if isinstance(one, str) else f'{{include-group = "{one["include-group"]}"}}'
        for one in members
    ]
    return f"[{', '.join(parts)}]"


def _each_includes(times: int, deep: int) -> str:
    includes = (", ".join([f"{{include-group = 'g{n - 1}'}}"] * times) for n in range(1, deep + 1))
    rows = (f"g{n} = [{members}]" for n, members in enumerate(includes, start=1))
    return "\n".join(["[dependency-groups]", 'g0 = ["demo"]', *rows])


@pytest.mark.parametrize("times, deep", [(2, 30), (1, 5000)], ids=["doubling", "deep"])
def test_groups_that_would_take_the_memory_are_refused(times: int, deep: int) -> None:
    with pytest.raises(
        RequirementFileError, match="more than 10,000 requirements, or more than 100 groups"
    ) as caught:
        read(_each_includes(times, deep), f"g{deep}")
    assert str(caught.value.origin).startswith(f"pyproject.toml:{deep + 2}:")


def test_groups_inside_each_other_bring_what_they_include_each_time() -> None:
    assert [line.text for line in read(_each_includes(2, 3), "g3")] == ["demo"] * 8
    assert [line.text for line in read(_each_includes(1, 60), "g60")] == ["demo"]


def test_a_marker_that_is_nested_too_deeply_is_an_error() -> None:
    with pytest.raises(RequirementFileError, match="is nested too deeply"):
        read(f'[dependency-groups]\ng = ["demo; {nested(3000)}"]', "g")
    assert len(read(f'[dependency-groups]\ng = ["demo; {nested(20)}"]', "g")) == 1


def nested(times: int) -> str:
    """A marker in parentheses."""
    return "(" * times + "os_name == 'posix'" + ")" * times
