"""What a lock leaves out: its packages are installed with what it holds, and with nothing found elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.ports import InstalledDistribution
from safepip.core.subjects import RequirementLine
from safepip.core.value import value
from safepip.resolve.asked import Asked
from safepip.resolve.request import ResolveOptions, UpgradeStrategy


@value
class Closure:
    """The projects that locks name, and what else may stand beside them.

    Attributes:
        locks: the lock that names a project, by project.
        roots: projects that the user asks for by name.
    """

    locks: Mapping[NormalizedName, str] = field(default_factory=dict)
    roots: frozenset[NormalizedName] = frozenset()

    @classmethod
    def of(cls, lines: Iterable[RequirementLine], constraints: Iterable[RequirementLine] = ()) -> Closure:
        """Of what is asked for.

        Args:
            constraints: among them stands what a lock has for a build, with what else has a hash for it.
        """
        held = tuple(constraints)
        if not any(line.locked for line in held):
            held = ()
        told = (*lines, *(line for line in held if line.hashes.strong))
        return cls(
            locks={line.locked.project: line.locked.lock for line in told if line.locked is not None},
            roots=frozenset(canonicalize_name(line.requirement.name) for line in told if line.requirement),
        )

    def broken_by(
        self,
        project: NormalizedName,
        asked: Asked,
        installed: Mapping[NormalizedName, InstalledDistribution],
        options: ResolveOptions,
    ) -> str | None:
        """The lock that lacks what its ``project`` asks for; None where nothing is missing.

        What is installed already and fits is not looked for, so it need not be locked.
        """
        lock = self.locks.get(project)
        if lock is None or asked.project in self.locks or asked.project in self.roots:
            return None
        there = installed.get(asked.project)
        stays = options.upgrade is not UpgradeStrategy.EAGER and not options.force_reinstall
        if stays and there is not None and there.version is not None:
            return None if asked.specifier.contains(there.version, prereleases=True) else lock
        return lock
