"""A place in a text, as a person sees it: the line with carets under the value.

::

  --> requirements.txt:1:13
   |
 1 | --index-url http://mirror.example/simple
   |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from safepip.core.origin import Origin, Place
from safepip.report.visible import Cell, cells, shown

DEFAULT_WIDTH = 160
"""Columns, where there is no terminal to ask. Longer lines are cut around the value."""
_NARROWEST = 20
_ELLIPSIS = "…"
_LEAD = 12
"""Columns kept before a value in a line that is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A place ready to be drawn.

    Attributes:
        place: what stands after the arrow.
        number: line number as text; empty where lines have none.
        source: the line; None where it is not known.
        indent, carets: columns before the carets, and how many.
        label: why this place is shown; empty for the primary one.
    """

    place: str
    number: str = ""
    source: str | None = None
    indent: int = 0
    carets: int = 0
    label: str = ""


def frame(origin: Origin, *, label: str = "", width: int | None = None) -> Frame:
    """The frame of a place; ``width`` is the room for the source line, None if there is no limit known."""
    if origin.text is None or not origin.text.strip():
        return Frame(place=place_of(origin), label=shown(label))
    source, indent, carets = _cut(_row(origin.text.rstrip("\r\n"), origin), width or DEFAULT_WIDTH)
    return Frame(
        place=place_of(origin),
        number=line_number(origin),
        source=source,
        indent=indent,
        carets=carets,
        label=shown(label),
    )


def place_of(origin: Origin) -> str:
    """``requirements.txt:1:13``, ``command line``, ``$PIP_INDEX_URL``, the URL of a page."""
    if origin.kind is Place.ARGUMENT and origin.text is not None:
        return "command line"
    return shown(str(origin))


def line_number(origin: Origin) -> str:
    """What stands in the gutter; empty where ``line`` is no line number, or nothing is shown."""
    if origin.line is None or origin.text is None or origin.kind in {Place.ARGUMENT, Place.ENVIRONMENT}:
        return ""
    return str(origin.line)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line as cells, and the columns (0-based, end exclusive) of its value."""

    cells: list[Cell]
    start: int
    end: int


def _row(text: str, origin: Origin) -> _Row:
    row = cells(text)
    columns = [0, *accumulate(cell.width for cell in row)]
    first, last = _span(text, origin)
    start, end = columns[min(first, len(row))], columns[min(last, len(row))]
    while first > 0 and first < len(row) and row[first].width == 0:
        # A combining mark, or the inside of a masked secret: the caret goes under what it belongs to.
        first -= 1
        start = columns[first]
    return _Row(row, start, max(end, start + 1))


def _span(text: str, origin: Origin) -> tuple[int, int]:
    """Code points of the value: without a column the whole line, without a length up to its end."""
    end = len(text.rstrip())
    if origin.column is None:
        return len(text) - len(text.lstrip()), end
    first = origin.column - 1
    return first, max(first, end if origin.length is None else first + origin.length)


def _cut(row: _Row, width: int) -> tuple[str, int, int]:
    """The line in at most ``width`` columns, the carets' indent and number."""
    width = max(width, _NARROWEST)
    total = sum(cell.width for cell in row.cells)
    if max(total, row.end) <= width:
        return "".join(cell.text for cell in row.cells).rstrip(), row.start, row.end - row.start
    # Ellipses take a column each, at both ends at most.
    left = 0 if row.end < width else max(0, row.start - _LEAD)
    right = left + width - (1 if left == 0 else 2)
    window, offset = _window(row.cells, left, right)
    before = _ELLIPSIS if left else ""
    after = _ELLIPSIS if right < total else ""
    indent = row.start - offset + len(before)
    carets = min(row.end, right) - row.start
    return f"{before}{window}{after}".rstrip(), indent, max(carets, 1)


def _window(row: list[Cell], left: int, right: int) -> tuple[str, int]:
    """What of the line lies between two columns, and the column it really begins at."""
    column = 0
    kept: list[str] = []
    offset: int | None = None
    for cell in row:
        if column >= left and column + cell.width <= right and (cell.width or offset is not None):
            offset = column if offset is None else offset
            kept.append(cell.text)
        elif column + cell.width > right:
            break
        column += cell.width
    return "".join(kept), left if offset is None else offset
