"""A TOML text of a project, with an origin for every key and value in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from safepip.core.origin import Layer, Origin, Place
from safepip.core.positions import KeyPath, Marks, mark
from safepip.core.value import value

_PARTS = 500
_STRING = re.compile(r"""\"(?:[^\"\\]|\\.)*\"|'[^']*'""")
_BETWEEN_KEYS = re.compile(r"[=\[\]{},#]")
_PLACE = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)\Z")


class TomlError(ValueError):
    """The text is no TOML. ``message`` is tomllib's own; ``origin`` where it stumbled."""

    def __init__(self, message: str, origin: Origin) -> None:
        super().__init__(message)
        self.message = message
        self.origin = origin


@value
class Embedding:
    """Where a TOML text stands inside another file, such as in the comments of a script.

    Attributes:
        rows: the lines of the file that hold it, as written, in order.
        first: 1-based number of the first of them.
        indents: how many characters of each do not belong to the TOML.
    """

    rows: Sequence[str] = field(repr=False)
    first: int
    indents: Sequence[int] = field(repr=False)


class TomlText:
    """What a text says, and where.

    Attributes:
        table: the whole of it.
    """

    def __init__(
        self,
        text: str,
        *,
        place: str,
        layer: Layer = Layer.PROJECT,
        within: Embedding | None = None,
        deepest: int | None = None,
    ) -> None:
        """Read it.

        Args:
            deepest: see :func:`~safepip.core.positions.mark`.

        Raises:
            TomlError: it is no TOML.
        """
        self._place, self._layer, self._within, self._deepest = place, layer, within, deepest
        text = text.replace("\r\n", "\n")
        self._rows = text.split("\n")
        self.table, self._marks = self._load(text)

    def origin(self, path: KeyPath, *, of_key: bool = False) -> Origin:
        """Where the value (or the key) at ``path`` stands; of what is not written, its table's place."""
        spans = self._marks.keys if of_key else self._marks.values
        name = ".".join(str(part) for part in path if isinstance(part, str))
        for depth in range(len(path), 0, -1):
            span = spans.get(path[:depth])
            if span is not None:
                return self._at(span.line, span.column, length=span.length, key=name)
        return self._at(None, None, key=name or None)

    def _load(self, text: str) -> tuple[Mapping[str, Any], Marks]:
        self._check_keys()
        try:
            return tomllib.loads(text), mark(text, deepest=self._deepest)
        except RecursionError:
            raise TomlError("nested too deeply", self._at(None, None)) from None
        except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
            found = _PLACE.search(str(error))
            line, column = (int(found[1]), int(found[2])) if found and found[1] else (len(self._rows), None)
            raise TomlError(str(error), self._at(line, column)) from None

    def _check_keys(self) -> None:
        """A key of tens of thousands of parts takes tomllib minutes. Raises TomlError."""
        for number, row in enumerate(self._rows, start=1):
            if row.count(".") > _PARTS and any(
                piece.count(".") > _PARTS for piece in _BETWEEN_KEYS.split(_STRING.sub("", row))
            ):
                raise TomlError(f"a key of more than {_PARTS} parts", self._at(number, None))

    def _at(
        self, line: int | None, column: int | None, *, length: int | None = None, key: str | None = None
    ) -> Origin:
        row = self._rows[line - 1] if line and line <= len(self._rows) else None
        if self._within is not None and line and line <= len(self._within.rows):
            row = self._within.rows[line - 1]
            column = None if column is None else column + self._within.indents[line - 1]
            line += self._within.first - 1
        return Origin(
            layer=self._layer,
            kind=Place.FILE,
            place=self._place,
            line=line,
            column=column,
            length=length,
            text=row,
            key=key,
        )
