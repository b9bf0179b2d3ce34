"""The private folder of a run that builds; and what runs that were killed left of theirs."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from safepip.io.interruption import deferring

_PREFIX = "safepip-build-"
_TRIES, _PAUSE_SECONDS = 20, 0.1
_YOUNG_SECONDS = 60.0
"""A folder may have been made and not be locked yet."""


class Place:
    """A new folder that nobody else can enter, locked as long as this run needs it.

    Folders of runs that ended without removing theirs, because they were killed, are removed on the way.
    """

    def __init__(self) -> None:
        _remove_abandoned(Path(tempfile.gettempdir()))
        # Short and without links: some build tools write long paths, or compare them.
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        self._lock = _locked(self.folder)

    def close(self) -> None:
        """Remove it with all that is in it; Ctrl-C is heard afterwards."""
        with deferring():
            remove_whole(self.folder)
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None


def remove_whole(folder: Path) -> None:
    """Remove a folder, and the read-only ones in it that some tools keep their downloads in.

    Processes that were killed a moment ago may just be finishing a file in it.
    """
    for _ in range(_TRIES):
        _remove(folder)
        if not folder.exists():
            return
        time.sleep(_PAUSE_SECONDS)


def _remove(folder: Path) -> None:
    for parent, names, _ in os.walk(folder):
        for path in (os.path.join(parent, name) for name in names):
            if not os.path.islink(path):
                with suppress(OSError):
                    os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(temporary: Path) -> None:
    """Only folders of this user that no process has locked. Without POSIX locks nobody can tell: none then."""
    if os.name != "posix":
        return
    with suppress(OSError):
        for folder in sorted(temporary.glob(f"{_PREFIX}*")):
            if _is_own_and_old(folder) and (lock := _locked(folder)) is not None:
                remove_whole(folder)
                os.close(lock)


def _is_own_and_old(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    old = found.st_mtime < time.time() - _YOUNG_SECONDS
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and old


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the lock of the folder; None where it is taken, or there is none to have."""
    if os.name != "posix":
        return None
    import fcntl

    descriptor = -1
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if descriptor >= 0:
            os.close(descriptor)
        return None
    return descriptor
