"""What constraints say about one project."""

from __future__ import annotations

from dataclasses import field

from packaging.specifiers import SpecifierSet

from safepip.core.digest import AcceptableDigests
from safepip.core.subjects import RequirementLine
from safepip.core.value import value
from safepip.resolve.hashes import NO_HASHES, both


@value
class Constraint:
    """What ``-c`` files say about one project: a specifier and hashes, never where it comes from."""

    specifier: SpecifierSet = field(default_factory=SpecifierSet)
    hashes: AcceptableDigests = NO_HASHES

    def narrowed(self, line: RequirementLine) -> Constraint:
        specifier = line.requirement.specifier if line.requirement is not None else SpecifierSet()
        return Constraint(specifier=self.specifier & specifier, hashes=both(self.hashes, line.hashes))


NO_CONSTRAINT = Constraint()
