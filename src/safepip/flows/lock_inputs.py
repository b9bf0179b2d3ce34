"""What ``lock`` is asked: for which environments, and what for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from safepip.core.finding import Finding
from safepip.core.locking import LockTarget
from safepip.core.origin import Sourced
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.flows.gather import gather
from safepip.flows.gathered import Gathered, ignoring
from safepip.flows.guard import Prepared, context_of, judged, unasked
from safepip.flows.judging import stop_if_denied
from safepip.flows.lock_failures import Failure, collected, stop_if_failed
from safepip.policy.schema import HashMode
from safepip.resolve.lock_targets import lock_target, lock_targets, target_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from safepip.core.ports import Environment
    from safepip.flows.guarded import Guarded
    from safepip.flows.near import Shows
    from safepip.flows.surroundings import Surroundings
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.policy.schema import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for one environment.

    Attributes:
        guarded: its roots are everything that was asked for; markers have yet to be looked at.
        here: whether the interpreter at hand is such an environment.
    """

    target: LockTarget
    guarded: Guarded
    here: bool

    @property
    def lines(self) -> tuple[RequirementLine, ...]:
        """Everything that was read."""
        return (*self.guarded.roots, *self.guarded.constraints, *self.guarded.build_constraints)


def chosen_targets(own: OwnOptions, policy: Policy, environment: Environment) -> tuple[LockTarget, ...]:
    """The environments of ``--environment``, else the policy's, else the one at hand.

    Raises UsageError for a name that is none.
    """
    if own.lock.environments:
        return lock_targets(own.lock.environments)
    if policy.lock_environments.value:
        return tuple(lock_target(name) for name in policy.lock_environments.value)
    return (target_of(environment),)


def asked_for(
    invocation: Invocation,
    own: OwnOptions,
    known: Prepared,
    targets: Sequence[LockTarget],
    *,
    environment: Environment,
    world: World,
) -> tuple[Asked, ...]:
    """Read and judge the requirements, for each environment.

    Args:
        environment: the one at hand.

    Raises:
        Refused: a setting or requirement that policy denies; all of them at once.
        UsageError, RequirementFileError, ResolutionError and what else gathering raises.
    """
    near = _Once(world)
    whole = _read(invocation, own, known, targets, near)
    near.show.noted([ignoring(line) for line in _for_none(whole, targets)])
    asking = replace(known, policy=_asking_no_hashes(known.policy))
    context = context_of(asking, whole[0], near, requires_hashes=_typed_require_hashes(invocation))
    found: dict[Finding, None] = {}
    asked = []
    for target, everything in zip(targets, whole, strict=True):
        meant = everything.meant_for(target.environment.markers)
        guarded, findings = judged(asking, everything, meant, near, context)
        found.update(dict.fromkeys(findings))
        guarded = replace(
            guarded,
            roots=_with_markers(everything.roots, meant.roots),
            constraints=(*everything.constraints, *_upgrades(own)),
        )
        asked.append(_asked(target, guarded, environment))
    stop_if_denied(found, world)
    world.show.noted(tuple(unasked(known.config)))
    return tuple(asked)


def _read(
    invocation: Invocation, own: OwnOptions, known: Prepared, targets: Sequence[LockTarget], near: _Once
) -> list[Gathered]:
    """What is asked for, as it reads for each environment."""
    whole: list[Gathered] = []
    failed: list[Failure] = []
    for target in targets:
        meant = _Meant(target.environment)
        with collected(failed, target, named=len(targets) == 1):
            whole.append(gather(invocation, own, known.config, near, files=known.texts, target=meant))
    stop_if_failed(failed)
    return whole


def _asked(target: LockTarget, guarded: Guarded, environment: Environment) -> Asked:
    here = target.name == target_of(environment).name
    if here:  # its interpreter can be asked, also where the environment was asked for by its name
        target = replace(target, environment=replace(target.environment, python=environment.python))
    return Asked(target=target, guarded=guarded, here=here)


@dataclass(frozen=True, slots=True)
class _Meant:
    """Stands for the environment that requirements are read for."""

    environment: Environment


@dataclass(slots=True)
class _OnceShown:
    """Says nothing twice: what is read for each environment anew is mostly the same."""

    show: Shows
    said: set[str] = field(default_factory=set)

    def noted(self, lines: Sequence[str]) -> None:
        fresh = [line for line in dict.fromkeys(lines) if line not in self.said]
        self.said.update(fresh)
        self.show.noted(fresh)

    def hide(self, variable: str, value: str) -> None:
        self.show.hide(variable, value)


class _Once:
    """The world, which says nothing twice."""

    def __init__(self, world: World) -> None:
        self.around: Surroundings = world.around
        self.show = _OnceShown(world.show)


def _for_none(whole: Sequence[Gathered], targets: Sequence[LockTarget]) -> Iterable[RequirementLine]:
    """Requirements that are meant for none of the environments."""
    left_out = [
        gathered.not_for(target.environment.markers) for gathered, target in zip(whole, targets, strict=True)
    ]
    return (line for line in left_out[0] if all(line in others for others in left_out[1:]))


def _with_markers(
    everything: Iterable[RequirementLine], meant: Iterable[RequirementLine]
) -> tuple[RequirementLine, ...]:
    """The lines that are meant, and those of which the resolver decides: it knows of patch levels."""
    certain = set(meant)
    return tuple(line for line in everything if line.requirement is not None or line in certain)


def _asking_no_hashes(policy: Policy) -> Policy:
    """The policy as it holds for a lock, which is where hashes come from: nothing has to have one before.

    What an index publishes, and what was used first, counts as it would for an installation.
    """
    mode = policy.hash_mode
    return replace(policy, hash_mode=replace(mode, value=min(mode.value, HashMode.FIRST_USE)))


def _typed_require_hashes(invocation: Invocation) -> bool:
    """Whether ``--require-hashes`` is asked of this very command; elsewhere it speaks of installations."""
    return any(option.dest == "require_hashes" for option in invocation.options)


def _upgrades(own: OwnOptions) -> list[RequirementLine]:
    """What ``--upgrade-package NAME==VERSION`` asks for, as constraints."""
    named = own.lock.upgrade_packages
    return [_as_constraint(one) for one in named if one.value.specifier]


def _as_constraint(said: Sourced[Requirement]) -> RequirementLine:
    return RequirementLine(
        text=str(said.value),
        kind=RequirementKind.NAMED,
        requirement=said.value,
        origin=said.origin,
        constraint=True,
    )
