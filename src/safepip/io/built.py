"""Built wheels between runs: their record in the user's data folder, their bytes in the cache.

``built/ab/<sha256>/<filename>`` below the store. Anybody may put a file there; only one whose digest the
record names for the very inputs of a build is ever taken, and it is hashed each time.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

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
        self._database = Database(record, what="the record of built wheels", tables=_TABLES, version=_VERSION)
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
            return None if row is None else tuple(map(str, json.loads(row[0])))

    def find(self, key: str) -> tuple[BuiltWheel, WheelMetadata] | None:
        """See the port. A file that is not what was kept is removed."""
        with self._database.readable() as database:
            if database is None:
                return None
            asked = "select filename, sha256, size, lacked from wheel where inputs = ?"
            row = database.execute(asked, (key,)).fetchone()
            return None if row is None else self._read(*row[:3], lacked=tuple(json.loads(row[3])))

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

    def _read(
        self, filename: str, sha256: str, size: int, *, lacked: tuple[str, ...]
    ) -> tuple[BuiltWheel, WheelMetadata] | None:
        path = self._path(sha256, filename)
        try:
            with open_regular(path) as stream:
                found = hash_stream(stream, frozenset()).sha256
                stream.seek(0)
                if found == sha256:
                    raw = read_metadata(stream, filename, self._limits.sidecar_max_bytes)
                    digests = Digests.of([Digest.of("sha256", sha256)])
                    wheel = BuiltWheel(path=path, digests=digests, size=size, lacked=lacked)
                    return wheel, parse_metadata(raw, "wheel", filename)
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
