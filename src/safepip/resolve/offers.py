"""What the indexes of a route offer for the target: every file that pip would call a candidate.

Which of them may be used is not judged here (:mod:`.admit`): a file that policy refuses still
counts for pip's rules about pre-releases and yanked files, so that a refusal never changes what
pip would have preferred, only whether it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.errors import ResolutionError
from safepip.core.index import FileEntry, Index
from safepip.core.value import value
from safepip.resolve.filename import (
    ARCHIVES,
    WHEEL,
    BuildTag,
    Texts,
    archive_version,
    split_extension,
    split_wheel,
    tags_of,
)
from safepip.resolve.request import ResolveOptions
from safepip.resolve.target import Target

Files = tuple[tuple[Index, tuple[FileEntry, ...]], ...]
"""What each index of a route lists."""

_PYTHON_SUFFIX = re.compile(r"-py([123]\.?[0-9]?)$")
"""Some old archives end in ``-py2.7``; only those of the target's Python count."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offer:
    """One file that fits the target.

    Attributes:
        priority: place of its best tag, 0 the best; for an archive the number of tags, the worst.
        build: build number of a wheel; empty if there is none.
        project: all that the project offers the target, this one among it; nothing where it stands alone.
    """

    index: Index
    file: FileEntry
    version: Version
    wheel: bool
    priority: int
    build: BuildTag = ()
    project: Sequence[Offer] = field(default=(), repr=False)

    @property
    def local(self) -> bool:
        """Whether it is the operator's own file. A local page may link to remote files as well."""
        return self.index.kind.local and self.file.url.startswith("file:")


@value
class ProjectOffers:
    """Everything on offer for one project, in the pages' order.

    Attributes:
        other_python: ``VERSION Requires-Python SPECIFIER`` of files for another Python, as pip
            words it.
    """

    offers: tuple[Offer, ...] = ()
    other_python: tuple[str, ...] = ()


class OfferReader:
    """Reads a route's files into offers."""

    def __init__(self, target: Target, options: ResolveOptions) -> None:
        self._target = target
        self._options = options
        self._texts = Texts()

    def read(self, project: NormalizedName, files: Files) -> ProjectOffers:
        """Raises ResolutionError where ``--uploaded-prior-to`` meets an index without times."""
        offers: list[Offer] = []
        other_python: set[str] = set()
        wheels, archives = self.formats(project)
        for index, entries in files:
            for file in entries:
                if file.filename.endswith(WHEEL):
                    offer = self._wheel(project, index, file, offers) if wheels else None
                else:
                    offer = self._archive(project, index, file, offers) if archives else None
                if offer is None or not self._is_early_enough(offer):
                    continue
                if self._options.ignore_requires_python or self._target.admits_python(file.requires_python):
                    offers.append(offer)
                else:
                    other_python.add(f"{offer.version} Requires-Python {_sorted(file.requires_python or '')}")
        return ProjectOffers(offers=tuple(offers), other_python=tuple(sorted(other_python)))

    def unfit_wheels(self, project: NormalizedName, files: Files) -> Iterator[FileEntry]:
        """Wheels of the project for other platforms or Pythons."""
        for _, entries in files:
            for file in entries:
                parts = split_wheel(file.filename)
                if parts is None or self._texts.project(parts.name) != project:
                    continue
                fits = self._target.tag_priority(parts.tags) is not None
                if not fits or not self._target.admits_python(file.requires_python):
                    yield file

    def formats(self, project: NormalizedName) -> tuple[bool, bool]:
        """Whether wheels and archives may be candidates; a name beats ``:all:``."""
        control = self._options.format_control
        if project in control.only_binary:
            return True, False
        if project in control.no_binary:
            return False, True
        if ":all:" in control.only_binary:
            return True, False
        return ":all:" not in control.no_binary, True

    def _wheel(
        self, project: NormalizedName, index: Index, file: FileEntry, offers: Sequence[Offer]
    ) -> Offer | None:
        # Most wheels are for other platforms: their tags tell, before anything else is looked at.
        priority = self._target.tag_priority(tags_of(file.filename))
        if priority is None:
            return None
        parts = split_wheel(file.filename)
        if parts is None or self._texts.project(parts.name) != project:
            return None
        version = self._texts.version(parts.version)
        if version is None:
            return None
        return Offer(
            index=index,
            file=file,
            version=version,
            wheel=True,
            priority=priority,
            build=parts.build,
            project=offers,
        )

    def _archive(
        self, project: NormalizedName, index: Index, file: FileEntry, offers: Sequence[Offer]
    ) -> Offer | None:
        stem, extension = split_extension(file.filename)
        if extension not in ARCHIVES or (extension == ".zip" and "macosx10" in file.url):
            return None
        text = archive_version(stem, project, self._texts)
        if text is None:
            return None
        if suffix := _PYTHON_SUFFIX.search(text):
            text = text[: suffix.start()]
            major, minor = self._target.python.release[:2]
            if suffix[1] != f"{major}.{minor}":
                return None
        version = self._texts.version(text)
        if version is None:
            return None
        worst = len(self._target.tags)
        return Offer(index=index, file=file, version=version, wheel=False, priority=worst, project=offers)

    def _is_early_enough(self, offer: Offer) -> bool:
        """``--uploaded-prior-to``; files of local folders are exempt, as in pip."""
        limit = self._options.uploaded_prior_to
        if limit is None or offer.local:
            return True
        if offer.file.upload_time is None:
            page = offer.file.page or str(offer.index.url)
            raise ResolutionError(
                f"Index {page} does not provide upload-time metadata.",
                reference="fresh-release",
                hint="an index that serves the JSON form of the simple API (PEP 700) gives upload times",
            )
        return offer.file.upload_time < limit


def _sorted(specifier: str) -> str:
    """The specifiers in order of their numbers, as pip prints them."""

    def numbers(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.split(".") if part.isdigit())

    return ",".join(sorted((str(one) for one in SpecifierSet(specifier)), key=numbers))
