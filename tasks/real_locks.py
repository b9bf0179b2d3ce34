"""Lock large real projects for six environments, install from the locks with safepip, pip and uv, and compare.

``python -m tasks.real_locks [PROJECT …]``; without arguments all of ``PROJECTS``. Needs the default index of
pip, uv (``make real-locks`` brings it), and Linux on x86-64 with a Python that is among ``ENVIRONMENTS``. Exit 1 where
anything is not as it should be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

PROJECTS = ("jupyterlab", "apache-airflow")
ENVIRONMENTS = (
    "linux-x86_64-cp311",
    "linux-x86_64-cp313",
    "linux-aarch64-cp314",
    "macos-arm64-cp312",
    "macos-x86_64-cp312",
    "windows-amd64-cp311",
)
UV = Path(".cache/integration-servers/bin/uv").resolve()
TIMEOUT_SECONDS = 900

Versions = dict[str, str]
"""Version by normalised name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    text: str
    code: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A folder with an empty home, and locks of one project."""

    project: str
    folder: Path

    def run(self, *command: str) -> Ended:
        """A command with the empty home, without config files and local wheel folders."""
        environ = {name: value for name, value in os.environ.items() if name != "PIP_FIND_LINKS"}
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "VIRTUAL_ENV"):
            environ.pop(name, None)
        began = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environ | {"HOME": str(self.folder), "PIP_CONFIG_FILE": os.devnull},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        return Ended(text=done.stdout, code=done.returncode, seconds=time.perf_counter() - began)

    def lock(self, *words: str) -> Ended:
        """``safepip lock PROJECT`` for all environments."""
        named = ("--environment", ",".join(ENVIRONMENTS))
        return self.run(sys.executable, "-m", "safepip", "lock", self.project, *named, *words)

    def target(self, name: str) -> str:
        """The interpreter of a new environment, which has not even pip."""
        folder = self.folder / name
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        return str(folder / "bin" / "python")


Install = Callable[[str], list[str]]
"""The command that installs a lock into an interpreter's environment, without the lock."""

INSTALLS: dict[str, tuple[str, Install]] = {
    "safepip": ("pylock.toml", lambda python: [*_safepip(python), "install", "-r"]),
    "safepip, hashed": (
        "requirements.txt",
        lambda python: [*_safepip(python), "install", "--require-hashes", "-r"],
    ),
    "pip": ("pylock.toml", lambda python: [*_pip(python), "install", "-q", "-r"]),
    "pip, hashed": (
        "requirements.txt",
        lambda python: [*_pip(python), "install", "-q", "--require-hashes", "-r"],
    ),
    "uv": ("pylock.toml", lambda python: [str(UV), "pip", "sync", "-q", "--python", python]),
    "uv, hashed": ("requirements.txt", lambda python: [str(UV), "pip", "sync", "-q", "--python", python]),
}
"""For each way to install: the lock that it reads, and how."""


def locking(scratch: Scratch) -> Iterator[tuple[str, Ended, list[str]]]:
    """Lock, see that locking again changes nothing, and lock in the other form."""
    for what, words in (
        ("lock, nothing cached", ("-o", "pylock.toml")),
        ("lock --check", ("-o", "pylock.toml", "--check")),
        ("lock hashed", ("-o", "requirements.txt", "--format", "requirements")),
        ("lock hashed --check", ("-o", "requirements.txt", "--format", "requirements", "--check")),
    ):
        ended = scratch.lock(*words)
        yield what, ended, []


def installing(scratch: Scratch) -> Iterator[tuple[str, Ended, list[str]]]:
    """Install in every way; what is there afterwards has to be what the lock says, and has to fit together."""
    expected = locked(scratch.folder / "pylock.toml")
    for number, (what, (lock, install)) in enumerate(INSTALLS.items()):
        python = scratch.target(f"target{number}")
        ended = scratch.run(*install(python), lock)
        yield what, ended, [] if ended.code else [*differences(expected, installed(scratch, python))]
        checked = scratch.run(*_pip(python), "check")
        yield f"{what}: pip check", checked, []


def locked(lock: Path) -> Versions:
    """What a lock says that this very environment gets."""
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["packages"]
    meant = [one for one in packages if "marker" not in one or Marker(one["marker"]).evaluate()]
    return {one["name"]: one["version"] for one in meant}


def installed(scratch: Scratch, python: str) -> Versions:
    """What is in an environment."""
    listed = scratch.run(*_pip(python), "list", "--format", "freeze").text.splitlines()
    pairs = (line.partition("==") for line in listed if "==" in line)
    return {canonicalize_name(name): version for name, _, version in pairs}


def differences(expected: Versions, found: Versions) -> Iterator[str]:
    """A line for each project that is there in another version than it should be, or should not be."""
    for name in sorted({*expected, *found}):
        if expected.get(name) != found.get(name):
            yield f"{name}: locked {expected.get(name)}, installed {found.get(name)}"


def check(scratch: Scratch) -> bool:
    """Print a row for each step, and every problem below it. Returns whether there was none."""
    fine = True
    for steps in (locking, installing):
        for what, ended, wrong in steps(scratch):
            problems = [f"exit {ended.code}", *ended.text.splitlines()[-15:]] if ended.code else wrong
            fine = fine and not problems
            verdict = "WRONG" if problems else "fine"
            print(f"{scratch.project:<16} {what:<28} {ended.seconds:>8.1f}  {verdict}", flush=True)
            for line in problems:
                print(f"    {line}")
    return fine


def main(names: list[str]) -> int:
    print(f"{'project':<16} {'':<28} {'seconds':>8}")
    outcomes = []
    for project in names or PROJECTS:
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append(check(Scratch(project=project, folder=Path(folder))))
    return 0 if all(outcomes) else 1


def _safepip(python: str) -> list[str]:
    return [sys.executable, "-m", "safepip", "-q", "--python", python]


def _pip(python: str) -> list[str]:
    return [sys.executable, "-m", "pip", "--python", python]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
