"""The audit log on disk: lines are added, never changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from safepip.core.digest import Digest, Digests
from safepip.core.errors import ConfigurationError
from safepip.core.origin import Sourced

_OWNER_ONLY = 0o600


class LogFile:
    """One log, open to the end of the run.

    Args:
        place: absolute path, and who named it. The folder must be there; a file is made if none is,
            for its owner only.

    Raises:
        ConfigurationError: it cannot be opened for appending.
    """

    def __init__(self, place: Sourced[str]) -> None:
        self._place = place
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOCTTY", 0)
        try:
            self._descriptor = os.open(place.value, flags, _OWNER_ONLY)
        except (OSError, ValueError) as error:
            raise self._unwritable(error) from None

    def append(self, text: str) -> None:
        """Add whole lines in one write, so that those of another run never stand in between.

        Raises:
            ConfigurationError: they could not be written, or not all of them.
        """
        left = text.encode()
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            raise self._unwritable(error) from None

    @property
    def identity(self) -> tuple[int, int]:
        """Device and number: the same for one file under two names."""
        found = os.fstat(self._descriptor)
        return found.st_dev, found.st_ino

    def close(self) -> None:
        os.close(self._descriptor)

    def _unwritable(self, error: OSError | ValueError) -> ConfigurationError:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return ConfigurationError(
            f"the audit log {self._place.value} cannot be written: {why}",
            reference="audit-log",
            origin=self._place.origin,
            hint="make the folder, its permissions or room on the disk right, or name another file",
        )


def file_digests(path: Path) -> Digests:
    """The sha256 of a file whose index publishes no digest."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Digests.of([Digest.of("sha256", digest)])
