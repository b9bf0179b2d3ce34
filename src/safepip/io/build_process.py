"""One hook of a build backend in a process of its own: scrubbed, without a network, bounded, and ended whole."""

from __future__ import annotations

import contextlib
import json
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
from safepip.io.build_output import Heard, Output, nobody
from safepip.io.in_build import BY_SIGNAL, NOT_RUN
from safepip.io.interruption import deferring

_WATCHED_SECONDS = 0.25


class Job(NamedTuple):
    """One process to be.

    Attributes:
        what: what it does, in pip's words: ``Building wheel for x (pyproject.toml)``.
        folders: where alone it may write, where the system can hold it to that; none: anywhere.
    """

    command: Sequence[str]
    cwd: str
    environ: Mapping[str, str]
    what: str
    folders: Sequence[str] = ()


class Processes:
    """Runs backend processes one after the other, and remembers what could not be closed to them.

    Args:
        private: a folder of this run's own, for what they print.
        python: an interpreter that the launcher may run in.
        heard: is told what they print, line by line.
        shown: whether somebody reads that while they run.
    """

    def __init__(
        self, private: Path, python: str, limits: Limits, heard: Heard = nobody, *, shown: bool = False
    ) -> None:
        self._python = python
        self._limits = limits
        self._heard = heard
        self._shown = shown
        self._status = private / "status"
        self._log = private / "output.log"
        self._lacks_way = "" if sys.platform == "linux" else f"no way is known on {sys.platform}"
        self.open_because = ""
        self.free_because = ""

    def run(self, job: Job) -> None:
        """Wait for the command to end.

        Raises:
            BuildError: it failed, took too long or said too much; with its last words.
        """
        self.open_because = self.open_because or self._lacks_way
        if job.folders:
            self.free_because = self.free_because or self._lacks_way
        self._status.unlink(missing_ok=True)
        self._heard(f"Running command {job.what}")
        code = self._run_in("open" if self.open_because else "closed", job)
        network, files = self._told()
        if files.startswith("not "):
            self.free_because = files.partition(": ")[2]
        if code == NOT_RUN and network.startswith("not "):
            self.open_because = network.partition(": ")[2]
            code = self._run_in("open", job)
        self._check(code, job)

    def _told(self) -> tuple[str, str]:
        """What the launcher said about the network and the files; empty where it said nothing."""
        try:
            network, _, files = self._status.read_text(encoding="utf-8").partition("\n")
        except OSError:
            return "", ""
        return network, files

    def _run_in(self, mode: str, job: Job) -> int:
        command = list(job.command)
        if sys.platform == "linux":
            source = pkgutil.get_data("safepip.io", "in_build.py")
            if source is None:
                raise SafepipError("safepip's own files are incomplete", reference="broken-installation")
            told = (str(self._status), mode, json.dumps(list(job.folders)))
            command = [self._python, "-I", "-S", "-c", source.decode(), *told, *command]
        process = None
        try:
            with self._log.open("wb") as output, deferring():
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
        finally:
            if process is not None:
                end_group(process)

    def _wait(self, process: subprocess.Popen[bytes], job: Job) -> int:
        watch = _Watch(process, Output(self._log, self._heard), self._limits)
        watch.start()
        try:
            code = process.wait()
        finally:
            watch.stop()
        if watch.why:
            raise self._failure(job, watch.why)
        return code

    def _check(self, code: int, job: Job) -> None:
        if code < 0 or code > BY_SIGNAL:
            number = -code if code < 0 else code - BY_SIGNAL
            raise self._failure(job, f"it was ended by signal {number}")
        if code:
            raise self._failure(job, f"exit code: {code}")

    def _failure(self, job: Job, why: str) -> BuildError:
        said = "[see above for output]" if self._shown else Output(self._log).last_words()
        return BuildError(
            f"{job.what} did not run successfully",
            reference="subprocess-exited-with-error",
            notes=(why, said),
            hint="this comes from the package's own build, and is likely not a problem with safepip",
        )


class _Watch(threading.Thread):
    """Ends a process that takes too long or fills the disk; ``why`` says so."""

    def __init__(self, process: subprocess.Popen[bytes], output: Output, limits: Limits) -> None:
        super().__init__(name="safepip-build-watch", daemon=True)
        self._process = process
        self._output = output
        self._limits = limits
        self._over = threading.Event()
        self.why = ""

    def run(self) -> None:
        """Until the process is over."""
        deadline = time.monotonic() + self._limits.build_max_seconds
        while not self._over.wait(_WATCHED_SECONDS):
            self._output.follow()
            if time.monotonic() > deadline:
                self.why = f"it took longer than {self._limits.build_max_seconds:g} seconds"
            elif self._output.size > self._limits.build_output_max_bytes:
                self.why = f"it printed more than {self._limits.build_output_max_bytes} bytes"
            if self.why:
                end_group(self._process)
                return

    def stop(self) -> None:
        self._over.set()
        self.join()
        self._output.follow(to_the_end=True)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it left running."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        with contextlib.suppress(OSError):
            process.kill()
    process.wait()
