"""Files as candidates: admitted, made once, their metadata asked for ahead and checked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.build import Source
from safepip.core.digest import AcceptableDigests, Digest, Digests
from safepip.core.errors import ExitCode, Refused, ResolutionError
from safepip.core.finding import Refuse
from safepip.core.index import FileEntry, Index, IndexKind, Trust, WheelMetadata
from safepip.core.ports import IndexClient
from safepip.core.repository import RepositoryError, read_repository
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.core.url import Url
from safepip.resolve.admit import Admission, sdist_build
from safepip.resolve.asked import Asked, from_line
from safepip.resolve.candidate import Candidate, ExtrasCandidate, FileCandidate
from safepip.resolve.dependencies import Dependencies, of_wheel
from safepip.resolve.filename import split_wheel
from safepip.resolve.mismatch import hash_mismatch, metadata_mismatch, not_a_wheel
from safepip.resolve.offers import Offer
from safepip.resolve.sources import described, listed_source, named, version_of
from safepip.resolve.target import Target

if TYPE_CHECKING:
    from safepip.core.workshop import Sources


@dataclass(slots=True, kw_only=True)
class Wheels:
    """Makes each candidate once and keeps what is known of its metadata.

    Attributes:
        prefetch: asks for a project's page without waiting.
        trust: TLS trust for direct URLs.
        homes: origins of the configured indexes: only these are shown a client certificate.
        ahead: whether dependencies are asked for before they are needed (not with ``--no-deps``).
        sources: what builds; None: nothing is built.
        skip_ahead: projects that need not be asked for ahead, being installed.
        notes: lines for the person, in the order met.
    """

    client: IndexClient
    prefetch: Callable[[NormalizedName], None]
    target: Target
    admission: Admission
    trust: Trust
    homes: frozenset[tuple[str, str, int | None]] = frozenset()
    ahead: bool = True
    sources: Sources | None = None
    skip_ahead: frozenset[NormalizedName] = frozenset()
    notes: list[str] = field(default_factory=list)
    _listed: dict[Offer, FileCandidate] = field(default_factory=dict)
    _direct: dict[tuple[str, AcceptableDigests], FileCandidate] = field(default_factory=dict)
    _dependencies: dict[FileCandidate, Dependencies] = field(default_factory=dict)
    _unreadable: set[FileCandidate] = field(default_factory=set)

    def listed(self, offer: Offer, asked: Asked, acceptable: AcceptableDigests) -> FileCandidate | None:
        """The candidate for a listed file; None where it may not be used.

        Raises:
            Refused: the file's digest is none of those the user listed; pip stops there too.
        """
        if isinstance(self.admission.admit(asked.project, offer, acceptable), Refuse):
            return None
        if acceptable.accepts(offer.file.digests) is False:
            place = asked.line.origin if asked.line else None
            finding = hash_mismatch(asked.project, offer.index, offer.file, acceptable, place)
            raise Refused([finding], exit_code=ExitCode.VERIFICATION)
        candidate = self._listed.get(offer)
        if candidate is None:
            source, metadata = self._source_and_metadata(offer, asked, acceptable)
            candidate = self._listed[offer] = FileCandidate(
                project=asked.project,
                version=offer.version,
                index=offer.index,
                file=offer.file,
                asked=asked.for_candidate(),
                metadata=metadata,
                offer=offer,
                source=source,
            )
        return candidate

    def direct(self, line: RequirementLine) -> FileCandidate:
        """The candidate for a file or folder that the user named by URL or path.

        Raises:
            Refused: it has to be built, and may not be.
            ResolutionError: no wheel's name, another project's, or another platform's.
        """
        location = direct_url(line)
        key = (location, line.hashes)
        if key not in self._direct:
            self._direct[key] = self._make_direct(line, Url.parse(location))
        return self._direct[key]

    def dependencies(self, candidate: FileCandidate) -> Dependencies | None:
        """What the wheel asks for; waits for its metadata. None: unreadable, as pip would ignore it.

        Raises:
            Refused, Undecided, VerificationError: the metadata cannot be had or is another file's.
        """
        if candidate in self._unreadable:
            return None
        known = self._dependencies.get(candidate)
        if known is not None:
            return known
        metadata = candidate.metadata.result()
        _check(candidate, metadata)
        try:
            known = self._dependencies[candidate] = of_wheel(metadata)
        except InvalidRequirement as error:
            self._unreadable.add(candidate)
            self.notes.append(
                f"WARNING: Ignoring version {candidate.version} of {candidate.project} "
                f"since it has invalid metadata: {_first_line(error)}"
            )
            return None
        return known

    def is_readable(self, candidate: Candidate) -> bool:
        """Whether a candidate's metadata can be used; waits for it."""
        base = candidate.base if isinstance(candidate, ExtrasCandidate) else candidate
        return not isinstance(base, FileCandidate) or self.dependencies(base) is not None

    def is_known_unreadable(self, candidate: Candidate) -> bool:
        base = candidate.base if isinstance(candidate, ExtrasCandidate) else candidate
        return base in self._unreadable

    def _source_and_metadata(
        self, offer: Offer, asked: Asked, acceptable: AcceptableDigests
    ) -> tuple[Source | None, Future[WheelMetadata]]:
        if offer.wheel:
            return None, self._ask(offer.index, offer.file)
        if self.sources is None:
            raise Refused([sdist_build(asked.project, offer, "this command builds nothing")])
        return listed_source(self.sources, offer, asked, acceptable)

    def _ask(self, index: Index, file: FileEntry) -> Future[WheelMetadata]:
        metadata = self.client.metadata(index, file)
        if self.ahead and file.locked is None:
            metadata.add_done_callback(self._look_ahead)
        return metadata

    def _look_ahead(self, metadata: Future[WheelMetadata]) -> None:
        """Ask for the dependencies' pages as soon as they are known. Runs on the client's thread.

        What is wrong with the metadata is said when the resolver needs it, not here.
        """
        if metadata.cancelled() or metadata.exception() is not None:
            return
        try:
            names = set(of_wheel(metadata.result()).names(self.target))
        except InvalidRequirement:
            return
        for name in sorted(names - self.skip_ahead):
            self.prefetch(name)

    def _trust_of(self, url: Url) -> Trust:
        return self.trust if url.origin in self.homes else replace(self.trust, client_cert=None)

    def _make_direct(self, line: RequirementLine, url: Url) -> FileCandidate:
        is_source = line.editable or line.kind is RequirementKind.VCS
        parts = None if is_source else split_wheel(url.filename)
        if parts is None:
            return self._make_source(line, url)
        if self.target.tag_priority(parts.tags) is None:
            raise ResolutionError(
                f"{url.filename} is not a supported wheel on this platform.", origin=line.origin
            )
        project, version = canonicalize_name(parts.name), _version(parts.version, line)
        if line.requirement is not None and canonicalize_name(line.requirement.name) != project:
            raise ResolutionError(
                f"{line.text} asks for {line.requirement.name}, but the file is of {project}",
                origin=line.origin,
            )
        index = _direct_index(url, line, self._trust_of(url))
        text = replace(url, fragment="").without_secrets
        file = FileEntry(filename=url.filename, url=text, digests=_single(line.hashes), size=line.size)
        return FileCandidate(
            project=project,
            version=version,
            index=index,
            file=file,
            asked=from_line(line, project).for_candidate(),
            metadata=self._ask(index, file),
        )

    def _make_source(self, line: RequirementLine, url: Url) -> FileCandidate:
        place = _place_of(url, line)
        index = _direct_index(place, line, self._trust_of(place))
        found = described(self.sources, line, url, index, self.admission)
        metadata: Future[WheelMetadata] = Future()
        metadata.set_result(found.metadata)
        if self.ahead:
            self._look_ahead(metadata)
        project = canonicalize_name(found.metadata.name)
        return FileCandidate(
            project=project,
            version=version_of(found.metadata, line),
            index=index,
            file=found.file,
            asked=named(line, project, found.metadata),
            metadata=metadata,
            source=found.source,
        )


def direct_url(line: RequirementLine) -> str:
    """The URL of a direct requirement; a ``file:`` URL for a path."""
    target = line.target or ""
    if ":" in target.partition("/")[0]:
        return target
    # As pip's ``path_to_url``: ``..`` goes by name, wherever a link leads.
    return Path(normpath(Path(target).absolute())).as_uri()


def _place_of(url: Url, line: RequirementLine) -> Url:
    """What is connected to. Raises Refused for what is no repository that could be read."""
    if line.kind is not RequirementKind.VCS:
        return url
    try:
        return read_repository(line.target or "").address
    except RepositoryError:
        raise Refused([not_a_wheel(line)]) from None


def _direct_index(url: Url, line: RequirementLine, trust: Trust) -> Index:
    """The place of a direct file: nothing else comes from it."""
    kind = IndexKind.LOCAL_FOLDER if url.scheme == "file" else IndexKind.LINKS
    place = replace(url, path=url.path.rpartition("/")[0] or "/", query="", fragment="")
    name = place.path if url.scheme == "file" else place.without_secrets
    return Index(name=name, url=place, kind=kind, origin=line.origin, trust=trust, direct=True)


def _single(acceptable: AcceptableDigests) -> Digests:
    """The digests of a direct file, where the user gave one for each algorithm."""
    given = acceptable.by_algorithm.items()
    return Digests.of(
        Digest(algorithm=algorithm, hex=digest)
        for algorithm, digests in given
        if len(digests) == 1
        for digest in digests
    )


def _check(candidate: FileCandidate, metadata: WheelMetadata) -> None:
    """The file name and the metadata agree on project and version. Raises Refused (exit 13)."""
    try:
        same_version = Version(metadata.version) == candidate.version
    except InvalidVersion:
        same_version = False
    if not same_version or canonicalize_name(metadata.name) != candidate.project:
        finding = metadata_mismatch(candidate.index, candidate.file, metadata)
        raise Refused([finding], exit_code=ExitCode.VERIFICATION)


def _version(text: str, line: RequirementLine) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise ResolutionError(f"Invalid wheel filename: {line.target}", origin=line.origin) from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
