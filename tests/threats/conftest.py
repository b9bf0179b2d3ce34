"""The real pip and safepip side by side, on one scratch environment and one project folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, empty_environment, index, shell
from pipcompat.conftest import Oracle, oracle
from safepip.cli.main import main

__all__ = ["Oracle", "Run", "empty_environment", "index", "oracle", "shell"]

Run = Callable[..., Ended]
"""``run(*arguments, environ={…})``: how a command line ended."""


@pytest.fixture
def safepip(shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """safepip in this process: for command lines that it does not hand over to pip as they are."""

    def run(*arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.chdir(shell.folder)
            for name, value in {**shell.environ, **(environ or {})}.items():
                patch.setenv(name, value)
            code = main(["--python", str(shell.python), *arguments])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


@pytest.fixture
def pip(shell: Shell) -> Run:
    """The pip that safepip has, left to itself."""

    def run(*arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-m", "pip", "--python", str(shell.python), *arguments],
            cwd=shell.folder,
            env={**os.environ, **shell.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **(environ or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for PATH whose programs write down, in ``ran`` beside it, that they ran."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bzr", "git", "hg", "keyring", "lsb_release", "rustc", "svn", "uname"):
        program = folder / name
        ended = 0 if name in {"lsb_release", "rustc", "uname"} else 1
        program.write_text(f'#!/bin/sh\necho {name} >> "{tmp_path}/ran"\necho {name} 1\nexit {ended}\n')
        program.chmod(0o755)
    return folder
