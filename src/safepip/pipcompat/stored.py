"""What a configuration file says by itself, whichever command will read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safepip.core.subjects import Setting
from safepip.pipcompat import table
from safepip.pipcompat.accumulate import texts_of
from safepip.pipcompat.option import Option
from safepip.pipcompat.options import COMMANDS, OPTIONS
from safepip.pipcompat.written import ConfigFile, Written


def settings_of(file: ConfigFile) -> Iterator[Setting]:
    """One for each value that some pip command would read; list options give one a word.

    Keys that no option has, and sections that no command reads, give none: pip passes them over.
    """
    for written in file.written:
        yield from settings_in(written)


def settings_in(written: Written) -> Iterator[Setting]:
    """The same for one key."""
    for option in _readers(written).values():
        for said in texts_of(option, written):
            yield Setting(option=option.name, value=said.value, origin=said.origin)


def _readers(written: Written) -> Mapping[str, Option]:
    """The options that take this key, by canonical name; two commands may mean different ones by it."""
    spelled = f"--{written.key}"
    if written.section in COMMANDS:
        options = table.options_of(written.section)
    elif written.section in {"global", ":env:"}:
        options = OPTIONS
    else:
        options = ()
    return {option.name: option for option in options if spelled in option.names}
