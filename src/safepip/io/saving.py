"""Putting verified files where the user wants them, never over something else without saying so."""

from __future__ import annotations

import errno
import filecmp
import os
import secrets
import shutil
from pathlib import Path

from safepip.core.kept import Saved, SaveOutcome


def save(source: Path, folder: Path, filename: str) -> Saved:
    """Copy a file into a folder, atomically.

    A file of the same name is kept if it has the same bytes and replaced if not: it is never
    trusted for its name (pip reuses it unless a known hash differs).

    Raises:
        OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / filename
    stands = os.path.lexists(place)
    if place.is_file() and not place.is_symlink() and filecmp.cmp(source, place, shallow=False):
        return Saved(path=str(place), outcome=SaveOutcome.ALREADY_THERE)
    beside = folder / f".{filename}.{secrets.token_hex(8)}"
    try:
        shutil.copyfile(source, beside)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    return Saved(path=str(place), outcome=SaveOutcome.REPLACED if stands else SaveOutcome.NEW)


def write(path: Path, text: str, *, over: bool) -> None:
    """Write a text file at once or not at all.

    A link in its place is itself replaced, never what it points to.

    Args:
        over: whether it may take the place of a file that stands there.

    Raises:
        FileExistsError: something stands there, and it may not be replaced.
        OSError: it cannot be written; what stands there is a device, a pipe or a folder, or leads to one.
    """
    if over and not _may_be_replaced(path):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        if over:
            beside.replace(path)
        else:
            _put(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _may_be_replaced(path: Path) -> bool:
    """Whether a file, or a link to one or to nothing, stands there; ``/dev/stdout`` is a link for everybody."""
    if not path.is_symlink():
        return path.is_file() or not path.exists()
    if str(path.readlink()).startswith(("/dev/", "/proc/")):
        return False
    return path.is_file() or not path.exists()


def _put(beside: Path, path: Path) -> None:
    """Give the file its name. Raises FileExistsError where that is taken."""
    if os.name != "posix":
        beside.rename(path)  # never replaces there
        return
    try:
        path.hardlink_to(beside)  # at once, and never replaces
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "File exists", str(path)) from None
        beside.replace(path)
