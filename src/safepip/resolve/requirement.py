"""What the resolver must satisfy: a specifier, one very candidate, or the target's Python."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from safepip.resolve.asked import Asked, identifier, normalized_extras
from safepip.resolve.candidate import PYTHON, Candidate, PythonCandidate


class Requirement:
    """Something asked for one identifier; ``name`` with extras, ``project`` without.

    Compared by identity: a requirement is made once for each place that asks.
    """

    __slots__ = ("name", "project")

    def __init__(self, project: NormalizedName, name: str | None = None) -> None:
        self.project = project
        self.name = name or project

    @property
    def candidate(self) -> Candidate | None:
        """The only candidate that will do; None where others may."""
        return None

    @property
    def asked(self) -> Asked | None:
        """What was asked of the indexes; None where they have no say."""
        return None

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        raise NotImplementedError

    def described(self) -> str:
        """As pip names it in conflicts."""
        raise NotImplementedError


class SpecifierRequirement(Requirement):
    """``name[extras] specifier``.

    Attributes:
        pinned: ``==`` without a wildcard, or ``===``; ``upper_bounded``: ``<``, ``<=``, ``~=`` or
            ``==1.*``; ``free``: no specifier at all. What pip's order of picking looks at.
    """

    __slots__ = ("_asked", "free", "pinned", "specifier", "upper_bounded")

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked.project, identifier(asked.project, normalized_extras(asked.extras)))
        self._asked = asked
        self.specifier: SpecifierSet = asked.specifier
        pairs = [(one.operator, "*" in one.version) for one in asked.specifier]
        self.free = not pairs
        self.pinned = any(operator in {"==", "==="} and not wild for operator, wild in pairs)
        self.upper_bounded = any(
            operator in {"<", "<=", "~="} or (operator == "==" and wild) for operator, wild in pairs
        )

    @property
    def asked(self) -> Asked:
        return self._asked

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        # Pre-releases were judged when the candidates were found.
        return self.specifier.contains(candidate.version, prereleases=True)

    def described(self) -> str:
        *parts, last = (part.strip() for part in self._asked.text.split(","))
        return f"{', '.join(parts)} and {last}" if parts else last


class ExplicitRequirement(Requirement):
    """This candidate and no other: a direct file, or the base of a candidate with extras.

    Attributes:
        named: the user's requirement that named the file; None for the base of extras.
    """

    __slots__ = ("_candidate", "named")

    def __init__(self, candidate: Candidate, named: Asked | None = None) -> None:
        super().__init__(candidate.project, candidate.name)
        self._candidate = candidate
        self.named = named

    @property
    def candidate(self) -> Candidate:
        return self._candidate

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        return candidate is self._candidate

    def described(self) -> str:
        return self._candidate.described()


class PythonRequirement(Requirement):
    """Requires-Python of a candidate's metadata."""

    __slots__ = ("_match", "specifier")

    def __init__(self, specifier: SpecifierSet, python: PythonCandidate) -> None:
        super().__init__(PYTHON)
        self.specifier = specifier
        self._match = python if specifier.contains(python.version, prereleases=True) else None

    @property
    def candidate(self) -> Candidate | None:
        return self._match

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        return self.specifier.contains(candidate.version, prereleases=True)

    def described(self) -> str:
        return f"Python {self.specifier}"


class UnsatisfiableRequirement(Requirement):
    """What a candidate with unreadable metadata asks for: it can never be chosen."""

    __slots__ = ()

    def is_satisfied_by(self, candidate: Candidate) -> bool:
        del candidate
        return False

    def described(self) -> str:
        return f"{self.project} (unavailable)"
