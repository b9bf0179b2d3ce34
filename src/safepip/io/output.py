"""A file that a command writes for the user: read before, then replaced at once, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

from safepip.core.errors import CommandError
from safepip.core.limits import Limits
from safepip.io.draft import like


class OutputFile:
    """Implements :class:`safepip.core.ports.Output`.

    Args:
        path: absolute; a link is followed, so that a file kept elsewhere stays where it is, as with pip.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.before = self._content()
        if self.before is None and path.is_symlink() and not self._is_special():
            # Whoever can put a link here, such as into a repository, would choose where a new file appears.
            raise self._failed("written", FileNotFoundError(errno.ENOENT, "it is a link that leads nowhere"))
        if not self._real.parent.is_dir():
            raise self._failed("written", FileNotFoundError(errno.ENOENT, "No such file or directory"))

    @property
    def _real(self) -> Path:
        return Path(os.path.realpath(self._path))

    def write(self, content: bytes) -> None:
        """See the port."""
        try:
            if self._is_special():
                self._path.write_bytes(content)
                return
            if self._content() != self.before:
                raise CommandError(
                    f"{self._path} was changed by somebody else meanwhile",
                    reference="changed-meanwhile",
                    hint="run the command again",
                )
            self._put(content)
        except OSError as error:
            raise self._failed("written", error) from None

    def _content(self) -> bytes | None:
        """None where there is no file, or a device or a pipe."""
        try:
            return None if self._is_special() else self._read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed("read", error) from None

    def _read(self) -> bytes:
        most = Limits().local_text_max_bytes
        with self._path.open("rb") as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            raise OSError(errno.EFBIG, f"it has more than {most} bytes")
        return content

    def _is_special(self) -> bool:
        """Whether a terminal, a pipe or the like stands there, which has no content to keep."""
        try:
            mode = self._path.stat().st_mode
        except FileNotFoundError:
            return False
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))

    def _put(self, content: bytes) -> None:
        place = self._real
        beside = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
        try:
            with beside.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            if self.before is not None:
                like(beside, place)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)

    def _failed(self, what: str, error: OSError) -> CommandError:
        return CommandError(
            f"{self._path} cannot be {what}: {error.strerror or error}",
            reference="disk",
            hint="name another file with -o",
        )
