"""What a lock takes over from the one before it: versions, and of these the very files.

A file that appears under an old version is nobody's wish to change anything. Who wants it, upgrades.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.finding import Finding, Refuse
from safepip.core.lock_page import some
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import RouteReason
from safepip.flows.locks import permitted
from safepip.lock.previous import Previous, republished
from safepip.resolve.filename import WHEEL, Texts, archive_version, split_extension, split_wheel
from safepip.route import NotFound, Routed, Router

if TYPE_CHECKING:
    from packaging.version import Version

    from safepip.core.index import FileEntry, Index
    from safepip.core.locking import Answer, Choice, LockTarget
    from safepip.core.plan import Plan, Step
    from safepip.lock.previous import Pin
    from safepip.pipcompat.own_lock import LockOptions
    from safepip.resolve.request import FormatControl

Versions = Mapping[NormalizedName, frozenset["Version"]]
Offered = Callable[[NormalizedName], frozenset[str]]
"""The sha256 of everything that is offered of a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The lock before, and what of it is to stay.

    Attributes:
        previous: what it says.
        options: which projects are to move.
    """

    previous: Previous
    options: LockOptions

    @property
    def versions(self) -> Versions:
        return self._staying(self.previous.versions)

    @property
    def build_versions(self) -> Versions:
        return self._staying(self.previous.build_versions)

    def _staying(self, versions: Versions) -> Versions:
        if self.options.upgrade:
            return MappingProxyType({})
        moved = {canonicalize_name(one.value.name) for one in self.options.upgrade_packages}
        return {project: found for project, found in versions.items() if project not in moved}

    def digests_of(self, project: NormalizedName) -> Mapping[Version, frozenset[str]]:
        """The sha256 of each file of the versions that are to stay."""
        staying = self.versions.get(project, frozenset()) | self.build_versions.get(project, frozenset())
        found: dict[Version, frozenset[str]] = {}
        for pin in (*self.previous.pins, *self.previous.build_pins):
            if pin.project == project and pin.version is not None and pin.version in staying:
                found[pin.version] = found.get(pin.version, frozenset()) | pin.digests
        return found

    def as_before(self, answers: Sequence[Answer]) -> tuple[Answer, ...]:
        """The answers, saying of files that stay what was said of them."""
        from safepip.lock.facts import as_before

        return as_before(answers, self.previous, filled=self.options.upgrade)

    def republished(self, answers: Sequence[Answer], offered: Offered) -> Iterator[Finding]:
        """Files that have other bytes than when they were locked; a local folder's are the operator's own."""
        remote = (one for one in republished(self.previous, answers) if not one.index.kind.local)
        for one in remote:
            yield _republished(
                f"{one.index.label} offers other bytes than the lock has under the name {one.now.filename}",
                one.project,
                one.now,
                (f"locked with {_first(one.before)}", f"now the page says {_first(one.now.digests)}"),
            )
        if not self.previous.files:  # a requirements file names none
            yield from self._replaced(answers, offered)

    def _replaced(self, answers: Sequence[Answer], offered: Offered) -> Iterator[Finding]:
        """Locked versions that lost a file, and that cannot do without one that was not locked."""
        for pin in self.previous.pins:
            files = [found for answer in answers for found in _files_of(pin, answer.choice)]
            other = [file for _, file in files if file.digests.sha256 not in pin.digests]
            gone = pin.digests - offered(pin.project)
            # An index that publishes no digests does not say which of several files is gone.
            certain = gone == pin.digests or not any(index.records_digests for index, _ in files)
            if other and gone and certain:
                yield _republished(
                    f"{_some_of(gone, pin.digests)} the files that {pin.project} {pin.version} was locked with "
                    "is offered any more, and other bytes are",
                    pin.project,
                    other[0],
                    (f"there is {other[0].filename} with {_first(other[0].digests)}",),
                )


class KeepingRouter(Router):
    """Another router's answers, without files that were added to a locked version since.

    Asks nobody itself: everything goes to the router that all environments share.
    """

    def __init__(self, inner: Router, kept: Kept, target: LockTarget) -> None:
        self.indexes = inner.indexes
        self._inner = inner
        self._kept = kept
        self._tags = frozenset(map(str, target.environment.tags))
        # A lock that names its environments has seen for each of them what there was.
        environments = kept.previous.environments
        self._covers = None if environments is None else target.name in environments
        self._texts = Texts()
        self._found: dict[NormalizedName, Routed | NotFound] = {}
        self._left_out: dict[NormalizedName, dict[str, Version]] = {}

    def prefetch(self, project: NormalizedName) -> None:
        self._inner.prefetch(project)

    def refusals(self, projects: Sequence[NormalizedName]) -> list[Refuse]:
        return self._inner.refusals(projects)

    def find(self, project: NormalizedName) -> Routed | NotFound:
        if project not in self._found:
            routed = self._inner.find(project)
            self._found[project] = self._kept_of(routed) if isinstance(routed, Routed) else routed
        return self._found[project]

    def _kept_of(self, routed: Routed) -> Routed:
        project = routed.route.project
        locked = self._kept.digests_of(project)
        if not locked or self._covers is False or routed.route.reason is RouteReason.LOCK:
            return routed
        late = {file.filename: version for version, file in self._late(project, locked, routed)}
        self._left_out[project] = late
        if not late:
            return routed
        files = tuple(
            (index, tuple(file for file in listed if file.filename not in late))
            for index, listed in routed.files
        )
        return replace(routed, files=files)

    def news(self, plan: Plan, formats: FormatControl) -> Iterator[str]:
        """Lines for the person: wheels that came late, and locked versions that cannot stay.

        Args:
            formats: who wants no wheel of a project is told of none.
        """
        for step in plan.steps:
            yield from self._lost(step)
            late = self._left_out.get(step.project, {})
            of_step = [name for name, version in late.items() if version == step.version]
            fitting = sorted(name for name in of_step if name.endswith(WHEEL) and self._fits(name))
            if fitting and permitted(step.project, formats)[0]:
                yield (
                    f"warning: {step.project}: not in the lock, and left out: {', '.join(some(fitting))}; "
                    f"--upgrade-package {step.project} takes it"
                )

    def _lost(self, step: Step) -> Iterator[str]:
        """Locked versions that made way because nobody should take them any more, or can."""
        routed = self._found.get(step.project)
        locked = self._kept.digests_of(step.project)
        if not isinstance(routed, Routed) or step.version in locked:
            return
        for version in sorted(locked):
            files = [
                file for file in _offered(routed) if self._version(file.filename, step.project) == version
            ]
            if not files:
                yield f"{step.name} {version}, which is locked, is not offered any more"
            elif all(file.yanked is not None for file in files):
                yield f"{step.name} {version}, which is locked, was yanked: {files[0].yanked or 'no reason given'}"

    def _late(
        self, project: NormalizedName, locked: Mapping[Version, frozenset[str]], routed: Routed
    ) -> Iterator[tuple[Version, FileEntry]]:
        """Files of a locked version that the lock does not have, where it has one that will do."""
        listed: dict[Version, list[FileEntry]] = {version: [] for version in locked}
        for file in _offered(routed):
            version = self._version(file.filename, project)
            if version is not None and version in listed:
                listed[version].append(file)
        for version, files in listed.items():
            known = [file for file in files if self._is_known(file, locked[version])]
            if self._will_do(known):
                yield from ((version, file) for file in files if file not in known)

    def _is_known(self, file: FileEntry, digests: frozenset[str]) -> bool:
        """Whether the lock has it; a name that it has with other bytes will be told of."""
        return file.filename in self._kept.previous.files or file.digests.sha256 in digests

    def _will_do(self, known: Sequence[FileEntry]) -> bool:
        """Whether this environment can go on with what is locked."""
        wheels = [file for file in known if file.filename.endswith(WHEEL)]
        if any(self._fits(wheel.filename) for wheel in wheels):
            return True
        return bool(self._covers) and len(wheels) < len(known)

    def _fits(self, filename: str) -> bool:
        from packaging.tags import parse_tag

        parts = split_wheel(filename)
        return parts is not None and any(str(tag) in self._tags for tag in parse_tag(parts.tags))

    def _version(self, filename: str, project: NormalizedName) -> Version | None:
        if filename.endswith(WHEEL):
            parts = split_wheel(filename)
            text = None if parts is None else parts.version
        else:
            text = archive_version(split_extension(filename)[0], project, self._texts)
        return None if text is None else self._texts.version(text)


def _offered(routed: Routed) -> Iterator[FileEntry]:
    for _, listed in routed.files:
        yield from listed


def _files_of(pin: Pin, choice: Choice) -> Iterator[tuple[Index, FileEntry]]:
    """What would do of a version, where the choice has that very version, and from an index."""
    for step in choice.plan.steps:
        same = (step.project, step.version) == (pin.project, pin.version)
        if same and not step.route.index.kind.local:
            yield from ((step.route.index, file) for file in choice.files.get(step.project, ()))


def _republished(message: str, project: NormalizedName, file: FileEntry, notes: tuple[str, ...]) -> Finding:
    return Finding(
        rule="republished-file",
        message=message,
        origin=Origin(
            layer=Layer.INDEX, kind=Place.INDEX, place=file.page or file.url, key=file.where or None
        ),
        subject=project,
        notes=notes,
        help="ask whoever keeps the index why a released file changed; if that is right, once: "
        f"--allow republished-file:{project} --reason WHY",
        decided_by="the lock that is there",
    )


def _some_of(gone: frozenset[str], locked: frozenset[str]) -> str:
    return "none of" if gone == locked else "not every one of"


def _first(digests: Iterable[object]) -> str:
    return str(next(iter(digests), "no digest"))
