"""Requirement files before their lines mean anything: text to logical lines, as pip makes them.

Where pip would read something that a person looking at the file does not see (odd line breaks, a
comment that swallows the next line), that is a finding: ``misleading-file``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from safepip.core.errors import RequirementFileError
from safepip.core.finding import Finding
from safepip.core.origin import Layer, Origin, Place

Report = Callable[[Finding], None]
"""Takes a finding that refuses the file; reading goes on, so that all of a file's are found."""

_HIDDEN_BREAK = re.compile("\r(?!\n)|[\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_COMMENT = re.compile(r"(?:^|(?<=\s))#")
"""Where a comment begins; the spaces before it go too. Pip's own pattern needs hours for long runs of spaces."""
_BEHIND_HOST = re.compile(r"(?i:(https?|ssh))://(?:[^\s/@]*@)?[^\s/?#]*([^\s]*)")
"""The rest of each URL; userinfo is no matter here, since whatever parses a URL hides that."""
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalLine:
    """One line as pip parses it.

    Attributes:
        text: joined, without comment, variables expanded, stripped; never empty.
        written: the same before variables were expanded, for messages: a variable may hold a secret.
        place: file or URL.
        rows: the lines it was made from, with their numbers.
        expanded: ``${NAME}`` and what it stood for, where it stood for something.
    """

    text: str
    written: str
    place: str
    rows: tuple[tuple[int, str], ...]
    expanded: tuple[tuple[str, str], ...] = ()

    def origin(self, value: str, key: str | None = None) -> Origin:
        """Where a value stands in it; see :meth:`origins`."""
        number, row = self.rows[0]
        column = row.find(value)
        if column < 0 or not value:
            return self.origins([value], key)[0]
        return file_origin(self.place, number, row, column=column, length=len(value), key=key)

    def origins(self, words: Iterable[str], key: str | None = None) -> list[Origin]:
        """Where words stand in it, each behind the one before it.

        A word that came out of a variable stands where ``${NAME}`` does; one that is written otherwise
        (quoted, or on several lines) somewhere on the whole line.
        """
        found, cursor = [], (0, 0)
        for word in words:
            place = self._find(word, cursor)
            if place is None:
                found.append(self._whole(key))
                continue
            at, column, length = place
            cursor = (at, column + length)
            number, row = self.rows[at]
            found.append(file_origin(self.place, number, row, column=column, length=length, key=key))
        return found

    def masked(self, message: str) -> str:
        """A text for people, with ``${NAME}`` where it has a variable's value, quoted or not."""
        for name, value in dict(self.expanded).items():
            message = message.replace(value, name).replace(repr(value)[1:-1], name)
        return message

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """Of :attr:`expanded` what stands in a URL of another machine, its host left out."""
        if not self.expanded:
            return ()
        behind = " ".join(rest for _, rest in _BEHIND_HOST.findall(self.written))
        return tuple((name, value) for name, value in dict(self.expanded).items() if name in behind)

    def _find(self, word: str, cursor: tuple[int, int]) -> tuple[int, int, int] | None:
        """Row, column and length, not before the cursor."""
        if not word:
            return None
        variables = [name for name, value in self.expanded if value in word or word in value]
        for text in (word, *variables):
            for at in range(cursor[0], len(self.rows)):
                column = self.rows[at][1].find(text, cursor[1] if at == cursor[0] else 0)
                if column >= 0:
                    return at, column, len(text)
        return None

    def _whole(self, key: str | None) -> Origin:
        """The first line that says something, from its first letter on."""
        said = ((number, row, len(row) - len(row.lstrip(" \t\\"))) for number, row in self.rows)
        number, row, column = next((each for each in said if each[2] < len(each[1])), (*self.rows[0], 0))
        return file_origin(self.place, number, row, column=column, key=key)


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


def misleading(message: str, origin: Origin, instruction: str) -> Finding:
    """What refuses a file that pip would read otherwise than a person does."""
    return Finding(
        rule="misleading-file",
        message=message,
        origin=origin,
        help=instruction,
        decided_by="safepip's default (no setting allows it)",
    )


def logical_lines(
    text: str, place: str, environ: Mapping[str, str], report: Report, *, longest: int
) -> Iterator[LogicalLine]:
    """What pip parses, line by line.

    Args:
        environ: variables that ``${NAME}`` may stand for; an unset or empty one stays text.
        report: is told of line breaks that editors do not show, and of comments that swallow lines.
        longest: how many characters one line may have, continuations included.

    Raises:
        RequirementFileError: a longer one.
    """
    rows = text.split("\n")
    if _HIDDEN_BREAK.search(text):
        _report_hidden_breaks(rows, place, report)
    for group, parts in _joined([row.removesuffix("\r") for row in rows]):
        joined = "".join(parts)
        if len(joined) > longest:
            raise _too_long(longest, file_origin(place, *group[0], column=0, length=1))
        comment = _COMMENT.search(joined)
        if comment and len(parts) > 1:
            _report_swallowed(group, parts, comment.start(), place, report)
        bare = (joined[: comment.start()] if comment else joined).strip()
        if bare:
            variables = _values(bare, environ) if "$" in bare else ()
            if sum(bare.count(name) * len(value) for name, value in set(variables)) > longest:
                raise _too_long(longest, file_origin(place, *group[0], column=0, length=1))
            text = _expanded(bare, variables)
            yield LogicalLine(text=text, written=bare, place=place, rows=group, expanded=variables)


def _too_long(longest: int, origin: Origin) -> RequirementFileError:
    return RequirementFileError(
        f"a line of more than {longest} characters",
        reference="requirement-file",
        origin=origin,
        hint="write it as several lines",
    )


def variables_in(text: str) -> tuple[str, ...]:
    """Names that stand as ``${NAME}``, as pip writes them."""
    return tuple(_VARIABLE.findall(text))


def _report_hidden_breaks(rows: Sequence[str], place: str, report: Report) -> None:
    for number, raw in enumerate(rows, start=1):
        row = raw.removesuffix("\r")
        if match := _HIDDEN_BREAK.search(row):
            report(
                misleading(
                    f"the character U+{ord(match[0]):04X} ends a line for pip, but not in an editor",
                    file_origin(place, number, row, column=match.start(), length=1),
                    "delete the character; what stands behind it may be an option or a package",
                )
            )


def _joined(rows: Sequence[str]) -> Iterator[tuple[tuple[tuple[int, str], ...], list[str]]]:
    """Lines with their continuations (``join_lines``): backslashes go at both ends, no space is added."""
    group: list[tuple[int, str]] = []
    parts: list[str] = []
    for number, row in enumerate(rows, start=1):
        comment = _is_comment(row)
        group.append((number, row))
        if row.endswith("\\") and not comment:
            parts.append(row.strip("\\"))
            continue
        # A space makes sure that the comment is still seen as one behind other text.
        parts.append(f" {row}" if comment else row)
        yield tuple(group), parts
        group, parts = [], []
    if parts:
        yield tuple(group), parts


def _is_comment(row: str) -> bool:
    return row.lstrip().startswith("#")


def _report_swallowed(
    group: Sequence[tuple[int, str]], parts: Sequence[str], start: int, place: str, report: Report
) -> None:
    """A comment that begins before the last of the joined lines takes the rest with it.

    Args:
        start: where ``#`` stands in the joined text.
    """
    at = 0
    while start >= len(parts[at]):
        start -= len(parts[at])
        at += 1
    if any(part.strip() and not _is_comment(part) for part in parts[at + 1 :]):
        number, row = group[at]
        column = len(row) - len(row.lstrip("\\")) + start
        report(
            misleading(
                "a comment that ends in a backslash makes the next line part of the comment",
                file_origin(place, number, row, column=column),
                "delete the backslash, or move the comment to a line of its own",
            )
        )


def _values(text: str, environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """``${NAME}`` and its value, for each that has one; pip leaves the others as they are."""
    named = ((name, environ.get(name)) for name in variables_in(text))
    return tuple((f"${{{name}}}", value) for name, value in named if value)


def _expanded(text: str, variables: Iterable[tuple[str, str]]) -> str:
    for name, value in variables:
        text = text.replace(name, value)
    return text
