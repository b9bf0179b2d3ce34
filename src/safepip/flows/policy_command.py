"""``safepip policy``: which action, and whether it was asked for in a way that means something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, UsageError

if TYPE_CHECKING:
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions

Action = Callable[["Invocation", "OwnOptions", "World"], int]

ACTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "init": ("policy_init", "init"),
        "show": ("policy_show", "show"),
        "check": ("policy_check", "check"),
        "trust": ("policy_trusting", "trust"),
        "schema": ("policy_show", "schema"),
    }
)
"""Action → module of :mod:`safepip.flows`, and the function there."""
_FLAGS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"init": frozenset({"force"}), "trust": frozenset({"list", "revoke"})}
)
_MOST_WORDS: Mapping[str, int] = MappingProxyType({"init": 0, "show": 0, "schema": 0, "trust": 1})
"""How many words may follow; ``check`` takes any number."""
_TWO_FORMATS = frozenset({"show", "trust"})


def policy(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Do what the first word says; the others are its own.

    Raises:
        CommandError: no action, or words that it does not take; pip's words for its own such commands.
        UsageError: an option that belongs to another action.
    """
    action = invocation.arguments[0].value if invocation.arguments else ""
    if action not in ACTIONS:
        raise CommandError(f"Need an action ({', '.join(ACTIONS)}) to perform.", reference="usage")
    _check(action, invocation, own)
    module, function = ACTIONS[action]
    act: Action = getattr(import_module(f"safepip.flows.{module}"), function)
    return act(invocation, own, world)


def _check(action: str, invocation: Invocation, own: OwnOptions) -> None:
    if len(invocation.arguments) - 1 > _MOST_WORDS.get(action, len(invocation.arguments)):
        raise CommandError("Too many arguments", reference="usage", origin=invocation.arguments[-1].origin)
    misplaced = sorted(own.flags - _FLAGS.get(action, frozenset()))
    if own.output is not None and action != "init":
        misplaced.append("output")
    if misplaced:
        raise UsageError(f"policy {action} has no option --{misplaced[0]}", reference="usage")
    if action in _TWO_FORMATS and own.report_format not in {"text", "json"}:
        raise UsageError(
            f"policy {action} has no {own.report_format} form",
            reference="usage",
            hint="use --report-format text or json",
        )
