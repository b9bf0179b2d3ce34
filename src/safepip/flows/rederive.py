"""A pip command line written anew from the values in force; nothing of the user's text is passed on.

For commands whose network part safepip has taken over: what is not forwarded by
:mod:`safepip.pipcompat.roles` has been decided, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from safepip.pipcompat.roles import Role, treatment
from safepip.pipcompat.table import options_of

if TYPE_CHECKING:
    from safepip.flows.world import Options
    from safepip.pipcompat.argv import Invocation
    from safepip.pipcompat.option import Option


def rederived(invocation: Invocation, options: Options) -> tuple[str, ...]:
    """The command and its options in force, in their long form with ``=``; positional words left out."""
    command = str(invocation.command)
    known = options_of(command)
    forwarded = (option for option in known if treatment(option.name, command).role is Role.FORWARD)
    written = [text for option in forwarded for text in _written(option, options)]
    # What pip would leave out as a pre-release has been left out of what it is shown.
    pre = ["--pre"] if any(option.dest == "pre" for option in known) else []
    return (command, *written, *pre)


def _written(option: Option, options: Options) -> Iterator[str]:
    value = options.value(option.dest)
    if value in (None, option.default):
        return
    if option.action in {"store_true", "store_false"}:
        if value is (option.action == "store_true"):
            yield f"--{option.name}"
    elif option.action == "store_const":
        if value == option.const:
            yield f"--{option.name}"
    elif option.action == "count" and isinstance(value, int):
        yield from [f"--{option.name}"] * value
    elif isinstance(value, list | tuple):
        yield from (f"--{option.name}={item}" for item in value)
    else:
        yield f"--{option.name}={value}"
