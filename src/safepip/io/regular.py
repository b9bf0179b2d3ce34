"""Opening files that somebody else may have replaced: only regular ones, never waiting, no links."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_BINARY"):  # as far as the system has them
    _FLAGS |= getattr(os, _name, 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def open_regular(path: Path, *, own: bool = False, links: bool = False) -> BinaryIO:
    """The file for reading. A pipe in its place would make the run wait for ever; what a link leads to
    could be changed after it was hashed.

    Args:
        own: only if nobody but this user (and root) can have written it.
        links: whether the path may be a link to such a file.

    Raises:
        OSError: it is not there, no regular file, or somebody else's.
    """
    descriptor = os.open(path, _FLAGS if links else _FLAGS | _NO_LINKS)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or (own and not _is_own(found)):
        os.close(descriptor)
        raise OSError(
            errno.EINVAL, "not a regular file of this user" if own else "not a regular file", str(path)
        )
    return os.fdopen(descriptor, "rb")


def own_folder(folder: Path) -> None:
    """Raises OSError where somebody else could put another file in the place of one in this folder."""
    if os.name != "posix":
        return
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise OSError(errno.EPERM, f"its folder belongs to user {found.st_uid}", str(folder))
    if found.st_mode & _OTHERS_WRITE:
        raise OSError(errno.EPERM, "others may write its folder", str(folder))


def _is_own(found: os.stat_result) -> bool:
    if os.name != "posix":  # there, the profile's access list protects the folder
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_WRITE
