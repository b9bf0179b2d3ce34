"""Candidates that have to be built: nothing of them runs before somebody needs to know what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.build import Described, Job, Source
from safepip.core.digest import AcceptableDigests
from safepip.core.errors import Refused, ResolutionError
from safepip.core.index import Index, WheelMetadata
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.core.url import Url, UrlError
from safepip.resolve.asked import Asked, from_line
from safepip.resolve.filename import ARCHIVES, split_extension
from safepip.resolve.mismatch import not_a_wheel

if TYPE_CHECKING:
    from safepip.core.workshop import Sources
    from safepip.resolve.admit import Admission
    from safepip.resolve.offers import Offer


class Deferred(Future[WheelMetadata]):
    """Metadata that costs: it is made when it is first waited for, on the thread that waits."""

    def __init__(self, work: Callable[[], WheelMetadata]) -> None:
        super().__init__()
        self._work = work

    def result(self, timeout: float | None = None) -> WheelMetadata:
        """Raises what making it raises, every time."""
        if not self.done():
            try:
                self.set_result(self._work())
            except Exception as error:  # noqa: BLE001 - whoever asks gets it, now and later
                self.set_exception(error)
        return super().result(timeout)


def listed_source(
    sources: Sources, offer: Offer, asked: Asked, acceptable: AcceptableDigests
) -> tuple[Source, Deferred]:
    """An admitted source distribution and its metadata to come."""
    settings = asked.line.config_settings if asked.line is not None else ()
    source = Source(url=_bare(offer.file.url), settings=settings, digests=offer.file.digests)
    job = Job(
        name=f"{asked.name}=={offer.version}",
        project=canonicalize_name(asked.name),
        version=offer.version,
        index=offer.index,
        file=offer.file,
        source=source,
        acceptable=acceptable,
        from_file=asked.from_file,
        asked=asked.line.origin if asked.line is not None else None,
    )
    return source, Deferred(lambda: sources.listed(job))


def described(
    sources: Sources | None, line: RequirementLine, url: Url, index: Index, admission: Admission
) -> Described:
    """What a folder or archive is that the user named; its own code says so.

    Raises:
        Refused: nothing is built here, or policy does not admit it; nothing of it has run then.
        ResolutionError: it calls itself something else than the requirement does.
    """
    if sources is None or not _may_be_built(line, url, admission):
        raise Refused([not_a_wheel(line)])
    found = sources.direct(line, url, index)
    project = canonicalize_name(found.metadata.name)
    if line.name is not None and canonicalize_name(line.name) != project:
        raise ResolutionError(
            f"{line.text} asks for {line.name}, but the metadata is of {found.metadata.name}",
            reference="inconsistent-name",
            origin=line.origin,
        )
    if line.kind is RequirementKind.URL and not admission.admits_build(project):
        raise Refused([not_a_wheel(line)])
    return found


def _may_be_built(line: RequirementLine, url: Url, admission: Admission) -> bool:
    """A path is the user's own code, and a rule has judged it, as one has each repository; an archive from afar
    needs an admission by name.
    """
    if line.kind in {RequirementKind.PATH, RequirementKind.VCS}:
        return True
    stem, extension = split_extension(url.filename)
    if line.kind is not RequirementKind.URL or extension not in ARCHIVES:
        return False
    name = line.requirement.name if line.requirement is not None else stem.rpartition("-")[0]
    return admission.admits_build(canonicalize_name(name))


def is_same_commit(source: Source | None, direct_url: str | None) -> bool:
    """Whether what is installed may stand for the source. pip takes any code of the same version for a commit.

    Args:
        direct_url: of what is installed (PEP 610); None: it has none.
    """
    if source is None or source.vcs is None:
        return True
    try:
        said = json.loads(direct_url or "{}")
        found = (said["vcs_info"]["commit_id"], said["url"], said.get("subdirectory", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return found == (source.vcs.id, source.url, source.subdirectory)


def named(line: RequirementLine, project: NormalizedName, metadata: WheelMetadata) -> Asked:
    """As pip calls it once it knows the name: what it brings in is said to come from ``name==version``."""
    asked = from_line(line, project)
    return replace(asked, text=asked.bare_text or f"{metadata.name}=={metadata.version}")


def version_of(metadata: WheelMetadata, line: RequirementLine) -> Version:
    """Raises ResolutionError."""
    try:
        return Version(metadata.version)
    except InvalidVersion:
        raise ResolutionError(
            f"{line.text} has the invalid version {metadata.version!r}",
            reference="invalid-version",
            origin=line.origin,
        ) from None


def _bare(url: str) -> str:
    """Without fragment and credentials."""
    try:
        return replace(Url.parse(url), fragment="").without_secrets
    except UrlError:
        return url.partition("#")[0]
