"""While pip removes packages, no installation of safepip's changes the same libraries.

The lock is that of :func:`safepip.io.recovery.exclusive`. It belongs to open files, so a pip that takes
the place of this process goes on holding it, and it ends with that pip whatever ends it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from safepip.io.unfinished import libraries_of


def hold(python: str, environ: Mapping[str, str]) -> list[int]:
    """Wait for what changes the environment now, and keep others waiting.

    In one order for everybody, so that two never wait for each other. Without POSIX locks nothing is
    held: there the journal's folder stands in, which cannot be made twice.

    Returns:
        Descriptors; the lock ends when they are closed, here and in every process that got them.
    """
    if os.name != "posix":
        return []
    folders = {os.path.realpath(folder) for folder in libraries_of(python, environ) if os.path.isdir(folder)}
    return [descriptor for folder in sorted(folders) if (descriptor := _lock(folder)) is not None]


def _lock(folder: str) -> int | None:
    """None where the file system has no locks, or the folder is closed to us: then pip cannot change it."""
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        os.close(descriptor)
        return None
    os.set_inheritable(descriptor, True)
    return descriptor
