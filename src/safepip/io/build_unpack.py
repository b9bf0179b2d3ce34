"""Source archives on disk: looked through first, then written file by file, links last."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from safepip.core.errors import ApplyError, SafepipError, VerificationError
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place
from safepip.verify.sdist import BadSdist, Entry, Kind, check_entries, link_place, normal_name

_BLOCK_BYTES = 1 << 20
_EXECUTABLE = 0o111
_PIECE_MAX_BYTES = 16 << 20
"""More than any header of a real archive; content is read in blocks."""
_TRAILER_BLOCKS = 16
_BROKEN = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError),
    RuntimeError,  # encrypted, packed in an unknown way, or headers of headers of headers
)
_OF_THE_DISK = frozenset(
    getattr(errno, name, None)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EMFILE", "EIO")
)
"""Failures that say nothing about an archive."""


class _Members(Protocol):
    """An open archive."""

    def entries(self) -> Iterator[Entry]: ...

    def content(self, entry: Entry) -> IO[bytes]: ...

    def executable(self, entry: Entry) -> bool: ...


class _Tar:
    def __init__(self, archive: tarfile.TarFile, stream: _Careful) -> None:
        self._archive = archive
        self._stream = stream
        self._members: dict[Entry, tarfile.TarInfo] = {}

    def entries(self) -> Iterator[Entry]:
        for member in self._archive:
            kind = _kind(member)
            entry = Entry(
                name=member.name,
                kind=kind,
                size=member.size if kind is Kind.FILE else 0,
                target=member.linkname if kind in {Kind.SYMLINK, Kind.HARDLINK} else "",
            )
            self._members[entry] = member
            yield entry
        self._to_the_end()

    def _to_the_end(self) -> None:
        """The checksum of a packed archive stands behind everything that a reader of tar looks at."""
        for _ in range(_TRAILER_BLOCKS):
            if not self._stream.read(_BLOCK_BYTES):
                return
        raise BadSdist("goes on and on behind its last member")

    def content(self, entry: Entry) -> IO[bytes]:
        stream = self._archive.extractfile(self._members[entry])
        if stream is None:
            raise BadSdist("has a file without content", entry.name)
        return stream

    def executable(self, entry: Entry) -> bool:
        return bool(self._members[entry].mode & _EXECUTABLE)


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members: dict[Entry, zipfile.ZipInfo] = {}

    def entries(self) -> Iterator[Entry]:
        for member in self._archive.infolist():
            kind = Kind.FOLDER if member.is_dir() else Kind.FILE
            entry = Entry(name=member.filename, kind=kind, size=member.file_size)
            self._members[entry] = member
            yield entry

    def content(self, entry: Entry) -> IO[bytes]:
        return self._archive.open(self._members[entry])

    def executable(self, entry: Entry) -> bool:
        return bool(self._members[entry].external_attr >> 16 & _EXECUTABLE)


def unpack(archive: Path, filename: str, folder: Path, limits: Limits) -> Path:
    """Write the archive's content below a new folder; the path of its top folder.

    Raises:
        VerificationError: it may not be unpacked, or is broken. Nothing of it is left then.
        ApplyError: there is no room for it. Neither.
    """
    try:
        with _opened(archive, filename) as members:
            entries = list(_limited(members.entries(), limits))
            top = check_entries(entries, archive.stat().st_size, limits)
            folder.mkdir(parents=True)
            _write_all(members, entries, folder)
    except _BROKEN as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _refusal(filename, error) from None
    return folder / top


def read_member(archive: Path, filename: str, name: str, limits: Limits) -> bytes | None:
    """One small file of the top folder; None if it is not there, or too large to be one.

    Raises:
        VerificationError: the archive may not be unpacked, or is broken.
    """
    try:
        with _opened(archive, filename) as members:
            entries = list(_limited(members.entries(), limits))
            wanted = f"{check_entries(entries, archive.stat().st_size, limits)}/{name}"
            # Of two of one name, that which would be written last.
            same = [entry for entry in entries if normal_name(entry.name) == wanted]
            found = next((entry for entry in reversed(same) if entry.kind is Kind.FILE), None)
            if found is None or found.size > limits.sidecar_max_bytes:
                return None
            return members.content(found).read(limits.sidecar_max_bytes)
    except _BROKEN as error:
        raise _refusal(filename, error) from None


@contextmanager
def _opened(archive: Path, filename: str) -> Iterator[_Members]:
    """By what it is called: nobody guesses between two ways of reading the same bytes."""
    if filename.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as opened_zip:
            yield _Zip(opened_zip)
    else:
        with _inflated(archive) as stream:
            careful = _Careful(stream)
            whole: Any = careful  # all of a file that reading a tar needs
            with tarfile.open(fileobj=whole, mode="r:") as opened_tar:
                yield _Tar(opened_tar, careful)


class _Careful:
    """A stream for ``tarfile``, which reads a header of any size that an archive claims into memory at once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _PIECE_MAX_BYTES:
            raise BadSdist("has a header of a size that nobody means")
        return self._stream.read(size)


def _inflated(archive: Path) -> IO[bytes]:
    """The tar inside, by its first bytes, as pip tells it too."""
    with archive.open("rb") as stream:
        head = stream.read(6)
    if head.startswith(b"\x1f\x8b"):
        return gzip.open(archive, "rb")  # type: ignore[return-value]  # a GzipFile reads as any file
    if head.startswith(b"BZh"):
        return bz2.open(archive, "rb")
    if head.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
        return lzma.open(archive, "rb")
    return archive.open("rb")


def _limited(entries: Iterator[Entry], limits: Limits) -> Iterator[Entry]:
    """Stops before a list of members, or what has to be inflated to read it, fills the memory or the day."""
    unpacked = 0
    for count, entry in enumerate(entries):
        unpacked += entry.size
        if count > limits.sdist_entries_max:
            raise BadSdist(f"has more than {limits.sdist_entries_max} members")
        if unpacked > limits.sdist_unpacked_max_bytes:
            raise BadSdist(f"unpacks to more than {limits.sdist_unpacked_max_bytes} bytes")
        yield entry


def _kind(member: tarfile.TarInfo) -> Kind:
    if member.isreg():
        return Kind.FILE
    if member.isdir():
        return Kind.FOLDER
    if member.issym():
        return Kind.SYMLINK
    return Kind.HARDLINK if member.islnk() else Kind.OTHER


def _write_all(members: _Members, entries: list[Entry], folder: Path) -> None:
    """Folders and files first, so that nothing is ever written through a link."""
    for entry in entries:
        path = folder / normal_name(entry.name)
        if entry.kind is Kind.FOLDER:
            path.mkdir(parents=True, exist_ok=True)
        elif entry.kind is Kind.FILE:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(members, entry, path)
    for kind in (Kind.HARDLINK, Kind.SYMLINK):
        for entry in entries:
            if entry.kind is kind:
                make_link(entry, folder)


def _write(members: _Members, entry: Entry, path: Path) -> None:
    left = entry.size
    with members.content(entry) as source, path.open("wb") as target:
        while block := source.read(min(_BLOCK_BYTES, left + 1)):
            left -= len(block)
            if left < 0:
                raise BadSdist("has a file that is larger than it says", entry.name)
            target.write(block)
    if left:
        raise BadSdist("has a file that is cut short", entry.name)
    path.chmod(0o755 if members.executable(entry) else 0o644)


def make_link(entry: Entry, folder: Path) -> None:
    """A link that has been judged, in the place of whatever stands there."""
    path, place = folder / normal_name(entry.name), folder / link_place(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if entry.kind is Kind.SYMLINK:
        try:
            path.symlink_to(entry.target)
            return
        except OSError:
            if os.name == "posix":
                raise
    # A hard link would let one edit change two files; where links are a privilege, a copy has to do.
    if place.is_file():
        shutil.copyfile(place, path)


def _refusal(filename: str, error: BaseException) -> SafepipError:
    if isinstance(error, OSError) and error.errno is not None and error.errno in _OF_THE_DISK:
        return ApplyError(
            f"{filename} cannot be unpacked: {error.strerror or error}",
            reference="disk",
            hint="make room for temporary files",
        )
    why = str(error) if isinstance(error, BadSdist) else f"cannot be read: {error}"
    member = error.member if isinstance(error, BadSdist) else ""
    return VerificationError(
        f"{filename} {why}",
        reference="path-escape" if isinstance(error, BadSdist) else "bad-archive",
        origin=Origin(layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=filename, key=member or None),
        hint="do not use it; tell whoever made it",
        notes=(member,) if member else (),
    )
