"""safepip's own pip, on the target, for the commands that it applies as they are."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

# As pip's own ``__pip-runner__.py``: pip is found in one folder whatever the target has, and
# nothing is found in the working directory. Old Pythons can parse it up to their refusal.
RUNNER = """\
import sys
if sys.version_info[:2] < (3, 10):
    sys.exit('ERROR: This version of pip does not support python %d.%d (requires >=3.10).\\n'
             '   = help: choose a newer interpreter with --python; %s is too old'
             % (sys.version_info[0], sys.version_info[1], sys.executable))
if not getattr(sys.flags, 'safe_path', False):
    del sys.path[0]
from importlib.machinery import PathFinder
class PipFinder:
    folder = sys.argv.pop(1)
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return PathFinder.find_spec(name, [cls.folder], target) if name == 'pip' else None
for name in [name for name in sys.modules if name == 'pip' or name.startswith('pip.')]:
    del sys.modules[name]  # the target's own, imported by its start-up
sys.meta_path.insert(0, PipFinder)
sys.argv[0] = sys.argv.pop(1)
def offline(event, arguments):
    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname', 'socket.sendto'):
        raise PermissionError('safepip: no pip command that is passed through may use the network')
sys.addaudithook(offline)
from pip._internal.cli.main import cli
sys.exit(cli())
"""


class PassThroughPip:
    """Implements :class:`safepip.core.ports.Pip`.

    Args:
        environ: the user's environment; it is passed on, without what would make pip choose
            another interpreter or configuration layer than safepip did.
        replaces_process: whether pip takes the place of this process, so that no second one
            stays (POSIX); :meth:`run` then does not return.
        program: what pip is to call itself in its usage and completions; see :func:`called_as`.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        replaces_process: bool = os.name == "posix",
        program: str | None = None,
    ) -> None:
        self._environ = environ
        self._replaces_process = replaces_process
        self._program = program or called_as(sys.argv[0])

    def run(
        self, arguments: Sequence[str], *, python: str | None, changes: bool = False, complete: bool = False
    ) -> int:
        """See the port. Raises SafepipError if it cannot start."""
        environ = self._unconfigured() if complete else environment_for_pip(self._environ)
        if arguments:
            # The shell asks for completions without arguments; with some, a command is meant.
            environ.pop("PIP_AUTO_COMPLETE", None)
        interpreter = python or sys.executable
        held = _hold(interpreter, self._environ) if changes else []
        try:
            return self._run(arguments, interpreter, environ)
        finally:
            for descriptor in held:
                os.close(descriptor)

    def run_offline(self, arguments: Sequence[str], *, python: str | None, offered: Sequence[str]) -> int:
        """See the port. This process stays, to remove the folder."""
        import tempfile

        environ = self._unconfigured()
        with tempfile.TemporaryDirectory(prefix="safepip-") as folder:
            for name in offered:
                open(os.path.join(folder, os.path.basename(name)), "xb").close()
            where = ("--no-index", f"--find-links={folder}", "--no-cache-dir")
            return self._run([*arguments, *where], python or sys.executable, environ, stays=True)

    def _unconfigured(self) -> dict[str, str]:
        """The user's environment without anything that configures pip."""
        kept = {name: value for name, value in self._environ.items() if not name.upper().startswith("PIP_")}
        return environment_for_pip(kept) | {"PIP_CONFIG_FILE": os.devnull}

    def _run(
        self, arguments: Sequence[str], interpreter: str, environ: Mapping[str, str], *, stays: bool = False
    ) -> int:
        command = [interpreter, "-c", RUNNER, pip_folder(), self._program, *arguments]
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            if self._replaces_process and not stays:
                os.execve(interpreter, command, environ)  # noqa: S606 - a list that safepip wrote
            return _wait(command, environ)
        except OSError as error:
            from safepip.core.errors import SafepipError

            raise SafepipError(
                f"the interpreter {interpreter} cannot be started: {error.strerror or error}",
                reference="target",
            ) from error


def called_as(program: str) -> str:
    """The name that pip's usage and completions show: ``pip3`` where safepip was started by that name."""
    name = os.path.basename(program).removesuffix(".exe")
    numbered = name.startswith("pip") and name[3:].replace(".", "").isdigit()
    return name if numbered else "pip"


def _hold(python: str, environ: Mapping[str, str]) -> list[int]:
    from safepip.io.holding import hold

    return hold(python, environ)


def pip_folder() -> str:
    """The folder (or zip) on the path that holds the pip that safepip depends on."""
    from importlib.util import find_spec

    spec = find_spec("pip")
    if spec is None or spec.origin is None:
        from safepip.core.errors import SafepipError

        raise SafepipError(
            "safepip's own pip is missing", reference="broken-installation", hint="install safepip again"
        )
    return os.path.dirname(os.path.dirname(spec.origin))


def environment_for_pip(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's environment for a pip whose interpreter safepip has chosen.

    ``_PIP_*`` are pip's own signals between its processes. Relative ``PYTHONPATH`` entries (an
    empty one among them) mean the working directory, from which nothing is imported.
    """
    passed = {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith("_PIP_") and name.upper() != "PIP_PYTHON"
    }
    entries = [entry for entry in passed.pop("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(entry)]
    if entries:
        passed["PYTHONPATH"] = os.pathsep.join(entries)
    return passed | {"_PIP_RUNNING_IN_SUBPROCESS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _wait(command: list[str], environ: Mapping[str, str]) -> int:
    """Wait for pip; its exit code. Ctrl-C is pip's to handle, as it is in its terminal."""
    import subprocess

    with subprocess.Popen(command, env=environ) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
