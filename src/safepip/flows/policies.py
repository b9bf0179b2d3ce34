"""The policy files of every layer, found, read and merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place
from safepip.policy.discover import PolicyLocation, locate
from safepip.policy.read import has_policy, parse
from safepip.policy.tighten import merge
from safepip.rules import known_rules

if TYPE_CHECKING:
    from safepip.core.finding import Finding
    from safepip.flows.world import World
    from safepip.pipcompat.argv import OwnOptions
    from safepip.policy.schema import Policy, PolicyFile


def read_policy(own: OwnOptions, world: World) -> tuple[Policy, tuple[Finding, ...]]:
    """The policy in force, and what was set aside or asked for less than a stronger file.

    Raises:
        ConfigurationError: a file that cannot be read, or says something unknown.
        Refused, UsageError: ``--allow`` of what may not be allowed.
    """
    around = world.around
    locations = locate(
        machine=around.machine_policy,
        user_config_dir=around.user_config_dir,
        working_directory=around.cwd,
        named=_named(own, around.environ, world),
        exists=lambda path: _stands(path, world),
        has_policy=lambda path: has_policy(world.files.read_bytes(path), place=path),
    )
    known = known_rules()
    files = [_read(location, known, world) for location in locations]
    policy, findings = merge(files)
    if not own.allow:
        return policy, findings
    from safepip.policy.allowing import exemptions_for_this_run

    reason = own.reason.value if own.reason else ""
    exempted = exemptions_for_this_run(own.allow, reason, files, known)
    return replace(policy, exemptions=(*exempted, *policy.exemptions)), findings


def _stands(path: str, world: World) -> bool:
    """Whether a policy file is there; a link that leads nowhere is, and reading it will say so.

    Only of the machine's own file must it be known: the folders of others may be closed to us.
    """
    try:
        return world.around.stands(path)
    except OSError as error:
        if path == world.around.machine_policy:
            raise _unreadable(Origin(layer=Layer.MACHINE, kind=Place.FILE, place=path), error) from None
        return False


def _named(own: OwnOptions, environ: Mapping[str, str], world: World) -> list[str]:
    named = [own.policy.value] if own.policy else []
    if variable := environ.get("SAFEPIP_POLICY"):
        named.append(variable)
    return [world.around.absolute(path) for path in named]


def _read(location: PolicyLocation, known: Mapping[str, bool], world: World) -> PolicyFile:
    origin = Origin(layer=location.layer, kind=Place.FILE, place=location.path)
    try:
        text = world.files.read_bytes(location.path)
        others = world.around.changeable_by(location.path) if location.layer is Layer.MACHINE else None
    except OSError as error:
        raise _unreadable(origin, error) from None
    if others is not None:
        raise ConfigurationError(
            f"the machine's policy is no rule for anybody: {others} may change it",
            reference="policy",
            origin=origin,
            hint="give the file and its folder to the superuser, and let nobody else write there",
        )
    return parse(
        text,
        place=location.path,
        layer=location.layer,
        directory=world.around.folder_of(location.path),
        known_rules=known,
        table=location.table,
        trusted=location.trusted,
    )


def _unreadable(origin: Origin, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the policy cannot be read: {error.strerror or error}",
        reference="policy",
        origin=origin,
        hint="mend or remove the file; a policy that cannot be read is never skipped",
    )
