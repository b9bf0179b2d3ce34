"""A TOML text together with the line and column of every key and value in it.

``tomllib`` decides what the text says; the scan here only finds where. It runs on text that
``tomllib`` has accepted, so it may assume that strings end and brackets match.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

KeyPath = tuple[str | int, ...]
"""Keys from the root; an index for each element of an array or array of tables."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = r"""(?:[^{}"'#]++|"(?!"")(?:[^"\\\n]|\\.)*+"|""(?!")|'(?!'')[^'\n]*+'|''(?!'))*+"""
_INLINE_TABLE = re.compile(rf"\{{{_PLAIN}(?:\{{{_PLAIN}\}}{_PLAIN})*+\}}")
"""An inline table without long strings and comments, with tables in it that hold none themselves."""
_MOST_PARTS = 64
"""A key of thousands of parts is nobody's; marks for each of its beginnings would fill the memory."""
_SCALAR = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")
_STRINGS = (
    re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL),
    re.compile(r"'''(?:[^']|'{1,2}(?!'))*'{3,5}"),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one line: 1-based line and column, length in code points."""

    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Where everything stands.

    Attributes:
        keys: of each key as written; for a table its header.
        values: of each value's first line; for a table its header.
    """

    keys: Mapping[KeyPath, Span]
    values: Mapping[KeyPath, Span]


def mark(text: str, *, deepest: int | None = None) -> Marks:
    """Find every key of a valid TOML text whose lines end in a plain line feed.

    Args:
        deepest: inline tables this many steps below the root are not looked into; None: all are.
    """
    scan = _Scan(text, deepest)
    scan.run()
    return Marks(keys=scan.keys, values=scan.values)


def _depths(above: int, deepest: int) -> range:
    """How far the paths go that one dotted key has marks for."""
    return range(above + 1, min(deepest, _MOST_PARTS) + 1)


class _Scan:
    def __init__(self, text: str, deepest: int | None) -> None:
        self.text = text
        self.deepest = deepest
        self.position = 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.keys: dict[KeyPath, Span] = {}
        self.values: dict[KeyPath, Span] = {}
        self.elements: dict[KeyPath, int] = {}
        """How many tables each array of tables has so far."""

    def run(self) -> None:
        table: KeyPath = ()
        self.skip(_BLANK)
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)

    def header(self) -> KeyPath:
        start = self.position
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.position += brackets
        *parents, last = self.dotted_key()
        self.skip(_BLANK)
        self.position += brackets
        path: KeyPath = (*self.resolved(parents), last)
        if brackets == 2:
            index = self.elements.get(path, 0)
            self.elements[path] = index + 1
            self.note(path, start, self.position)
            path = (*path, index)
        for depth in _depths(0, len(path)):  # a table may have no header but those of its own tables
            self.note(path[:depth], start, self.position)
        return path

    def resolved(self, parts: list[str]) -> KeyPath:
        """``[a.b]`` below ``[[a]]`` belongs to the last element of ``a``."""
        path: KeyPath = ()
        for part in parts:
            path = (*path, part)
            if path in self.elements:
                path = (*path, self.elements[path] - 1)
        return path

    def note(self, path: KeyPath, start: int, end: int) -> None:
        self.keys.setdefault(path, self.span(start, end))
        self.values.setdefault(path, self.span(start, end))

    def pair(self, table: KeyPath) -> None:
        start = self.position
        path = (*table, *self.dotted_key())
        for depth in _depths(len(table), len(path)):
            self.keys.setdefault(path[:depth], self.span(start, self.position))
        self.skip(_BLANK)
        self.position += len("=")
        self.skip(_BLANK)
        self.value(path)
        for depth in _depths(len(table), len(path) - 1):
            self.values.setdefault(path[:depth], self.keys[path[:depth]])

    def dotted_key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self.skip(_BLANK)
            parts.append(self.simple_key())
            end = self.position
            self.skip(_BLANK)
            if not self.text.startswith(".", self.position):
                self.position = end
                return parts
            self.position += len(".")

    def simple_key(self) -> str:
        if self.text[self.position] not in "\"'":
            return self.skip(_BARE_KEY)
        quoted = self.string()
        return str(tomllib.loads(f"key = {quoted}")["key"])

    def value(self, path: KeyPath) -> None:
        start = self.position
        first = self.text[start]
        if first == "[":
            self.array(path)
        elif first == "{":
            self.inline_table(path)
        elif first in "\"'":
            self.string()
        else:
            self.skip(_SCALAR)
        self.values[path] = self.span(start, self.position)

    def array(self, path: KeyPath) -> None:
        self.position += len("[")
        for index in count():
            self.skip(_BLANK)
            if self.text[self.position] == "]":
                break
            self.value((*path, index))
            self.keys[(*path, index)] = self.values[(*path, index)]
            self.comma()
        self.position += len("]")

    def inline_table(self, path: KeyPath) -> None:
        if self.deepest is not None and len(path) >= self.deepest:
            whole = _INLINE_TABLE.match(self.text, self.position)
            if whole is not None:
                self.position = whole.end()
                return
        self.position += len("{")
        self.skip(_BLANK)
        while self.text[self.position] != "}":
            self.pair(path)
            self.comma()
            self.skip(_BLANK)
        self.position += len("}")

    def comma(self) -> None:
        self.skip(_BLANK)
        if self.text[self.position] == ",":
            self.position += len(",")

    def string(self) -> str:
        for pattern in _STRINGS:
            if match := pattern.match(self.text, self.position):
                self.position = match.end()
                return match[0]
        raise ValueError("a string without an end")  # tomllib would have refused it

    def skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        if match is None:
            raise ValueError("no TOML")  # tomllib would have refused it
        self.position = match.end()
        return match[0]

    def span(self, start: int, end: int) -> Span:
        line = bisect_right(self.starts, start)
        column = start - self.starts[line - 1] + 1
        newline = self.text.find("\n", start, end)
        return Span(line=line, column=column, length=(end if newline < 0 else newline) - start)
