"""A run that is told to end before anything changes leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.conftest import Shell, trusting
from support.server import IndexServer


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_ended_while_it_waits_for_an_index_leaves_no_folder_behind(
    shell: Shell, index: IndexServer, tmp_path: Path, number: signal.Signals
) -> None:
    index.hang("/simple/app/")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [
        sys.executable,
        "-m",
        "safepip",
        "--python",
        str(shell.python),
        "install",
        "app",
        *trusting(index),
    ]
    with subprocess.Popen(
        command,
        cwd=shell.folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not index.requests:
            time.sleep(0.02)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]

    assert process.returncode == 1
    assert "ERROR: Operation cancelled by user" in said
    assert (shell.installed(), list(temporary.iterdir())) == (set(), [])
