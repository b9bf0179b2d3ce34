"""The world in memory: indexes that publish, yank, replace, squat, fall silent or hang.

Implements ``core.ports.IndexClient`` and ``Store`` as the real ones promise. Whatever was not set up
is an error of the test: an unwired index or file fails it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.digest import Algorithm, Digest, Digests
from safepip.core.errors import ExitCode, Refused, VerificationError
from safepip.core.finding import Finding
from safepip.core.index import (
    Absent,
    Answer,
    FileEntry,
    Index,
    IndexKind,
    Listing,
    ProjectStatus,
    Serves,
    Unknown,
    WheelMetadata,
)
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Step
from safepip.core.project import Pattern
from safepip.core.url import Url
from tests.support.wheels import make_wheel, metadata_of, wheel_filename


class Unwired(AssertionError):
    """The test reached something that it did not set up."""


@dataclass(slots=True)
class _File:
    entry: FileEntry
    content: bytes


@dataclass(slots=True)
class _Place:
    index: Index
    projects: dict[NormalizedName, list[_File]] = field(default_factory=dict)
    statuses: dict[NormalizedName, ProjectStatus] = field(default_factory=dict)
    places: dict[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    namespaces: dict[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    silent: Finding | None = None
    hangs: bool = False


class World:
    """Indexes with their files, and everything that was asked of them."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._claimed: dict[str, WheelMetadata] = {}
        self._direct: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        """(index, project), in order: who heard which name."""
        self.read: list[str] = []
        """File names whose metadata was asked for."""

    # --- setting up ---------------------------------------------------------------------------

    def index(self, name: str, *patterns: str, url: str | None = None, **fields: object) -> Index:
        """A new index that serves nothing yet; keywords are fields of :class:`Index`."""
        location = url or f"https://{name}.example/simple"
        index = Index(
            name=name,
            url=Url.parse(location),
            origin=Origin(
                layer=Layer.OPERATOR, kind=Place.FILE, place="pip.conf", line=len(self._places) + 1
            ),
            patterns=tuple(Pattern.parse(pattern) for pattern in patterns),
            **fields,  # type: ignore[arg-type]  # keywords of tests
        )
        self._places[name] = _Place(index)
        return index

    def folder(self, path: str = "/wheels") -> Index:
        """A local folder of wheels that serves nothing yet."""
        return self.index(path, url=f"file://{path}", kind=IndexKind.LOCAL_FOLDER)

    @property
    def indexes(self) -> tuple[Index, ...]:
        return tuple(place.index for place in self._places.values())

    def publish(
        self,
        index: Index,
        name: str,
        version: str = "1.0",
        *requires: str,
        tag: str = "py3-none-any",
        extras: Sequence[str] = (),
        requires_python: str | None = None,
        content: bytes | None = None,
        build: str = "",
        **fields: object,
    ) -> FileEntry:
        """A wheel, listed with its sha256; keywords are fields of :class:`FileEntry`."""
        wheel = content or make_wheel(
            name, version, tag=tag, requires=requires, extras=extras, requires_python=requires_python
        )
        filename = wheel_filename(name, version, tag, build)
        return self._list(index, name, filename, wheel, requires_python=requires_python, **fields)

    def publish_sdist(self, index: Index, name: str, version: str = "1.0", **fields: object) -> FileEntry:
        """A source archive; nothing in it is ever looked at."""
        filename = f"{name.replace('-', '_')}-{version}.tar.gz"
        return self._list(index, name, filename, f"{name} {version} as source".encode(), **fields)

    def yank(self, index: Index, name: str, version: str, reason: str = "") -> None:
        """Mark every file of a release."""
        for file in self._files(index, name):
            if f"-{version}-" in file.entry.filename:
                file.entry = replace(file.entry, yanked=reason)

    def replace_bytes(self, index: Index, filename: str, content: bytes, *, relisted: bool) -> None:
        """Other bytes under the same file name; ``relisted`` says whether the page tells the truth."""
        for files in self._place(index).projects.values():
            for file in files:
                if file.entry.filename == filename:
                    file.content = content
                    if relisted:
                        file.entry = replace(file.entry, digests=_digests(content))

    def claim(self, filename: str, *, name: str, version: str, requires: Sequence[str] = ()) -> None:
        """Have metadata say something other than the wheel."""
        self._claimed[filename] = WheelMetadata(
            name=name,
            version=version,
            requires_dist=tuple(requires),
            requires_python=None,
            provides_extra=frozenset(),
            raw=b"",
            source="sidecar",
        )

    def serve_file(self, url: str, content: bytes) -> None:
        """A file at a URL that no page lists."""
        self._direct[url] = content

    def set_status(self, index: Index, name: str, status: ProjectStatus) -> None:
        self._place(index).statuses[canonicalize_name(name)] = status

    def claim_places(
        self, index: Index, name: str, tracks: tuple[str, ...], namespaces: tuple[str, ...] = ()
    ) -> None:
        """Have the page say that the project is also elsewhere, and in whose namespace it lies."""
        self._place(index).places[canonicalize_name(name)] = tracks
        self._place(index).namespaces[canonicalize_name(name)] = namespaces

    def fall_silent(self, index: Index, rule: str = "index-unavailable") -> None:
        """No answer that can be relied on, whatever is asked."""
        self._place(index).silent = Finding(
            rule=rule, message=f"{index.name} does not answer", origin=index.origin, subject=index.name
        )

    def hang(self, index: Index) -> None:
        """Never answer; the test must not wait for it."""
        self._place(index).hangs = True

    # --- core.ports.IndexClient ---------------------------------------------------------------

    def listing(self, index: Index, project: NormalizedName) -> Future[Answer]:
        place = self._place(index)
        self.asked.append((index.name, project))
        future: Future[Answer] = Future()
        if not place.hangs:
            future.set_result(self._answer(place, project))
        return future

    def metadata(self, index: Index, file: FileEntry) -> Future[WheelMetadata]:
        future: Future[WheelMetadata] = Future()
        self.read.append(file.filename)
        try:
            future.set_result(self._metadata(index, file))
        except (Refused, VerificationError) as error:
            future.set_exception(error)
        return future

    # --- core.ports.Store ---------------------------------------------------------------------

    def ensure(self, steps: Sequence[Step], indexes: Mapping[str, Index]) -> Mapping[NormalizedName, Path]:
        """Checks the digests as the real store does; the paths lead nowhere."""
        mismatches = []
        for step in steps:
            index = indexes.get(step.index, step.route.index)
            known = _digests(self._content(index, step.file))
            if step.file.digests.conflicts_with(known) or step.acceptable.accepts(known) is False:
                mismatches.append(
                    Finding(
                        rule="hash-mismatch",
                        message=f"{step.file.filename} is not what it was promised to be",
                        origin=index.origin,
                        subject=step.project,
                    )
                )
        if mismatches:
            raise Refused(mismatches, exit_code=ExitCode.VERIFICATION)
        return {step.project: Path("/store") / step.file.filename for step in steps}

    # --- inside -------------------------------------------------------------------------------

    def _list(self, index: Index, name: str, filename: str, content: bytes, **fields: object) -> FileEntry:
        base = index.url.without_secrets.rstrip("/")
        values: dict[str, object] = {
            "url": f"{base}/{filename}" if index.kind.local else f"{base}/files/{filename}",
            "digests": Digests() if index.kind.local else _digests(content),
            "size": len(content),
            "page": base if index.kind.local else f"{base}/{canonicalize_name(name)}/",
        }
        entry = FileEntry(filename=filename, **{**values, **fields})  # type: ignore[arg-type]  # keywords of tests
        self._place(index).projects.setdefault(canonicalize_name(name), []).append(_File(entry, content))
        return entry

    def _answer(self, place: _Place, project: NormalizedName) -> Answer:
        if place.silent is not None:
            return Unknown(finding=place.silent)
        files = place.projects.get(project)
        if not files:
            return Absent()
        return Serves(
            listing=Listing(
                project=project,
                index=place.index.name,
                files=tuple(file.entry for file in files),
                tracks=place.places.get(project, ()),
                alternate_locations=place.places.get(project, ()),
                namespaces=place.namespaces.get(project, ()),
                status=place.statuses.get(project, ProjectStatus.ACTIVE),
            )
        )

    def _metadata(self, index: Index, file: FileEntry) -> WheelMetadata:
        if file.filename in self._claimed:
            return self._claimed[file.filename]
        return parse_metadata(metadata_of(self._content(index, file)))

    def content_of(self, file: FileEntry) -> bytes:
        """The bytes of a listed file."""
        everything = (
            known for place in self._places.values() for files in place.projects.values() for known in files
        )
        return next(known.content for known in everything if known.entry.url == file.url)

    def files_of(self, index: Index, name: str) -> tuple[FileEntry, ...]:
        """What an index lists of a project."""
        return tuple(file.entry for file in self._files(index, name))

    def _content(self, index: Index, file: FileEntry) -> bytes:
        if file.url in self._direct:
            return self._direct[file.url]
        for files in self._place(index).projects.values():
            for known in files:
                if known.entry.url == file.url:
                    return known.content
        raise Unwired(f"no file at {file.url}")

    def _files(self, index: Index, name: str) -> list[_File]:
        return self._place(index).projects[canonicalize_name(name)]

    def _place(self, index: Index) -> _Place:
        if index.name not in self._places:
            raise Unwired(f"no index {index.name}")
        return self._places[index.name]


def parse_metadata(raw: bytes) -> WheelMetadata:
    """METADATA as the real client would hand it out."""
    from email import message_from_bytes

    message = message_from_bytes(raw)
    return WheelMetadata(
        name=message["Name"],
        version=message["Version"],
        requires_dist=tuple(message.get_all("Requires-Dist", [])),
        requires_python=message["Requires-Python"],
        provides_extra=frozenset(message.get_all("Provides-Extra", [])),
        raw=raw,
        source="wheel",
    )


def ago(now: datetime, **span: float) -> datetime:
    """``ago(now, hours=3)``."""
    from datetime import timedelta

    return now - timedelta(**span)


def _digests(content: bytes) -> Digests:
    digest = hashlib.sha256(content).hexdigest()
    return Digests.of([Digest(algorithm=Algorithm.SHA256, hex=digest)])
