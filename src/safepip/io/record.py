"""The user's record of first uses, in SQLite: survives crashes, may be shared by runs at the same time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from safepip.core.digest import Algorithm, Digest
from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place
from safepip.core.record import Known, KnownFile, KnownRoute

if TYPE_CHECKING:
    # Loaded with the first question: a run whose answer is installed already has none.
    import sqlite3

_VERSION = 1
"""``user_version`` of the file; another one was written by a safepip that knew more."""
_PATIENCE_SECONDS = 10.0
"""How long to wait for another run that is writing."""
_OWNER_ONLY = 0o600
_TABLES = """
create table route (
    project text primary key, source text not null, url text not null, since text not null
);
create table file (
    project text not null, source text not null, filename text not null,
    sha256 text not null, size integer not null, since text not null,
    primary key (source, filename)
);
create index file_of_project on file (project);
"""


class SqliteRecord:
    """Implements :class:`safepip.core.record.Record`.

    Args:
        path: absolute; neither the file nor its folder need exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._reading: sqlite3.Connection | None = None

    def known(self, project: NormalizedName) -> Known:
        """See the port."""
        with self._lock, self._readable() as database:
            if database is None:
                return Known(project=project)
            route = database.execute("select source, url, since from route where project = ?", (project,))
            files = database.execute(
                "select source, filename, sha256, size, since from file where project = ?", (project,)
            )
            found = (_file(*row) for row in files)
            return Known(
                project=project,
                route=next(
                    (KnownRoute(index=source, url=url, since=_time(since)) for source, url, since in route),
                    None,
                ),
                files={(file.index, file.filename): file for file in found},
            )

    def remember(self, known: Sequence[Known]) -> None:
        """See the port."""
        with self._lock, self._writable() as database:
            for one in known:
                if one.route is not None:
                    database.execute(
                        "insert or replace into route values (?, ?, ?, ?)",
                        (one.project, one.route.index, one.route.url, one.route.since.isoformat()),
                    )
                database.executemany(
                    "insert or replace into file values (?, ?, ?, ?, ?, ?)",
                    [
                        (one.project, f.index, f.filename, f.digest.hex, f.size, f.since.isoformat())
                        for f in one.files.values()
                    ],
                )

    def forget(self, project: NormalizedName) -> bool:
        """See the port."""
        if not self._path.exists():
            return False
        with self._lock, self._writable() as database:
            routes = database.execute("delete from route where project = ?", (project,)).rowcount
            files = database.execute("delete from file where project = ?", (project,)).rowcount
            return routes + files > 0

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            if self._reading is not None:
                self._reading.close()
                self._reading = None

    @contextmanager
    def _readable(self) -> Iterator[sqlite3.Connection | None]:
        """One connection for all questions; None where nothing was ever written."""
        import sqlite3

        try:
            if self._reading is None:
                if not self._path.exists():
                    yield None
                    return
                self._reading = self._connect("ro")
            yield self._reading if self._check(self._reading) else None
        except (OSError, sqlite3.Error, ValueError) as error:
            raise self._unreadable(error) from None

    @contextmanager
    def _writable(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises OSError for whatever stands in the way."""
        import sqlite3

        try:
            self._make()
            with closing(self._connect("rw")) as database:
                database.execute("begin immediate")
                if not self._check(database):
                    self._fill(database)
                yield database
                database.execute("commit")
        except (sqlite3.Error, ValueError) as error:
            raise OSError(f"{self._path}: {error}") from None

    def _make(self) -> None:
        """An empty file for its owner only, if there is none; SQLite would make it for everybody."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(self._path, flags, _OWNER_ONLY))

    def _connect(self, mode: str) -> sqlite3.Connection:
        import sqlite3

        # No implicit transactions: ours begin and end where they are written.
        return sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            uri=True,
            timeout=_PATIENCE_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    @staticmethod
    def _fill(database: sqlite3.Connection) -> None:
        for statement in filter(str.strip, _TABLES.split(";")):
            database.execute(statement)
        database.execute(f"pragma user_version = {_VERSION}")

    @staticmethod
    def _check(database: sqlite3.Connection) -> bool:
        """Whether it has been filled; a run that is just beginning may have made it only. Raises ValueError."""
        version = database.execute("pragma user_version").fetchone()[0]
        if version == 0 and not database.execute("select count(*) from sqlite_master").fetchone()[0]:
            return False
        if version != _VERSION:
            raise ValueError(f"it was written by another version of safepip (format {version})")
        return True

    def _unreadable(self, error: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"the record of first uses cannot be read: {error}",
            reference="record",
            origin=Origin(layer=Layer.USER, kind=Place.FILE, place=str(self._path)),
            hint="find out why; if it is damaged, delete it, and safepip begins a new one",
        )


def _file(source: str, filename: str, sha256: str, size: int, since: str) -> KnownFile:
    digest = Digest.of(Algorithm.SHA256.value, sha256)
    return KnownFile(index=source, filename=filename, digest=digest, size=size, since=_time(since))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
