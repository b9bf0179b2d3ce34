"""One logical line of a requirement file: a requirement, options, or another file.

Where pip silently ignores part of a line, that is a finding: what a line says and what it does are
then the same.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from safepip.core.digest import Digest, DigestError
from safepip.core.errors import CommandError, RequirementFileError, UsageError
from safepip.core.origin import Origin
from safepip.core.subjects import Setting
from safepip.pipcompat import table
from safepip.pipcompat.grammar import Noted, Parser, Token
from safepip.pipcompat.option import Option
from safepip.pipcompat.reqtext import LogicalLine, Report, misleading

_FILES = frozenset({"requirements", "constraints"})
_OF_REQUIREMENT = frozenset({"hashes", "config_settings"})
_OF_EDITABLE = frozenset({"config_settings"})
_ON_ITS_OWN = "write it on a line of its own"
_UNKNOWN = "requirement files take some of pip's options only; give the others on the command line"
_JOIN = "join it to its requirement with a backslash; a comment in between cuts it off"
_QUOTING = re.compile(r"[^ \t\r\n!#-&(-\[\]-~]")
"""What :mod:`shlex` reads as more than a letter: quotes, backslashes; and all that is not ASCII."""
_HASH = re.compile(r"--hash=(sha(?:256|384|512):.*)\Z", re.DOTALL)


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


@dataclass(slots=True)
class LineReader:
    """Reads logical lines with pip's grammar. One for many lines: making optparse's parser is slow.

    Attributes:
        report: is told what pip would ignore of a line; the rest is then read as pip reads it.
    """

    report: Report
    _parser: Parser = field(default_factory=lambda: Parser(table.line_options()))

    def read(self, line: LogicalLine) -> ParsedLine:
        """Read one line: abbreviations, aliases and glued values included.

        Raises:
            RequirementFileError: pip cannot read it.
        """
        text, words = _split(line)
        options = _Options(line, text, words, self._noted(line, words), self.report)
        if text:
            options.keep_only(_OF_REQUIREMENT, "on a requirement")
            return _requirement(options, text, line.origin(text.strip()))
        if editable := options.take_first({"editables"}):
            options.keep_only(_OF_EDITABLE, "on an editable requirement")
            return _requirement(options, editable.text or "", options.origin(editable), editable=True)
        if file := options.take_first(_FILES):
            options.keep_only((), "beside another file")
            return NestedFile(
                path=file.text or "",
                constraint=file.option.dest == "constraints",
                origin=options.origin(file),
            )
        return _settings(options)

    def _noted(self, line: LogicalLine, words: Sequence[str]) -> list[Noted]:
        return (_plain_hashes(words) or self._parsed(line, words)) if words else []

    def _parsed(self, line: LogicalLine, words: Sequence[str]) -> list[Noted]:
        self._parser.noted = []
        try:
            ignored = self._parser.read([Token.at(word, place) for place, word in enumerate(words, start=1)])
        except (UsageError, CommandError) as error:
            raise RequirementFileError(
                f"Invalid requirement: {line.written}\npip: error: {error.message}",
                reference="invalid-requirement",
                origin=line.origins(words)[(self._parser.position or 1) - 1],
                hint=_UNKNOWN
                if error.message.startswith("no such option")
                else "correct the option, or delete it",
            ) from None
        for word in ignored:
            origin = line.origins(words)[word.position - 1]
            self.report(
                misleading(f"{line.masked(word)} behind an option has no effect", origin, _ON_ITS_OWN)
            )
        return self._parser.noted


@dataclass(slots=True)
class _Options:
    """The options of one line, each until something is made of it."""

    line: LogicalLine
    text: str
    words: Sequence[str]
    noted: list[Noted]
    report: Report
    places: list[Origin] = field(default_factory=list)
    """Of each word, once somebody asks."""

    def take_first(self, dests: Collection[str]) -> Noted | None:
        """Take out the first of these options."""
        found = next((each for each in self.noted if each.option.dest in dests), None)
        if found:
            self.noted = [each for each in self.noted if each is not found]
        return found

    def keep_only(self, dests: Collection[str], where: str) -> None:
        """Report all others: pip ignores them."""
        for each in self.noted:
            if each.option.dest not in dests:
                hashed = each.option.dest == "hashes"
                instruction = "delete it: nothing that is editable has a hash" if hashed else _ON_ITS_OWN
                self.complain(each, f"has no effect {where}", instruction)
        self.noted = [each for each in self.noted if each.option.dest in dests]

    def complain(self, noted: Noted, problem: str, instruction: str) -> None:
        """Report one option."""
        self.report(misleading(f"--{noted.option.name} {problem}", self.origin(noted), instruction))

    def origin(self, noted: Noted) -> Origin:
        """Where its value stands, or the option where it has none."""
        if not self.places:
            self.places = self.line.origins([self.text.strip(), *self.words])[1:]
        word, place = self.words[noted.position - 1], self.places[noted.position - 1]
        value = noted.text or word
        if value != word:
            # Glued to its option: the end of the word, if that is written as it was read.
            cut = len(word) - len(value)
            as_written = place.column is not None and place.length == len(word)
            place = (
                replace(place, column=(place.column or 1) + cut, length=len(value))
                if as_written
                else self.line.origin(value)
            )
        return replace(place, key=noted.option.name)


def _split(line: LogicalLine) -> tuple[str, list[str]]:
    """Everything from the first word with a dash in front is options; words are cut at single spaces."""
    words = line.text.split(" ")
    first = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
    options = " ".join(words[first:])
    try:
        # Lock files are thousands of plain words, which need no reading letter by letter.
        return " ".join(words[:first]), shlex.split(options) if _QUOTING.search(options) else options.split()
    except ValueError:
        raise RequirementFileError(
            f"Invalid requirement: {line.written}\nCould not split options: {options}",
            reference="invalid-requirement",
            origin=line.origin(words[first]),
            hint="close the quotation mark",
        ) from None


def _plain_hashes(words: Sequence[str]) -> list[Noted]:
    """The options, if they are written as lock files write them, ``--hash=…`` and no other; else none.

    They need no parser: a whole long name with ``=`` has one meaning.
    """
    found = [_HASH.match(word) for word in words]
    return [
        Noted(
            option=_hash_option(),
            spelled="--hash",
            text=match[1],
            value=None,
            position=place,
            option_position=place,
        )
        for place, match in enumerate(found, start=1)
        if match and all(found)
    ]


@cache
def _hash_option() -> Option:
    return next(option for option in table.line_options() if option.dest == "hashes")


def _requirement(options: _Options, text: str, origin: Origin, *, editable: bool = False) -> RequirementText:
    digests = [_digest(options, each) for each in options.noted if each.option.dest == "hashes"]
    return RequirementText(
        text=text.strip(),
        origin=origin,
        editable=editable,
        hashes=tuple(filter(None, digests)),
        config_settings=tuple(
            each.text or "" for each in options.noted if each.option.dest == "config_settings"
        ),
    )


def _settings(options: _Options) -> OptionLine:
    for each in options.noted:
        if each.option.dest in _OF_REQUIREMENT:
            options.complain(each, "belongs to no requirement, and pip would ignore it", _JOIN)
    for each in [each for each in options.noted if each.option.dest == "find_links"][1:]:
        options.complain(each, "has no effect: pip takes the first one of a line", _ON_ITS_OWN)
    return OptionLine(
        settings=tuple(
            Setting(
                option=each.option.name,
                value="true" if each.text is None else each.text,
                origin=options.origin(each),
                in_requirement_file=True,
            )
            for each in options.noted
        )
    )


def _digest(options: _Options, noted: Noted) -> Digest | None:
    """The digest; None, and a finding, where no file can have it."""
    try:
        return Digest.parse(noted.text or "")
    except DigestError as error:
        options.complain(noted, options.line.masked(f"is {error}"), "copy the whole digest")
        return None
