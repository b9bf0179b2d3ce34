"""safepip's own options, taken out of the command line before pip's grammar sees it.

They are matched exactly, never abbreviated, so they take no abbreviation away from pip; and never
where pip would read the word as the value of one of its own options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.errors import UsageError
from safepip.core.origin import Origin, Sourced
from safepip.pipcompat import table
from safepip.pipcompat.arguments import Arguments, argument_origin
from safepip.pipcompat.option import Option
from safepip.pipcompat.options import COMMANDS
from safepip.pipcompat.own_lock import LOCK_FLAGS, LOCK_NAMES, LockOptions, lock_options

if TYPE_CHECKING:
    from safepip.core.digest import Digest

GUARDED = frozenset({"install", "download", "wheel", "lock"})
OWN_COMMANDS = MappingProxyType(
    {
        "explain": frozenset({"--offline"}),
        "mirror": frozenset({"--to", "--wheelhouse"}),
        "policy": frozenset({"--force", "--list", "--output", "--revoke"}),
        "sync": frozenset({"--explain"}),
    }
)
"""Commands that pip does not have, with the options that are theirs alone. Besides those they take the
options of :data:`GRAMMAR`, so that they speak of the settings that it would work with."""
GRAMMAR = "install"
"""Whose options an own command takes."""
ASKS_ABOUT_OPTIONS = "explain"
"""The command whose single option is a word to explain."""
REPORT_FORMATS = ("text", "json", "sarif", "github")
_EVERYWHERE = frozenset({"--policy"})
_COMMANDS = frozenset({"--allow", "--reason", "--report-format"})
_GUARDED = frozenset({"--explain", "--hash"})
_OF_COMMANDS = MappingProxyType({"lock": LOCK_NAMES})
"""Options of one guarded command alone."""
_FLAGS = frozenset({"--explain", "--force", "--list", "--offline", "--revoke", "--wheelhouse"}) | LOCK_FLAGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One ``--allow RULE[:SUBJECT]``; ``subject`` is None where the rule is allowed altogether."""

    rule: str
    subject: str | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOptions:
    """What the user told safepip rather than pip.

    Attributes:
        policies: every ``--policy FILE``, in order; all of them count, so that none takes another away.
        allow: every ``--allow``, in order.
        reason: ``--reason TEXT``, which goes with every ``--allow``.
        report_format: one of :data:`REPORT_FORMATS`.
        explain: print the plan with reasons, change nothing.
        hashes: every ``--hash``, in order, each with its place.
        output: ``--output FILE`` of an own command.
        to: ``--to DIR`` of ``mirror``.
        lock: the options of ``lock``.
        flags: what else an own command was told, without dashes: ``offline``, ``force``, …
        python: pip's own ``--python``, where it stands before the command; it stays among pip's
            arguments too.
    """

    policies: tuple[Sourced[str], ...] = ()
    allow: tuple[Allowance, ...] = ()
    reason: Sourced[str] | None = None
    report_format: str = "text"
    explain: bool = False
    hashes: tuple[Sourced[Digest], ...] = ()
    python: str | None = None
    output: Sourced[str] | None = None
    to: Sourced[str] | None = None
    flags: frozenset[str] = frozenset()
    lock: LockOptions = field(default_factory=LockOptions)


def own_names(command: str) -> frozenset[str]:
    """safepip's own options that may stand behind a command."""
    if command in GUARDED:
        return _EVERYWHERE | _COMMANDS | _GUARDED | _OF_COMMANDS.get(command, frozenset())
    return _EVERYWHERE | _COMMANDS | OWN_COMMANDS.get(command, frozenset())


@dataclass(slots=True)
class _Walk:
    """One pass over the arguments."""

    arguments: Arguments
    known: frozenset[str] = _EVERYWHERE | _COMMANDS
    """Own options that count at this point."""
    names: Mapping[str, Option] = field(default_factory=dict)
    """pip's options that count at this point."""
    in_command: bool = False
    kept: list[int] = field(default_factory=list)
    taken: list[tuple[str, Sourced[str]]] = field(default_factory=list)
    python: str | None = None


def split_own(argv: Sequence[str]) -> tuple[OwnOptions, Arguments]:
    """Take safepip's options out. The rest keeps its order and remembers its positions.

    Raises:
        UsageError: an own option without its value, a value that it does not have, or ``--allow``
            without ``--reason``.
    """
    walk = _Walk(Arguments.of(argv))
    walk.names = {name: option for option in table.main_options() for name in option.names}
    index = 0
    while index < len(walk.arguments):
        index = _step(walk, index)
    return _own_options(walk), walk.arguments.select(walk.kept)


def _step(walk: _Walk, index: int) -> int:
    """Look at one argument; returns the index of the next one to look at."""
    word = walk.arguments[index]
    name, equals, value = word.partition("=")
    if name in walk.known and not (equals and name in _FLAGS):
        return _take(walk, index, name, value if equals else None)
    if word == "--" or (walk.in_command and not walk.names):
        # Behind the end of options, and behind a command that pip does not have, nothing is ours.
        walk.kept.extend(range(index, len(walk.arguments)))
        return len(walk.arguments)
    if not word.startswith("-") or word == "-":
        walk.kept.append(index)
        if not walk.in_command:
            _enter(walk, word)
        return index + 1
    option, alone = _value_option(word, walk.names)
    width = 2 if alone else 1
    if option is not None and option.dest == "python" and not walk.in_command:
        walk.python = _python_value(walk, index, alone=alone)
    end = min(index + width, len(walk.arguments))
    walk.kept.extend(range(index, end))
    return end


def _enter(walk: _Walk, command: str) -> None:
    """The command is known from here on, and with it which options count."""
    walk.in_command = True
    if command in OWN_COMMANDS:
        walk.names = table.by_name(GRAMMAR)
        walk.known |= OWN_COMMANDS[command]
        return
    walk.names = table.by_name(command) if command in COMMANDS else {}
    if command in GUARDED:
        walk.known |= own_names(command)
        return
    if command not in COMMANDS:
        walk.known = frozenset()


def _take(walk: _Walk, index: int, name: str, value: str | None) -> int:
    whole, position = walk.arguments.whole, walk.arguments.positions[index]
    if name in _FLAGS:
        walk.taken.append((name, Sourced(value="", origin=argument_origin(whole, position, None, name[2:]))))
        return index + 1
    end = index + 1
    if value is None:
        if end == len(walk.arguments):
            raise UsageError(f"{name} option requires 1 argument", reference="usage")
        value, position = walk.arguments[end], walk.arguments.positions[end]
        end += 1
    origin = argument_origin(whole, position, value, name[2:])
    walk.taken.append((name, Sourced(value=value, origin=origin)))
    return end


def _value_option(token: str, names: Mapping[str, Option]) -> tuple[Option | None, bool]:
    """The value option that this argument ends in, and whether its value is the next argument."""
    if token.startswith("--"):
        long, equals, _ = token.partition("=")
        matches = [long] if long in names else [name for name in names if name.startswith(long)]
        option = names[matches[0]] if len(matches) == 1 else None
        if option is None or not option.takes_value:
            return None, False
        return option, not equals
    for place, letter in enumerate(token[1:], start=2):
        option = names.get(f"-{letter}")
        if option is None:
            return None, False
        if option.takes_value:
            return option, place == len(token)
    return None, False


def _python_value(walk: _Walk, index: int, *, alone: bool) -> str | None:
    if not alone:
        return walk.arguments[index].partition("=")[2]
    return walk.arguments[index + 1] if index + 1 < len(walk.arguments) else None


def _own_options(walk: _Walk) -> OwnOptions:
    values: dict[str, list[Sourced[str]]] = {}
    for name, value in walk.taken:
        values.setdefault(name, []).append(value)
    last = {name: given[-1] for name, given in values.items()}
    own = OwnOptions(
        policies=tuple(values.get("--policy", ())),
        allow=tuple(_allowance(value) for value in values.get("--allow", ())),
        reason=last.get("--reason"),
        report_format=_report_format(last.get("--report-format")),
        explain="--explain" in last,
        hashes=tuple(_digest(value) for value in values.get("--hash", ())),
        python=walk.python,
        output=last.get("--output"),
        to=last.get("--to"),
        flags=frozenset(name[2:] for name in last if name in _FLAGS and name != "--explain"),
        lock=lock_options(values),
    )
    if own.allow and (own.reason is None or not own.reason.value.strip()):
        raise UsageError(
            "--allow needs --reason TEXT: say why, so that the next reader knows",
            reference="usage",
            origin=own.allow[0].origin,
        )
    return own


def _allowance(value: Sourced[str]) -> Allowance:
    rule, colon, subject = value.value.partition(":")
    if not rule or (colon and not subject):
        raise UsageError(
            f"--allow takes RULE or RULE:SUBJECT, not {value.value!r}", reference="usage", origin=value.origin
        )
    return Allowance(rule=rule, subject=subject or None, origin=value.origin)


def _report_format(value: Sourced[str] | None) -> str:
    if value is None:
        return REPORT_FORMATS[0]
    if value.value not in REPORT_FORMATS:
        choices = ", ".join(map(repr, REPORT_FORMATS))
        raise UsageError(
            f"option --report-format: invalid choice: {value.value!r} (choose from {choices})",
            reference="usage",
            origin=value.origin,
        )
    return value.value


def _digest(value: Sourced[str]) -> Sourced[Digest]:
    from safepip.core.digest import Digest, DigestError

    try:
        digest = Digest.parse(value.value)
    except DigestError as error:
        raise UsageError(f"option --hash: {error}", reference="usage", origin=value.origin) from None
    return Sourced(value=digest, origin=value.origin)
