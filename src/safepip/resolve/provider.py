"""resolvelib's questions, answered as pip 26.3 answers them (``resolution/resolvelib/provider.py``)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from resolvelib.providers import AbstractProvider

from safepip.resolve.candidate import PYTHON, Candidate
from safepip.resolve.constraint import NO_CONSTRAINT, Constraint
from safepip.resolve.factory import Factory
from safepip.resolve.request import UpgradeStrategy
from safepip.resolve.requirement import (
    ExplicitRequirement,
    PythonRequirement,
    Requirement,
    SpecifierRequirement,
)

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

    Information = RequirementInformation[Requirement, Candidate]

Preference = tuple[bool, bool, bool, bool, float, bool, str]

CONFLICTS_BEFORE_PROMOTION = 5
"""After so many conflicts in which it was not pinned yet, an identifier is pinned earlier."""


class Provider(AbstractProvider[Requirement, Candidate, str]):
    """Which candidates there are, which identifier is pinned next, what a candidate needs."""

    def __init__(
        self,
        factory: Factory,
        constraints: Mapping[str, Constraint],
        upgrade: UpgradeStrategy,
        user_requested: Mapping[str, int],
    ) -> None:
        """Keep what the answers depend on.

        Args:
            user_requested: identifiers the user asked for → their place among the requirements.
        """
        self._factory = factory
        self._constraints = constraints
        self._upgrade = upgrade
        self._user_requested = user_requested
        self._conflicts: defaultdict[str, int] = defaultdict(int)
        self._promoted: set[str] = set()
        self._satisfied: dict[tuple[Requirement, Candidate], bool] = {}

    def identify(self, requirement_or_candidate: Requirement | Candidate) -> str:
        return requirement_or_candidate.name

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[str],
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[Information]],
        backtrack_causes: Sequence[Information],
    ) -> Iterable[str]:
        """Python first, then what caused the last conflict, then what often stands in conflicts."""
        del candidates, information
        causes = self._count_conflicts(backtrack_causes, resolutions)
        # May be an iterator, and is walked more than once.
        names = list(identifiers)
        if PYTHON in names:
            return [PYTHON]
        conflicting = [name for name in names if name in causes]
        if conflicting:
            return conflicting
        return [name for name in names if name in self._promoted] or names

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[Information]],
        backtrack_causes: Sequence[Information],
    ) -> Preference:
        """Smaller is pinned earlier: promoted, direct, pinned, bounded above, as asked, not free, by name."""
        del resolutions, candidates, backtrack_causes
        direct = pinned = upper_bounded = False
        free = True
        for requirement, _ in information[identifier]:
            if isinstance(requirement, ExplicitRequirement):
                direct = True
            elif isinstance(requirement, SpecifierRequirement):
                pinned = pinned or requirement.pinned
                upper_bounded = upper_bounded or requirement.upper_bounded
                free = free and requirement.free
        return (
            identifier not in self._promoted,
            not direct,
            not pinned,
            not upper_bounded,
            self._user_requested.get(identifier, math.inf),
            free,
            identifier,
        )

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Requirement]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> Iterable[Candidate]:
        return self._factory.find(
            identifier,
            requirements,
            self.constraint(identifier),
            prefers_installed=not self._may_upgrade(identifier),
            incompatible=frozenset(incompatibilities.get(identifier, ())),
        )

    def is_satisfied_by(self, requirement: Requirement, candidate: Candidate) -> bool:
        key = (requirement, candidate)
        known = self._satisfied.get(key)
        if known is None:
            known = self._satisfied[key] = requirement.is_satisfied_by(candidate)
        return known

    def get_dependencies(self, candidate: Candidate) -> Iterable[Requirement]:
        return self._factory.dependencies(candidate)

    def constraint(self, identifier: str) -> Constraint:
        """The constraint on an identifier's project."""
        return self._constraints.get(identifier.partition("[")[0], NO_CONSTRAINT)

    def _may_upgrade(self, identifier: str) -> bool:
        """Whether a newer version is better than the installed one that fits."""
        if self._upgrade is UpgradeStrategy.ONLY_IF_NEEDED:
            requested = self._user_requested
            return identifier in requested or identifier.partition("[")[0] in requested
        return self._upgrade is UpgradeStrategy.EAGER

    def _count_conflicts(
        self, causes: Sequence[Information], resolutions: Mapping[str, Candidate]
    ) -> set[str]:
        """Names in the causes; each that is not pinned comes nearer to being promoted."""
        found: set[str] = set()
        for requirement, parent in causes:
            names = [requirement.name] if parent is None else [requirement.name, parent.name]
            for name in names:
                found.add(name)
                if name not in resolutions:
                    self._conflicts[name] += 1
                    if self._conflicts[name] >= CONFLICTS_BEFORE_PROMOTION:
                        self._promoted.add(name)
        return found


def is_python_conflict(requirement: Requirement) -> bool:
    """Whether a cause is Requires-Python that the target does not meet."""
    return isinstance(requirement, PythonRequirement) and requirement.candidate is None
