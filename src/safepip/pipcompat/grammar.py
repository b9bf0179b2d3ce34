"""optparse parsers made from pip's option table, which note instead of store.

The grammar (abbreviations, glued values, clusters, ``--``) is optparse's own, so it is pip's. What
an option does with its value is not decided here.
"""

from __future__ import annotations

import optparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from safepip.core.errors import UsageError
from safepip.pipcompat.callbacks import read_value
from safepip.pipcompat.option import Option

_OPTPARSE_TYPES = frozenset({"int", "float", "choice"})
"""Types that optparse checks; the others are text until somebody knows the machine."""


class Token(str):
    """An argument that knows its 1-based position."""

    __slots__ = ("position",)
    position: int

    @classmethod
    def at(cls, text: str, position: int) -> Token:
        token = cls(text)
        token.position = position
        return token


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One option as optparse met it.

    Attributes:
        option: the row of the table.
        spelled: the option as optparse resolved it (abbreviations written out).
        text: its value as given; None for an option without one.
        value: the value converted to the option's type; for callback options a piece as
            :mod:`safepip.pipcompat.callbacks` reads it; None for an option without one.
        position: 1-based position of the argument the value stands in.
        option_position: 1-based position of the argument the option stands in.
    """

    option: Option
    spelled: str
    text: str | None
    value: object
    position: int
    option_position: int


class HelpWanted(Exception):
    """``--help`` was met. pip prints help and ends at once, whatever follows."""


class Parser(optparse.OptionParser):
    """Parses tokens as pip does, noting every option in order."""

    def __init__(self, options: Iterable[Option], *, interspersed: bool = True) -> None:
        super().__init__(usage=optparse.SUPPRESS_USAGE, add_help_option=False, prog="pip")
        if not interspersed:
            self.disable_interspersed_args()
        for option in options:
            self.add_option(_Noting(option))
        self.noted: list[Noted] = []
        self._tokens: Sequence[Token] = ()

    def read(self, tokens: Sequence[Token]) -> list[Token]:
        """Note the options, return what is left: the positional arguments, as they came.

        Raises:
            UsageError: in optparse's words, or those of pip's own handlers.
            CommandError: a list of names that looks like an option.
            HelpWanted: ``--help`` came before any mistake.
        """
        self._tokens = tokens
        return list(self.parse_args(list(tokens))[1])  # type: ignore[arg-type]  # it gives back what it got

    @property
    def position(self) -> int | None:
        """1-based position of the argument that was looked at last: where a mistake stands."""
        # What optparse puts back (the rest of a cluster, a value behind ``=``) is plain text.
        ahead = next((token.position for token in self.rargs or () if isinstance(token, Token)), None)
        taken = [token.position for token in self._tokens if ahead is None or token.position < ahead]
        return taken[-1] if taken else None

    @property
    def long_names(self) -> tuple[str, ...]:
        """Every long spelling, dashes included."""
        return tuple(self._long_opt)

    def note(self, option: Option, spelled: str, text: str | None, value: object) -> None:
        """Called by each option; the value has just been taken off the list."""
        assert self.rargs is not None  # noqa: S101 - optparse sets it before any option is met
        consumed = len(self._tokens) - len(self.rargs)
        last = self._tokens[consumed - 1]
        # A glued value is shorter than its argument, so equality means that it stands alone.
        alone = text is not None and last == text
        owner = self._tokens[consumed - 2] if alone else last
        self.noted.append(
            Noted(
                option=option,
                spelled=spelled,
                text=text,
                value=value,
                position=last.position,
                option_position=owner.position,
            )
        )

    def error(self, msg: str) -> NoReturn:
        reference = "unknown-option" if msg.startswith("no such option") else "usage"
        raise UsageError(msg, reference=reference)


class _Noting(optparse.Option):
    """An option whose only action is to be noted."""

    def __init__(self, row: Option) -> None:
        if row.takes_value:
            known = row.type if row.type in _OPTPARSE_TYPES else "string"
            super().__init__(*row.names, dest=row.dest, type=known, choices=list(row.choices) or None)
        else:
            super().__init__(*row.names, dest=row.dest, action="store_true")
        self.row = row

    def process(  # type: ignore[override]  # typeshed has no types for the arguments
        self, opt: str, value: str | None, values: optparse.Values, parser: Parser
    ) -> int:
        del values
        converted = self.convert_value(opt, value)
        if self.row.action == "help":
            raise HelpWanted
        text = None if value is None else str(value)
        if self.row.action == "callback":
            converted = read_value(self.row, opt, text)
        parser.note(self.row, opt, text, converted)
        return 1


def convert(row: Option, spelled: str, text: str) -> object:
    """A text as optparse would convert it for an option. Raises ``optparse.OptionValueError``."""
    converted: object = _Noting(row).check_value(spelled, text)
    return converted
