"""Which files a mirror of some locks consists of: all that they name, each judged as for an installation.

What they name is the same for every environment, so no marker is looked at and no extra is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.pylock import PackageArchive, PackageDirectory, PackageVcs
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from safepip.core.digest import AcceptableDigests, DigestError, Digests
from safepip.core.errors import CommandError, Refused
from safepip.core.finding import Finding, Level, Location, Refuse
from safepip.flows.gathered import Gathered
from safepip.flows.judging import stop_if_denied
from safepip.flows.locked import routed
from safepip.flows.locks import LockOpener, permitted
from safepip.flows.placing import Placing
from safepip.lock.read import Lock, oddities
from safepip.lock.whole import everything
from safepip.resolve.admit import Admission
from safepip.resolve.offers import Offer
from safepip.rules.engine import apply_policy

if TYPE_CHECKING:
    from safepip.core.index import FileEntry, Index
    from safepip.core.origin import Origin, Sourced
    from safepip.core.subjects import RequirementLine
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import World
    from safepip.lock.select import Chosen
    from safepip.resolve.admit import FirstUse
    from safepip.resolve.request import FormatControl


_LOCK_AGAIN = "lock again with the indexes of this machine: a mirror takes files from where its lock says"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One file that may be mirrored, under its name the only one.

    Attributes:
        file: with every digest that any lock gives for it.
        origin: where a lock names it.
    """

    project: NormalizedName
    version: Version
    index: Index
    file: FileEntry
    acceptable: AcceptableDigests
    origin: Origin


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
    version = None if line.locked is None else _version(line.locked.filename, chosen.package.name)
    if version is None or getattr(chosen.artifact, "subdirectory", None):
        return None
    direct = isinstance(chosen.artifact, PackageArchive)
    return LockedArtifact(project=chosen.package.name, version=version, line=line, direct=direct)


def _called(chosen: Chosen) -> str:
    if isinstance(chosen.artifact, PackageVcs):
        return f"{chosen.package.name} is a repository"
    return f"{chosen.package.name} is an archive that is not named as one of an index"


def _version(filename: str, project: NormalizedName) -> Version | None:
    """The version of a file of this project; None where its name says something else."""
    try:
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        name, version = parse(filename)[:2]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
    return version if name == project else None


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


def shelve(contents: Contents, guarded: Guarded, first_use: FirstUse, world: World) -> list[Shelved]:
    """Where each file comes from; all of them may be used.

    Raises:
        Refused: some may not be; all of them at once.
    """
    judge = Shelving(guarded, first_use)
    shelf: dict[tuple[NormalizedName, str], Shelved] = {}
    for one in contents.files:
        found = judge.shelved(one)
        if found is None:
            continue
        key = (found.project, found.file.filename.lower())
        before = shelf.get(key)
        shelf[key] = found if before is None else judge.merged(before, found)
    stop_if_denied(judge.findings, world)
    return list(shelf.values())


class Shelving:
    """Judges one file after the other.

    Attributes:
        findings: what speaks against files, at the levels of the policy.
    """

    def __init__(self, guarded: Guarded, first_use: FirstUse) -> None:
        self._guarded = guarded
        self.findings: list[Finding] = []
        judge = partial(_judged, guarded)
        self._admission = _NothingBuilt(guarded.policy, guarded.context.now, judge, first_use=first_use)

    def shelved(self, one: LockedArtifact) -> Shelved | None:
        """The file with its index; None where it may not be used, and a finding says why."""
        locked = one.line.locked
        if locked is None:
            return None
        guarded = self._guarded
        placing = Placing(
            locked, guarded.indexes, guarded.policy, guarded.trust, patterns_only=guarded.patterns_only
        )
        index = placing.index(direct=one.direct)
        if isinstance(index, Finding):
            # Whoever lets this pass would have the file looked for elsewhere; a mirror is of the lock's own.
            self.findings.append(replace(index, level=Level.DENY, help=_LOCK_AGAIN))
            return None
        file = routed(one.line, locked, index, placing.url).files[0][1][0]
        if not self._admits(one, index, file):
            return None
        return Shelved(
            project=one.project,
            version=one.version,
            index=index,
            file=file,
            acceptable=one.line.hashes,
            origin=locked.origin,
        )

    def merged(self, before: Shelved, other: Shelved) -> Shelved:
        """One file that is named twice: every digest counts, and the sizes agree."""
        try:
            digests = Digests.of([*before.file.digests, *other.file.digests])
        except DigestError as error:
            self.findings.append(_two_files(before, other, str(error)))
            return before
        sizes = {size for size in (before.file.size, other.file.size) if size is not None}
        if len(sizes) > 1 or before.file.filename != other.file.filename:
            self.findings.append(_two_files(before, other, "the names or sizes differ"))
            return before
        return replace(
            before,
            file=replace(before.file, digests=digests, size=min(sizes, default=None)),
            acceptable=AcceptableDigests.of(digests),
        )

    def _admits(self, one: LockedArtifact, index: Index, file: FileEntry) -> bool:
        wheel = file.filename.endswith(".whl")
        offer = Offer(index=index, file=file, version=one.version, wheel=wheel, priority=0)
        try:
            verdict = self._admission.admit(one.project, offer, one.line.hashes)
        except Refused as error:
            self.findings += error.findings
            return False
        if isinstance(verdict, Refuse):
            self.findings.append(verdict.finding)
            return False
        self.findings += self._admission.warnings(one.project, offer, one.line.hashes)
        return True


class _NothingBuilt(Admission):
    """Source archives are kept as they are: no policy has to admit a build."""

    def admits_build(self, project: NormalizedName) -> bool:
        del project
        return True


def _judged(guarded: Guarded, finding: Finding, version: Version) -> Finding | None:
    return apply_policy(finding, guarded.context, version=version)


def _two_files(before: Shelved, other: Shelved, why: str) -> Finding:
    """The name of a file is its place, and there is one."""
    return Finding(
        rule="hash-mismatch",
        message=f"two files are called {other.file.filename}: {why}",
        origin=other.origin,
        subject=other.project,
        help="make a mirror for each of the locks, or lock again so that they agree",
        related=(Location(origin=before.origin, label="the other one"),),
    )
