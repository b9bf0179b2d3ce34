"""The real command in a real process, on real environments, against a real HTTPS index.

The process is forked from one that has safepip imported, where that makes no difference to the command.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support import forking
from support.environments import interpreter, make_environment
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Shell:
    """Runs safepip on one scratch environment."""

    folder: Path
    python: Path
    environ: dict[str, str] = field(default_factory=dict)

    def safepip(self, *arguments: str, environ: dict[str, str] | None = None, stdin: str = "") -> Ended:
        """``safepip --python TARGET ARGUMENTS``, in :attr:`folder`."""
        words = ["--python", str(self.python), *arguments]
        whole = {**os.environ, **self.environ, **(environ or {})}
        if forking.can_fork(whole):
            run = forking.run(words, cwd=self.folder, env=whole, stdin=stdin, timeout=120)
            return Ended(run.returncode, run.stdout, run.stderr)
        run = subprocess.run(
            [sys.executable, "-m", "safepip", *words],
            cwd=self.folder,
            env=whole,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(run.returncode, run.stdout, run.stderr)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def installed(self) -> set[str]:
        """``name-version`` of everything in the environment."""
        site = next(self.python.parent.parent.glob("lib/python*/site-packages"))
        return {path.name.removesuffix(".dist-info") for path in site.glob("*.dist-info")}


@pytest.fixture(scope="session")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment") / "env"
    make_environment(folder)
    return folder


@pytest.fixture
def shell(empty_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A project folder and a fresh environment; no configuration, an own cache."""
    target = tmp_path / "target"
    shutil.copytree(empty_environment, target, symlinks=True)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Shell(folder=project, python=interpreter(target))


def publish(server: IndexServer, name: str, version: str = "1.0", **spec: object) -> None:
    """Put a wheel made to order on the index."""
    content = make_wheel(name, version, **spec)
    server.add_wheel(content, wheel_filename(name, version))


@pytest.fixture
def index() -> Iterator[IndexServer]:
    """An HTTPS index with ``app`` (needs ``lib``) in two versions."""
    with IndexServer() as server:
        publish(
            server, "app", "1.0", requires=["lib>=1"], entry_points={"console_scripts": {"app": "app:main"}}
        )
        publish(server, "lib", "1.0")
        publish(server, "lib", "2.0")
        yield server


def trusting(server: IndexServer) -> tuple[str, ...]:
    """Arguments that name the index and its authority."""
    return ("--index-url", server.url, "--cert", server.ca_path)
