"""Facts in aligned columns, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from safepip.report.visible import shown

GAP = "  "
INDENT = "  "


def columns(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as lines, each column as wide as its widest cell; the last is never padded."""
    safe = [[shown(cell) for cell in row] for row in rows]
    count = max((len(row) for row in safe), default=0)
    widths = [max((len(row[n]) for row in safe if n < len(row) - 1), default=0) for n in range(count)]
    for row in safe:
        padded = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield f"{INDENT}{GAP.join([*padded, *row[-1:]])}".rstrip()


def block(title: str, rows: Iterable[Sequence[str]]) -> list[str]:
    """A titled table with an empty line before it; nothing where there are no rows."""
    lines = list(columns(rows))
    return ["", title, *lines] if lines else []


def paragraphs(text: str) -> list[str]:
    """Text of several lines, indented; its line breaks stay."""
    return [f"{INDENT}{shown(line)}".rstrip() for line in text.split("\n")]
