"""Local folders as indexes: a simple index on disk, a folder of archives, one page of links.

Only archives are taken from a folder. pip also follows the links of every HTML file in it, which may
be remote and plain http, ``--no-index`` or not; safepip does not.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import NormalizedName

from safepip.core.errors import Undecided
from safepip.core.index import Absent, Answer, FileEntry, Index, IndexKind, Listing, Serves
from safepip.core.limits import Limits
from safepip.core.url import Url
from safepip.simpleapi.filenames import belongs_to, is_archive
from safepip.simpleapi.negotiate import parse_page


class LocalIndexes:
    """Answers for local indexes; a folder is listed once in a run. Safe for threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._listed: dict[Path, tuple[FileEntry, ...]] = {}
        self._lock = threading.Lock()

    def answer(self, index: Index, project: NormalizedName) -> Answer:
        """What the folder has of the project.

        Raises:
            Undecided: the root does not exist or cannot be read.
            PageError: a local page is malformed.
        """
        root = Path(index.url.local_path)
        if index.kind is IndexKind.LOCAL_SIMPLE:
            return self._simple(root, index, project)
        listing = Listing(
            project=project,
            index=index.name,
            files=tuple(f for f in self._files(root, index) if belongs_to(f.filename, project)),
        )
        return Serves(listing=listing) if listing.files else Absent()

    def _simple(self, root: Path, index: Index, project: NormalizedName) -> Answer:
        if not self._is_folder(root, index):
            raise _unavailable(index, root, "there is no such folder")
        folder = root / project
        if not self._is_folder(folder, index):
            return Absent()
        page = folder / "index.html"
        if page.is_file():
            listing = self._page(page, index, project)
        else:
            files = tuple(self._folder(folder, index))
            listing = Listing(project=project, index=index.name, files=files)
        return Serves(listing=listing) if listing.files or listing.notes else Absent()

    @staticmethod
    def _is_folder(path: Path, index: Index) -> bool:
        try:
            return path.is_dir()
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:  # no folder can be called so
                return False
            raise _unavailable(index, path, error.strerror or str(error)) from None

    def _files(self, root: Path, index: Index) -> tuple[FileEntry, ...]:
        with self._lock:
            if root not in self._listed:
                self._listed[root] = tuple(self._read(root, index))
            return self._listed[root]

    def _read(self, root: Path, index: Index) -> Iterator[FileEntry]:
        if root.is_dir():
            yield from self._folder(root, index)
        elif is_archive(root.name) and root.is_file():
            yield _entry(root)
        elif root.is_file():
            yield from self._page(root, index, None).files
        else:
            raise _unavailable(index, root, "there is no such file or folder")

    @staticmethod
    def _folder(folder: Path, index: Index) -> Iterator[FileEntry]:
        try:
            paths = sorted(folder.iterdir())
        except OSError as error:
            raise _unavailable(index, folder, error.strerror or str(error)) from None
        for path in paths:
            if is_archive(path.name) and path.is_file():
                yield _entry(path)

    def _page(self, path: Path, index: Index, project: NormalizedName | None) -> Listing:
        try:
            body = path.read_bytes()
        except OSError as error:
            raise _unavailable(index, path, error.strerror or str(error)) from None
        url = Url.parse(path.absolute().as_uri())
        return parse_page(body, "text/html", url, project, index_name=index.name, limits=self._limits)


def _entry(path: Path) -> FileEntry:
    uri = path.absolute().as_uri()
    return FileEntry(filename=path.name, url=uri, where=path.name, page=uri.rpartition("/")[0])


def _unavailable(index: Index, path: Path, why: str) -> Undecided:
    return Undecided(
        f"the local index {path} cannot be read: {why}",
        reference="index-unavailable",
        origin=index.origin,
        hint="check the path, or remove it from the configuration",
    )
