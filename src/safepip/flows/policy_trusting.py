"""``safepip policy trust``: let all of a project's policy count, after showing what that changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ConfigurationError, ExitCode, UsageError
from safepip.core.origin import Layer
from safepip.core.policy_page import TrustedState
from safepip.flows.policies import policy_locations, read_located
from safepip.flows.policy_trust import as_it_is_now, what_changed
from safepip.policy.discover import PolicyLocation, table_of
from safepip.policy.tighten import merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safepip.core.trusted import TrustedPolicy
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.policy.schema import PolicyFile


def trust(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Trust, take trust back, or list. Asks nothing: the command is the consent.

    Raises:
        CommandError: there is no policy here; it was not trusted.
        ConfigurationError: the policy cannot be read, contradicts a stronger one, or cannot be remembered.
        UsageError: ``--list`` with something else.
    """
    named = invocation.arguments[1].value if len(invocation.arguments) > 1 else None
    if "list" in own.flags:
        if named is not None or "revoke" in own.flags:
            raise UsageError("--list lists all trusted policies, and takes nothing else", reference="usage")
        world.show.policies_listed([_state(entry, world) for entry in world.trusted.everything()])
        return ExitCode.OK
    locations = policy_locations(own, world)
    location = _meant(named, locations, world)
    if "revoke" in own.flags:
        return _revoke(location, world)
    return _trust(location, locations, world)


def _trust(location: PolicyLocation, locations: Sequence[PolicyLocation], world: World) -> int:
    """Show what it changes, then remember it: a contradiction, or a missing bundle, ends it before that."""
    others = [read_located(one, world) for one in locations if one.layer < Layer.PROJECT]
    file = read_located(location, world)
    policy, _ = merge([*others, _standing(file, trusted=False)])
    _, findings = merge([*others, _standing(file, trusted=True)])
    entry = as_it_is_now(file, world)
    world.show.warned(findings)
    world.show.policy_trusted(entry, policy.sources[-1].set_aside)
    world.trusted.remember(entry)
    return ExitCode.OK


def _standing(file: PolicyFile, *, trusted: bool) -> PolicyFile:
    return replace(file, source=replace(file.source, trusted=trusted))


def _revoke(location: PolicyLocation, world: World) -> int:
    path = world.around.one_name(location.path)
    if not world.trusted.forget(path):
        raise CommandError(f"{path} is not trusted", reference="usage")
    world.show.policy_revoked(path)
    return ExitCode.OK


def _meant(named: str | None, locations: Sequence[PolicyLocation], world: World) -> PolicyLocation:
    """The file that is named, else the nearest project policy."""
    if named is not None:
        path = world.around.absolute(named)
        return PolicyLocation(path=path, layer=Layer.PROJECT, table=table_of(path), trusted=False)
    nearest = next((one for one in locations if one.layer is Layer.PROJECT), None)
    if nearest is None:
        raise CommandError(
            "no policy was found from this folder upwards that could be trusted",
            reference="usage",
            hint="name the file: safepip policy trust FILE",
        )
    return nearest


def _state(entry: TrustedPolicy, world: World) -> TrustedState:
    """Whether the file still is what was trusted."""
    location = PolicyLocation(path=entry.path, layer=Layer.PROJECT, table=table_of(entry.path), trusted=False)
    if not world.around.exists(entry.path):
        return TrustedState(entry=entry, state="gone")
    try:
        file = read_located(location, world)
    except ConfigurationError as error:
        return TrustedState(entry=entry, state=f"cannot be read: {error.message}")
    return TrustedState(entry=entry, state=what_changed(file, entry, world) or "in force")
