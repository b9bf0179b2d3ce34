"""pip's command line, read exactly as pip reads it, every value with its place.

Decides nothing about environment or configuration; :mod:`safepip.pipcompat.effective` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safepip.core.errors import CommandError, UsageError
from safepip.core.origin import Origin, Sourced
from safepip.pipcompat import table
from safepip.pipcompat.arguments import Arguments, argument_origin
from safepip.pipcompat.grammar import HelpWanted, Noted, Parser, Token
from safepip.pipcompat.option import Option
from safepip.pipcompat.options import COMMANDS, PIP_VERSION
from safepip.pipcompat.own import ASKS_ABOUT_OPTIONS, GRAMMAR, OWN_COMMANDS, OwnOptions, own_names, split_own

__all__ = ["GivenOption", "Invocation", "OwnOptions", "parse", "split_own"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOption:
    """One option on the command line.

    Attributes:
        option: the row of pip's option table.
        spelled: the option with abbreviations written out, as typed otherwise (``-C``).
        value: the value as optparse converts it; True for an option that takes none; for callback
            options a piece as :mod:`safepip.pipcompat.callbacks` reads it.
        text: the value as typed; ``true`` for an option that takes none.
        origin: where the value stands.
        general: whether it stands before the command, as only pip's general options may.
    """

    option: Option
    spelled: str
    value: object
    text: str
    origin: Origin
    general: bool

    @property
    def dest(self) -> str:
        """The name pip keeps the value under."""
        return self.option.dest

    @property
    def name(self) -> str:
        """Canonical long name without dashes."""
        return self.option.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One command line as pip would read it.

    Attributes:
        command: pip's command, or one of safepip's own; None where pip would print its general help or its version.
        options: in order. Where pip ends early (help, version): those met before.
        arguments: positional arguments.
        argv: what pip would be given, safepip's own options taken out.
        isolated: whether the literal word ``--isolated`` stands anywhere after the command name is
            taken out, even as a value or after ``--``: pip decides by that and nothing else.
        wants_help: pip would print help and end.
        wants_version: pip would print its version and end.
        typed: safepip's own command, where it goes on as ``command``.
    """

    command: str | None
    options: tuple[GivenOption, ...] = ()
    arguments: tuple[Sourced[str], ...] = ()
    argv: tuple[str, ...] = ()
    isolated: bool = False
    wants_help: bool = False
    wants_version: bool = False
    typed: str | None = None


def parse(argv: Sequence[str]) -> Invocation:
    """Read the arguments after the program name, safepip's own options already taken out.

    Args:
        argv: plain arguments, or :class:`~safepip.pipcompat.arguments.Arguments`, which keep the
            positions they were typed at.

    Raises:
        UsageError: pip's parser refuses them (exit 2); the words are pip's.
        CommandError: an unknown command, or ``--python`` after it (exit 1).
    """
    arguments = Arguments.of(argv)
    tokens = [Token.at(text, place) for text, place in zip(arguments, arguments.positions, strict=True)]
    main = Parser(table.main_options(), interspersed=False)
    try:
        left = _read(main, tokens, arguments, ())
    except HelpWanted:
        return Invocation(
            command=None, options=_given(main.noted, arguments, None), argv=arguments.tokens, wants_help=True
        )
    version = any(noted.option.dest == "version" for noted in main.noted)
    if version or not left or (left[0] == "help" and len(left) == 1):
        return Invocation(
            command=None,
            options=_given(main.noted, arguments, None),
            argv=arguments.tokens,
            wants_help=not version,
            wants_version=version,
        )
    return _parse_command(left[0], tokens, arguments)


def _parse_command(command: Token, tokens: list[Token], arguments: Arguments) -> Invocation:
    if command not in COMMANDS and command not in OWN_COMMANDS:
        raise _unknown_command(command, arguments)
    # pip takes out the first argument that equals the command, even where that is a value.
    first = tokens.index(command)
    remaining = tokens[:first] + tokens[first + 1 :]
    if command == ASKS_ABOUT_OPTIONS:
        remaining = _asking(remaining, first)
    parser = Parser(table.options_of(GRAMMAR if command in OWN_COMMANDS else command))
    wants_help = False
    left: list[Token] = []
    try:
        left = _read(parser, remaining, arguments, own_names(command))
    except HelpWanted:
        wants_help = True
    options = _given(parser.noted, arguments, command.position)
    if not wants_help:
        _check_python(options)
    return Invocation(
        command=str(command),
        options=options,
        arguments=tuple(_positional(token, arguments) for token in left),
        argv=arguments.tokens,
        isolated="--isolated" in remaining,
        wants_help=wants_help,
    )


def _asking(tokens: list[Token], first: int) -> list[Token]:
    """A single option behind ``explain`` is what is asked about, not given: as if ``--`` stood before it."""
    if len(tokens) != first + 1 or not tokens[first].startswith("-") or "=" in tokens[first]:
        return tokens
    general = {name for option in table.main_options() for name in option.names}
    asked = tokens[first] in table.by_name(GRAMMAR) and tokens[first] not in general
    return [*tokens[:first], Token.at("--", tokens[first].position), tokens[first]] if asked else tokens


def _read(parser: Parser, tokens: list[Token], arguments: Arguments, own: Iterable[str]) -> list[Token]:
    """:meth:`Parser.read`; a mistake says where it stands.

    Args:
        own: safepip's own options that count here, to be guessed at.
    """
    try:
        return parser.read(tokens)
    except (UsageError, CommandError) as error:
        if parser.position is not None:
            error.origin = argument_origin(arguments.whole, parser.position, None)
            if error.reference == "unknown-option":
                word = arguments.whole[parser.position - 1]
                error.hint = _guess(word, {*parser.long_names, *own})
                error.notes = (
                    f"pip {PIP_VERSION} has no such option; what safepip does not know is not passed on",
                )
        raise


def _guess(word: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word.partition("=")[0].lower(), sorted(names), n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else "--help lists the options"


def _given(noted: Iterable[Noted], arguments: Arguments, command: int | None) -> tuple[GivenOption, ...]:
    """The options with their meaning; ``command`` is the position of the command, None if there is none."""
    return tuple(
        GivenOption(
            option=each.option,
            spelled=each.spelled,
            value=True if each.text is None and each.value is None else each.value,
            text="true" if each.text is None else each.text,
            origin=argument_origin(arguments.whole, each.position, each.text, each.option.name),
            general=command is None or each.option_position < command,
        )
        for each in noted
    )


def _positional(token: Token, arguments: Arguments) -> Sourced[str]:
    return Sourced(value=str(token), origin=argument_origin(arguments.whole, token.position, None))


def _check_python(options: Iterable[GivenOption]) -> None:
    """As pip, which looks for ``--python`` before the command only, and says so."""
    chosen = [option for option in options if option.dest == "python" and option.text]
    if chosen and not any(option.general for option in chosen):
        raise CommandError(
            "The --python option must be placed before the pip subcommand name",
            reference="usage",
            origin=chosen[0].origin,
        )


def _unknown_command(command: Token, arguments: Arguments) -> CommandError:
    from difflib import get_close_matches

    close = get_close_matches(command.lower(), [*COMMANDS, *OWN_COMMANDS])
    guess = f' - maybe you meant "{close[0]}"' if close else ""
    return CommandError(
        f'unknown command "{command}"{guess}',
        reference="unknown-command",
        origin=argument_origin(arguments.whole, command.position, None),
    )
