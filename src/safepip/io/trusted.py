"""The user's list of trusted project policies, a JSON file of their own.

It decides what a folder may change, so it counts only where nobody else can have written it: a regular
file of this user, in a folder of this user. It is replaced as a whole, under a lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place
from safepip.core.trusted import TrustedPolicy
from safepip.io.regular import open_regular, own_folder

_FORMAT = 1
_MAX_BYTES = 10 * 1024 * 1024


class TrustedFile:
    """Implements :class:`safepip.core.trusted.TrustedPolicies`.

    Args:
        path: need not exist, nor its folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        return str(self._path)

    def everything(self) -> Sequence[TrustedPolicy]:
        """See the port."""
        try:
            own_folder(self._path.parent)
            with open_regular(self._path, own=True) as stream:
                text = stream.read(_MAX_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        return self._parsed(text)

    def remember(self, trusted: TrustedPolicy) -> None:
        """See the port."""
        with self._changing() as known:
            known[trusted.path] = trusted

    def forget(self, path: str) -> bool:
        """See the port."""
        if not any(one.path == path for one in self.everything()):
            return False
        with self._changing() as known:
            return known.pop(path, None) is not None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, TrustedPolicy]]:
        """The entries by path, to be changed; written when the block ends, with nobody in between."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            own_folder(self._path.parent)
            with _locked(self._path.with_suffix(".lock")):
                known = {one.path: one for one in self.everything()}
                yield known
                self._write([known[path] for path in sorted(known)])
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None

    def _write(self, entries: Sequence[TrustedPolicy]) -> None:
        facts = [
            {
                "path": one.path,
                "content": one.content,
                "files": dict(one.files),
                "since": one.since.isoformat(),
            }
            for one in entries
        ]
        text = json.dumps({"format": _FORMAT, "trusted": facts}, indent=1) + "\n"
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)

    def _parsed(self, text: bytes) -> tuple[TrustedPolicy, ...]:
        if len(text) > _MAX_BYTES:
            raise self._unusable("it is too large")
        try:
            kept = json.loads(text)
            if kept["format"] != _FORMAT:
                raise self._unusable("another version of safepip wrote it")
            return tuple(_entry(fact) for fact in kept["trusted"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._unusable("it is damaged") from None

    def _unusable(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"the list of trusted policies cannot be used: {why}",
            reference="trusted-policies",
            origin=Origin(layer=Layer.USER, kind=Place.FILE, place=self.place),
            hint="make it yours alone (chmod go-w), or delete it and trust again what you trust",
        )


def _entry(fact: dict[str, object]) -> TrustedPolicy:
    """One entry. Raises ValueError, KeyError, TypeError or AttributeError for anything else."""
    path, content, files, since = fact["path"], fact["content"], fact["files"], fact["since"]
    if not (isinstance(path, str) and isinstance(content, str) and isinstance(since, str)):
        raise TypeError("not text")
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        raise TypeError("not digests")
    moment = datetime.fromisoformat(since)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return TrustedPolicy(path=path, content=content, files=tuple(sorted(files.items())), since=moment)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One change at a time; the next one waits. The file stays, so that all wait for the same one."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
