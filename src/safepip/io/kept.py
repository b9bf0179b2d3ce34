"""safepip's own store and page cache as files: what is there, and taking some of it away.

Only names that the store (:mod:`safepip.io.store`, :mod:`safepip.io.built`) and the page cache
(:mod:`safepip.io.pages`) give are ever seen, so that a ``--cache-dir`` shared with other things loses none of them. A link in
the place of one of the folders is not entered; a link in the place of a file is itself removed,
never what it points to.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.errors import SafepipError
from safepip.core.kept import BUILT, Kept, KeptFile, Removal

if TYPE_CHECKING:
    from re import Pattern

_PREFIX, _DIGEST = re.compile(r"[0-9a-f]{2}"), re.compile(r"[0-9a-f]{64}")
_ANY = re.compile(r".+", re.DOTALL)
_FILE_LAYOUT = (re.compile("sha256"), _PREFIX, _DIGEST, _ANY)
_BUILT_LAYOUT = (re.compile(BUILT), _PREFIX, _DIGEST, _ANY)
_PART_LAYOUT = (re.compile("incoming"), re.compile(r"[0-9a-f]{16}\.part"))
_PAGE_LAYOUT = (_PREFIX, re.compile(r"[0-9a-f]{64}(\.[0-9a-f]{16})?"))
ABANDONED = timedelta(days=1)
"""A part that was not written to for so long belongs to no run any more."""


class KeptFolders:
    """Implements :class:`safepip.core.ports.KeptFiles`.

    Args:
        files, pages: the roots of the store and of the page cache; need not exist.
        now: aware; tells abandoned downloads from running ones.
    """

    def __init__(self, *, files: Path, pages: Path, now: datetime) -> None:
        self._files, self._pages = files, pages
        self._now = now

    def everything(self) -> Kept:
        """See the port."""
        abandoned = (f for f in _matching(self._files, _PART_LAYOUT) if self._is_abandoned(f.path))
        return Kept(
            files_folder=self._files,
            pages_folder=self._pages,
            built_folder=self._files / BUILT,
            files=(*_matching(self._files, _FILE_LAYOUT), *abandoned),
            pages=tuple(_matching(self._pages, _PAGE_LAYOUT)),
            built=tuple(_matching(self._files, _BUILT_LAYOUT)),
        )

    def remove(self, files: Iterable[KeptFile]) -> Removal:
        """See the port. A file that is gone already was removed by somebody else, and is not counted."""
        gone = [file for file in files if _unlink(file.path)]
        empty = (
            *_empty_folders(self._files, _FILE_LAYOUT),
            *_empty_folders(self._pages, _PAGE_LAYOUT),
            *_empty_folders(self._files, _BUILT_LAYOUT),
        )
        folders = sum(map(_remove_folder, empty))
        return Removal(files=len(gone), size=sum(file.size for file in gone), folders=folders)

    def _is_abandoned(self, part: Path) -> bool:
        try:
            written = part.lstat().st_mtime
        except FileNotFoundError:
            return False
        return written < (self._now - ABANDONED).timestamp()


def _matching(root: Path, layout: Sequence[Pattern[str]]) -> Iterator[KeptFile]:
    """Files whose path below ``root`` has a folder for each pattern but the last."""
    for entry in _entries(root, layout[0]):
        path = Path(entry.path)
        if len(layout) > 1:
            yield from _matching(path, layout[1:])
        elif not entry.is_dir(follow_symlinks=False):
            with contextlib.suppress(FileNotFoundError):
                yield KeptFile(path=path, size=_size(entry))


def _size(entry: os.DirEntry[str]) -> int:
    found = entry.stat(follow_symlinks=False)
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _entries(folder: Path, names: Pattern[str]) -> list[os.DirEntry[str]]:
    """What stands in a folder under such a name, sorted; nothing where it is a link, or not there.

    Raises:
        SafepipError: the folder cannot be read: what it holds is unknown.
    """
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            return []
        with os.scandir(folder) as found:
            return sorted((e for e in found if names.fullmatch(e.name)), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise SafepipError(f"{folder} cannot be read: {error.strerror}", reference="disk") from None


def _empty_folders(root: Path, layout: Sequence[Pattern[str]]) -> Iterator[Path]:
    """The layout's folders below ``root``, the deepest first; whether they are empty shows at the end."""
    for depth in range(len(layout) - 1, 0, -1):
        yield from _folders(root, layout[:depth])


def _folders(root: Path, layout: Sequence[Pattern[str]]) -> Iterator[Path]:
    for entry in _entries(root, layout[0]):
        if not entry.is_dir(follow_symlinks=False):
            continue
        if len(layout) > 1:
            yield from _folders(Path(entry.path), layout[1:])
        else:
            yield Path(entry.path)


def _unlink(path: Path) -> bool:
    """Whether the file is gone because of this call."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SafepipError(f"{path} cannot be removed: {error.strerror}", reference="disk") from None
    return True


def _remove_folder(folder: Path) -> bool:
    """Whether it was empty; ``rmdir`` takes nothing else away, whoever writes there meanwhile."""
    try:
        folder.rmdir()
    except OSError:
        return False
    return True
