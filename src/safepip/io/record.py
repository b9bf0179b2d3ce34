"""The user's record of first uses, in SQLite: survives crashes, may be shared by runs at the same time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from safepip.core.digest import Algorithm, Digest
from safepip.core.record import Known, KnownFile, KnownRoute
from safepip.io.database import Database

if TYPE_CHECKING:
    # Loaded with the first question: a run whose answer is installed already has none.
    import sqlite3

_VERSION = 1
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
_ADD = "insert or ignore into file values (?, ?, ?, ?, ?, ?)"
_REPLACE = "insert or replace into file values (?, ?, ?, ?, ?, ?)"


class SqliteRecord:
    """Implements :class:`safepip.core.record.Record`.

    Args:
        path: absolute; neither the file nor its folder need exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path, what="the record of first uses", tables=_TABLES, version=_VERSION)
        self.close = self._database.close

    def known(self, project: NormalizedName) -> Known:
        """See the port."""
        with self._database.readable() as database:
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

    def remember(
        self, known: Sequence[Known], *, over: Collection[tuple[str, str]] = ()
    ) -> Sequence[KnownFile]:
        """See the port."""
        stays: list[KnownFile] = []
        with self._database.writable() as database:
            for one in known:
                if one.route is not None:
                    database.execute(
                        "insert or replace into route values (?, ?, ?, ?)",
                        (one.project, one.route.index, one.route.url, one.route.since.isoformat()),
                    )
                for key, file in one.files.items():
                    _write(database, one.project, file, over=key in over)
                    first = _read(database, file)
                    if first.digest != file.digest:
                        stays.append(first)
        return stays

    def forget(self, project: NormalizedName) -> bool:
        """See the port."""
        if not self._path.exists():
            return False
        with self._database.writable() as database:
            routes = database.execute("delete from route where project = ?", (project,)).rowcount
            files = database.execute("delete from file where project = ?", (project,)).rowcount
            return routes + files > 0


def _write(database: sqlite3.Connection, project: NormalizedName, file: KnownFile, *, over: bool) -> None:
    row = (project, file.index, file.filename, file.digest.hex, file.size, file.since.isoformat())
    database.execute(_REPLACE if over else _ADD, row)


def _read(database: sqlite3.Connection, file: KnownFile) -> KnownFile:
    """What is remembered under its name."""
    asked = "select source, filename, sha256, size, since from file where source = ? and filename = ?"
    return _file(*database.execute(asked, (file.index, file.filename)).fetchone())


def _file(source: str, filename: str, sha256: str, size: int, since: str) -> KnownFile:
    digest = Digest.of(Algorithm.SHA256.value, sha256)
    return KnownFile(index=source, filename=filename, digest=digest, size=size, since=_time(since))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
