"""What a ``pyproject.toml`` says outright that the project needs, each requirement at its line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from safepip.core.errors import RequirementFileError
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.pipcompat.project_table import Project, read_project

ASKED = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=3)


@dataclass
class Disk:
    text: bytes

    def read_bytes(self, path: str) -> bytes:
        if path != "pyproject.toml":
            raise FileNotFoundError(2, "No such file or directory", path)
        return self.text


def read(text: str, *extras: str) -> Project:
    path = Sourced(value="pyproject.toml", origin=ASKED)
    return read_project(path, extras, Disk(text.encode()))


def needs(text: str, *extras: str) -> list[str]:
    return [line.text for line in read(text, *extras).dependencies]


MINE = """\
[project]
name = "My.Project"
dependencies = [
    "app",
    'old; python_version < "3"',
]

[project.optional-dependencies]
Fast_Lane = ["quick"]
all = ["my-project[fast-lane, docs]", "more"]
docs = ['my_project[all]; python_version > "3"', "sphinx"]
"""


def test_each_requirement_stands_where_it_was_written() -> None:
    project = read(MINE, "fast-lane")

    assert project.name == "My.Project"
    found = [(line.text, line.origin.line, line.origin.column) for line in project.dependencies]
    assert found == [("app", 4, 5), ('old; python_version < "3"', 5, 5), ("quick", 9, 14)]


def test_extras_are_found_however_they_are_spelled() -> None:
    assert needs(MINE, "FAST.lane")[2:] == ["quick"]


def test_extras_of_the_project_itself_are_what_these_bring_and_circles_end() -> None:
    assert needs(MINE, "all")[2:] == ["sphinx", "quick", "more"]
    assert needs(MINE, "docs")[2:] == [
        'quick; python_version > "3"',
        'more; python_version > "3"',
        "sphinx",
    ]


def test_a_marker_on_the_way_narrows_what_is_behind_it() -> None:
    text = (
        '[project]\nname = "mine"\n[project.optional-dependencies]\n'
        "a = ['mine[b]; sys_platform == \"win32\"']\n"
        "b = ['x', 'y; python_version < \"3.12\"', 'z @ https://files.example/z.whl']\n"
    )
    x, y, z = (Requirement(one) for one in needs(text, "a"))

    assert str(x.marker) == 'sys_platform == "win32"'
    assert y.marker is not None
    for system in ("win32", "linux"):
        environment = {"sys_platform": system, "python_version": "3.11"}
        assert y.marker.evaluate(environment) == (system == "win32")
    assert z.url == "https://files.example/z.whl"


def test_a_project_that_needs_nothing_is_no_mistake() -> None:
    assert needs('[project]\nname = "mine"\n') == []


@pytest.mark.parametrize(
    ("text", "extras", "place", "said"),
    [
        ('[project]\nname = "a"\ndynamic = ["version", "dependencies"]\n', (), (3, 23), "safepip lock ."),
        (
            '[project]\nname = "a"\ndynamic = ["optional-dependencies"]\n',
            ("x",),
            (3, 12),
            "safepip lock .",
        ),
        ('[project]\nname = "a"\n', ("x",), (3, None), "ask for one that is there: none"),
        ('[project]\nname = "a"\nrequires-python = 3\n', (), (3, 19), "specification"),
        ('[project]\nname = "a"\ndependencies = ["b", 2]\n', (), (3, 22), "specification"),
        ("[build-system]\nrequires = []\n", (), (None, None), "safepip lock ."),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place_and_a_way_out(
    text: str, extras: tuple[str, ...], place: tuple[int | None, int | None], said: str
) -> None:
    with pytest.raises(RequirementFileError) as caught:
        read(text, *extras)

    error = caught.value
    assert error.reference == "project-table"
    assert error.origin is not None
    assert (error.origin.line, error.origin.column) == place
    assert said in (error.hint or "")


def test_optional_dependencies_that_nobody_asks_for_may_be_dynamic() -> None:
    assert needs('[project]\nname = "a"\ndynamic = ["optional-dependencies"]\ndependencies = ["b"]\n') == [
        "b"
    ]


def test_a_file_that_is_not_there_is_said_where_it_was_named() -> None:
    with pytest.raises(RequirementFileError, match=r"other/pyproject\.toml cannot be read") as caught:
        read_project(Sourced(value="other/pyproject.toml", origin=ASKED), (), Disk(b""))
    assert caught.value.origin == ASKED


NAMES = st.sampled_from(["a", "b", "c"])


@pytest.mark.property
@given(st.dictionaries(NAMES, st.lists(st.one_of(NAMES.map("mine[{}]".format), st.just("leaf")))), NAMES)
def test_whatever_includes_whatever_it_ends(tables: dict[str, list[str]], asked: str) -> None:
    extras = "".join(f"{name} = {members!r}\n" for name, members in tables.items())
    text = f'[project]\nname = "mine"\n[project.optional-dependencies]\n{extras}'
    reached = {asked}
    while more := {m[5:-1] for name in reached for m in tables.get(name, ()) if m != "leaf"} - reached:
        reached |= more
    if reached <= set(tables):
        found = needs(text, asked)
        assert ("leaf" in found) == any("leaf" in tables[name] for name in reached)
        assert set(found) <= {"leaf"}
    else:
        with pytest.raises(RequirementFileError, match="has no extra"):
            needs(text, asked)


def test_extras_that_unfold_without_end_are_a_mistake() -> None:
    extras = "".join(
        f"e{n} = [\"mine[e{n + 1}]; python_version > '{n}'\", \"mine[e{n + 1}]; os_name == 'n{n}'\"]\n"
        for n in range(20)
    )
    text = f'[project]\nname = "mine"\n[project.optional-dependencies]\n{extras}e20 = ["leaf"]\n'

    with pytest.raises(RequirementFileError, match="less than 10,000 requirements"):
        needs(text, "e0")
