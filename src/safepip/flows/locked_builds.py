"""Builds from locks: what a lock says that they need holds for them, and no index is asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from safepip.core.finding import Finding, Location
from safepip.core.limits import Limits
from safepip.flows.judging import decided_by_mode, judge_each, must_be_hashed, stop_if_denied, with_way_out

if TYPE_CHECKING:
    from packaging.pylock import Package
    from packaging.utils import NormalizedName

    from safepip.core.ports import Environment
    from safepip.core.subjects import RequirementLine
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import World
    from safepip.lock.build_tables import BuildTables
    from safepip.lock.read import Lock
    from safepip.lock.select import Chosen

Pins = Sequence["RequirementLine"]
"""``name==version`` with the one file of each, as a lock has them for one build."""


@dataclass(slots=True, kw_only=True)
class PinReader:
    """Adds to the lines of a lock what it says that their builds need.

    Attributes:
        markers: of the environment that builds are for.
        select: the files of a lock for that environment.
        line: the requirement that a file is.
    """

    tables: BuildTables
    markers: Mapping[str, str]
    select: Callable[[Lock], list[Chosen]]
    line: Callable[[Lock, Chosen], RequirementLine]
    _known: dict[int, tuple[RequirementLine, ...] | None] = field(default_factory=dict)

    def with_pins(self, lock: Lock, chosen: Chosen, waiting: tuple[Package, ...] = ()) -> RequirementLine:
        """The line of a file, and of everything that its build needs.

        Args:
            waiting: packages whose builds need this one.

        Raises:
            RequirementFileError: what the lock says of its builds cannot be used.
        """
        from packaging.pylock import PackageWheel

        line = self.line(lock, chosen)
        if line.locked is None or isinstance(chosen.artifact, PackageWheel):
            return line
        return replace(line, locked=replace(line.locked, builds=self._pins(chosen.package, waiting)))

    def _pins(self, package: Package, waiting: tuple[Package, ...]) -> tuple[RequirementLine, ...] | None:
        if id(package) not in self._known:
            self._known[id(package)] = self._read(package, waiting)
        return self._known[id(package)]

    def _read(self, package: Package, waiting: tuple[Package, ...]) -> tuple[RequirementLine, ...] | None:
        below = self.tables.needed_by(package, self.markers)
        if below is None:
            return None
        chain = (*waiting, package)
        if len(chain) > Limits().build_nesting_max or any(one is package for one in waiting):
            raise below.invalid(f"the builds of {' -> '.join(one.name for one in chain)} have no end", ())
        chosen = self.select(below)
        for one in chosen:
            if not _is_of_an_index(one):
                raise below.invalid("a build needs wheels and source distributions of indexes", one.path)
        return tuple(self.with_pins(below, one, chain) for one in chosen)


def pins_of(lines: Iterable[RequirementLine]) -> Iterator[Pins]:
    """What the builds of locked lines need, a list for each, and those of what these need in turn."""
    waiting, seen = list(lines), set()
    while waiting:
        locked = waiting.pop(0).locked
        if locked is not None and locked.builds is not None and id(locked.builds) not in seen:
            seen.add(id(locked.builds))
            yield locked.builds
            waiting += locked.builds


def weak_digests(pins: Pins) -> Iterator[Finding]:
    """Files whose only digests can be forged; of what is installed a rule says so."""
    for pin in pins:
        if pin.locked is not None and pin.hashes and not pin.hashes.strong:
            algorithms = ", ".join(sorted(one.value for one in pin.hashes.by_algorithm))
            yield Finding(
                rule="weak-digest",
                message=f"the only hash of {pin.locked.filename} of the lock is {algorithms}, which can be forged",
                origin=pin.locked.origin,
                subject=pin.locked.project,
                help="lock again, so that the lock has its sha256",
            )


def pins_for(project: NormalizedName, guarded: Guarded) -> Pins | None:
    """What a lock of this run says that a build of the project needs; None: no lock says anything."""
    for line in (*guarded.roots, *guarded.constraints):
        if line.locked is not None and line.locked.project == project:
            return line.locked.builds
    return None


def with_pins(guarded: Guarded, pins: Pins) -> Guarded:
    """The requirements of a build, held to what the lock has for it."""
    from safepip.flows.locked import route_locked

    routes, _ = route_locked(
        pins, guarded.indexes, guarded.policy, guarded.trust, patterns_only=guarded.patterns_only
    )
    held = tuple(replace(pin, constraint=True) for pin in pins)
    return replace(guarded, constraints=(*guarded.constraints, *held), locked=routes)


def check_pins(guarded: Guarded, pins: Pins, environment: Environment, world: World) -> None:
    """Raise Refused where a lock does not have what a build asks for. No index has been asked then.

    Args:
        guarded: its roots are the requirements of the build.
        environment: of the build.
    """
    known = {canonicalize_name(pin.requirement.name): pin for pin in pins if pin.requirement is not None}
    hashed = {
        canonicalize_name(line.requirement.name)
        for line in guarded.constraints
        if line.requirement is not None and line.hashes.strong
    }
    found, left_out = [], []
    for line in guarded.roots:
        requirement = line.requirement
        if requirement is None or not _wanted(line, environment):
            continue
        project = canonicalize_name(requirement.name)
        pin = known.get(project)
        if pin is not None and not _meets(pin, line):
            found.append(_other_version(pin, line, guarded))
        elif project not in hashed and must_be_hashed(guarded, from_file=line.from_file):
            left_out.append(_left_out(line, guarded))
    stop_if_denied(judge_each((*found, *with_way_out(left_out, guarded)), guarded.context), world)


def _wanted(line: RequirementLine, environment: Environment) -> bool:
    marker = line.requirement.marker if line.requirement is not None else None
    return marker is None or marker.evaluate({**environment.markers, "extra": ""})


def _meets(pin: RequirementLine, line: RequirementLine) -> bool:
    if pin.requirement is None or line.requirement is None:
        return False
    version = next(iter(pin.requirement.specifier)).version
    return line.requirement.specifier.contains(version, prereleases=True)


def _other_version(pin: RequirementLine, line: RequirementLine, guarded: Guarded) -> Finding:
    lock = pin.locked.lock if pin.locked is not None else ""
    return Finding(
        rule="lock-incomplete",
        message=f"a build of {guarded.built} needs {line.requirement}, and {lock} has {pin.text} for it",
        origin=pin.origin,
        subject=line.requirement.name if line.requirement else None,
        related=(Location(origin=line.origin, label="it asks here"),),
        help="lock again, so that the lock holds what the build of this source needs",
    )


def _left_out(line: RequirementLine, guarded: Guarded) -> Finding:
    return Finding(
        rule="unhashed-requirement",
        message=f"{line.requirement}, which a build of {guarded.built} needs, has no hash: the lock does not hold it",
        origin=line.origin,
        subject=line.requirement.name if line.requirement else None,
        help="lock again for this environment, or name its hash in a file for --build-constraint",
        decided_by=decided_by_mode(guarded),
    )


def _is_of_an_index(chosen: Chosen) -> bool:
    from packaging.pylock import PackageSdist, PackageWheel

    return isinstance(chosen.artifact, PackageWheel | PackageSdist)
