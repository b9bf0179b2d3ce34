"""Why there is no answer: what policy refused, or else pip's own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from safepip.core.errors import Refused, ResolutionError, SafepipError
from safepip.core.finding import Finding
from safepip.core.index import FileEntry
from safepip.core.plan import RouteReason
from safepip.core.value import value
from safepip.resolve.admit import Ledger, PassedOver
from safepip.resolve.asked import Asked, without_marker
from safepip.resolve.candidate import Candidate, ExtrasCandidate, FileCandidate
from safepip.resolve.constraint import NO_CONSTRAINT, Constraint
from safepip.resolve.finder import Finder
from safepip.resolve.requirement import PythonRequirement, Requirement
from safepip.resolve.target import Target
from safepip.route import NotFound

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

    Causes = Sequence[RequirementInformation[Requirement, Candidate]]

WHEELS_SHOWN = 6
"""Wheels that do not fit are listed up to this many; the newest say enough."""
_WAYS_OUT = (
    "",
    "To fix this you could try to:",
    "1. loosen the range of package versions you've specified",
    "2. remove package versions to allow pip to attempt to solve the dependency conflict",
    "",
)


@value
class Explainer:
    """Turns the causes of a conflict into the error to raise."""

    finder: Finder
    target: Target
    ledger: Ledger
    constraints: Mapping[str, Constraint]

    def error(self, causes: Causes) -> SafepipError:
        """Refused where a file that policy refused would have been an answer, else ResolutionError."""
        findings = tuple(self._refusals(causes))
        if findings:
            return Refused(findings)
        pythons = [
            (requirement, parent)
            for requirement, parent in causes
            if isinstance(requirement, PythonRequirement) and requirement.candidate is None
        ]
        if pythons:
            return _wrong_python(pythons, self.target)
        if len(causes) == 1 and causes[0].requirement.name not in self.constraints:
            return self._not_found(causes[0].requirement, causes[0].parent)
        return self._conflict(causes)

    def _refusals(self, causes: Causes) -> Iterator[Finding]:
        """For each project in the causes the best refused file that meets all that is asked of it."""
        for project in dict.fromkeys(requirement.project for requirement, _ in causes):
            asked = [one.asked for one, _ in causes if one.project == project and one.asked is not None]
            fitting = [one for one in self.ledger.of(project) if self._fits(one, project, asked)]
            for rule in dict.fromkeys(one.finding.rule for one in fitting):
                best = max((o for o in fitting if o.finding.rule == rule), key=lambda o: o.offer.version)
                yield self._with_wheels(project, best) if rule == "sdist-build" else best.finding

    def _fits(self, one: PassedOver, project: NormalizedName, asked: Iterable[Asked]) -> bool:
        specifier = self.constraints.get(project, NO_CONSTRAINT).specifier
        for each in asked:
            specifier &= each.specifier
        return specifier.contains(one.offer.version, prereleases=True)

    def _with_wheels(self, project: NormalizedName, one: PassedOver) -> Finding:
        """The sdist's finding with the wheels that exist and why none is taken."""
        if not self.finder.takes_wheels(project):
            message = one.finding.message.replace(
                "offers no wheel that fits", "may not come as a wheel (--no-binary)"
            )
            admit = f"leave --no-binary out, or admit {project} in [builds] sdists"
            return replace(one.finding, message=message, help=admit)
        finding = one.finding
        if name := self.target.lock_for:
            message = finding.message.replace("no wheel that fits", f"no wheel that fits {name}")
            finding = replace(finding, message=message)
        if notes := (*self._unfit_wheels(project, one), *self._fitting_wheels(project)):
            return replace(finding, notes=notes)
        # Another version is no way out, where none has a wheel.
        admit = f'if its build may run here, say so in the policy: [builds] sdists = ["{project}"]'
        return replace(finding, notes=("there is no wheel of any version",), help=admit)

    def _unfit_wheels(self, project: NormalizedName, one: PassedOver) -> tuple[str, ...]:
        wheels = self.finder.unfit_wheels(project)
        # Those of the very version first: why they do not fit is what somebody wants to know.
        wheels.sort(key=lambda wheel: f"-{one.offer.version}-" in wheel.filename)
        shown = [f"{wheel.filename} {self._why_unfit(wheel)}" for wheel in wheels[-WHEELS_SHOWN:]]
        if len(wheels) > WHEELS_SHOWN:
            shown.append(f"and {len(wheels) - WHEELS_SHOWN} more wheels of all versions that do not fit")
        return tuple(shown)

    def _fitting_wheels(self, project: NormalizedName) -> Iterator[str]:
        """Which versions have a wheel for this target, the newest few."""
        versions = {offer.version for offer in self.finder.offers(project).offers if offer.wheel}
        if versions:
            newest = sorted(versions, reverse=True)[:WHEELS_SHOWN]
            more = f", and {len(versions) - WHEELS_SHOWN} more" if len(versions) > WHEELS_SHOWN else ""
            yield f"versions with a wheel that fits: {', '.join(map(str, newest))}{more}"

    def _why_unfit(self, wheel: FileEntry) -> str:
        if not self.target.admits_python(wheel.requires_python):
            return f"requires Python {wheel.requires_python}, this is {self.target.lock_for or self.target.python}"
        if self.target.lock_for:
            return f"is not for {self.target.lock_for}"
        return f"is not for this platform or Python {self.target.python}"

    def _not_found(self, requirement: Requirement, parent: Candidate | None) -> ResolutionError:
        """Compare ``Factory._report_single_requirement_conflict``."""
        asked = requirement.asked
        text = without_marker(asked.text) if asked is not None and asked.text else requirement.described()
        shown = text if parent is None else f"{text} (from {parent.name})"
        project = requirement.project
        return ResolutionError(
            f"No matching distribution found for {shown}",
            reference="not-found",
            origin=asked.line.origin if asked is not None and asked.line is not None else None,
            preface=tuple(self._what_there_is(project, shown)),
            notes=tuple(self._why_only_there(project)),
            hint=_meant_as_a_file(text) if parent is None else None,
        )

    def _what_there_is(self, project: NormalizedName, shown: str) -> Iterator[str]:
        there = self.finder.offers(project)
        if any(offer.file.locked for offer in there.offers):
            yield from self._locked(project, shown)
            return
        yanked = {offer.version for offer in there.offers if offer.file.yanked is not None}
        versions = {offer.version for offer in there.offers if offer.file.yanked is None}
        if yanked:
            yield f"Ignored the following yanked versions: {_listed(yanked)}"
        if there.other_python:
            different = "; ".join(there.other_python)
            yield f"Ignored the following versions that require a different python version: {different}"
        kind = "final version" if self.finder.allows_prereleases(project) is False else "version"
        yield f"Could not find a {kind} that satisfies the requirement {shown} (from versions: {_listed(versions)})"

    def _locked(self, project: NormalizedName, shown: str) -> Iterator[str]:
        (version,) = {offer.version for offer in self.finder.offers(project).offers}
        if version.is_prerelease and self.finder.allows_prereleases(project) is False:
            yield (
                f"A pre-release version {version} is specified in a provided lock file for {project} but only "
                "final versions are allowed"
            )
        else:
            yield (
                f"The requirement {shown} is not compatible with version {version} specified in a provided "
                "lock file"
            )

    def _why_only_there(self, project: NormalizedName) -> Iterator[str]:
        routed = self.finder.routed(project)
        if isinstance(routed, NotFound):
            yield routed.note
            return
        # A file that the page lists but nobody can use would be missed here.
        yield from routed.notes
        if routed.route.reason in {RouteReason.PATTERN, RouteReason.LOCAL_FOLDER}:
            yield f"{project} comes from {routed.route.index.label} and nowhere else"

    def _conflict(self, causes: Causes) -> ResolutionError:
        """Compare ``Factory.get_installation_error``."""
        triggers = sorted({_trigger(requirement, parent) for requirement, parent in causes})
        lines = [
            f"Cannot install {_joined(triggers)} because these package versions have conflicting dependencies.",
            "",
            "The conflict is caused by:",
        ]
        for requirement, parent in causes:
            who = "The user requested" if parent is None else f"{parent.name} {parent.version} depends on"
            lines.append(f"    {who} {requirement.described()}")
        constrained = {requirement.name for requirement, _ in causes} & set(self.constraints)
        lines += [
            f"    The user requested (constraint) {name}{self.constraints[name].specifier}"
            for name in sorted(constrained)
        ]
        lines += self._without_candidates(causes)
        return ResolutionError(
            "ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/"
            "#dealing-with-dependency-conflicts",
            reference="resolution-impossible",
            preface=["\n".join([*lines, *_WAYS_OUT])],
        )

    def _without_candidates(self, causes: Causes) -> list[str]:
        names = sorted(name for name in {r.project for r, _ in causes} if self._offers_nothing(name))
        if not names:
            return []
        head = (
            "Additionally, some packages in these conflicts have no matching distributions "
            "available for your environment:"
        )
        return ["", head, *(f"    {name}" for name in names)]

    def _offers_nothing(self, project: NormalizedName) -> bool:
        return not project.startswith("<") and not self.finder.offers(project).offers


def _wrong_python(
    causes: Sequence[tuple[PythonRequirement, Candidate | None]], target: Target
) -> ResolutionError:
    """Compare ``Factory._report_requires_python_error``."""
    if len(causes) == 1:
        ((requirement, parent),) = causes
        name = parent.name if parent is not None else ""
        message = (
            f"Package {name!r} requires a different Python: "
            f"{target.python} not in {str(requirement.specifier)!r}"
        )
        return ResolutionError(message, reference="requires-python")
    lines = [
        f"{str(requirement.specifier)!r} (required by {parent.described() if parent is not None else ''})"
        for requirement, parent in causes
    ]
    return ResolutionError(
        "\n".join([f"Packages require a different Python. {target.python} not in:", *lines]),
        reference="requires-python",
    )


def _trigger(requirement: Requirement, parent: Candidate | None) -> str:
    """Who brought a cause in, shortly: the root itself, or who asked for the parent."""
    if parent is None:
        return requirement.described()
    asked = parent.asked if isinstance(parent, FileCandidate) else None
    if asked is None or asked.comes_from is None or isinstance(parent, ExtrasCandidate):
        return f"{parent.name}=={parent.version}"
    return asked.comes_from if isinstance(asked.comes_from, str) else asked.comes_from.name


def _joined(parts: Sequence[str]) -> str:
    *first, last = parts or ["the requested packages"]
    return f"{', '.join(first)} and {last}" if first else last


def _listed(versions: Iterable[object]) -> str:
    return ", ".join(str(version) for version in sorted(versions)) or "none"  # type: ignore[type-var]  # Versions sort


def _meant_as_a_file(text: str) -> str | None:
    """What to do where a name looks like the file that it should have been; compare pip's ``HINT``."""
    if not text.endswith(".txt"):
        return None
    return f"if {text} is a file that lists requirements, write -r {text}"
