"""``@value``: frozen, slotted, keyword-only dataclasses that are cheap to define.

:func:`dataclasses.dataclass` compiles six methods for each class while its module is loaded, about
half a millisecond (CPython 3.11); a command loads a hundred such classes, and uses most of them once
or never. These share methods that look at the fields when they are called. Making an object takes a
few microseconds instead of one, so what is made by the thousands stays an ordinary dataclass.

:func:`dataclasses.replace`, :func:`dataclasses.fields` and type checkers take them for dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """Make a value of a class that declares its fields as a dataclass does.

    Methods that the class defines itself stay. Not for classes that inherit fields.
    """
    made: Any = dataclass(init=False, repr=False, eq=False, kw_only=True, slots=True)(cls)
    declared: tuple[Field[Any], ...] = fields(made)
    made.__value_fields__ = declared
    made.__value_key__ = tuple(one.name for one in declared if one.compare)
    for name, method in _METHODS.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]  # ``slots`` makes a new class out of ``cls``


def _init(self: Any, /, **given: Any) -> None:
    for one in self.__value_fields__:
        if one.name in given:
            content = given.pop(one.name)
        elif one.default is not MISSING:
            content = one.default
        elif one.default_factory is not MISSING:
            content = one.default_factory()
        else:
            raise TypeError(f"{type(self).__name__} needs {one.name!r}")
        object.__setattr__(self, one.name, content)
    if given:
        raise TypeError(f"{type(self).__name__} has no {', '.join(map(repr, given))}")


def _key(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in self.__value_key__)


def _eq(self: Any, other: object) -> bool:
    return _key(self) == _key(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_key(self))


def _repr(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in self.__value_fields__ if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _setattr(_self: Any, name: str, _content: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    """For :mod:`copy` and :mod:`pickle`, which would otherwise assign."""
    return [getattr(self, one.name) for one in self.__value_fields__]


def _restore(self: Any, state: list[Any]) -> None:
    for one, content in zip(self.__value_fields__, state, strict=True):
        object.__setattr__(self, one.name, content)


_METHODS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "__init__": _init,
        "__eq__": _eq,
        "__hash__": _hash,
        "__repr__": _repr,
        "__setattr__": _setattr,
        "__delattr__": _delattr,
        "__getstate__": _state,
        "__setstate__": _restore,
    }
)
