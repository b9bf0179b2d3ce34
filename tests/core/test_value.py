"""``@value``: like a frozen, slotted, keyword-only dataclass in every way that is used."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from safepip.core.value import value


@value
class Point:
    """A place.

    Attributes:
        label: takes no part in equality, and is not shown.
    """

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list, compare=False)
    label: str = field(default="", compare=False, repr=False)

    @property
    def total(self) -> int:
        return self.x + self.y


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The same as a dataclass."""

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list, compare=False)
    label: str = field(default="", compare=False, repr=False)


@value
class Secret:
    """Shows nothing."""

    text: str

    def __repr__(self) -> str:
        return "Secret(****)"


def test_defaults_and_factories_fill_what_is_not_given() -> None:
    point, other = Point(x=1), Point(x=1)

    assert (point.x, point.y, point.tags, point.label, point.total) == (1, 2, [], "", 3)
    assert point.tags is not other.tags


@pytest.mark.parametrize("given", [{}, {"x": 1, "z": 1}])
def test_missing_and_unknown_fields_are_errors(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Point(**given)


def test_fields_are_given_by_name_only() -> None:
    make: Any = Point

    with pytest.raises(TypeError):
        make(1)


def test_equality_and_hash_go_by_the_compared_fields() -> None:
    assert Point(x=1, label="a") == Point(x=1, label="b")
    assert hash(Point(x=1, label="a")) == hash(Point(x=1, label="b"))
    assert Point(x=1) != Point(x=2)
    twin: object = Twin(x=1)
    assert Point(x=1) != twin


def test_repr_is_that_of_a_dataclass() -> None:
    assert repr(Point(x=1, label="a")) == repr(Twin(x=1, label="a")).replace("Twin", "Point")


def test_nothing_can_be_assigned_or_deleted() -> None:
    point: Any = Point(x=1)

    with pytest.raises(FrozenInstanceError):
        point.x = 2
    with pytest.raises(FrozenInstanceError):
        point.other = 2
    with pytest.raises(FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")


def test_replace_fields_copy_and_pickle_take_it_for_a_dataclass() -> None:
    point = Point(x=1, tags=["a"], label="b")

    assert replace(point, y=5).y == 5
    assert [one.name for one in fields(Point)] == ["x", "y", "tags", "label"]
    for twin in (copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert (twin, twin.tags, twin.label) == (point, ["a"], "b")


def test_methods_of_the_class_itself_stay() -> None:
    assert repr(Secret(text="hush")) == "Secret(****)"
