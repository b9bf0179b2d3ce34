"""safepip working on the environment that it runs in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.server import IndexServer


@pytest.fixture
def own(shell: Shell) -> Shell:
    """An environment that has safepip and what it runs on."""
    site = next(shell.python.parent.parent.glob("lib/python*/site-packages"))
    (site / "safepip-and-all.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    source = Path(__file__).parents[2] / "src"
    (site / "safepip-source.pth").write_text(f"{source}\n", encoding="utf-8")
    return shell


def from_inside(shell: Shell, *arguments: str) -> Ended:
    """The safepip of that environment, on that environment."""
    run = subprocess.run(
        [shell.python, "-m", "safepip", *arguments],
        cwd=shell.folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(run.returncode, run.stdout, run.stderr)


def test_a_version_that_safepip_cannot_run_with_is_refused(own: Shell, index: IndexServer) -> None:
    publish(index, "packaging", "19.0")

    ended = from_inside(own, "install", "packaging<20", *trusting(index))

    assert (ended.code, own.installed()) == (10, set()), ended.err
    assert "error[self-overwrite]" in ended.err
    assert "needs packaging>=" in ended.err
    assert "pipx install safepip" in ended.err


def test_a_newer_version_that_still_fits_is_installed(own: Shell, index: IndexServer) -> None:
    publish(index, "packaging", "9999.0")

    ended = from_inside(own, "install", "--upgrade", "packaging", *trusting(index))

    assert (ended.code, own.installed()) == (0, {"packaging-9999.0"}), ended.err


def test_what_safepip_runs_on_is_replaced_under_its_feet(own: Shell, index: IndexServer) -> None:
    here, library = (
        next(own.python.parent.parent.glob("lib/python*/site-packages")),
        Path(sysconfig.get_path("purelib")),
    )
    for folder in (library / "packaging", *library.glob("packaging-*.dist-info")):
        shutil.copytree(folder, here / folder.name)
    publish(index, "packaging", "9999.0")

    ended = from_inside(own, "install", "--upgrade", "packaging", *trusting(index))

    assert (ended.code, own.installed()) == (0, {"packaging-9999.0"}), ended.err
    assert ended.out.splitlines()[-1] == "Successfully installed packaging-9999.0"


def test_another_environment_may_have_what_safepip_could_not_run_with(own: Shell, index: IndexServer) -> None:
    publish(index, "packaging", "19.0")

    ended = own.safepip("install", "packaging<20", *trusting(index))

    assert (ended.code, own.installed()) == (0, {"packaging-19.0"}), ended.err
