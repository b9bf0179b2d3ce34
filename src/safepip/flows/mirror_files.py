"""Which files a mirror consists of: all that its locks name, each judged as for an installation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.digest import AcceptableDigests, DigestError, Digests
from safepip.core.errors import Refused
from safepip.core.finding import Finding, Level, Location, Refuse
from safepip.flows.judging import stop_if_denied
from safepip.flows.locked import routed
from safepip.flows.placing import Placing
from safepip.resolve.admit import Admission
from safepip.resolve.offers import Offer
from safepip.rules.engine import apply_policy

if TYPE_CHECKING:
    from safepip.core.index import FileEntry, Index
    from safepip.core.origin import Origin
    from safepip.flows.guarded import Guarded
    from safepip.flows.mirror_contents import Contents, LockedArtifact
    from safepip.flows.world import World
    from safepip.resolve.admit import FirstUse

_LOCK_AGAIN = "lock again with the indexes of this machine: a mirror takes files from where its lock says"


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
    stop_if_denied(once_a_project(judge.findings, contents.projects), world)
    return list(shelf.values())


def once_a_project(findings: Iterable[Finding], projects: Collection[NormalizedName]) -> list[Finding]:
    """What is true of each of a project's files, said of the first: some have a hundred."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for number, one in enumerate(findings):
        about = (one.rule, one.subject, one.level, one.help, one.decided_by)
        alike.setdefault(about if one.subject in projects else (number,), []).append(one)
    return [_of_several(same) for same in alike.values()]


def _of_several(same: Sequence[Finding]) -> Finding:
    first, *others = same
    if not others:
        return first
    more = "another file of it" if len(others) == 1 else f"{len(others)} more files of it"
    return replace(first, notes=(*first.notes, f"the same is true of {more}"))


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
