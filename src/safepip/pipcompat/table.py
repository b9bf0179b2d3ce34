"""Look-ups in the generated table of pip's options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from safepip.pipcompat.option import Option
from safepip.pipcompat.options import COMMANDS, MAIN, OPTIONS, REQUIREMENT_LINE


def main_options() -> tuple[Option, ...]:
    """What may stand before the command."""
    return _rows(MAIN)


def options_of(command: str) -> tuple[Option, ...]:
    """Every option of a command, general ones included. Raises KeyError for what is no pip command."""
    return _rows(COMMANDS[command].options)


def line_options() -> tuple[Option, ...]:
    """What a line of a requirement or constraint file may say."""
    return _rows(REQUIREMENT_LINE)


@cache
def by_name(command: str) -> Mapping[str, Option]:
    """The options of a command by every spelling, dashes included."""
    return {name: option for option in options_of(command) for name in option.names}


@cache
def long_names() -> frozenset[str]:
    """Every long name of every command without dashes: what a configuration key may be."""
    return frozenset(name[2:] for option in OPTIONS for name in option.names if name.startswith("--"))


def canonical_name(name: str) -> str:
    """The first long name of whichever option has this long name (no dashes); itself if none has."""
    for option in OPTIONS:
        if f"--{name}" in option.names:
            return option.name
    return name


def usage(command: str = "") -> str:
    """The usage lines, as pip prints them above an error; without a command those of pip itself."""
    lines = COMMANDS[command].usage if command in COMMANDS else ("%prog <command> [options]",)
    program = f"pip {command}" if command in COMMANDS else "pip"
    return "\n".join(["", "Usage:   ", *(f"  {line.replace('%prog', program)}" for line in lines)])


def _rows(numbers: tuple[int, ...]) -> tuple[Option, ...]:
    return tuple(OPTIONS[number] for number in numbers)
