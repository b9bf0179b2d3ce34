"""Values as they stand in configuration files and the environment, before anybody asks what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from safepip.core.origin import Layer, Origin, Sourced

_WORD = re.compile(r"\S+")


class ConfigKind(Enum):
    """Where a configuration file belongs, weakest first (``pip._internal.configuration.Kind``)."""

    GLOBAL = "global"
    USER = "user"
    SITE = "site"
    ENV = "env"
    """Named by ``PIP_CONFIG_FILE``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One key with its value.

    Attributes:
        section: ``global``, a command, ``:env:`` for variables, or whatever a file says.
        key: normalised as pip does: lower case, ``-`` for ``_``, one leading ``--`` dropped.
        text: the value; the lines of a file joined by line feeds.
        pieces: the same text line by line, each with its place.
    """

    section: str
    key: str
    text: str
    pieces: tuple[Sourced[str], ...]

    @property
    def origin(self) -> Origin:
        """Where the value begins."""
        return next((piece.origin for piece in self.pieces if piece.value), self.pieces[0].origin)

    @property
    def words(self) -> Iterator[Sourced[str]]:
        """Split at white space, as pip reads list options; each word with its place."""
        for piece in self.pieces:
            for match in _WORD.finditer(piece.value):
                yield Sourced(value=match[0], origin=_within(piece.origin, match.start(), len(match[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """One configuration file, read.

    Attributes:
        place: path as given; pip keeps files apart by it.
        written: every value in the order pip takes them, ``[DEFAULT]`` spread over the sections.
    """

    place: str
    kind: ConfigKind
    layer: Layer = Layer.OPERATOR
    written: tuple[Written, ...] = field(default=())

    @property
    def sections(self) -> Mapping[str, Mapping[str, Written]]:
        """By section and key, the last of two equal keys."""
        found: dict[str, dict[str, Written]] = {}
        for value in self.written:
            found.setdefault(value.section, {})[value.key] = value
        return found


def normalize_key(name: str) -> str:
    """One key, however it is spelled (``pip._internal.configuration._normalize_name``)."""
    return name.lower().replace("_", "-").removeprefix("--")


def _within(origin: Origin, start: int, length: int) -> Origin:
    if origin.column is None:
        return origin
    return replace(origin, column=origin.column + start, length=length)
