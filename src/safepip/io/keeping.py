"""Files as a journal handles them: kept under a second name, put back, removed for good."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def files_below(tree: str) -> Iterator[str]:
    if os.path.islink(tree) or not os.path.isdir(tree):
        yield tree
        return
    for folder, folders, files in os.walk(tree):
        yield from (os.path.join(folder, name) for name in files)
        yield from (link for name in folders if os.path.islink(link := os.path.join(folder, name)))


def keep(path: str, kept: str) -> None:
    """A second name for the file; a copy where the file system has no links.

    Small text files are copied in any case: some tools write those in place (``easy-install.pth``).
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(kept)
    if os.path.islink(path):
        os.symlink(os.readlink(path), kept)
    elif path.endswith(".pth") or not _link(path, kept):
        shutil.copy2(path, kept)


def _link(path: str, kept: str) -> bool:
    try:
        os.link(path, kept)
    except OSError:
        return False
    return True


def restore(kept: str, path: str) -> None:
    if os.path.lexists(kept):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        os.replace(kept, path)


def remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(path)


def remove_empty(folder: Path, top: Path) -> None:
    """Remove ``folder`` and those above it up to ``top``, as far as they are empty."""
    while folder.is_relative_to(top):
        with contextlib.suppress(OSError):
            folder.rmdir()
        folder = folder.parent


def write_durably(path: Path, text: str) -> None:
    """Atomically, and on the disk when this returns."""
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    if os.name == "posix":
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
