"""The record of first uses in a run: what it stands against, and what is added to it at the end.

Remembered are routes that no pattern decided, and the digest of every file that came from an index.
A local folder is the operator's own word for this run, and is not remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from safepip.core.digest import Algorithm, Digest, Digests
from safepip.core.errors import Refused
from safepip.core.events import Found
from safepip.core.finding import Finding
from safepip.core.index import Remembered
from safepip.core.plan import RouteReason
from safepip.core.record import Known, KnownFile, KnownRoute
from safepip.flows.objections import added, elsewhere, moved, raced, republished, unremembered, unwritten
from safepip.flows.remembered import first_use, is_there, same_name, shares_files, used_before_upload
from safepip.policy.schema import HashMode
from safepip.rules.engine import apply_policy

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from safepip.core.build import Job
    from safepip.core.index import FileEntry, Index
    from safepip.core.plan import Plan, Step
    from safepip.core.ports import EventSink
    from safepip.core.record import Record
    from safepip.route import Routed
    from safepip.rules.base import RuleContext

Measure = Callable[["Path", "Digests"], tuple[str, int]]
"""A verified file, and the digests that it was verified against → its sha256 and its size in bytes."""
_FILES_TOLD = 5
UNDECIDED_BY_POLICY = frozenset({RouteReason.ONLY_INDEX, RouteReason.ONLY_SERVING, RouteReason.SAME_FILES})


class Memory:
    """The record, and the policy that decides what it stands against."""

    def __init__(self, record: Record, context: RuleContext, sink: EventSink, measure: Measure) -> None:
        self._record = record
        self._measure = measure
        self._context = context
        self._sink = sink
        self._known: dict[NormalizedName, Known] = {}
        self._counts_bytes = context.policy.hash_mode.value is not HashMode.INDEX

    def objection(self, routed: Routed) -> Finding | None:
        """A finding that denies this route; None where it may be taken. For any thread."""
        route = routed.route
        if route.reason not in UNDECIDED_BY_POLICY or route.index.kind.local:
            return None
        before = self._before(route.project)
        if before.route is None:
            return None
        index = same_name(route, before.route)
        if index is None:
            return self._judged(elsewhere(route, before.route))
        if is_there(index, before.route) or not self._counts_bytes or shares_files(routed, before):
            return None
        return self._judged(moved(route, index, before.route))

    def check(
        self,
        project: NormalizedName,
        version: Version,
        index: Index,
        file: FileEntry,
        beside: Iterable[FileEntry] = (),
    ) -> None:
        """Raise Refused where a listed file is not the one that was first used, or would take its place.

        Args:
            beside: the other files of the version that the index offers this target.
        """
        if not self._counts_bytes:
            return
        before = self._before(project)
        known = first_use(index, file, before)
        if known is None:
            used = used_before_upload(index, file, before, beside)
            found = None if used is None else added(project, version, index, file, used)
        else:
            same = file.digests.sha256 in (None, known.digest.hex)
            found = None if same else republished(project, index, file, known)
        if found is not None and (denied := self._judged(found, version)) is not None:
            raise Refused([denied])

    def completed(self, project: NormalizedName, index: Index, file: FileEntry) -> FileEntry:
        """The file with the digest of its first use, where that stands for one that the page lacks.

        Not where policy lets this file change: then it is judged when its bytes are here. For any thread.
        """
        if not index.records_digests or file.digests.sha256 is not None:
            return file
        known = first_use(index, file, self._before(project))
        if known is None or self._may_change(republished(project, index, file, known), file):
            return file
        return replace(
            file,
            digests=Digests.of([*file.digests, known.digest]),
            remembered=Remembered(project=project, since=known.since),
        )

    def remember(self, plan: Plan, files: Mapping[NormalizedName, Path]) -> None:
        """Write down what was verified. Warns where the record cannot be written.

        Raises Refused where a file is another than at its first use, or where only the record could have
        said so next time and cannot be written.
        """
        steps = [step for step in plan.steps if not (step.direct or step.route.index.kind.local)]
        bare = [
            (step.project, _listing_index(step), step.file) for step in steps if not step.acceptable.strong
        ]
        self._write([self._news(step, files[step.project]) for step in steps], bare)

    def remember_source(self, job: Job, archive: Path) -> None:
        """Write down a source distribution that is about to run. Afterwards it may be too late: what it does
        then, also to fail, was its first use.
        """
        if not job.index.kind.local:
            files = self._new_file(job.index, job.file, archive, self._before(job.project))
            bare = [] if job.acceptable.strong else [(job.project, job.index, job.file)]
            self._write([Known(project=job.project, files=files)], bare)

    def remember_listed(self, plan: Plan, files: Mapping[NormalizedName, tuple[FileEntry, ...]]) -> None:
        """Write down what pages say of files that are locked: they must be the same when they are fetched.

        Args:
            files: each with a sha256; those whose size nobody knows yet are left to their first use.
        """
        steps = [step for step in plan.steps if not (step.direct or step.route.index.kind.local)]
        self._write([self._listed(step, files.get(step.project, ())) for step in steps])

    def _listed(self, step: Step, files: tuple[FileEntry, ...]) -> Known:
        before = self._before(step.project)
        if not self._counts_bytes:
            files = ()
        news: dict[tuple[str, str], KnownFile] = {}
        # Where indexes merge, only of the chosen file it is known which of them lists it.
        for file in files if len(step.route.indexes) == 1 else files[:1]:
            if file.size is not None and file.digests.sha256 is not None:
                news |= self._new_digest(step.index, file.filename, file.digests.sha256, file.size, before)
        return Known(project=step.project, route=self._new_route(step, before), files=news)

    def _write(
        self, known: list[Known], bare: Sequence[tuple[NormalizedName, Index, FileEntry]] = ()
    ) -> None:
        """``bare``: what no hash of the user's vouches for."""
        news = [one for one in known if one.route or one.files]
        over = {key for one in news for key in one.files if key in self._before(one.project).files}
        try:
            stays = self._record.remember(news, over=over)
        except OSError as error:
            lost = [one for one in bare if one[1].records_digests and not one[2].digests.strong]
            if lost:
                raise Refused(
                    [unremembered(file, project, index, error) for project, index, file in lost]
                ) from None
            self._sink(Found(finding=unwritten(error)))
            return
        found = (raced(news, first) for first in stays)
        if denied := [one for one in map(self._judged, found) if one is not None]:
            raise Refused(denied)

    def _before(self, project: NormalizedName) -> Known:
        known = self._known.get(project)
        if known is None:
            known = self._known[project] = self._record.known(project)
        return known

    def _news(self, step: Step, path: Path) -> Known:
        before = self._before(step.project)
        return Known(
            project=step.project,
            route=self._new_route(step, before),
            files=self._new_file(_listing_index(step), step.file, path, before),
        )

    def _new_route(self, step: Step, before: Known) -> KnownRoute | None:
        if step.route.reason not in UNDECIDED_BY_POLICY:
            return None
        same = None if before.route is None else same_name(step.route, before.route)
        if before.route is not None and same is not None and is_there(same, before.route):
            return None
        index = step.route.index
        return KnownRoute(index=index.name, url=index.url.without_secrets, since=self._context.now)

    def _new_file(
        self, index: Index, file: FileEntry, path: Path, before: Known
    ) -> dict[tuple[str, str], KnownFile]:
        if not (self._counts_bytes or index.records_digests):
            return {}
        sha256, size = self._measure(path, file.digests)
        known = first_use(index, file, before)
        if known is not None and known.digest.hex != sha256:
            now = Digest(algorithm=Algorithm.SHA256, hex=sha256)
            self._stop_unless_allowed(republished(before.project, index, file, known, now), file)
        return self._new_digest(index.name, file.filename, sha256, size, before)

    def _new_digest(
        self, index: str, filename: str, sha256: str, size: int, before: Known
    ) -> dict[tuple[str, str], KnownFile]:
        key = (index, filename)
        digest = Digest(algorithm=Algorithm.SHA256, hex=sha256)
        if key in before.files and before.files[key].digest == digest:
            return {}
        since = self._context.now
        return {key: KnownFile(index=index, filename=filename, digest=digest, size=size, since=since)}

    def _stop_unless_allowed(self, finding: Finding, file: FileEntry) -> None:
        """Raise Refused where these bytes may not be. What a page says has been judged, and said, before."""
        if file.digests.sha256 is None:
            denied = self._judged(finding, _version(file))
        else:
            denied = None if self._may_change(finding, file) else finding
        if denied is not None:
            raise Refused([denied])

    def _judged(self, finding: Finding, version: Version | None = None) -> Finding | None:
        """The finding where policy lets it deny; said, and None, where it only warns."""
        judged = apply_policy(finding, self._context, version=version)
        if judged is None or judged.denies:
            return judged
        self._sink(Found(finding=judged))
        return None

    def _may_change(self, finding: Finding, file: FileEntry) -> bool:
        """Whether policy would let the file be another than at its first use. Nobody is told: it need not be."""
        asked = replace(self._context, used=set(), passed=lambda _finding, _by: None)
        judged = apply_policy(finding, asked, version=_version(file))
        return judged is None or not judged.denies


def in_words(known: Known) -> Iterator[str]:
    """What is remembered of a project, a line each; of its files the latest."""
    if known.route is not None:
        yield f"first installed from {known.route.index} on {known.route.since:%Y-%m-%d}"
    files = sorted(known.files.values(), key=lambda file: (file.since, file.filename), reverse=True)
    for file in files[:_FILES_TOLD]:
        yield f"{file.filename} of {file.index} is {file.digest} since {file.since:%Y-%m-%d}"
    if len(files) > _FILES_TOLD:
        yield f"and {len(files) - _FILES_TOLD} more files are remembered"


def _listing_index(step: Step) -> Index:
    """The index whose page listed the file: a route may merge several."""
    return next((index for index in step.route.indexes if index.name == step.index), step.route.index)


def _version(file: FileEntry) -> Version | None:
    try:
        if file.filename.endswith(".whl"):
            return parse_wheel_filename(file.filename)[1]
        return parse_sdist_filename(file.filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
