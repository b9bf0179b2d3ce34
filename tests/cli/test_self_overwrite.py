"""safepip working on the environment that it runs in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.environments import Wheelhouse, pip_install
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


def test_pip_is_upgraded_by_the_pip_that_it_replaces(own: Shell, index: IndexServer) -> None:
    """Nothing of the new one is imported while it is put in place, nor is the old one missed."""
    here, library = (
        next(own.python.parent.parent.glob("lib/python*/site-packages")),
        Path(sysconfig.get_path("purelib")),
    )
    for folder in (library / "pip", *library.glob("pip-*.dist-info")):
        shutil.copytree(folder, here / folder.name)
    hostile = {"pip/__init__.py": "raise SystemExit('the new pip was imported too early')\n"}
    publish(index, "pip", "26.99", files=hostile)

    ended = from_inside(own, "install", "-vv", "--upgrade", "pip", *trusting(index))

    assert (ended.code, own.installed()) == (0, {"pip-26.99"}), ended.err
    assert ended.out.splitlines()[-1] == "Successfully installed pip-26.99"
    assert (here / "pip/__init__.py").read_text(encoding="utf-8") == hostile["pip/__init__.py"]


@pytest.mark.parametrize("name", ["rich", "httpx"])
def test_what_is_not_loaded_yet_is_replaced_too(own: Shell, index: IndexServer, name: str) -> None:
    here, library = (
        next(own.python.parent.parent.glob("lib/python*/site-packages")),
        Path(sysconfig.get_path("purelib")),
    )
    for folder in (library / name, *library.glob(f"{name}-*.dist-info")):
        shutil.copytree(folder, here / folder.name)
    newer = {"rich": "15.99", "httpx": "0.28.99"}[name]
    hostile = {f"{name}/__init__.py": f"raise SystemExit('the new {name} was imported too early')\n"}
    publish(index, name, newer, files=hostile)

    ended = from_inside(own, "install", "--upgrade", name, *trusting(index))

    assert (ended.code, own.installed()) == (0, {f"{name}-{newer}"}), ended.err


def test_safepip_itself_is_upgraded_by_the_safepip_that_it_replaces(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    """What it loads late comes from the private copy that it made of itself."""
    source = Path(__file__).parents[2] / "src"
    files = {
        str(path.relative_to(source)): path.read_bytes() for path in source.rglob("*") if path.suffix == ".py"
    }
    house = Wheelhouse(tmp_path / "wheels")
    house.add("safepip", "0.1.0", files=files)
    assert pip_install(shell.python, house, "safepip").returncode == 0
    site = next(shell.python.parent.parent.glob("lib/python*/site-packages"))
    (site / "what-it-needs.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    publish(index, "safepip", "0.2", files={"safepip/__init__.py": "raise SystemExit('too early')\n"})

    # The report is put together in the end, by modules that nothing needed before.
    command = ("install", "--report-format", "json", "--upgrade", "safepip")
    ended = from_inside(shell, *command, *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"safepip-0.2"}), ended.err
    assert json.loads(ended.out)["verdict"] == "done"
