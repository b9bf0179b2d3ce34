"""Who asked for what: requirements with the chain of those who asked, as pip prints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.digest import AcceptableDigests
from safepip.core.specifier import read_requirement
from safepip.core.subjects import RequirementLine


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """One requirement as somebody asked for it; what an ``InstallRequirement`` is to pip.

    Attributes:
        text: as pip prints it, marker included where pip includes it; empty for a bare URL or path.
        project: normalised name.
        comes_from: who asked; None for the command line, a text such as ``-r FILE (line 3)`` for a
            requirement file.
        line: the user's line, if it is one; None for a dependency.
        hashes: the user's own hashes.
    """

    text: str
    project: NormalizedName
    specifier: SpecifierSet
    extras: frozenset[str]
    comes_from: Asked | str | None = None
    line: RequirementLine | None = None
    hashes: AcceptableDigests = AcceptableDigests()

    def chain(self) -> tuple[str, ...]:
        """What pip prints in ``(from a->b)``; empty for the command line."""
        return tuple(_chain(self.comes_from))

    @property
    def name(self) -> str:
        """The project as the requirement writes it."""
        return parsed(self.text).name if self.text else self.project

    @property
    def bare_text(self) -> str:
        """The text without its marker."""
        return without_marker(self.text) if self.text else ""

    @property
    def from_file(self) -> bool:
        """Whether a requirement file brought this in, itself or through others.

        What the user's own code asks for counts as if it had been typed.
        """
        comes_from = self.comes_from
        while isinstance(comes_from, Asked):
            if comes_from.line is not None and comes_from.line.is_own_code:
                return False
            comes_from = comes_from.comes_from
        return comes_from is not None

    def for_candidate(self) -> Asked:
        """As pip remembers who asked for a candidate: the marker has done its work."""
        return replace(self, text=self.bare_text)

    def without_extras(self) -> Asked:
        """The same for the base project, asked for by this one (pip's ``install_req_drop_extras``)."""
        return replace(self, text=_without_extras(self.text), extras=frozenset(), comes_from=self)


def _chain(comes_from: Asked | str | None) -> Iterator[str]:
    while comes_from is not None:
        if isinstance(comes_from, str):
            yield comes_from
            return
        if not comes_from.text:
            return
        yield comes_from.text
        comes_from = comes_from.comes_from


@cache
def parsed(text: str) -> Requirement:
    """A requirement text, parsed once. Raises InvalidRequirement. The result is not to be changed."""
    return read_requirement(text)


@cache
def without_marker(text: str) -> str:
    """The requirement as pip prints it for a candidate, whose marker has been dealt with."""
    requirement = read_requirement(text)
    requirement.marker = None
    return str(requirement)


@cache
def _without_extras(text: str) -> str:
    requirement = read_requirement(text)
    requirement.extras = set()
    return str(requirement)


def normalized_extras(extras: Iterable[str]) -> frozenset[NormalizedName]:
    return frozenset(canonicalize_name(extra) for extra in extras)


def identifier(project: NormalizedName, extras: frozenset[NormalizedName]) -> str:
    """``name`` or ``name[a,b]``: a project and the same with extras are resolved separately."""
    return f"{project}[{','.join(sorted(extras))}]" if extras else project


def from_line(line: RequirementLine, project: NormalizedName) -> Asked:
    """A root or constraint."""
    requirement = line.requirement
    text = "" if requirement is None else without_marker(str(requirement))
    place = None
    if line.locked is not None:
        place = line.locked.lock
    elif line.from_file:
        option = "-c" if line.constraint else "-r"
        place = f"{option} {line.origin.place} (line {line.origin.line})"
    return Asked(
        text=text,
        project=project,
        specifier=SpecifierSet() if requirement is None else requirement.specifier,
        extras=frozenset(requirement.extras if requirement is not None else line.extras),
        comes_from=place,
        line=line,
        hashes=line.hashes,
    )


def from_dependency(requirement: Requirement, comes_from: Asked) -> Asked:
    """A ``Requires-Dist`` of something already asked for."""
    return Asked(
        text=str(requirement),
        project=canonicalize_name(requirement.name),
        specifier=requirement.specifier,
        extras=frozenset(requirement.extras),
        comes_from=comes_from,
    )
