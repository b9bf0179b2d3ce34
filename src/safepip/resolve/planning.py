"""From the resolver's result to a plan: what is installed, in pip's order, and what is worth saying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from safepip.core.digest import AcceptableDigests
from safepip.core.errors import ResolutionError
from safepip.core.finding import Finding
from safepip.core.plan import Asker, Plan, Route, RouteReason, Step
from safepip.core.ports import Environment, InstalledDistribution
from safepip.core.value import value
from safepip.resolve.admit import Admission
from safepip.resolve.asked import Asked
from safepip.resolve.candidate import Candidate, ExtrasCandidate, FileCandidate
from safepip.resolve.constraint import NO_CONSTRAINT, Constraint
from safepip.resolve.factory import Factory
from safepip.resolve.hashes import all_of
from safepip.resolve.order import installation_order
from safepip.resolve.request import ResolveRequest
from safepip.resolve.requirement import ExplicitRequirement, Requirement, SpecifierRequirement
from safepip.resolve.sources import is_same_commit
from safepip.route import Routed

if TYPE_CHECKING:
    from resolvelib.resolvers import Result

    Resolved = Result[Requirement, Candidate, str]


@value
class Planner:
    """Builds the plan once. Its parts are what the resolution was made with."""

    request: ResolveRequest
    environment: Environment
    factory: Factory
    admission: Admission
    constraints: Mapping[str, Constraint]
    user_requested: Iterable[str]
    result: Resolved

    def plan(self) -> tuple[Plan, tuple[Finding, ...]]:
        """The plan, and the warnings about what it chose.

        Raises:
            ResolutionError: ``--user`` cannot take precedence over what is installed (pip's words).
        """
        notes = list(self.factory.wheels.notes)
        chosen, replaced = self._chosen(notes)
        graph = self._graph()
        from_file = self._from_file(graph)
        steps = tuple(
            self._step(chosen[name], name in from_file) for name in installation_order(graph, chosen)
        )
        plan = Plan(
            steps=steps,
            satisfied=tuple(self.factory.satisfied),
            replaced=replaced,
            pinned=tuple(candidate.project for candidate in chosen.values()),
            resolved=frozenset(candidate.project for candidate in self.result.mapping.values()),
            notes=tuple(dict.fromkeys((*notes, *self._notes(steps)))),
        )
        return plan, tuple(self._warnings(chosen.values()))

    def _chosen(self, notes: list[str]) -> tuple[dict[str, FileCandidate], dict[NormalizedName, Version]]:
        """What is to be installed by name, and the versions it replaces. Adds to ``notes``."""
        left_out: set[str] = set()
        if self.request.options.only_deps:
            left_out = {requested.partition("[")[0] for requested in self.user_requested}
        chosen: dict[str, FileCandidate] = {}
        replaced: dict[NormalizedName, Version] = {}
        for candidate in self.result.mapping.values():
            if not isinstance(candidate, FileCandidate):
                continue
            installed = self._to_uninstall(candidate)
            if installed is not None and self._is_there_already(candidate, installed, notes):
                continue
            if candidate.name not in left_out:
                chosen[candidate.name] = candidate
                if installed is not None and installed.version is not None:
                    replaced[candidate.project] = installed.version
        return chosen, replaced

    def _to_uninstall(self, candidate: Candidate) -> InstalledDistribution | None:
        """What the candidate replaces. Compare ``Factory.get_dist_to_uninstall``."""
        installed = self.factory.installed.get(candidate.project)
        if installed is None or not self.request.options.use_user_site or installed.in_user_site:
            return installed
        if self.environment.is_virtual and installed.in_scheme:
            raise ResolutionError(
                f"Will not install to the user site because it will lack sys.path precedence to "
                f"{installed.name} in {installed.location}"
            )
        return None

    def _is_there_already(
        self, candidate: FileCandidate, installed: InstalledDistribution, notes: list[str]
    ) -> bool:
        if (
            self.request.options.force_reinstall
            or installed.editable
            or installed.version != candidate.version
            or _is_local_source(candidate)
            or not is_same_commit(candidate.source, installed.direct_url)
        ):
            return False
        if candidate.file.url.startswith("file:"):
            notes.append(
                f"{candidate.project} is already installed with the same version as the provided wheel. "
                "Use --force-reinstall to force an installation of the wheel."
            )
        return True

    def _graph(self) -> dict[str | None, list[str]]:
        graph = self.result.graph
        # resolvelib's root stands for the user; every other node is an identifier.
        return {node: [child for child in graph.iter_children(node) if child is not None] for node in graph}

    def _from_file(self, graph: Mapping[str | None, list[str]]) -> set[str]:
        """Identifiers that a requirement file brought in, itself or through what it asks for."""
        waiting = [
            name
            for name, criterion in self.result.criteria.items()
            if name in graph
            and any(one.line and one.line.from_file for one in _asked(criterion.iter_requirement()))
        ]
        reached: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                # What the user's own project needs counts as if it had been typed.
                waiting += [] if self._is_own_project(name) else graph[name]
        return reached

    def _is_own_project(self, name: str) -> bool:
        candidate = self.result.mapping.get(name)
        base = candidate.base if isinstance(candidate, ExtrasCandidate) else candidate
        return isinstance(base, FileCandidate) and _is_local_source(base)

    def _step(self, candidate: FileCandidate, from_file: bool) -> Step:
        lines = list(self._lines(candidate.project))
        requested = self.request.requested
        return Step(
            name=candidate.metadata.result().name,
            project=candidate.project,
            version=candidate.version,
            route=self._route(candidate),
            index=candidate.index.name,
            file=candidate.file,
            acceptable=self._acceptable(candidate.project),
            requested=bool(lines) if requested is None else candidate.project in requested,
            requested_extras=frozenset(extra for asked in lines for extra in asked.extras),
            direct=candidate.direct,
            askers=tuple(self._askers(candidate.project)),
            from_file=from_file,
            metadata=candidate.metadata.result(),
            source=candidate.source,
        )

    def _route(self, candidate: FileCandidate) -> Route:
        if candidate.direct:
            reason = RouteReason.LOCAL if candidate.index.kind.local else RouteReason.DIRECT
            return Route(project=candidate.project, indexes=(candidate.index,), reason=reason)
        routed = self.factory.finder.routed(candidate.project)
        if not isinstance(routed, Routed):
            raise TypeError(f"{candidate.project} was chosen without a route")
        return routed.route

    def _identifiers(self, project: NormalizedName) -> Iterator[str]:
        """The project and the same with extras, as far as the result has them."""
        return (name for name in self.result.criteria if name.partition("[")[0] == project)

    def _lines(self, project: NormalizedName) -> Iterator[Asked]:
        """The user's own requirements for a project, with and without extras."""
        for name in self._identifiers(project):
            for asked in _asked(self.result.criteria[name].iter_requirement()):
                if asked.line is not None:
                    yield asked

    def _acceptable(self, project: NormalizedName) -> AcceptableDigests:
        """The hashes of every line that names the project, constraints included."""
        constraint = self.constraints.get(project, NO_CONSTRAINT)
        return all_of([constraint.hashes, *(asked.hashes for asked in self._lines(project))])

    def _askers(self, project: NormalizedName) -> Iterator[Asker]:
        seen: set[tuple[str, str | None]] = set()
        for name in self._identifiers(project):
            for requirement, parent in self.result.criteria[name].information:
                asker = _asker(requirement, parent)
                if asker is None or asker.project == project or (asker.text, asker.project) in seen:
                    continue
                seen.add((asker.text, asker.project))
                yield asker

    def _warnings(self, chosen: Iterable[FileCandidate]) -> Iterator[Finding]:
        for candidate in chosen:
            if candidate.offer is not None:
                acceptable = self._acceptable(candidate.project)
                yield from self.admission.warnings(candidate.project, candidate.offer, acceptable)

    def _notes(self, steps: Iterable[Step]) -> Iterator[str]:
        local: dict[str, list[str]] = {}
        for step in steps:
            if step.route.reason is RouteReason.LOCAL_FOLDER:
                local.setdefault(step.index, []).append(step.project)
            yield from self._passed_over(step)
            if not step.direct:
                routed = self.factory.finder.routed(step.project)
                yield from routed.notes if isinstance(routed, Routed) else ()
        for candidate in self.result.mapping.values():
            if isinstance(candidate, ExtrasCandidate):
                missing = candidate.extras - self.factory.provided_extras(candidate.base)
                for extra in sorted(missing):
                    yield f"WARNING: {candidate.project} {candidate.version} does not provide the extra '{extra}'"
        for folder, names in local.items():
            yield f"{', '.join(sorted(names))} come{'s' * (len(names) == 1)} from the local folder {folder} only"

    def _passed_over(self, step: Step) -> Iterator[str]:
        """Newer versions that pip would have chosen, each with the reason; the newest for each rule."""
        specifier = self.constraints.get(step.project, NO_CONSTRAINT).specifier
        for name in self._identifiers(step.project):
            for asked in _asked(self.result.criteria[name].iter_requirement()):
                specifier &= asked.specifier
        newest: dict[str, tuple[str, str]] = {}
        refused = sorted(self.admission.ledger.of(step.project), key=lambda one: one.offer.version)
        for one in refused:
            if one.offer.version > step.version and _meets(one.offer.version, specifier):
                newest[one.finding.rule] = (str(one.offer.version), one.finding.message)
        for rule, (version, message) in newest.items():
            if rule == "sdist-build":
                yield f"warning: {step.project} {version} passed over: only a source distribution fits {self.factory.target.described} ({rule})"
            else:
                yield f"warning: {step.project} {version} passed over: {message} ({rule})"


def _is_local_source(candidate: FileCandidate) -> bool:
    """Code of the user's that may have changed under the same version; pip builds it anew too."""
    return candidate.direct and candidate.source is not None and candidate.source.url.startswith("file:")


def _meets(version: Version, specifier: SpecifierSet) -> bool:
    return specifier.contains(version, prereleases=True)


def _asked(requirements: Iterable[Requirement]) -> Iterator[Asked]:
    for requirement in requirements:
        if isinstance(requirement, SpecifierRequirement):
            yield requirement.asked
        elif isinstance(requirement, ExplicitRequirement) and requirement.named is not None:
            yield requirement.named


def _asker(requirement: Requirement, parent: Candidate | None) -> Asker | None:
    if isinstance(requirement, SpecifierRequirement):
        asked: Asked | None = requirement.asked
    else:
        asked = requirement.named if isinstance(requirement, ExplicitRequirement) else None
    if parent is None:
        if asked is None or asked.line is None:
            return None
        return Asker(text=asked.line.text, origin=asked.line.origin)
    return None if asked is None else Asker(text=asked.text, project=canonicalize_name(parent.project))
