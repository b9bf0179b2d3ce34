"""One git process after the other: bounded in time, output and disk, and ended whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from safepip.core.errors import ApplyError, SafepipError
from safepip.core.limits import Limits
from safepip.io.build_process import end_group
from safepip.io.interruption import deferring

_WATCHED_SECONDS = 0.25
_REST = 10
"""A look at the disk may take this part of the time."""
_SHOWN_BYTES = 64 << 10
_SHOWN_LINES = 20


class GitFailed(Exception):
    """git ended with an error, or was ended; the message is its last words."""


class Git:
    """Runs git in one folder, with one environment.

    Args:
        program: absolute path.
        folder: the repository's work tree; also what is watched on disk.
        private: a folder of this run's own, for what git prints.
    """

    def __init__(
        self, program: str, folder: Path, environ: Mapping[str, str], private: Path, limits: Limits
    ) -> None:
        self._program = program
        self._folder = folder
        self._environ = {
            **environ,
            # Nobody looks for a repository, or at whose it is: this one is meant.
            "GIT_DIR": str(folder / ".git"),
            "GIT_WORK_TREE": str(folder),
        }
        self._input = private / "git-input"
        self._output = private / "git-output"
        self._words = private / "git-words"
        self.limits = limits

    def run(self, *arguments: str) -> bytes:
        """What git prints; it may speak to the one remote.

        Raises:
            GitFailed, ApplyError: the disk is full.
        """
        return self._run(arguments, self._environ)

    def local(self, *arguments: str, told: bytes = b"") -> bytes:
        """The same; it speaks to nobody, not even for what is missing. Raises as :meth:`run`.

        Args:
            told: its standard input.
        """
        return self._run(arguments, self._environ | {"GIT_ALLOW_PROTOCOL": "none"}, told)

    def lines(self, *arguments: str) -> list[str]:
        """What :meth:`local` gives, as lines of text; only a line feed ends one."""
        return self.local(*arguments).decode(errors="surrogateescape").rstrip("\n").split("\n")

    def _run(self, arguments: Sequence[str], environ: Mapping[str, str], told: bytes = b"") -> bytes:
        self._input.write_bytes(told)
        with (
            self._input.open("rb") as standard_input,
            self._output.open("wb") as output,
            self._words.open("wb") as words,
        ):
            process = None
            try:
                with deferring():
                    process = subprocess.Popen(
                        [self._program, *arguments],
                        cwd=self._folder,
                        env=dict(environ),
                        stdin=standard_input,
                        stdout=output,
                        stderr=words,
                        # Ctrl-C in a terminal reaches safepip only, which then ends everything that was started.
                        start_new_session=True,
                    )
                why, code = self._wait(process)
            finally:
                if process is not None:
                    end_group(process)
        if why:
            raise GitFailed(why)
        if code:
            raise GitFailed(self._last_words() or f"git ended with exit code {code}")
        return self._output.read_bytes()

    def _wait(self, process: subprocess.Popen[bytes]) -> tuple[str, int]:
        watch = _Watch(process, (self._output, self._words), self._folder, self.limits)
        watch.start()
        try:
            code = process.wait()
        finally:
            watch.stop()
        return watch.why, code

    def _last_words(self) -> str:
        with self._words.open("rb") as stream:
            stream.seek(max(0, self._words.stat().st_size - _SHOWN_BYTES))
            said = stream.read().decode(errors="replace")
        if "No space left on device" in said:
            raise ApplyError(
                "there is no room for the repository",
                reference="disk",
                hint="make room for temporary files",
            )
        lines = [line.rstrip() for line in said.split("\n") if line.strip()]
        return "\n".join(lines[-_SHOWN_LINES:])


def find_git(path: str) -> str:
    """The git on a search path of absolute folders. Raises SafepipError, in pip's words."""
    program = shutil.which("git", path=path) if path else None
    if program is None or not Path(program).is_absolute():
        raise SafepipError(
            "Cannot find command 'git' - do you have 'git' installed and in your PATH?",
            reference="git",
            hint="install it, or name the project as an index serves it",
        )
    return program


class _Watch(threading.Thread):
    """Ends a process that takes too long, says too much or fills the disk; ``why`` says so."""

    def __init__(
        self, process: subprocess.Popen[bytes], outputs: tuple[Path, ...], folder: Path, limits: Limits
    ) -> None:
        super().__init__(name="safepip-git-watch", daemon=True)
        self._process = process
        self._outputs = outputs
        self._folder = folder
        self._limits = limits
        self._over = threading.Event()
        self.why = ""

    def run(self) -> None:
        """Until the process is over."""
        deadline = time.monotonic() + self._limits.repository_max_seconds
        pause = _WATCHED_SECONDS
        while not self._over.wait(pause):
            began = time.monotonic()
            self.why = self._reason(began > deadline)
            if self.why:
                end_group(self._process)
                return
            pause = max(_WATCHED_SECONDS, _REST * (time.monotonic() - began))

    def _reason(self, late: bool) -> str:
        limits = self._limits
        if late:
            return f"it took longer than {limits.repository_max_seconds:g} seconds"
        if any(path.stat().st_size > limits.repository_output_max_bytes for path in self._outputs):
            return f"git printed more than {limits.repository_output_max_bytes} bytes"
        if not holds(self._folder, limits.repository_max_bytes):
            return f"it needs more than {limits.repository_max_bytes} bytes of disk"
        return ""

    def stop(self) -> None:
        self._over.set()
        self.join()


def holds(folder: Path, most: int) -> bool:
    """Whether all files below a folder together have no more bytes than this."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue  # it is being written
        if total > most:
            return False
    return True
