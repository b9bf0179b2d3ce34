"""Requirement files before their lines mean anything: bytes to logical lines, as pip makes them.

Where pip would read something that a person looking at the file does not see (odd encodings, odd
line breaks, a comment that swallows the next line), the file is refused instead.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from safepip.core.errors import RequirementFileError
from safepip.core.origin import Layer, Origin, Place

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins like it
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_PLAIN_CODECS = frozenset({"utf-8", "iso8859-1", "ascii"})
"""The others that Python knows can hide text (``utf-7``, ``unicode_escape``)."""
_HIDDEN_BREAK = re.compile("\r(?!\n)|[\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalLine:
    """One line as pip parses it.

    Attributes:
        text: joined, without comment, variables expanded, stripped; never empty.
        place: file or URL.
        rows: the lines it was made from, with their numbers.
    """

    text: str
    place: str
    rows: tuple[tuple[int, str], ...]

    def origin(self, value: str | None = None, key: str | None = None) -> Origin:
        """Where a value stands in it; where that cannot be told, the first line."""
        for number, row in self.rows if value else ():
            if (column := row.find(value or "")) >= 0:
                return file_origin(self.place, number, row, column=column, length=len(value or ""), key=key)
        number, row = self.rows[0]
        return file_origin(self.place, number, row, key=key)


def file_origin(
    place: str,
    number: int | None = None,
    row: str | None = None,
    *,
    column: int | None = None,
    length: int | None = None,
    key: str | None = None,
) -> Origin:
    """A place in a requirement file; ``column`` is 0-based here."""
    return Origin(
        layer=Layer.PROJECT,
        kind=Place.FILE,
        place=place,
        line=number,
        column=None if column is None else column + 1,
        length=length,
        text=row,
        key=key,
    )


def decode(data: bytes, place: str, *, remote: bool = False) -> str:
    """The text of a requirement file.

    UTF-8, or what a byte order mark says. A coding comment (PEP 263) may say the same, or latin-1
    or ASCII; in a remote file pip does not look for one.

    Raises:
        RequirementFileError: any other encoding, or bytes that are not of it.
    """
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], codec, place)
    return _decoded(data, "utf-8" if remote else _declared(data, place), place)


def _declared(data: bytes, place: str) -> str:
    for number, row in enumerate(data.split(b"\n")[:2], start=1):
        if row.startswith(b"#") and (match := _CODING.search(row)):
            name = match[1].decode("ascii", "replace")
            try:
                known = codecs.lookup(name).name
            except LookupError:
                known = ""
            if known not in _PLAIN_CODECS:
                raise RequirementFileError(
                    f"the file asks to be read as {name!r}, which can hide what it says",
                    reference="requirement-file-encoding",
                    origin=file_origin(place, number, row.decode("latin-1").rstrip("\r")),
                    hint="save the file as UTF-8 and delete the coding comment",
                )
            return known
    return "utf-8"


def _decoded(data: bytes, codec: str, place: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise RequirementFileError(
            f"the file is not {codec}: {error.reason} at byte {error.start}",
            reference="requirement-file-encoding",
            origin=file_origin(place, row),
            hint="save the file as UTF-8",
        ) from None


def logical_lines(text: str, place: str, environ: Mapping[str, str]) -> Iterator[LogicalLine]:
    """What pip parses, line by line.

    Args:
        environ: variables that ``${NAME}`` may stand for; an unset or empty one stays text.

    Raises:
        RequirementFileError: a line break that editors do not show, or a comment that continues.
    """
    rows = [row.removesuffix("\r") for row in text.split("\n")]
    _refuse_hidden_breaks(text.split("\n"), place)
    for group, joined in _joined(rows, place):
        bare = _COMMENT.sub("", joined).strip()
        if bare:
            yield LogicalLine(text=_expanded(bare, environ), place=place, rows=group)


def variables_in(text: str) -> tuple[str, ...]:
    """Names that stand as ``${NAME}``, as pip writes them."""
    return tuple(_VARIABLE.findall(text))


def _refuse_hidden_breaks(rows: Sequence[str], place: str) -> None:
    for number, raw in enumerate(rows, start=1):
        row = raw.removesuffix("\r")
        if match := _HIDDEN_BREAK.search(row):
            raise RequirementFileError(
                f"the character U+{ord(match[0]):04X} ends a line for pip, but not in an editor",
                reference="hidden-line-break",
                origin=file_origin(place, number, row, column=match.start(), length=1),
                hint="delete the character; what stands behind it may be an option or a package",
            )


def _joined(rows: Sequence[str], place: str) -> Iterator[tuple[tuple[tuple[int, str], ...], str]]:
    """Lines with their continuations (``join_lines``): backslashes go at both ends, no space is added."""
    group: list[tuple[int, str]] = []
    parts: list[str] = []
    for number, row in enumerate(rows, start=1):
        comment = _COMMENT.match(row)
        group.append((number, row))
        if row.endswith("\\") and not comment:
            _refuse_swallowing(row, number, place)
            parts.append(row.strip("\\"))
            continue
        # A space makes sure that the comment is still seen as one behind other text.
        parts.append(f" {row}" if comment else row)
        yield tuple(group), "".join(parts)
        group, parts = [], []
    if parts:
        yield tuple(group), "".join(parts)


def _refuse_swallowing(row: str, number: int, place: str) -> None:
    if match := _COMMENT.search(row):
        raise RequirementFileError(
            "a comment that ends in a backslash makes the next line part of the comment",
            reference="swallowed-line",
            origin=file_origin(place, number, row, column=match.end(1)),
            hint="delete the backslash, or move the comment to a line of its own",
        )


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    for name in variables_in(text):
        if value := environ.get(name):
            text = text.replace(f"${{{name}}}", value)
    return text
