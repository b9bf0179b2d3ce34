"""Whether safepip could still run in its own environment once a plan is applied.

Decided on the environment as it would be: what the plan brings counts with its new requirements, so
that packages which move together may move, and safepip itself may be upgraded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from safepip.core.origin import Layer, Origin, Place
from safepip.resolve.dependencies import Dependencies, of_installed, of_wheel
from safepip.resolve.request import ResolveOptions
from safepip.resolve.target import Target
from safepip.rules import registry

if TYPE_CHECKING:
    from safepip.core.finding import Finding
    from safepip.core.plan import Plan, Step
    from safepip.core.ports import Environment
    from safepip.flows.settings import Settings
    from safepip.flows.world import Target as TargetPort
    from safepip.flows.world import World

RULE = "self-overwrite"
SAFEPIP = canonicalize_name("safepip")
Names = frozenset[NormalizedName]
NO_NAMES: Names = frozenset()
_NOTHING = Dependencies(requires=(), requires_python=SpecifierSet(), extras=NO_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One requirement that safepip stands on, through others or itself.

    Attributes:
        chain: names from safepip to whoever needs it.
        optional: whether only an extra of safepip asks for it.
    """

    requirement: Requirement
    chain: tuple[NormalizedName, ...]
    optional: bool = False

    @property
    def project(self) -> NormalizedName:
        return canonicalize_name(self.requirement.name)

    @property
    def needed_by(self) -> NormalizedName:
        return self.chain[-1]

    def met_by(self, version: Version | None) -> bool:
        return version is not None and self.requirement.specifier.contains(version, prereleases=True)


def lands_here(settings: Settings, environment: Environment, world: World) -> bool:
    """Whether files go where safepip imports its own from."""
    if not world.runs_in(environment.prefix):
        return False
    if settings.target_dir:
        libraries = {environment.paths.get("purelib"), environment.paths.get("platlib")}
        return world.around.absolute(settings.target_dir) in libraries
    if settings.prefix:
        return world.around.absolute(settings.prefix) == environment.prefix
    return not settings.root


def stand_apart(plan: Plan, settings: Settings, target: TargetPort, world: World) -> None:
    """Where the plan replaces what safepip itself runs on, let it go on with what it began with."""
    environment = target.alone
    if not lands_here(settings, environment, world):
        return
    moving = {step.project for step in plan.steps} & stands_on(plan, environment)
    paths = (path.split("/") for project in moving for path in target.owned.get(project, ()))
    names = {path[1] for path in paths if path[0] == "library" and not path[1].endswith(".dist-info")}
    if names:
        world.stand_apart(names)


def stands_on(plan: Plan, environment: Environment) -> Names:
    """safepip, and every project that it would run on once the plan is applied."""
    return frozenset({SAFEPIP, *(need.project for need in _Afterwards(plan, environment).needs())})


def self_overwrites(plan: Plan, environment: Environment) -> tuple[Finding, ...]:
    """A finding for each requirement of safepip's that holds now and would not hold afterwards.

    Args:
        environment: the one that safepip runs in, as it is.
    """
    afterwards = _Afterwards(plan, environment)
    return tuple(_finding(need, afterwards) for need in afterwards.needs() if afterwards.breaks(need))


class _Afterwards:
    """The environment as the plan would leave it."""

    def __init__(self, plan: Plan, environment: Environment) -> None:
        self.planned = {step.project: step for step in plan.steps}
        self.environment = environment
        self._target = Target(environment, ResolveOptions())
        self._known: dict[NormalizedName, Dependencies] = {}

    def breaks(self, need: Need) -> bool:
        """Whether the requirement does not hold any more; one that did not hold before is nobody's doing."""
        if need.met_by(self.version(need.project)):
            return False
        newly_wanted = need.needed_by in self.planned and not need.optional
        return newly_wanted or (need.project in self.planned and need.met_by(self._version_now(need.project)))

    def needs(self) -> Iterator[Need]:
        """Everything that safepip stands on, breadth first, so that the chains are short."""
        left: deque[tuple[tuple[NormalizedName, ...], Names]] = deque([((SAFEPIP,), NO_NAMES)])
        seen: set[tuple[NormalizedName, Names]] = set()
        while left:
            chain, extras = left.popleft()
            if (chain[-1], extras) in seen:
                continue
            seen.add((chain[-1], extras))
            for need in self._needs_of(chain, extras):
                yield need
                left.append(
                    ((*chain, need.project), frozenset(map(canonicalize_name, need.requirement.extras)))
                )

    def _needs_of(self, chain: tuple[NormalizedName, ...], extras: Names) -> Iterator[Need]:
        found = self._dependencies(chain[-1])
        wanted = found.extras if chain == (SAFEPIP,) else extras
        for requirement in found.wanted(self._target, wanted):
            optional = chain == (SAFEPIP,) and not self._target.wants(requirement, NO_NAMES)
            yield Need(requirement=requirement, chain=chain, optional=optional)

    def version(self, project: NormalizedName) -> Version | None:
        """None where it would not be there."""
        step = self.planned.get(project)
        return step.version if step else self._version_now(project)

    def _version_now(self, project: NormalizedName) -> Version | None:
        found = self.environment.installed.get(project)
        return found.version if found else None

    def _dependencies(self, project: NormalizedName) -> Dependencies:
        """Kept, because the target knows requirements by their identity."""
        if project not in self._known:
            self._known[project] = self._read(project)
        return self._known[project]

    def _read(self, project: NormalizedName) -> Dependencies:
        """Nothing where the project is not there, or its metadata cannot be read, which pip passes over."""
        with suppress(InvalidRequirement):
            if step := self.planned.get(project):
                return of_wheel(step.metadata)
            if found := self.environment.installed.get(project):
                return of_installed(found.metadata)
        return _NOTHING


def _finding(need: Need, afterwards: _Afterwards) -> Finding:
    step = afterwards.planned.get(need.project)
    if step is not None:
        what = f"{step.name} {step.version} would break safepip, which runs in this environment"
    else:
        what = f"safepip, which runs in this environment, would need {need.requirement}, which is not there"
    chain = f", which safepip needs ({' -> '.join(need.chain)})," if len(need.chain) > 1 else ""
    return registry()[RULE].finding(
        what,
        _place(step or afterwards.planned.get(need.needed_by)),
        subject=need.project,
        help=(
            "install safepip apart, with `pipx install safepip` or in a virtual environment of its own, "
            f"and name this one: safepip --python {afterwards.environment.prefix} …"
        ),
        notes=(f"{need.needed_by} {afterwards.version(need.needed_by)}{chain} needs {need.requirement}",),
    )


def _place(step: Step | None) -> Origin:
    """Where somebody asked for it; else the index it comes from."""
    origins = (asker.origin for asker in step.askers) if step else ()
    index = step.index if step else ""
    return next(filter(None, origins), None) or Origin(layer=Layer.INDEX, kind=Place.INDEX, place=index)
