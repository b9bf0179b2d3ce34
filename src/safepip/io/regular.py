"""Opening files that somebody else may have replaced: only regular ones, never waiting."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path, *, own: bool = False) -> BinaryIO:
    """The file for reading; a pipe in its place would make the run wait for ever.

    Args:
        own: only if nobody but this user (and root) can have written it.

    Raises:
        OSError: it is not there, no regular file, or somebody else's.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or (own and not _is_own(found)):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file of this user", str(path))
    return os.fdopen(descriptor, "rb")


def _is_own(found: os.stat_result) -> bool:
    if os.name != "posix":  # there, the profile's access list protects the folder
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
