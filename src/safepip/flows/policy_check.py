"""``safepip policy check``: is it a policy, and does it still mean what it says?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from safepip.core.errors import ConfigurationError, ExitCode, Refused
from safepip.core.origin import Layer, Origin, Place
from safepip.flows.policies import policy_locations, read_located
from safepip.policy.discover import PolicyLocation, table_of
from safepip.policy.read import has_policy
from safepip.policy.tighten import merge
from safepip.rules.base import RuleContext
from safepip.rules.engine import review_allowances

if TYPE_CHECKING:
    from safepip.core.finding import Finding
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.policy.schema import Policy, PolicyFile

T = TypeVar("T")
R = TypeVar("R")

_TOLD = frozenset({"policy-loosened", "expired-allowance"})


def check(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Read the named files, each for itself; without a name, all that take part, together.

    Raises:
        ConfigurationError: everything that is wrong with any of them.
        Refused: with exit 14: exemptions that have ended, keys that a stronger file does not let through.
    """
    named = [word.value for word in invocation.arguments[1:]]
    if named:
        files = list(dict.fromkeys(_location(path, world) for path in named))
        read = _each(files, lambda location: _named(location, world))
        policies = _each(read, lambda file: merge([file]))
    else:
        read = _each(policy_locations(own, world), lambda location: _in_full(location, world))
        policies = [merge(read)]
    findings = [found for policy, told in policies for found in _telling(policy, told, world)]
    if findings:
        raise Refused(findings, exit_code=ExitCode.FINDINGS)
    world.show.policies_checked([file.source.path for file in read])
    return ExitCode.OK


def _telling(policy: Policy, told: Iterable[Finding], world: World) -> list[Finding]:
    ended = review_allowances(RuleContext(policy=policy, now=world.clock.now()), ())
    return [finding for finding in (*told, *ended) if finding.rule in _TOLD]


def _in_full(location: PolicyLocation, world: World) -> PolicyFile:
    """Whether anybody trusts it is no question of what it says."""
    file = read_located(location, world)
    return replace(file, source=replace(file.source, trusted=True))


def _location(path: str, world: World) -> PolicyLocation:
    absolute = world.around.absolute(path)
    return PolicyLocation(path=absolute, layer=Layer.OPERATOR, table=table_of(absolute), required=True)


def _named(location: PolicyLocation, world: World) -> PolicyFile:
    file = read_located(location, world)
    if location.table and not has_policy(world.files.read_bytes(location.path), place=location.path):
        raise ConfigurationError(
            "holds no policy: there is no [tool.safepip] in it",
            reference="policy",
            origin=Origin(layer=location.layer, kind=Place.FILE, place=location.path),
            hint="add the table, or name the file that holds the policy",
        )
    return file


def _each(items: Iterable[T], act: Callable[[T], R]) -> list[R]:
    """What comes of all of them.

    Raises ConfigurationError of the first that is wrong, with what is wrong with the others as notes.
    """
    done: list[R] = []
    errors: list[ConfigurationError] = []
    for item in items:
        try:
            done.append(act(item))
        except ConfigurationError as error:
            errors.append(error)
    if errors:
        first, *others = errors
        first.notes = (*first.notes, *(note for error in others for note in _notes(error)))
        raise first
    return done


def _notes(error: ConfigurationError) -> list[str]:
    hint = f" ({error.hint})" if error.hint else ""
    return [f"{error.origin}: {error.message}{hint}", *error.notes]
