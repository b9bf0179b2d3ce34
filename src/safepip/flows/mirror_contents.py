"""What the locks of a mirror name: everything, for whichever environment, extra or group it is meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.pylock import PackageArchive, PackageDirectory, PackageVcs
from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.errors import CommandError
from safepip.core.finding import Finding
from safepip.flows.gathered import Gathered
from safepip.flows.locks import LockOpener, permitted
from safepip.lock.read import Lock, oddities
from safepip.lock.whole import everything
from safepip.simpleapi.filenames import version_of

if TYPE_CHECKING:
    from safepip.core.origin import Origin, Sourced
    from safepip.core.subjects import RequirementLine
    from safepip.lock.select import Chosen
    from safepip.resolve.request import FormatControl


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedArtifact:
    """One file of a lock.

    Attributes:
        line: the requirement that it stands for in an installation.
        direct: whether the lock names it by its URL alone (``archive``), not as one of an index.
    """

    project: NormalizedName
    version: Version
    line: RequirementLine
    direct: bool = False

    @property
    def filename(self) -> str:
        return self.line.locked.filename if self.line.locked else ""


@dataclass(slots=True)
class Contents:
    """What locks name, not judged yet.

    Attributes:
        folders: directories, which are nobody's but their owner's: ``NAME (PATH)``.
        left_out: files whose format the options rule out.
        findings: what is odd about the locks.
    """

    files: list[LockedArtifact] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def projects(self) -> frozenset[NormalizedName]:
        return frozenset(one.project for one in self.files)

    @property
    def gathered(self) -> Gathered:
        """As a run that installs would have gathered it."""
        return Gathered(roots=tuple(one.line for one in self.files), findings=tuple(self.findings))


def read_contents(places: Iterable[Sourced[str]], opener: LockOpener, formats: FormatControl) -> Contents:
    """Everything that the locks name.

    Raises:
        CommandError: something that no index can hold; all of it at once.
        RequirementFileError, Refused, Undecided: a lock that cannot be used.
    """
    contents = Contents()
    misfits: list[tuple[str, Origin]] = []
    for place in places:
        lock = opener.open(place.value, place.origin)
        contents.findings += oddities(lock)
        for chosen in everything(lock):
            if isinstance(chosen.artifact, PackageDirectory):
                contents.folders.append(f"{chosen.package.name} ({chosen.artifact.path})")
            elif (found := _artifact(chosen, lock, opener)) is None:
                misfits.append((_called(chosen), lock.text.origin(chosen.path)))
            elif _is_permitted(found, formats):
                contents.files.append(found)
            else:
                contents.left_out.append(found.filename)
    if misfits:
        raise _cannot_be_held(misfits)
    return contents


def _artifact(chosen: Chosen, lock: Lock, opener: LockOpener) -> LockedArtifact | None:
    """A file that an index can hold; None for a repository, and an archive with another name."""
    if isinstance(chosen.artifact, PackageVcs):
        return None
    line = opener.line(lock, chosen)
    version = None if line.locked is None else version_of(line.locked.filename, chosen.package.name)
    if version is None or getattr(chosen.artifact, "subdirectory", None):
        return None
    direct = isinstance(chosen.artifact, PackageArchive)
    return LockedArtifact(project=chosen.package.name, version=version, line=line, direct=direct)


def _called(chosen: Chosen) -> str:
    if isinstance(chosen.artifact, PackageVcs):
        return f"{chosen.package.name} is a repository"
    return f"{chosen.package.name} is an archive that is not named as one of an index"


def _is_permitted(one: LockedArtifact, formats: FormatControl) -> bool:
    wheels, archives = permitted(one.project, formats)
    return wheels if one.filename.endswith(".whl") else archives


def _cannot_be_held(misfits: Sequence[tuple[str, Origin]]) -> CommandError:
    return CommandError(
        "the lock names what no index can hold, so a mirror of it would lack something",
        reference="mirror",
        origin=misfits[0][1],
        notes=tuple(what for what, _ in misfits),
        hint="build a wheel of it (safepip wheel), and lock that",
    )
