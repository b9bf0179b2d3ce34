"""Putting verified files where the user wants them, never over something else without saying so."""

from __future__ import annotations

import filecmp
import secrets
import shutil
from pathlib import Path


def save(source: Path, folder: Path, filename: str) -> str:
    """Copy a file into a folder, atomically.

    A file of the same name is kept if it has the same bytes and replaced if not: it is never
    trusted for its name (pip reuses it unless a known hash differs).

    Returns:
        The path; empty if the same file stood there already.

    Raises:
        OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / filename
    if place.is_file() and not place.is_symlink() and filecmp.cmp(source, place, shallow=False):
        return ""
    beside = folder / f".{filename}.{secrets.token_hex(8)}"
    try:
        shutil.copyfile(source, beside)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    return str(place)
