"""The user's record of first uses, in SQLite: survives crashes, may be shared by runs at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from packaging.utils import NormalizedName

from safepip.core.digest import Algorithm, Digest
from safepip.core.record import Known, KnownFile, KnownRoute
from safepip.io.database import Database

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

    def remember(self, known: Sequence[Known]) -> None:
        """See the port."""
        with self._database.writable() as database:
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
        with self._database.writable() as database:
            routes = database.execute("delete from route where project = ?", (project,)).rowcount
            files = database.execute("delete from file where project = ?", (project,)).rowcount
            return routes + files > 0


def _file(source: str, filename: str, sha256: str, size: int, since: str) -> KnownFile:
    digest = Digest.of(Algorithm.SHA256.value, sha256)
    return KnownFile(index=source, filename=filename, digest=digest, size=size, since=_time(since))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
