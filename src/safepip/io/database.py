"""SQLite files of the user's own: they survive crashes, and runs at the same time share them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place
from safepip.io.regular import open_regular, own_folder

if TYPE_CHECKING:
    # Loaded with the first question: a run whose answer is installed already has none.
    import sqlite3

_PATIENCE_SECONDS = 10.0
"""How long to wait for another run that is writing."""
_OWNER_ONLY = 0o600


class Database:
    """One file with tables of one format. Safe for threads.

    Args:
        path: absolute; neither the file nor its folder need exist.
        what: it holds, for messages: ``the record of first uses``.
        tables: statements that fill an empty file, with ``;`` between them.
        version: ``user_version`` of the file; another one was written by a safepip that knew more.
        own: whether it counts only where nobody but this user can have written it. What it says may
            otherwise be said by whoever writes into the home of somebody who then calls ``sudo``.
    """

    def __init__(self, path: Path, *, what: str, tables: str, version: int, own: bool = False) -> None:
        self.path = path
        self._own = own
        self._what = what
        self._tables = tables
        self._version = version
        self._lock = Lock()
        self._reading: sqlite3.Connection | None = None

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            if self._reading is not None:
                self._reading.close()
                self._reading = None

    @contextmanager
    def readable(self) -> Iterator[sqlite3.Connection | None]:
        """One connection for all questions; None where nothing was ever written.

        Raises:
            ConfigurationError: there is a file that cannot be read.
        """
        import sqlite3

        with self._lock:
            try:
                if self._reading is None:
                    if not self._is_there():
                        yield None
                        return
                    self._reading = self._connect()
                yield self._reading if self._check(self._reading) else None
            except (OSError, sqlite3.Error, ValueError) as error:
                raise self._unreadable(error) from None

    @contextmanager
    def writable(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises OSError for whatever stands in the way."""
        import sqlite3

        with self._lock:
            try:
                self._make()
                with closing(self._connect()) as database:
                    database.execute("begin immediate")
                    if not self._check(database):
                        self._fill(database)
                    yield database
                    database.execute("commit")
            except (sqlite3.Error, ValueError) as error:
                raise OSError(f"{self.path}: {error}") from None

    def _is_there(self) -> bool:
        """A link that leads nowhere is: what it stood for is unknown. Raises OSError where nobody can tell."""
        try:
            self.path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def _make(self) -> None:
        """An empty file for its owner only, if there is none; SQLite would make it for everybody."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(self.path, flags, _OWNER_ONLY))

    def _connect(self) -> sqlite3.Connection:
        import sqlite3

        if self._own:
            own_folder(self.path.parent)
            open_regular(self.path, own=True).close()
        # Also to read: what a run that was killed left half written is taken back by whoever comes next, and
        # that is writing. SQLite itself makes do with reading where the file may not be written.
        # No implicit transactions: ours begin and end where they are written.
        return sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw",
            uri=True,
            timeout=_PATIENCE_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    def _fill(self, database: sqlite3.Connection) -> None:
        for statement in filter(str.strip, self._tables.split(";")):
            database.execute(statement)
        database.execute(f"pragma user_version = {self._version}")

    def _check(self, database: sqlite3.Connection) -> bool:
        """Whether it has been filled; a run that is just beginning may have made it only. Raises ValueError."""
        version = database.execute("pragma user_version").fetchone()[0]
        if version == 0 and not database.execute("select count(*) from sqlite_master").fetchone()[0]:
            return False
        if version != self._version:
            raise ValueError(f"it was written by another version of safepip (format {version})")
        return True

    def _unreadable(self, error: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"{self._what} cannot be read: {error}",
            reference="record",
            origin=Origin(layer=Layer.USER, kind=Place.FILE, place=str(self.path)),
            hint="find out why; if it is damaged, delete it, and safepip begins a new one",
        )
