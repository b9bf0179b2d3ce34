"""Requirements and candidates, each made once. What pip's ``Factory`` is to its resolver.

The answers agree with pip 26.3 (``resolution/resolvelib/factory.py``) wherever nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.errors import Refused, ResolutionError
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Satisfied
from safepip.core.ports import InstalledDistribution
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.resolve.admit import place_of
from safepip.resolve.asked import Asked, from_dependency, from_line, normalized_extras
from safepip.resolve.candidate import (
    BaseCandidate,
    Candidate,
    ExtrasCandidate,
    FileCandidate,
    InstalledCandidate,
    PythonCandidate,
)
from safepip.resolve.closure import Closure
from safepip.resolve.constraint import Constraint
from safepip.resolve.dependencies import Dependencies, of_installed
from safepip.resolve.finder import Finder
from safepip.resolve.found import FoundCandidates
from safepip.resolve.hashes import all_of
from safepip.resolve.mismatch import lock_incomplete, transitive_url
from safepip.resolve.offers import Offer
from safepip.resolve.request import ResolveOptions
from safepip.resolve.requirement import (
    ExplicitRequirement,
    PythonRequirement,
    Requirement,
    SpecifierRequirement,
    UnsatisfiableRequirement,
)
from safepip.resolve.target import Target
from safepip.resolve.wheels import Wheels


@dataclass(slots=True, kw_only=True)
class Factory:
    """Makes what the provider hands to the resolver.

    Attributes:
        installed: what counts as installed; empty with ``--ignore-installed``.
        satisfied: what pip reports as already satisfied, in its order.
        closure: what the locks of this run hold.
    """

    target: Target
    options: ResolveOptions
    finder: Finder
    wheels: Wheels
    installed: Mapping[NormalizedName, InstalledDistribution]
    satisfied: list[Satisfied] = field(default_factory=list)
    closure: Closure = field(default_factory=Closure)
    _python: PythonCandidate = field(init=False)
    _installed: dict[NormalizedName, InstalledCandidate] = field(default_factory=dict)
    _extras: dict[tuple[BaseCandidate, frozenset[NormalizedName]], ExtrasCandidate] = field(
        default_factory=dict
    )
    _installed_dependencies: dict[NormalizedName, Dependencies] = field(default_factory=dict)
    _requirements: dict[Candidate, tuple[Requirement, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._python = PythonCandidate(self.target.python)

    def of_root(self, line: RequirementLine) -> list[Requirement]:
        """What a line of the user's asks for; empty where its marker does not hold.

        Raises:
            Refused, ResolutionError: a direct file that cannot be used.
        """
        requirement = line.requirement
        if requirement is not None and not self.target.wants(requirement, frozenset()):
            return []
        if line.kind is RequirementKind.NAMED and requirement is not None:
            return list(_of_asked(from_line(line, canonicalize_name(requirement.name))))
        base = self.wheels.direct(line)
        asked = from_line(line, base.project)
        explicit: list[Requirement] = [ExplicitRequirement(base, asked)]
        if asked.extras:
            with_extras = self._with_extras(base, normalized_extras(asked.extras), asked)
            explicit.append(ExplicitRequirement(with_extras, asked))
        return explicit

    def dependencies(self, candidate: Candidate) -> tuple[Requirement, ...]:
        """What a candidate asks for; waits for its metadata. Raises as :class:`Wheels` does."""
        known = self._requirements.get(candidate)
        if known is None:
            known = self._requirements[candidate] = tuple(self._dependencies(candidate))
        return known

    def find(
        self,
        identifier: str,
        requirements: Mapping[str, Iterable[Requirement]],
        constraint: Constraint,
        *,
        prefers_installed: bool,
        incompatible: AbstractSet[Candidate],
    ) -> Iterable[Candidate]:
        """Candidates for an identifier that satisfy all its requirements, best first."""
        asking = list(requirements[identifier])
        explicit = {one.candidate for one in asking if one.candidate is not None}
        asked = [one.asked for one in asking if one.asked is not None]
        if asking and asking[0].project != identifier:
            extras = _extras_of(identifier)
            for one in requirements.get(asking[0].project, ()):
                if isinstance(one.candidate, FileCandidate | InstalledCandidate):
                    explicit.add(self._with_extras(one.candidate, extras, None))
                if one.asked is not None:
                    asked.append(one.asked)
        if not explicit:
            return self._found(asked, constraint, prefers_installed, incompatible) if asked else ()
        return (
            candidate
            for candidate in explicit
            if candidate not in incompatible
            and constraint.specifier.contains(candidate.version, prereleases=True)
            and all(one.is_satisfied_by(candidate) for one in asking)
        )

    def provided_extras(self, candidate: BaseCandidate) -> frozenset[NormalizedName]:
        """Extras that a candidate knows; empty where its metadata is unreadable."""
        known = self._base_dependencies(candidate)
        return known.extras if known is not None else frozenset()

    def _found(
        self,
        asked: list[Asked],
        constraint: Constraint,
        prefers_installed: bool,
        incompatible: AbstractSet[Candidate],
    ) -> FoundCandidates:
        template = asked[0]
        specifier = constraint.specifier
        extras: frozenset[NormalizedName] = frozenset()
        for one in asked:
            specifier &= one.specifier
            extras |= normalized_extras(one.extras)
        hashes = all_of([constraint.hashes, *(one.hashes for one in asked)])

        def make(offer: Offer) -> Candidate | None:
            base = self.wheels.listed(offer, template, hashes)
            return self._with_extras(base, extras, template) if base is not None and extras else base

        installed = self._installed_fitting(template, specifier, extras)
        return FoundCandidates(
            offers=lambda: self.finder.applicable(template.project, specifier, hashes),
            make=make,
            readable=self.wheels.is_readable,
            known_unreadable=self.wheels.is_known_unreadable,
            installed=installed if installed not in incompatible else None,
            prefers_installed=prefers_installed,
            incompatible=incompatible,
        )

    def _installed_fitting(
        self, asked: Asked, specifier: SpecifierSet, extras: frozenset[NormalizedName]
    ) -> Candidate | None:
        """The installed distribution as a candidate; None where there is none that fits."""
        distribution = self.installed.get(asked.project)
        if distribution is None or self.options.force_reinstall:
            return None
        version = distribution.version
        if version is None:
            raise ResolutionError(
                f"Cannot process installed package {distribution.name} {distribution.version_text} in "
                f"{distribution.location!r} because it has an invalid version",
                hint=f"uninstall {distribution.name} first",
            )
        if not specifier.contains(version, prereleases=True):
            return None
        base = self._installed.get(asked.project)
        if base is None:
            base = InstalledCandidate(distribution, version, asked.for_candidate())
            self._installed[asked.project] = base
            self.satisfied.append(
                Satisfied(
                    project=asked.project,
                    version=version,
                    text=asked.bare_text or f"{asked.project}=={version}",
                    location=distribution.location,
                    needed_by=asked.chain(),
                )
            )
        return self._with_extras(base, extras, asked) if extras else base

    def _with_extras(
        self, base: BaseCandidate, extras: frozenset[NormalizedName], asked: Asked | None
    ) -> ExtrasCandidate:
        key = (base, extras)
        if key not in self._extras:
            self._extras[key] = ExtrasCandidate(base, extras, asked or base.asked)
        return self._extras[key]

    def _dependencies(self, candidate: Candidate) -> Iterator[Requirement]:
        if isinstance(candidate, ExtrasCandidate):
            yield ExplicitRequirement(candidate.base)
            known = self._base_dependencies(candidate.base)
            extras = candidate.extras & known.extras if known is not None else frozenset()
        elif isinstance(candidate, FileCandidate | InstalledCandidate):
            known, extras = self._base_dependencies(candidate), frozenset()
            if known is None:
                yield UnsatisfiableRequirement(candidate.project)
                return
            if isinstance(candidate, FileCandidate) and not self.options.ignore_requires_python:
                yield from self._python_requirement(known)
        else:
            return
        if known is not None and not self.options.no_deps:
            for requirement in known.wanted(self.target, extras):
                yield from self._of_dependency(candidate, requirement)

    def _base_dependencies(self, candidate: BaseCandidate) -> Dependencies | None:
        if isinstance(candidate, FileCandidate):
            return self.wheels.dependencies(candidate)
        distribution = candidate.distribution
        known = self._installed_dependencies.get(distribution.project)
        if known is None:
            try:
                known = of_installed(distribution.metadata)
            except InvalidRequirement as error:
                raise ResolutionError(
                    f"Cannot process installed package {distribution.name} {distribution.version_text} in "
                    f"{distribution.location!r} because it has an invalid requirement: {error}",
                    hint=f"uninstall {distribution.name} first",
                ) from None
            self._installed_dependencies[distribution.project] = known
        return known

    def _python_requirement(self, known: Dependencies) -> Iterator[Requirement]:
        if str(known.requires_python):
            yield PythonRequirement(known.requires_python, self._python)

    def _of_dependency(self, candidate: Candidate, requirement: ParsedRequirement) -> Iterator[Requirement]:
        asked = from_dependency(requirement, _asker(candidate))
        base = candidate.base if isinstance(candidate, ExtrasCandidate) else candidate
        # What is installed already is left in peace: its URL is not followed, whatever is there counts.
        kept = isinstance(base, InstalledCandidate) and asked.project in self.installed
        if requirement.url is not None and not kept:
            raise Refused(
                [transitive_url(f"{candidate.name} {candidate.version}", requirement, _place(candidate))]
            )
        if lock := self.closure.broken_by(candidate.project, asked, self.installed, self.options):
            name = f"{candidate.name} {candidate.version}"
            raise Refused([lock_incomplete(name, lock, requirement, _place(candidate))])
        yield from _of_asked(asked)


def _of_asked(asked: Asked) -> Iterator[Requirement]:
    """A specifier with extras also counts for the base, so that versions meet in one place."""
    if asked.extras and asked.specifier:
        yield SpecifierRequirement(asked.without_extras())
    yield SpecifierRequirement(asked)


def _extras_of(identifier: str) -> frozenset[NormalizedName]:
    return normalized_extras(identifier.partition("[")[2].rstrip("]").split(","))


def _asker(candidate: Candidate) -> Asked:
    if isinstance(candidate, ExtrasCandidate | FileCandidate | InstalledCandidate):
        return candidate.asked
    raise TypeError(f"{candidate.name} asks for nothing")


def _place(candidate: Candidate) -> Origin:
    base = candidate.base if isinstance(candidate, ExtrasCandidate) else candidate
    if isinstance(base, FileCandidate) and base.offer is not None:
        return place_of(base.offer)
    return Origin(layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=f"{candidate.name} {candidate.version}")
