"""One process in the target's interpreter, from the first question to the last file.

It is started before anything is known, so that its start-up and pip's imports (a quarter of a
second) pass while safepip resolves and downloads. :mod:`safepip.io.in_target` is what runs there.
"""

from __future__ import annotations

import contextlib
import json
import os
import pkgutil
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safepip.core.errors import ApplyError, SafepipError
from safepip.core.value import value
from safepip.io.pip import pip_folder

OLDEST_PYTHON = (3, 10)
"""What pip 26.3 supports (``PYTHON_REQUIRES`` in its ``__pip-runner__.py``)."""

# Any Python can parse this, so that an old one gets a sentence and not a traceback. With ``-c``
# the first path entry is the working directory, unless ``-P`` or its variable is in force.
_GUARD = """\
import sys
if sys.version_info[:2] < (3, 10):
    sys.stdout.write(sys.argv[3] + '{"unsupported": "%d.%d"}\\n' % sys.version_info[:2])
else:
    if not getattr(sys.flags, 'safe_path', False):
        del sys.path[0]
    exec(compile(sys.argv[1], 'safepip/io/in_target.py', 'exec'))
"""
# What the target's interpreter needs to start and to find the user's folders; all else stays out.
# LD_LIBRARY_PATH and its like are what some interpreters outside the system folders start by.
_KEPT = (
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "MACOSX_DEPLOYMENT_TARGET",
    "SOURCE_DATE_EPOCH",  # makes bytecode reproducible, as in pip
)
_STOP_SECONDS = 5.0
"""How long an agent may take to end by itself after its input closed."""


def minimal_environment(environ: Mapping[str, str], private: Path) -> dict[str, str]:
    """The environment of a pip that reads no configuration and meets nobody's variables."""
    kept = {name: value for name, value in environ.items() if name.upper() in _KEPT}
    if base := environ.get("PYTHONUSERBASE"):
        kept["PYTHONUSERBASE"] = os.path.abspath(base)
    temporary = str(private / "tmp")
    empty = str(private / "empty")
    return kept | {
        "PATH": empty,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": temporary,
        "TMP": temporary,
        "TEMP": temporary,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "_PIP_RUNNING_IN_SUBPROCESS": "1",
    }


@value
class Destination:
    """Where pip's options send an installation; None where the option is not given.

    Attributes:
        user: ``--user`` (True), ``--no-user`` (False), or pip's own decision (None).
    """

    target: str | None = None
    prefix: str | None = None
    root: str | None = None
    user: bool | None = None


@value
class Scheme:
    """The folders an installation fills, absolute; ``user`` whether pip took the user scheme."""

    purelib: str
    platlib: str
    scripts: str
    headers: str
    data: str
    user: bool = False

    @property
    def libraries(self) -> tuple[str, ...]:
        """Both library folders, once if they are the same."""
        return tuple(dict.fromkeys((self.purelib, self.platlib)))

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.purelib, self.platlib, self.scripts, self.headers, self.data)))


class Agent:
    """The process. Not safe for use by several threads at once, except :meth:`close`."""

    def __init__(self, python: str, environ: Mapping[str, str]) -> None:
        """Starts the process and returns at once; the facts are read when asked for.

        Raises:
            SafepipError: the interpreter cannot be started.
        """
        self.python = python
        self.private = Path(tempfile.mkdtemp(prefix="safepip-"))
        for folder in ("tmp", "empty"):
            (self.private / folder).mkdir(mode=0o700)
        self.environ = minimal_environment(environ, self.private)
        self._path = environ.get("PATH", os.defpath)
        self._mark = secrets.token_hex(16)
        self._facts: dict[str, Any] | None = None
        self._errors = (self.private / "start.log").open("w+b")
        try:
            self._process = self._start(environ)
        except OSError as error:
            self._remove_private()
            raise SafepipError(
                f"the interpreter {python} cannot be started: {error.strerror or error}", reference="target"
            ) from error

    def _start(self, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        source = pkgutil.get_data("safepip.io", "in_target.py")
        if source is None:
            raise SafepipError(
                "safepip's own files are incomplete",
                reference="broken-installation",
                hint="install safepip again",
            )
        # Not -I: that hides the user site from pip, which must see it as the target would.
        flags = ["-E", "-s"] if environ.get("PYTHONNOUSERSITE") else ["-E"]
        return subprocess.Popen(
            [self.python, *flags, "-c", _GUARD, source.decode(), pip_folder(), self._mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=self.environ,
            cwd=self.private / "empty",
            # Ctrl-C in a terminal reaches safepip only, which then ends the agent and undoes.
            start_new_session=True,
        )

    def facts(self) -> Mapping[str, Any]:
        """What the target says about itself, see ``in_target.facts``; waits for it once.

        Raises:
            SafepipError: it is no working Python, or one that pip no longer supports.
        """
        if self._facts is None:
            self._facts = self._answer()
        if old := self._facts.get("unsupported"):
            needed = ".".join(map(str, OLDEST_PYTHON))
            raise SafepipError(
                f"This version of pip does not support python {old} (requires >={needed}).",
                reference="target",
                hint=f"choose a newer interpreter with --python; {self.python} is too old",
            )
        return self._facts

    def warm(self) -> None:
        """Let pip's modules be imported now; changes nothing, returns at once."""
        self._say({"warm": True})

    def locate(self, destination: Destination) -> Scheme:
        """Where pip would install. Raises ApplyError in pip's words where it would refuse."""
        self.facts()
        wanted = {
            "target": destination.target,
            "prefix": destination.prefix,
            "root": destination.root,
            "user": destination.user,
        }
        self._say({"locate": wanted})
        answer = self._answer()
        if error := answer.get("error"):
            raise ApplyError(str(error), reference="pip")
        return Scheme(user=answer["user"], **answer["scheme"])

    def run(self, lines: Sequence[Sequence[str]], log: Path) -> int:
        """Run pip's main function on each command line, up to the first that fails, and wait.

        All it prints goes to ``log``. Returns pip's exit code; negative where a signal ended it.
        """
        self.facts()
        said = [list(argv) for argv in lines]
        self._say({"run": {"lines": said, "log": str(log), "environ": {"PATH": self._path}}})
        return self._process.wait()

    def close(self) -> None:
        """End the process, whatever it does, and remove the private folder."""
        process = self._process
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]  # it was started with a pipe
        if process.poll() is None:
            process.kill()
        process.wait(_STOP_SECONDS)
        process.stdout.close()  # type: ignore[union-attr]  # it was started with a pipe
        self._remove_private()

    def _remove_private(self) -> None:
        self._errors.close()
        shutil.rmtree(self.private, ignore_errors=True)

    def _say(self, message: Mapping[str, Any]) -> None:
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")  # type: ignore[union-attr]
            self._process.stdin.flush()  # type: ignore[union-attr]  # it was started with a pipe
        except OSError as error:
            raise self._broken() from error

    def _answer(self) -> dict[str, Any]:
        for line in self._lines():
            # What the target prints at start-up need not end with its line.
            _, mark, text = line.partition(self._mark.encode())
            if mark:
                try:
                    answer: dict[str, Any] = json.loads(text)
                except ValueError:  # a program that repeats what it was started with
                    raise self._broken() from None
                return answer
        raise self._broken()

    def _lines(self) -> Iterator[bytes]:
        while line := self._process.stdout.readline():  # type: ignore[union-attr]  # it is a pipe
            yield line

    def _broken(self) -> SafepipError:
        """The process ended before it was told to: its last words are the best explanation."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        self._errors.seek(0)
        words = "\n".join(self._errors.read().decode(errors="replace").strip().splitlines()[-5:])
        return SafepipError(
            f"{self.python} does not work as a Python interpreter",
            reference="target",
            hint="name another interpreter or environment with --python",
            notes=(words,) if words else (),
        )
