"""Compiling what pip has put in place, on all processors, while pip puts the rest in place.

Bytecode is half of the time of a large installation, and pip makes it on one processor. The
workers are the target's own interpreter; they parse, they never run, what they compile.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from safepip.core.errors import ApplyError

_WORKER = """\
import sys
del sys.path[0]
import compileall, json, warnings
warnings.filterwarnings('ignore')
for line in sys.stdin:
    done = [path for path in json.loads(line) if compileall.compile_file(path, force=True, quiet=2)]
    sys.stdout.write(json.dumps(done) + '\\n')
    sys.stdout.flush()
"""
_BATCH_FILES = 25
_POLL_SECONDS = 0.02
WORTHWHILE_FILES = 300
"""From this many modules on, starting workers costs less than it saves."""


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Compilers:
    """Workers for one installation. Use as a context manager: leaving it ends them.

    Args:
        folders: metadata folders that pip may make; its own RECORD in one says that all of the
            package's files are there. pip writes INSTALLER just before it.
    """

    def __init__(
        self, python: str, environ: Mapping[str, str], cwd: Path, folders: Sequence[Path], cache_tag: str
    ) -> None:
        self._pending = {folder / "RECORD": _identity(folder / "RECORD") for folder in folders}
        self._records: list[Path] = []
        self._cache_tag = cache_tag
        self._batches: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
        self._compiled: dict[str, str] = {}
        self._failed = threading.Event()
        self._pip_done = threading.Event()
        self._workers = [
            subprocess.Popen(
                [python, "-E", "-s", "-S", "-c", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
                cwd=cwd,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
            for _ in range(processors())
        ]
        feeders = [
            threading.Thread(target=self._feed, args=(worker,), daemon=True) for worker in self._workers
        ]
        self._threads = [threading.Thread(target=self._watch, daemon=True), *feeders]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._pip_done.set()
        for worker in self._workers:
            worker.kill()
            worker.wait()
            for stream in (worker.stdin, worker.stdout):
                with contextlib.suppress(OSError):  # what was not read is lost with the worker
                    stream.close()  # type: ignore[union-attr]  # started with pipes

    def finish(self) -> None:
        """After pip ended well: compile the rest, and name all bytecode in RECORD, as pip does.

        Raises:
            ApplyError: a worker died.
        """
        self._pip_done.set()
        for thread in self._threads:
            thread.join()
        if self._failed.is_set():
            raise ApplyError(
                "compiling bytecode failed", reference="bytecode", hint="try again with --no-compile"
            )
        for record in self._records:
            _add_rows(record, self._compiled)

    def _watch(self) -> None:
        """Hand out the modules of each package as soon as pip has finished with it."""
        try:
            self._look_until_done()
        except OSError:
            self._failed.set()
        finally:
            for _ in self._workers:
                self._batches.put(None)

    def _look_until_done(self) -> None:
        last_look = False
        while self._pending:
            for record, seen in list(self._pending.items()):
                identity = _identity(record)  # before it is read: what is replaced meanwhile is read again
                if identity is not None and (identity != seen or last_look):
                    self._take(record, identity)
            if last_look:
                break
            last_look = self._pip_done.wait(_POLL_SECONDS)

    def _take(self, record: Path, identity: tuple[int, int]) -> None:
        """Hand out one package, unless its RECORD is still the wheel's own."""
        try:
            rows = list(_rows(record))
        except (OSError, ValueError, csv.Error):
            return  # it is being written, or replaced; the next look shows
        if any(row[0] == f"{record.parent.name}/INSTALLER" for row in rows):
            del self._pending[record]
            self._records.append(record)
            self._hand_out(str(record.parent.parent), rows)
        else:
            self._pending[record] = identity

    def _hand_out(self, library: str, rows: list[list[str]]) -> None:
        paths = (os.path.normpath(os.path.join(library, row[0])) for row in rows)
        modules = [path for path in paths if path.endswith(".py") and os.path.isfile(path)]
        for begin in range(0, len(modules), _BATCH_FILES):
            self._batches.put(modules[begin : begin + _BATCH_FILES])

    def _feed(self, worker: subprocess.Popen[str]) -> None:
        while (batch := self._batches.get()) is not None:
            try:
                worker.stdin.write(json.dumps(batch) + "\n")  # type: ignore[union-attr]
                worker.stdin.flush()  # type: ignore[union-attr]  # started with pipes
                done = json.loads(worker.stdout.readline())  # type: ignore[union-attr]
            except (OSError, ValueError):
                self._failed.set()
                return
            self._compiled.update((path, _cached(path, self._cache_tag)) for path in done)


def _identity(path: Path) -> tuple[int, int] | None:
    """Tells a file from the one that later takes its name; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _cached(path: str, cache_tag: str) -> str:
    folder, _, name = path.rpartition(os.sep)
    return f"{folder}{os.sep}__pycache__{os.sep}{name[:-3]}.{cache_tag}.pyc"


def _rows(record: Path) -> Iterator[list[str]]:
    with record.open(newline="", encoding="utf-8") as stream:
        yield from filter(None, csv.reader(stream))


def _add_rows(record: Path, compiled: Mapping[str, str]) -> None:
    library = str(record.parent.parent)
    rows = list(_rows(record))
    known = {row[0] for row in rows}
    for row in list(rows):
        module = os.path.normpath(os.path.join(library, row[0]))
        if module in compiled:
            folder, slash, _ = row[0].rpartition("/")
            name = f"{folder}{slash}__pycache__/{os.path.basename(compiled[module])}"
            if name not in known:
                rows.append([name, "", ""])
    mode = record.stat().st_mode
    draft = record.with_name("RECORD.safepip")
    with draft.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(sorted(rows))
    draft.chmod(mode)
    draft.replace(record)
