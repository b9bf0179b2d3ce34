"""Every command and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError
from safepip.pipcompat.own import OWN_COMMANDS

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
    OWN = "own"
    """A command that pip does not have."""
    MISSING = "missing"
    """Not part of this version; refused rather than passed to a pip that nobody guards."""


TREATMENTS: Mapping[str, Treatment] = MappingProxyType(
    {
        "install": Treatment.GUARDED,
        "download": Treatment.GUARDED,
        "wheel": Treatment.GUARDED,
        "lock": Treatment.GUARDED,
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
_FLOWS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cache": ("cache", "cache"),
        "config": ("writing", "config"),
        "download": ("download", "download"),
        "explain": ("explaining", "explain"),
        "index": ("versions", "answer"),
        "install": ("install", "install"),
        "list": ("versions", "answer"),
        "lock": ("locking", "lock"),
        "mirror": ("mirroring", "mirror"),
        "policy": ("policy_command", "policy"),
        "sync": ("sync", "sync"),
        "uninstall": ("uninstall", "uninstall"),
        "wheel": ("download", "download"),
    }
)
"""Command → module of :mod:`safepip.flows`, and the function there."""
WITHOUT_TARGET = frozenset({"explain", "mirror", "policy"})
"""Commands that begin without an environment: its interpreter is started only if they ask for it."""


def treatment_of(invocation: Invocation, environ: Mapping[str, str]) -> Treatment:
    """Who does the work of a command line.

    Raises:
        CommandError: the command is not part of this version.
    """
    if own_command_meant(invocation):
        return Treatment.OWN
    if invocation.command is None or invocation.wants_help or invocation.wants_version:
        return Treatment.APPLIED
    treatment = TREATMENTS.get(invocation.command, Treatment.MISSING)
    if treatment is Treatment.MISSING:
        raise CommandError(
            f"{invocation.command} is not part of this version of safepip",
            reference="missing-command",
            hint="it is refused rather than handed to pip, which would not keep the policy",
        )
    return Treatment.ANSWERED if _is_ours(invocation, environ) else treatment


def own_command_meant(invocation: Invocation) -> str | None:
    """The command of safepip's own that is to run, or that ``help`` is asked about; None: neither."""
    if invocation.command in OWN_COMMANDS:
        return invocation.command
    asked = [word.value for word in invocation.arguments[:1]] if invocation.command == "help" else []
    return asked[0] if asked and asked[0] in OWN_COMMANDS else None


def flow_for(command: str) -> Flow:
    """The use case of a command that safepip does itself. Imported late: each loads what it needs."""
    from importlib import import_module

    module, function = _FLOWS[command]
    flow: Flow = getattr(import_module(f"safepip.flows.{module}"), function)
    return flow


def _is_ours(invocation: Invocation, environ: Mapping[str, str]) -> bool:
    """Whether a command that pip applies as it is does this time what safepip has to see."""
    if invocation.command == "list":
        return _asks_indexes(invocation, environ)
    if invocation.command == "config":
        return [word.value for word in invocation.arguments[:1]] in (["set"], ["edit"])
    if invocation.command != "uninstall":
        return False
    return any(o.dest == "requirements" for o in invocation.options) or "requirement" in _said(environ)


def _asks_indexes(invocation: Invocation, environ: Mapping[str, str]) -> bool:
    """Whether ``list`` compares with indexes.

    Where only a configuration file asks for it, pip finds the network closed and says so.
    """
    asking = {"outdated", "uptodate"}
    return any(option.dest in asking for option in invocation.options) or bool(_said(environ) & asking)


def _said(environ: Mapping[str, str]) -> set[str]:
    """Options that variables name, however spelled, those left out whose value is empty or means no."""
    names = [name for name in environ if name.startswith("PIP_")]
    if not names:
        return set()
    from safepip.pipcompat.callbacks import truth
    from safepip.pipcompat.written import normalize_key

    def holds(text: str) -> bool:
        try:
            return truth(text)
        except ValueError:
            return bool(text)

    return {normalize_key(name.removeprefix("PIP_")) for name in names if holds(environ[name])}
