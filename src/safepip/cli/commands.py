"""Every command and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError

if TYPE_CHECKING:
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions

Flow = Callable[["Invocation", "OwnOptions", "World"], int]


class Treatment(Enum):
    """Who does the work of a command."""

    GUARDED = "guarded"
    """safepip resolves, fetches and verifies; pip only applies."""
    ANSWERED = "answered"
    """safepip's index client answers."""
    APPLIED = "applied"
    """pip, as it is."""
    MISSING = "missing"
    """Not part of this version; refused rather than passed to a pip that nobody guards."""


TREATMENTS: Mapping[str, Treatment] = MappingProxyType(
    {
        "install": Treatment.GUARDED,
        "download": Treatment.GUARDED,
        "wheel": Treatment.GUARDED,
        "lock": Treatment.MISSING,
        "index": Treatment.ANSWERED,
        "search": Treatment.MISSING,
        "cache": Treatment.ANSWERED,
        "uninstall": Treatment.APPLIED,
        "list": Treatment.APPLIED,
        "show": Treatment.APPLIED,
        "freeze": Treatment.APPLIED,
        "inspect": Treatment.APPLIED,
        "check": Treatment.APPLIED,
        "config": Treatment.APPLIED,
        "hash": Treatment.APPLIED,
        "debug": Treatment.APPLIED,
        "completion": Treatment.APPLIED,
        "help": Treatment.APPLIED,
    }
)
"""A pip command that is not listed is refused; a test holds this to pip's own commands."""


def flow_for(invocation: Invocation) -> Flow:
    """The use case of a command line. Imports it: a passed-through command loads no resolver.

    Raises:
        CommandError: the command is not part of this version.
    """
    command = invocation.command or "help"
    if invocation.wants_help or invocation.wants_version:
        command = "help"
    treatment = TREATMENTS.get(command, Treatment.MISSING)
    if treatment is Treatment.MISSING:
        raise CommandError(
            f"{command} is not part of this version of safepip",
            reference="missing-command",
            hint="it is refused rather than handed to pip, which would not keep the policy",
        )
    return _import_flow(command, invocation)


def _import_flow(command: str, invocation: Invocation) -> Flow:
    if command == "install":
        from safepip.flows.install import install

        return install
    if command in {"download", "wheel"}:
        from safepip.flows.download import download

        return download
    if command == "index" or (command == "list" and _asks_indexes(invocation)):
        from safepip.flows.versions import answer

        return answer
    if command == "cache":
        from safepip.flows.cache import cache

        return cache
    from safepip.flows.delegate import delegate

    return delegate


def _asks_indexes(invocation: Invocation) -> bool:
    """Whether ``list`` compares with indexes; ``PIP_*`` and config may ask for it too."""
    return any(option.dest in {"outdated", "uptodate"} for option in invocation.options)
