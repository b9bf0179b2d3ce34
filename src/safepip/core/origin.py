"""Where a value was written, and how much the writer is trusted.

Every setting, requirement and policy key travels with its :class:`Origin`, so that a finding can
show the line and ``explain`` can show what was shadowed. pip loses this when it merges its
sources, which is why safepip reads them itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Layer(IntEnum):
    """Who speaks; a lower number is trusted more. A weaker layer may tighten, never loosen."""

    MACHINE = 1
    USER = 2
    OPERATOR = 3
    PROJECT = 4
    INDEX = 5
    ARTIFACT = 6
    DEFAULT = 9
    """safepip's own default: nobody set the value, so any trusted layer may set it either way."""


class Place(Enum):
    """What kind of thing :attr:`Origin.place` names."""

    ARGUMENT = "argument"
    ENVIRONMENT = "environment"
    FILE = "file"
    INDEX = "index"
    ARTIFACT = "artifact"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The place of one value.

    Attributes:
        layer: whose word it is.
        kind: what ``place`` names.
        place: a file path as the user wrote it, ``PIP_INDEX_URL``, the URL of a page (without
            credentials), or ``command line``.
        line: 1-based line in a file or page; for :attr:`Place.ARGUMENT` the 1-based position
            among the arguments. None where there is no such thing.
        column: 1-based column of the first character, in code points. None: the whole line.
        length: how many code points the value covers. None: to the end of the line.
        text: the line as written, for the code frame; for an argument the whole command line.
        key: the key or option the value stands under, such as ``global.index-url``; on a page ``line 12``
            or a JSON pointer.
    """

    layer: Layer
    kind: Place
    place: str
    line: int | None = None
    column: int | None = None
    length: int | None = None
    text: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        """``requirements.txt:3:13``, ``$PIP_INDEX_URL``, ``command line, argument 4``, ``URL (line 12)`` of a page."""
        if self.kind is Place.ENVIRONMENT:
            return f"${self.place}"
        if self.kind is Place.ARGUMENT:
            return f"command line, argument {self.line}" if self.line else "command line"
        if self.kind is Place.INDEX and self.key is not None:
            return f"{self.place} ({self.key})"
        parts = [self.place, *(str(part) for part in (self.line, self.column) if part is not None)]
        return ":".join(parts)


BUILT_IN = Origin(layer=Layer.DEFAULT, kind=Place.DEFAULT, place="safepip's default")
"""The origin of every value that nobody wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced(Generic[T]):
    """A value and where it was written."""

    value: T
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective(Generic[T]):
    """The value in force and everything it shadows, strongest first."""

    value: T
    origin: Origin
    shadowed: tuple[Sourced[T], ...] = field(default=())
