"""A file that a person edits: the editor gets a private copy, the file the result, all at once."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from safepip.core.errors import CommandError


class FileDraft:
    """Implements :class:`safepip.core.ports.Draft`.

    Args:
        path: absolute; a link is followed, so that a file kept elsewhere stays where it is.
        environ: the user's, for the editor.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = Path(os.path.realpath(path))
        self._environ = environ
        self.before = _content(self._path)
        self._folder = Path(tempfile.mkdtemp(prefix="safepip-"))
        self._copy = self._folder / path.name
        self._kept = False
        if self.before is not None:
            self._copy.write_bytes(self.before)

    @property
    def after(self) -> bytes | None:
        return _content(self._copy)

    def edit(self, editor: str) -> int:
        """See the port. The command line is the user's own, read by a shell as pip's is."""
        sys.stdout.flush()
        sys.stderr.flush()
        return subprocess.call(f'{editor} "{self._copy}"', shell=True, env=self._environ)  # noqa: S602 - as pip

    def save(self) -> None:
        """See the port."""
        text = self.after
        if text is None or text == self.before:
            return
        try:
            if _content(self._path) != self.before:
                raise CommandError(
                    f"{self._path} was changed by somebody else meanwhile", reference="configuration"
                )
            self._put(text)
        except OSError as error:
            raise CommandError(
                f"An error occurred while writing to the configuration file {self._path}: {error}",
                reference="configuration",
            ) from None

    def _put(self, text: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            with beside.open("xb") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            if self.before is not None:
                like(beside, self._path)
            beside.replace(self._path)
        finally:
            beside.unlink(missing_ok=True)

    def keep(self) -> str:
        self._kept = True
        return str(self._copy)

    def close(self) -> None:
        if not self._kept:
            shutil.rmtree(self._folder, ignore_errors=True)


def _content(path: Path) -> bytes | None:
    """None where there is no file. Raises CommandError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError(
            f"{path} cannot be read: {error.strerror or error}", reference="configuration"
        ) from None


def like(path: Path, model: Path) -> None:
    """Permissions and, where we may, the owner of what it replaces."""
    shutil.copymode(model, path)
    if os.name == "posix":
        facts = model.stat()
        with suppress(OSError):
            os.chown(path, facts.st_uid, facts.st_gid)
