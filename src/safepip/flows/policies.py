"""The policy files of every layer, found, read and merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Origin, Place
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
    """
    around = world.around
    locations = locate(
        machine=around.machine_policy,
        user_config_dir=around.user_config_dir,
        working_directory=around.cwd,
        named=_named(own, around.environ, world),
        exists=around.exists,
        has_policy=lambda path: has_policy(world.files.read_bytes(path), place=path),
    )
    known = known_rules()
    return merge([_read(location, known, world) for location in locations])


def _named(own: OwnOptions, environ: Mapping[str, str], world: World) -> list[str]:
    named = [own.policy.value] if own.policy else []
    if variable := environ.get("SAFEPIP_POLICY"):
        named.append(variable)
    return [world.around.absolute(path) for path in named]


def _read(location: PolicyLocation, known: Mapping[str, bool], world: World) -> PolicyFile:
    origin = Origin(layer=location.layer, kind=Place.FILE, place=location.path)
    try:
        text = world.files.read_bytes(location.path)
    except OSError as error:
        raise ConfigurationError(
            f"the policy cannot be read: {error.strerror or error}",
            reference="policy",
            origin=origin,
            hint="mend or remove the file; a policy that cannot be read is never skipped",
        ) from None
    return parse(
        text,
        place=location.path,
        layer=location.layer,
        directory=world.around.folder_of(location.path),
        known_rules=known,
        table=location.table,
        trusted=location.trusted,
    )
