"""Completion in shells: pip's own, and what pip does not know of.

The scripts of ``completion`` start the program without arguments, with the line so far in ``COMP_WORDS`` and the number
of the word under the cursor in ``COMP_CWORD`` (``pip._internal.cli.autocompletion``). So nothing but words may come out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from safepip.cli.wiring.passing import PassingWorld
from safepip.core.errors import ExitCode
from safepip.flows.delegate import delegate
from safepip.pipcompat.argv import OwnOptions
from safepip.pipcompat.options import COMMANDS
from safepip.pipcompat.own import GUARDED, OWN_COMMANDS, own_names

if TYPE_CHECKING:
    from safepip.pipcompat.argv import Invocation

_FOR_US = {
    "bash": "complete -o default -F _pip_completion safepip\n",
    "fish": 'complete -fa "(__fish_complete_pip)" -c safepip\n',
    "zsh": "compdef __pip safepip\n",
}
"""Shell → line that has the function of pip's script answer for safepip; PowerShell's knows one name only."""
_VARIABLES = ("PIP_AUTO_COMPLETE", "COMP_WORDS", "COMP_CWORD")


def asks(environ: Mapping[str, str]) -> bool:
    """Whether a shell says what it wants to know."""
    return all(environ.get(name) for name in _VARIABLES)


def answer(invocation: Invocation, environ: Mapping[str, str]) -> int:
    """Print the words, one a line. Returns 1, as pip does."""
    before, current = _line(environ)
    command = next((word for word in before if word in COMMANDS or word in OWN_COMMANDS), None)
    for word in _own_words(command, before, current):
        sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
    if command in OWN_COMMANDS:
        return ExitCode.ERROR
    return delegate(invocation, OwnOptions(), PassingWorld(environ, silent=True))


def _line(environ: Mapping[str, str]) -> tuple[list[str], str]:
    """The words before the one under the cursor, without the program, and that one; maybe empty."""
    words = environ["COMP_WORDS"].split()[1:]
    number = int(environ["COMP_CWORD"]) - 1 if environ["COMP_CWORD"].isdecimal() else len(words)
    return words[:number], words[number] if 0 <= number < len(words) else ""


def _own_words(command: str | None, before: Sequence[str], current: str) -> Iterator[str]:
    """What may stand here that pip does not know of."""
    if command is None:
        words = ["--policy"] if current.startswith("-") else sorted(OWN_COMMANDS)
    elif current.startswith("-"):
        words = sorted(own_names(command)) if command in GUARDED or command in OWN_COMMANDS else []
    else:
        words = _actions() if command == "policy" and before[-1] == command else []
    return (word for word in words if word.startswith(current))


def _actions() -> list[str]:
    from safepip.flows.policy_command import ACTIONS

    return list(ACTIONS)


def script(invocation: Invocation, own: OwnOptions) -> int:
    """pip's script for the shell, and a line that has it serve ``safepip`` too. Returns pip's exit code."""
    shells = [given.option.const for given in invocation.options if given.option.dest == "shell"]
    code = delegate(invocation, own, PassingWorld(stays=True))
    sys.stdout.write(_FOR_US.get(str(shells[-1]), "") if shells and not code else "")
    sys.stdout.flush()
    return code
