"""Where the decisions of a run are written down: ``[log] file`` and ``SAFEPIP_LOG``, both if both are said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.policy.fingerprint import fingerprint

if TYPE_CHECKING:
    from safepip.flows.world import World
    from safepip.policy.schema import Policy

VARIABLE = "SAFEPIP_LOG"


def open_audit(command: str, policy: Policy, world: World) -> None:
    """Open every log that is named; nothing happens where none is.

    Raises:
        ConfigurationError: one cannot be written. An unlogged run is not what was asked for.
    """
    places = tuple(log_places(policy, world.around.environ, world))
    if places:
        world.audit.open(places, command=command, policy=fingerprint(policy), now=world.clock.now())


def log_places(policy: Policy, environ: Mapping[str, str], world: World) -> Iterator[Sourced[str]]:
    """The policy's file, then the variable's: a weaker layer adds a copy, and never takes the log away."""
    named = policy.log_file
    if named.value:
        yield Sourced(value=named.value, origin=named.origin)
    if variable := environ.get(VARIABLE):
        origin = Origin(layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place=VARIABLE)
        yield Sourced(value=world.around.absolute(variable), origin=origin)
