"""One logical line of a requirement file: a requirement, options, or another file.

Where pip silently ignores part of a line, the line is refused: what it says and what it does are
then the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from safepip.core.digest import Digest, DigestError
from safepip.core.errors import CommandError, RequirementFileError, UsageError
from safepip.core.origin import Origin
from safepip.core.subjects import Setting
from safepip.pipcompat import table
from safepip.pipcompat.grammar import Noted, Parser, Token
from safepip.pipcompat.reqtext import LogicalLine

_FILES = frozenset({"requirements", "constraints"})
_OF_REQUIREMENT = frozenset({"hashes", "config_settings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementText:
    """A requirement with its own options."""

    text: str
    origin: Origin
    editable: bool
    hashes: tuple[Digest, ...]
    config_settings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedFile:
    """``-r FILE`` or ``-c FILE``."""

    path: str
    constraint: bool
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionLine:
    """Options for the whole run."""

    settings: tuple[Setting, ...]


ParsedLine = RequirementText | NestedFile | OptionLine


def parse_line(line: LogicalLine) -> ParsedLine:
    """Read one line with pip's grammar: abbreviations, aliases and glued values included.

    Raises:
        RequirementFileError: pip cannot read it, or would ignore part of it.
    """
    text, words = _split(line)
    noted = _options(line, words)
    if text:
        return _requirement(line, text, noted)
    editables = [each for each in noted if each.option.dest == "editables"]
    if editables:
        _refuse_others(line, editables[1:], "has no effect: one line holds one requirement")
        rest = [each for each in noted if each is not editables[0]]
        return _requirement(line, editables[0].text or "", rest, editable=True)
    files = [each for each in noted if each.option.dest in _FILES]
    if files:
        _refuse_others(line, [each for each in noted if each is not files[0]], "has no effect beside a file")
        return NestedFile(
            path=files[0].text or "",
            constraint=files[0].option.dest == "constraints",
            origin=line.origin(files[0].text, files[0].option.name),
        )
    return _settings(line, noted)


def _split(line: LogicalLine) -> tuple[str, list[str]]:
    """Everything from the first word with a dash in front is options; words are cut at single spaces."""
    words = line.text.split(" ")
    first = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
    try:
        return " ".join(words[:first]), shlex.split(" ".join(words[first:]))
    except ValueError as error:
        raise RequirementFileError(
            f"Invalid requirement: {line.text}\nCould not split options: {error}",
            reference="invalid-requirement",
            origin=line.origin(),
            hint="close the quotation mark",
        ) from None


def _options(line: LogicalLine, words: Sequence[str]) -> list[Noted]:
    parser = Parser(table.line_options())
    try:
        ignored = parser.read([Token.at(word, place) for place, word in enumerate(words, start=1)])
    except (UsageError, CommandError) as error:
        raise RequirementFileError(
            f"Invalid requirement: {line.text}\npip: error: {error.message}",
            reference="invalid-requirement",
            origin=line.origin(),
        ) from None
    if ignored:
        _refuse(line, str(ignored[0]), "has no effect behind an option", "write it on a line of its own")
    return parser.noted


def _requirement(
    line: LogicalLine, text: str, noted: Sequence[Noted], *, editable: bool = False
) -> RequirementText:
    own = {"config_settings"} if editable else _OF_REQUIREMENT
    _refuse_others(
        line, [each for each in noted if each.option.dest not in own], "has no effect on a requirement"
    )
    return RequirementText(
        text=text.strip(),
        origin=line.origin(text.strip()),
        editable=editable,
        hashes=tuple(_digest(line, each.text or "") for each in noted if each.option.dest == "hashes"),
        config_settings=tuple(each.text or "" for each in noted if each.option.dest == "config_settings"),
    )


def _settings(line: LogicalLine, noted: Sequence[Noted]) -> OptionLine:
    for each in noted:
        if each.option.dest in _OF_REQUIREMENT:
            message = (
                f"{line.rows[0][0]} has --{each.option.name} but no requirement, and pip would ignore it"
            )
            raise RequirementFileError(
                f"{line.place} line {message}",
                reference="invalid-requirement",
                origin=line.origin(each.text, each.option.name),
                hint="join it to its requirement with a backslash; a comment in between cuts it off",
            )
    folders = [each for each in noted if each.option.dest == "find_links"]
    _refuse_others(line, folders[1:], "has no effect: pip takes the first --find-links of a line")
    return OptionLine(
        settings=tuple(
            Setting(
                option=each.option.name,
                value="true" if each.text is None else each.text,
                origin=line.origin(each.text or each.spelled, each.option.name),
                in_requirement_file=True,
            )
            for each in noted
        )
    )


def _digest(line: LogicalLine, text: str) -> Digest:
    try:
        return Digest.parse(text)
    except DigestError as error:
        raise RequirementFileError(
            str(error),
            reference="invalid-requirement",
            origin=line.origin(text, "hash"),
            hint="copy the whole digest",
        ) from None


def _refuse_others(line: LogicalLine, noted: Sequence[Noted], reason: str) -> None:
    for each in noted:
        _refuse(line, each.text or each.spelled, reason, "write it on a line of its own", each.spelled)


def _refuse(line: LogicalLine, value: str, reason: str, hint: str, shown: str | None = None) -> NoReturn:
    raise RequirementFileError(
        f"Invalid requirement: {line.text}\n{shown or value} {reason}",
        reference="ignored-tail",
        origin=line.origin(value),
        hint=hint,
    )
