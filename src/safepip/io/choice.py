"""Which environment a command works on.

Every command begins here, so nothing is loaded that is not needed: ``os.path`` instead of ``pathlib``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from safepip.core.errors import SafepipError
from safepip.core.value import value

_ANSWER_SECONDS = 30.0
"""How long a stand-in for an interpreter may take to answer."""
_TOOL_MARKS = ("pipx_metadata.json", "uv-receipt.toml")
"""Files that the tool installers leave in the environments they make for one tool."""
_CACHE_MARK = "CACHEDIR.TAG"
"""In folders whose contents anybody may delete (the Cache Directory Tagging Specification)."""
_CACHE_DEPTH = 3
"""How far below such a folder environments for one run are made (``uvx``)."""
_INTERPRETERS = ("python", "pypy", "graalpy")
"""What the name of an interpreter's file contains."""


@value
class Interpreter:
    """The interpreter that runs safepip, as far as choosing a target needs it.

    Attributes:
        bundled: whether safepip runs from a zipapp, so the interpreter is only its carrier.
    """

    executable: str
    prefix: str
    base_prefix: str
    bundled: bool = False

    @classmethod
    def running(cls) -> Interpreter:
        return cls(
            executable=sys.executable,
            prefix=sys.prefix,
            base_prefix=sys.base_prefix,
            bundled=not os.path.isfile(__file__),
        )

    @property
    def for_a_tool(self) -> bool:
        """Whether this environment was made for safepip alone, so that nobody means it."""
        if self.bundled or any(os.path.isfile(os.path.join(self.prefix, mark)) for mark in _TOOL_MARKS):
            return True
        return self.prefix != self.base_prefix and _in_cache(self.prefix)

    def imports_from(self, prefix: str) -> bool:
        """Whether safepip's own packages are those of the environment with this ``sys.prefix``."""
        return not self.bundled and os.path.realpath(self.prefix) == os.path.realpath(prefix)

    @property
    def in_environment(self) -> bool:
        """Whether it belongs to a virtual or conda environment."""
        return self.prefix != self.base_prefix or os.path.isdir(os.path.join(self.prefix, "conda-meta"))


@value
class Choice:
    """The chosen interpreter and the reason, for the line that is shown."""

    python: str
    reason: str
    own: bool = False
    """Whether it is the interpreter that runs safepip, so nothing need be said."""


def choose(option: str | None, environ: Mapping[str, str], own: Interpreter) -> Choice:
    """The environment a command works on.

    ``--python`` › the environment safepip runs in unless made for a tool › ``VIRTUAL_ENV`` ›
    ``CONDA_PREFIX`` › safepip's interpreter, with the same exception › ``python3`` on PATH. A
    folder ``.venv`` that merely stands in the working directory never counts.

    A script that stands in for an interpreter (a version manager's shim) is asked which one it starts;
    and a program that is not named like one whether it is one.

    Raises:
        SafepipError: ``--python`` or ``VIRTUAL_ENV`` names no interpreter, or none is left.
    """
    choice = _choose(option, environ, own)
    python = _interpreter_itself(choice.python, environ)
    return Choice(python=python, reason=choice.reason, own=choice.own or python == own.executable)


def _choose(option: str | None, environ: Mapping[str, str], own: Interpreter) -> Choice:
    if option is not None:
        return _named(option, own)
    if own.in_environment and not own.for_a_tool:
        return Choice(python=own.executable, reason="safepip runs in it", own=True)
    if folder := environ.get("VIRTUAL_ENV"):
        return _active(folder, own)
    if (folder := environ.get("CONDA_PREFIX")) and (python := interpreter_in(folder)):
        return Choice(python=python, reason="CONDA_PREFIX", own=python == own.executable)
    if not own.for_a_tool:
        return Choice(python=own.executable, reason="safepip runs in it", own=True)
    return _on_path(environ)


def _named(option: str, own: Interpreter) -> Choice:
    python = interpreter_in(option) if os.path.isdir(option) else option
    if python is None or not os.path.exists(python):
        raise SafepipError(
            f"Could not locate Python interpreter {option}",
            reference="target",
            hint="--python takes the path of an interpreter or of a virtual environment",
        )
    python = os.path.abspath(python)
    return Choice(python=python, reason="--python", own=python == own.executable)


def _active(folder: str, own: Interpreter) -> Choice:
    python = interpreter_in(folder)
    if python is None:
        raise SafepipError(
            f"VIRTUAL_ENV names {folder}, which has no Python interpreter",
            reference="target",
            hint="deactivate that environment, or say which one is meant with --python",
        )
    return Choice(python=python, reason="VIRTUAL_ENV", own=python == own.executable)


def _on_path(environ: Mapping[str, str]) -> Choice:
    import shutil

    # Relative entries would let the working directory choose.
    entries = [entry for entry in environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(entry)]
    python = shutil.which("python3", path=os.pathsep.join(entries)) or shutil.which(
        "python", path=os.pathsep.join(entries)
    )
    if python is None:
        raise SafepipError(
            "no Python environment to work on",
            reference="target",
            hint="activate a virtual environment, or name an interpreter with --python",
        )
    return Choice(python=python, reason="first on PATH")


def interpreter_in(folder: str) -> str | None:
    """The interpreter of an environment's folder, absolute; None if there is none."""
    for parts in (("bin", "python"), ("Scripts", "python.exe"), ("python.exe",)):
        python = os.path.abspath(os.path.join(folder, *parts))
        if os.path.exists(python):
            return python
    return None


def _in_cache(folder: str) -> bool:
    """Whether the folder lies in a cache. Its own mark says nothing: ``uv venv`` puts one into every one."""
    for _ in range(_CACHE_DEPTH):
        folder = os.path.dirname(folder)
        if os.path.isfile(os.path.join(folder, _CACHE_MARK)):
            return True
    return False


def _interpreter_itself(python: str, environ: Mapping[str, str]) -> str:
    """What a script starts; anything else as it is, if it is an interpreter.

    A script would need the user's PATH, which no target is started with.
    """
    script = _is_script(python)
    if not script and any(word in os.path.basename(python).lower() for word in _INTERPRETERS):
        return python
    answer = _ask(python, environ)
    if not os.path.isabs(answer):
        raise _no_interpreter(python, answer)
    return answer if script else python


def _is_script(python: str) -> bool:
    try:
        with open(python, "rb") as stream:
            return stream.read(2) == b"#!"
    except OSError:
        return False


def _ask(python: str, environ: Mapping[str, str]) -> str:
    """The interpreter's own path, as it says. Raises SafepipError where it says nothing."""
    import subprocess

    kept = {
        name: value for name, value in environ.items() if not name.startswith(("PYTHON", "PIP_", "_PIP_"))
    }
    try:
        answer = subprocess.run(
            [python, "-I", "-c", "import sys; print(sys.executable)"],
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
    except OSError as error:
        raise SafepipError(
            f"the interpreter {python} cannot be started: {error.strerror or error}", reference="target"
        ) from error
    except subprocess.SubprocessError as error:
        raise _no_interpreter(python, str(getattr(error, "stderr", None) or "")) from error
    return answer.stdout.strip()


def _no_interpreter(python: str, said: str) -> SafepipError:
    return SafepipError(
        f"{python} does not work as a Python interpreter",
        reference="target",
        notes=said.splitlines(),
        hint="name an interpreter, or the folder of a virtual environment, with --python",
    )
