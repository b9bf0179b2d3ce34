"""The folder of a mirror on disk: ``simple/<project>/`` with files, sidecars and pages beside each other.

A file gets its name only when it is whole, and pages come after the files that they list: whoever reads
meanwhile, or after a run that was cut short, finds the old pages, and every file that they list.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.utils import NormalizedName

from safepip.core.digest import Algorithm
from safepip.core.errors import CommandError
from safepip.core.index import FileEntry
from safepip.core.kept import Saved
from safepip.core.limits import Limits
from safepip.core.mirror import SIMPLE, MirroredFile
from safepip.core.origin import Layer, Origin, Place
from safepip.core.url import Url
from safepip.io.fetch import hash_stream
from safepip.io.regular import open_regular
from safepip.io.saving import save
from safepip.simpleapi.filenames import is_archive, version_of
from safepip.simpleapi.negotiate import JSON_TYPE, parse_page
from safepip.simpleapi.page import PageError
from safepip.simpleapi.write import HTML_PAGE, JSON_PAGE

_HALF = re.compile(r"\..+\.(whl|metadata|html|json|gz|zip|bz2|tgz|xz|tar)\.[0-9a-f]{16}\Z")
"""What files are called until they are whole."""
_OTHERS_FOLDER = "name a folder that is empty, or that safepip mirror has written"


class DiskMirror:
    """Implements :class:`safepip.core.mirror.MirrorFolder`.

    Args:
        flat: whether it is a wheelhouse: files only, all in one folder.
    """

    def __init__(self, root: Path, *, flat: bool, limits: Limits = Limits()) -> None:
        self._root = root
        self._index = root if flat else root / SIMPLE
        self._flat = flat
        self._limits = limits
        self._lock: int | None = None

    def begin(self) -> None:
        """See the port. The lock ends with the process, whatever ends it."""
        try:
            self._index.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self._root)
            if self._lock is not None and not self._flat:
                self._clear_halves()
        except OSError as error:
            raise _failure(self._root, error) from None

    def _clear_halves(self) -> None:
        """What a run that was killed had not finished. Nobody else is writing to an index now."""
        for path in self._index.glob("**/.*"):
            if _HALF.match(path.name) and path.is_file():
                path.unlink()

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def listed(self) -> tuple[MirroredFile, ...]:
        """See the port."""
        if self._flat:
            return ()
        self._check_own(self._index)
        try:
            folders = sorted(path for path in self._index.iterdir() if path.is_dir())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _failure(self._index, error) from None
        return tuple(file for folder in folders for file in self._listed(folder))

    def is_sound(self, file: MirroredFile) -> bool:
        """See the port."""
        path = self._place(file)
        if _digest(path) != (file.sha256, file.size):
            return False
        sidecar = _sidecar(path)
        return file.metadata_sha256 is None or _digest(sidecar)[0] == file.metadata_sha256

    def save(self, file: MirroredFile, source: Path, metadata: bytes | None) -> Saved:
        """See the port. The sidecar first: a page that lists the file may be there already."""
        path = self._place(file)
        try:
            path.parent.mkdir(exist_ok=True)
            if metadata is not None and not self._flat:
                _put(_sidecar(path), metadata)
            return save(source, path.parent, path.name)
        except OSError as error:
            raise _failure(path, error) from None

    def publish(self, pages: Mapping[str, bytes]) -> None:
        """See the port. A page that says the same already stays as it is, and so does its time."""
        for name, content in () if self._flat else pages.items():
            path = self._index / name
            try:
                path.parent.mkdir(exist_ok=True)
                _put(path, content)
            except OSError as error:
                raise _failure(path, error) from None

    def others(self, filenames: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        if not self._flat:
            return ()
        known = frozenset(filenames)
        return tuple(
            sorted(
                path.name for path in self._root.iterdir() if is_archive(path.name) and path.name not in known
            )
        )

    def _place(self, file: MirroredFile) -> Path:
        return self._index / file.filename if self._flat else self._index / file.project / file.filename

    def _check_own(self, folder: Path) -> None:
        """Raise CommandError for the page of somebody else: it would be written over."""
        if (folder / HTML_PAGE).exists() and not (folder / JSON_PAGE).exists():
            raise _foreign(folder / HTML_PAGE, "was not written by safepip mirror")

    def _listed(self, folder: Path) -> Iterator[MirroredFile]:
        if folder.is_symlink():
            raise _foreign(folder, "is a link, and what is written would be somewhere else")
        self._check_own(folder)
        page = folder / JSON_PAGE
        if not page.exists():
            return
        project = NormalizedName(folder.name)
        for entry in self._entries(page, project):
            yield _mirrored(page, project, entry)

    def _entries(self, page: Path, project: NormalizedName) -> tuple[FileEntry, ...]:
        try:
            with open_regular(page) as stream:
                body = stream.read(self._limits.page_max_bytes)
        except OSError as error:
            raise _failure(page, error) from None
        url = Url.parse(page.absolute().as_uri())
        try:
            listing = parse_page(body, JSON_TYPE, url, project, index_name=str(page), limits=self._limits)
        except PageError as error:
            raise _foreign(page, str(error)) from None
        if listing.notes:
            raise _foreign(page, listing.notes[0])
        return listing.files


def _mirrored(page: Path, project: NormalizedName, entry: FileEntry) -> MirroredFile:
    """The file as this program's own pages list it. Raises CommandError for one that another one wrote."""
    sha256, version = entry.digests.sha256, version_of(entry.filename, project)
    beside = Url.parse(entry.url).local_path == str(page.absolute().parent / entry.filename)
    if sha256 is None or entry.size is None or version is None or not beside:
        raise _foreign(page, f"lists {entry.filename} as safepip mirror never does")
    return MirroredFile(
        project=project,
        version=version,
        filename=entry.filename,
        sha256=sha256,
        size=entry.size,
        upload_time=entry.upload_time,
        requires_python=entry.requires_python,
        metadata_sha256=None if entry.sidecar is None else entry.sidecar.sha256,
    )


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.metadata")


def _digest(path: Path) -> tuple[str, int]:
    """Sha256 and size of a file; of what is no file, or cannot be read, those of nothing."""
    try:
        with open_regular(path) as stream:
            digest = hash_stream(stream, (Algorithm.SHA256,)).sha256 or ""
            return digest, stream.tell()
    except OSError:
        return "", 0


def _put(path: Path, content: bytes) -> None:
    """Write a file at once or not at all; one that holds the same stays. Raises OSError."""
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        return
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _locked(folder: Path) -> int | None:
    """Wait for another command that changes the folder. None where the system has no such locks."""
    if os.name != "posix":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    return descriptor


def _foreign(page: Path, why: str) -> CommandError:
    return CommandError(
        f"{page} {why}, so the folder cannot be added to",
        reference="mirror",
        origin=Origin(layer=Layer.OPERATOR, kind=Place.FILE, place=str(page)),
        hint=_OTHERS_FOLDER,
    )


def _failure(path: Path, error: OSError) -> CommandError:
    return CommandError(
        f"the mirror cannot be written: {path}: {error.strerror or error}",
        reference="mirror",
        hint="correct the path or its permissions, or make room; the pages that are there still hold",
    )
