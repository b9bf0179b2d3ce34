"""What a run needs on disk: a copy of the checkout, the environments, the wheels pip's tests install from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from integration.pip_suite.wheels import repair_all

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "requirements" / "pip-suite.txt"
OWN_LOCK = ROOT / "requirements" / "demo.txt"
COMMON_WHEELS = ("coverage", "flit_core", "keyring", "pytest_subket", "setuptools")
"""Distributions that pip's tests install; those that they need come with them."""

_PARTS_OF_A_CHECKOUT = ("src", "tests", "tools", "pyproject.toml", "README.rst", "LICENSE.txt", "AUTHORS.txt")
_NOT_CARRIED = ("PIP_", "_PIP_", "PYTHON", "SAFEPIP_", "COV_", "PYTEST_")
_CARRIED = ("PIP_CERT", "PIP_INDEX_URL", "PIP_PROXY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """One folder with everything; made once, used by every run."""

    folder: Path
    source: Path = ROOT
    """The tree of safepip that is measured: installed as it is when the run begins."""

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def runner(self) -> Path:
        """The interpreter that runs pytest."""
        return self.folder / "runner" / "bin" / "python"

    @property
    def safepip(self) -> Path:
        """The interpreter that runs safepip, in an environment made for it alone."""
        return self.folder / "safepip" / "bin" / "python"

    @property
    def shims(self) -> Path:
        """Folder for PATH, whose ``pip`` is safepip."""
        return self.folder / "shims"

    @property
    def wheels(self) -> Path:
        return self.folder / "wheels"

    def prepare(self, checkout: Path) -> None:
        """Make what is missing; copy the checkout anew, so that nothing of an earlier run is in it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if _stale(self.folder / "runner", LOCK):
            _environment(self.folder / "runner", LOCK)
            _fetch_wheels(self.runner, self.wheels)
            self._use_pip_of_checkout()
            _done(self.folder / "runner")
        if _stale(self.folder / "safepip", OWN_LOCK):
            _environment(self.folder / "safepip", OWN_LOCK)
            # As pipx leaves it: nobody means this environment, so the active one is the target.
            (self.folder / "safepip" / "pipx_metadata.json").write_text("{}\n", encoding="utf-8")
            _done(self.folder / "safepip")
        offline = ("--no-index", "--no-deps", "--no-build-isolation", "--force-reinstall")
        _pip(self.safepip, "install", *offline, str(self.source))
        _write_shims(self.shims, self.safepip.with_name("safepip"))
        self.copy(checkout)

    def copy(self, checkout: Path) -> None:
        """Take what is needed of a checkout, which is only read."""
        _copy_checkout(checkout, self.checkout)
        repair_all(self.checkout / "tests" / "data")
        shutil.copytree(self.wheels, self.checkout / "tests" / "data" / "common_wheels")

    def pip_itself(self) -> Path:
        """A program that stands in pip's place as safepip does, but is the pip that safepip depends on."""
        program = self.folder / "pip-itself" / "pip"
        program.parent.mkdir(exist_ok=True)
        for name in ("pip", "pip3"):
            script = program.with_name(name)
            script.write_text(
                f'#!/bin/sh\nexec "{self.safepip}" -m pip --python "$VIRTUAL_ENV" "$@"\n', encoding="utf-8"
            )
            script.chmod(0o755)
        return program

    def _use_pip_of_checkout(self) -> None:
        """Let the runner import, and start, the pip that the tests belong to instead of its own."""
        _pip(self.runner, "uninstall", "--yes", "pip")
        library = next((self.folder / "runner" / "lib").glob("python*")) / "site-packages"
        (library / "checkout.pth").write_text(f"{self.checkout / 'src'}\n", encoding="utf-8")


def scrubbed(environ: dict[str, str]) -> dict[str, str]:
    """An environment without this machine's settings of pip and Python."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_NOT_CARRIED) and name not in {"VIRTUAL_ENV", "CONDA_PREFIX", "CI"}
    }


def _stale(folder: Path, lock: Path) -> bool:
    stamp = folder / ".complete"
    return not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime


def _done(folder: Path) -> None:
    (folder / ".complete").touch()


def _environment(folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    _pip(python, "install", "--only-binary", ":all:", "--require-hashes", "-r", str(lock))


def _fetch_wheels(python: Path, folder: Path) -> None:
    """The wheels of the lock that pip's tests install, with what they need."""
    shutil.rmtree(folder, ignore_errors=True)
    everything = folder.with_name("all-wheels")
    options = ("--only-binary", ":all:", "--require-hashes", "-r", str(LOCK))
    _pip(python, "download", "--dest", str(everything), *options)
    offline = ("--no-index", "--find-links", str(everything), "--dest", str(folder))
    _pip(python, "download", *offline, *COMMON_WHEELS)


def _pip(python: Path, *arguments: str) -> None:
    environ = scrubbed(dict(os.environ))
    environ |= {name: os.environ[name] for name in _CARRIED if name in os.environ}
    command = [str(python), "-m", "pip", arguments[0], "-q", "--disable-pip-version-check", *arguments[1:]]
    subprocess.run(command, check=True, env=environ)


def _write_shims(folder: Path, program: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("pip", "pip3"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(program)


def _copy_checkout(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in _PARTS_OF_A_CHECKOUT:
        part = source / name
        if part.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "common_wheels")
            shutil.copytree(part, target / name, symlinks=True, ignore=ignored)
        elif part.exists():
            shutil.copy2(part, target / name)
