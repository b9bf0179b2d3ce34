"""Fresh environments, the real command line in them, and what ended up on disk."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """Both streams, for a message when a test fails."""
        return f"exit {self.exit_code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A virtual environment without pip, with a home and caches of its own.

    Attributes:
        folder: the environment.
        home: becomes HOME, so that no setting and no cache of the machine takes part.
        ca: the bundle that commands are told to trust.
    """

    folder: Path
    home: Path
    ca: str

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def site_packages(self) -> Path:
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def environment(self, **extra: str) -> dict[str, str]:
        """What commands see: a path, a home, a place for temporary files, no settings."""
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.home), "PIP_CONFIG_FILE": os.devnull, **extra}

    def safepip(
        self, *arguments: str, certificate: bool = True, cwd: Path | None = None, **extra: str
    ) -> Outcome:
        """Run ``safepip`` on this environment."""
        trust = ("--cert", self.ca) if certificate else ()
        command = [sys.executable, "-m", "safepip", "--python", self.python, *arguments, *trust]
        return self.run(command, cwd=cwd, **extra)

    def pip(self, *arguments: str, **extra: str) -> Outcome:
        """Run the real pip on this environment, without its cache."""
        options = ("--cert", self.ca, "--no-cache-dir")
        command = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            self.python,
            *arguments[:1],
            *options,
            *arguments[1:],
        ]
        return self.run(command, **extra)

    def run(self, command: list[str], *, cwd: Path | None = None, **extra: str) -> Outcome:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=self.environment(**extra),
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Outcome(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def installed(self) -> dict[str, str]:
        """Distribution to version, from the folders that stand there."""
        folders = [path.name.removesuffix(".dist-info") for path in self.site_packages.glob("*.dist-info")]
        pairs = [folder.split("-", 1) for folder in sorted(folders)]
        return {canonicalize_name(name): version for name, version in pairs}

    def files(self) -> dict[str, bytes]:
        """Every file of the environment with its bytes.

        Bytecode is left out (it holds times), RECORD is sorted, and the environment's own folder is
        written as ``<env>``, so that two environments can be compared.
        """
        result = {}
        for path in sorted(self.folder.rglob("*")):
            if (
                path.is_file()
                and not path.is_symlink()
                and path.suffix != ".pyc"
                and path.name != "pyvenv.cfg"
            ):
                result[str(path.relative_to(self.folder))] = self._comparable(path)
        return result

    def _comparable(self, path: Path) -> bytes:
        content = path.read_bytes()
        if path.name == "RECORD":
            rows = sorted(
                row for row in csv.reader(content.decode().splitlines()) if not row[0].endswith(".pyc")
            )
            scripts = [[name] if name.startswith("../") else [name, *rest] for name, *rest in rows]
            content = repr(scripts).encode()
        return content.replace(str(self.folder).encode(), b"<env>")


def make_target(folder: Path, ca: str) -> Target:
    """A fresh environment made by ``python -m venv --without-pip``."""
    home = folder / "home"
    home.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    return Target(folder=folder / "env", home=home, ca=ca)
