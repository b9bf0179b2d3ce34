"""One TOML text being read strictly: its values, their places, and everything wrong with it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place
from safepip.core.positions import KeyPath, Marks, mark

REFERENCE = "bad-policy"
"""Reference of every error about a policy file."""
PYPROJECT_TABLE = ("tool", "safepip")
"""Where a policy stands in ``pyproject.toml``."""
_MOST_PROBLEMS = 50
"""How many are told of one file. More are a file of another kind, or one that is to flood a terminal."""
_MOST_DOTS = 500
"""In one key. Far more than any has, and few enough to be read in no time."""
_MOST_CHARACTERS = 300
"""Of one message."""
_CHOICES_NAMED = 15
"""Known words that are named where none is near; a table has fewer keys, rules are more."""
_PLACE = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong."""

    message: str
    origin: Origin
    hint: str | None = None


class Document:
    """The table of a policy file, with an origin for every key.

    Problems are collected, so that one run shows them all; nothing may be used before
    :meth:`finish` has passed.

    Attributes:
        table: the policy's own table: the whole file, or ``[tool.safepip]`` of it.
    """

    def __init__(self, text: str, *, place: str, layer: Layer, table: Sequence[str] = ()) -> None:
        """Raises ConfigurationError for what is no TOML, with line and column."""
        self._place, self._layer, self._prefix = place, layer, tuple(table)
        text = text.replace("\r\n", "\n")
        self._lines = text.split("\n")
        self._problems: list[Problem] = []
        whole, self._marks = self._load(text)
        self.table = self._descend(whole)

    def _load(self, text: str) -> tuple[Mapping[str, object], Marks]:
        try:
            refuse_deep_keys(text)
            return tomllib.loads(text), mark(text)
        except RecursionError:
            raise self._error(Problem(message="nested too deeply", origin=self._at(None, None))) from None
        except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
            message = str(error)
            found = _PLACE.search(message)
            line, column = (int(found[1]), int(found[2])) if found and found[1] else (len(self._lines), None)
            problem = Problem(
                message=f"not valid TOML: {_PLACE.sub('', message)}", origin=self._at(line, column)
            )
            raise self._error(problem) from None

    def _descend(self, table: Mapping[str, object]) -> Mapping[str, object]:
        for depth, key in enumerate(self._prefix, start=1):
            inner = table.get(key, {})
            if not isinstance(inner, dict):
                path = ".".join(self._prefix[:depth])
                raise self._error(Problem(message=f"{path} must be a table", origin=self._at(None, None)))
            table = inner
        return table

    def origin(self, path: KeyPath, *, of_key: bool = False) -> Origin:
        """Where the value (or the key) at ``path`` stands; ``path`` begins at :attr:`table`."""
        spans = self._marks.keys if of_key else self._marks.values
        span = spans.get((*self._prefix, *path))
        name = ".".join(str(part) for part in path if isinstance(part, str))
        if span is None:
            return self._at(None, None, key=name)
        return self._at(span.line, span.column, length=span.length, key=name)

    def refuse(self, path: KeyPath, message: str, *, hint: str | None = None, of_key: bool = False) -> None:
        """Remember that something is wrong at ``path``."""
        self.refuse_at(self.origin(path, of_key=of_key), message, hint=hint)

    def refuse_at(self, origin: Origin, message: str, *, hint: str | None = None) -> None:
        """Remember that something is wrong at a place already known."""
        self._problems.append(Problem(message=clipped(message), origin=origin, hint=hint))

    def refuse_unknown(self, path: KeyPath, known: Iterable[str], *, what: str = "key") -> None:
        """Remember an unknown key, with the nearest known one."""
        self._refuse_unknown(path, str(path[-1]), known, what, of_key=True)

    def refuse_unknown_word(self, path: KeyPath, word: str, known: Iterable[str], *, what: str) -> None:
        """Remember a value that names nothing, with the nearest that does."""
        self._refuse_unknown(path, word, known, what)

    def _refuse_unknown(
        self, path: KeyPath, word: str, known: Iterable[str], what: str, *, of_key: bool = False
    ) -> None:
        """In escapes what is no ASCII: a letter of another script may look like the right one."""
        told = len(self._problems) < _MOST_PROBLEMS
        hint = _nearest(word, known) if told else None
        self.refuse(path, f"unknown {what} {word!a}", hint=hint, of_key=of_key)

    def finish(self) -> None:
        """Raises ConfigurationError naming the first problem of the file, the others as notes."""
        if self._problems:
            found = sorted(self._problems[:_MOST_PROBLEMS], key=lambda problem: problem.origin.line or 0)
            raise self._error(found[0], found[1:], untold=len(self._problems) - len(found))

    def _error(
        self, problem: Problem, others: Sequence[Problem] = (), *, untold: int = 0
    ) -> ConfigurationError:
        return ConfigurationError(
            problem.message,
            reference=REFERENCE,
            origin=problem.origin,
            hint=problem.hint,
            notes=[
                f"{other.origin}: {other.message}" + (f" ({other.hint})" if other.hint else "")
                for other in others
            ]
            + ([f"and {untold} more problems"] if untold else []),
        )

    def _at(
        self, line: int | None, column: int | None, *, length: int | None = None, key: str | None = None
    ) -> Origin:
        return Origin(
            layer=self._layer,
            kind=Place.FILE,
            place=self._place,
            line=line,
            column=column,
            length=length,
            text=self._lines[line - 1] if line and line <= len(self._lines) else None,
            key=key,
        )


def refuse_deep_keys(text: str) -> None:
    """Raise RecursionError for a key of very many parts, over which :mod:`tomllib` would take minutes."""
    for line in text.split("\n"):
        if line.count(".") <= _MOST_DOTS:
            continue
        *keys, rest = line.split("=")  # what stands before an equals sign may be one key
        if line.lstrip().startswith("["):
            keys.append(rest)
        if any(key.count(".") > _MOST_DOTS for key in keys):
            raise RecursionError(line)


def clipped(text: str) -> str:
    """The beginning and the end of what is too long to be read: it may repeat what a file says."""
    if len(text) <= _MOST_CHARACTERS:
        return text
    half = _MOST_CHARACTERS // 2
    return f"{text[:half]}…{text[-half:]}"


def _nearest(word: str, known: Iterable[str]) -> str:
    choices = sorted(known)
    nearest = difflib.get_close_matches(word, choices, n=1)
    if nearest:
        return f"did you mean {nearest[0]!r}?"
    if len(choices) > _CHOICES_NAMED:
        return "safepip policy schema lists what is known"
    return f"known here: {', '.join(choices)}"
