"""One hook of a build backend in a process of its own: scrubbed, without a network, bounded, and ended whole."""

from __future__ import annotations

import contextlib
import os
import pkgutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from safepip.core.errors import BuildError, SafepipError
from safepip.core.limits import Limits
from safepip.io.in_build import NOT_RUN

_SHOWN_LINES = 60
"""The last words of a backend that failed; its traceback stands there."""
_WATCHED_SECONDS = 0.25


class _Job(NamedTuple):
    """One process to be; ``what`` it does stands in messages, ``log`` gets what it prints."""

    command: Sequence[str]
    cwd: str
    environ: Mapping[str, str]
    what: str
    log: Path


class Processes:
    """Runs backend processes one after the other, and remembers what could not be closed to them.

    Args:
        private: a folder of this run's own, for what they print.
        python: an interpreter that the launcher may run in.
    """

    def __init__(self, private: Path, python: str, limits: Limits) -> None:
        self._private = private
        self._python = python
        self._limits = limits
        self.open_because = "" if sys.platform == "linux" else f"{sys.platform} has no way to"
        self.ran = False

    def run(self, command: Sequence[str], *, cwd: str, environ: Mapping[str, str], what: str) -> None:
        """Wait for the command to end.

        Args:
            what: what it does, in pip's words: ``Building wheel for x (pyproject.toml)``.

        Raises:
            BuildError: it failed, took too long or said too much; with its last words.
        """
        self.ran = True
        job = _Job(command, cwd, environ, what, self._private / "output.log")
        if not self.open_because:
            code = self._run_in("closed", job)
            if code != NOT_RUN or (refusal := self._refusal()) is None:
                return _check(code, job)
            self.open_because = refusal
        return _check(self._run_in("open", job), job)

    def _refusal(self) -> str | None:
        """Why the network could not be closed; None where it was."""
        with contextlib.suppress(OSError):
            told = (self._private / "network").read_text(encoding="utf-8")
            return None if told == "closed" else told.removeprefix("not closed: ")
        return "its state could not be read"

    def _run_in(self, mode: str, job: _Job) -> int:
        command = list(job.command)
        if sys.platform == "linux":
            source = pkgutil.get_data("safepip.io", "in_build.py")
            if source is None:
                raise SafepipError("safepip's own files are incomplete", reference="broken-installation")
            status = str(self._private / "network")
            command = [self._python, "-I", "-S", "-c", source.decode(), status, mode, *command]
        with job.log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=job.cwd,
                env=dict(job.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal reaches safepip only, which then ends everything that was started.
                start_new_session=True,
            )
            return self._wait(process, job)

    def _wait(self, process: subprocess.Popen[bytes], job: _Job) -> int:
        watch = _Watch(process, job.log, self._limits)
        watch.start()
        try:
            code = process.wait()
        finally:
            watch.stop()
            end_group(process)
        if watch.why:
            raise _failure(job, watch.why)
        return code


class _Watch(threading.Thread):
    """Ends a process that takes too long or fills the disk; ``why`` says so."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, limits: Limits) -> None:
        super().__init__(name="safepip-build-watch", daemon=True)
        self._process = process
        self._log = log
        self._limits = limits
        self._over = threading.Event()
        self.why = ""

    def run(self) -> None:
        """Until the process is over."""
        deadline = time.monotonic() + self._limits.build_max_seconds
        while not self._over.wait(_WATCHED_SECONDS):
            if time.monotonic() > deadline:
                self.why = f"it took longer than {self._limits.build_max_seconds:g} seconds"
            elif _size(self._log) > self._limits.build_output_max_bytes:
                self.why = f"it printed more than {self._limits.build_output_max_bytes} bytes"
            if self.why:
                end_group(self._process)
                return

    def stop(self) -> None:
        self._over.set()
        self.join()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it left running."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        with contextlib.suppress(OSError):
            process.kill()
    process.wait()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _check(code: int, job: _Job) -> None:
    if code < 0:
        raise _failure(job, f"it was ended by signal {-code}")
    if code:
        raise _failure(job, f"exit code: {code}")


def _failure(job: _Job, why: str) -> BuildError:
    return BuildError(
        f"{job.what} did not run successfully",
        reference="subprocess-exited-with-error",
        notes=(why, _last_words(job.log)),
        hint="this comes from the package's own build, and is likely not a problem with safepip",
    )


def _last_words(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, _size(log) - (64 << 10)))
        lines = stream.read().decode(errors="replace").splitlines()
    if not lines:
        return "[no output]"
    shown = lines[-_SHOWN_LINES:]
    last = "" if len(shown) == len(lines) else "last "
    said = [f"  {line.rstrip()}" for line in shown]
    return "\n".join([f"[{last}{len(shown)} lines of output]", *said, "[end of output]"])
