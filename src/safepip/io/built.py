"""Built wheels between runs: their record in the user's data folder, their bytes in the cache.

``built/ab/<sha256>/<filename>`` below the store. Anybody may put a file there; only one whose digest the
record names for the very inputs of a build is ever taken, and it is hashed each time.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from safepip.core.build import BuiltWheel
from safepip.core.digest import Digest, Digests
from safepip.core.index import WheelMetadata
from safepip.core.kept import BUILT
from safepip.core.limits import Limits
from safepip.io.database import Database
from safepip.io.fetch import hash_stream
from safepip.io.regular import open_regular
from safepip.io.wheel_metadata import parse_metadata, read_metadata

_VERSION = 1
_FILENAME = re.compile(r"\w[\w.+!-]*\.whl")
_SHA256 = re.compile("[0-9a-f]{64}")
_TABLES = """
create table asked (inputs text primary key, source text not null, texts text not null);
create index asked_of_source on asked (source);
create table wheel (
    inputs text primary key, filename text not null, sha256 text not null, size integer not null,
    lacked text not null, since text not null
);
"""


class KeptWheels:
    """Implements :class:`safepip.core.built.BuiltWheels`.

    Args:
        record: path of the record; absolute.
        store: root of the store.
    """

    def __init__(self, record: Path, store: Path, limits: Limits = Limits()) -> None:
        self._database = Database(
            record, what="the record of built wheels", tables=_TABLES, version=_VERSION, own=True
        )
        self._store = store
        self._limits = limits
        self.close = self._database.close

    def knows(self, source: str) -> bool:
        """See the port."""
        with self._database.readable() as database:
            if database is None:
                return False
            found = database.execute("select 1 from asked where source = ? limit 1", (source,))
            return found.fetchone() is not None

    def asked(self, key: str) -> tuple[str, ...] | None:
        """See the port."""
        with self._database.readable() as database:
            if database is None:
                return None
            row = database.execute("select texts from asked where inputs = ?", (key,)).fetchone()
            return None if row is None else _texts(row[0])

    def find(self, key: str) -> tuple[BuiltWheel, WheelMetadata] | None:
        """See the port. A file that is not what was kept is removed."""
        with self._database.readable() as database:
            if database is None:
                return None
            asked = "select filename, sha256, size, lacked from wheel where inputs = ?"
            row = database.execute(asked, (key,)).fetchone()
            return None if row is None else self._read(_Row.read(row))

    def remember_asked(self, source: str, key: str, texts: Sequence[str]) -> None:
        """See the port."""
        with self._database.writable() as database:
            row = (key, source, json.dumps(list(texts)))
            database.execute("insert or replace into asked values (?, ?, ?)", row)

    def keep(self, key: str, wheel: BuiltWheel, now: datetime) -> Path:
        """See the port. First the bytes, then the record: what it names is there."""
        sha256 = str(wheel.digests.sha256)
        path = self._path(sha256, wheel.path.name)
        self._put(wheel.path, path)
        with self._database.writable() as database:
            database.execute(
                "insert or replace into wheel values (?, ?, ?, ?, ?, ?)",
                (key, path.name, sha256, wheel.size, json.dumps(wheel.lacked), now.isoformat()),
            )
        return path.parent

    def _read(self, row: _Row) -> tuple[BuiltWheel, WheelMetadata] | None:
        path = self._path(row.sha256, row.filename)
        try:
            with open_regular(path) as stream:
                size = os.fstat(stream.fileno()).st_size
                if size == row.size and hash_stream(stream, frozenset()).sha256 == row.sha256:
                    stream.seek(0)
                    raw = read_metadata(stream, row.filename, self._limits.sidecar_max_bytes)
                    digests = Digests.of([Digest.of("sha256", row.sha256)])
                    wheel = BuiltWheel(path=path, digests=digests, size=size, lacked=row.lacked)
                    return wheel, parse_metadata(raw, "wheel", row.filename)
            path.unlink(missing_ok=True)
        except OSError:
            pass
        return None

    def _put(self, source: Path, path: Path) -> None:
        """Under its final name only when it is whole; what stands there already is replaced."""
        part = self._store / "incoming" / f"{secrets.token_hex(8)}.part"
        part.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            shutil.copyfile(source, part)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.replace(path)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()

    def _path(self, sha256: str, filename: str) -> Path:
        return self._store / BUILT / sha256[:2] / sha256 / filename


class _Row(NamedTuple):
    """What the record says of one wheel."""

    filename: str
    sha256: str
    size: int
    lacked: tuple[str, ...]

    @classmethod
    def read(cls, found: tuple[object, ...]) -> _Row:
        """Raises ValueError for what :meth:`KeptWheels.keep` never wrote: a path is made of it."""
        filename, sha256, size, lacked = found
        if not isinstance(filename, str) or not _FILENAME.fullmatch(filename):
            raise ValueError(f"it names a wheel {filename!r}")
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or not isinstance(size, int):
            raise ValueError(f"it has no digest and size of {filename}")
        return cls(filename, sha256, size, _texts(lacked))


def _texts(found: object) -> tuple[str, ...]:
    """A list of texts. Raises ValueError for anything else."""
    texts = json.loads(found) if isinstance(found, str) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("it has something else where a list of texts should be")
    return tuple(texts)
