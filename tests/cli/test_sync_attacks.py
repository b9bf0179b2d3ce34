"""What ``sync`` must not take away: files of others, what lies elsewhere, an environment it was not meant for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, trusting
from safepip.io.journal import FOLDER
from support.environments import Wheelhouse, make_environment, pip_install, tree
from support.locks import lock, package
from support.server import IndexServer


@pytest.fixture
def house(tmp_path: Path) -> Wheelhouse:
    return Wheelhouse(tmp_path / "wheelhouse")


def sync(shell: Shell, index: IndexServer, *words: str, **more: str) -> Ended:
    return shell.safepip("sync", *trusting(index), *words, "pylock.toml", environ=more)


def site_of(shell: Shell) -> Path:
    return next(shell.python.parent.parent.glob("lib/python*/site-packages"))


def claim(shell: Shell, distribution: str, *paths: str) -> None:
    """Lines in the RECORD of something that is installed."""
    record = site_of(shell) / distribution / "RECORD"
    record.write_text(record.read_text() + "".join(f"{path},,\n" for path in paths))


def test_files_outside_of_the_environment_are_not_removed(
    shell: Shell, house: Wheelhouse, index: IndexServer
) -> None:
    """For pip a folder beside ``target`` whose name begins with ``target`` is inside of it."""
    house.add("old")
    assert pip_install(shell.python, house, "old").returncode == 0
    beside = shell.folder.parent / "target-of-somebody/mine.txt"
    beside.parent.mkdir()
    beside.write_text("mine")
    claim(shell, "old-1.0.dist-info", "../../../../target-of-somebody/mine.txt")
    shell.write("pylock.toml", lock(package(index, "lib")))
    before = tree(shell.python.parent.parent)

    ended = sync(shell, index)

    assert (ended.code, beside.read_text()) == (1, "mine"), ended.err
    assert f"old 1.0 claims {beside}, which is outside of this environment" in ended.err
    assert tree(shell.python.parent.parent) == before
    assert not (site_of(shell) / FOLDER).exists()


def test_what_pip_does_not_remove_is_no_hindrance(
    shell: Shell, house: Wheelhouse, index: IndexServer
) -> None:
    house.add("old")
    assert pip_install(shell.python, house, "old").returncode == 0
    elsewhere = shell.folder / "mine.txt"
    elsewhere.write_text("mine")
    claim(shell, "old-1.0.dist-info", str(elsewhere), "../../../../target-gone/no.txt")
    shell.write("pylock.toml", lock(package(index, "lib")))

    ended = sync(shell, index)

    assert (ended.code, shell.installed(), elsewhere.read_text()) == (0, {"lib-1.0"}, "mine"), ended.err


def test_files_that_something_else_brings_as_well_stay(
    shell: Shell, house: Wheelhouse, index: IndexServer
) -> None:
    """The ``__init__.py`` of a namespace in the old style; and a liar that claims all of ``pip``."""
    init = {"ns/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"}
    index_lib = package(index, "lib", files=init | {"ns/lib.py": ""})
    house.add("lib", files=init | {"ns/lib.py": ""})
    house.add("pip", "1", files={"pip/__init__.py": "", "pip/deep/down.py": ""})
    house.add("old", files=init | {"ns/old.py": ""})
    assert pip_install(shell.python, house, "lib", "pip", "old").returncode == 0
    claim(shell, "old-1.0.dist-info", "pip/__init__.py", "pip/deep/down.py")
    shell.write("pylock.toml", lock(index_lib))
    site = site_of(shell)
    kept = {path: path.read_bytes() for path in (*site.glob("ns/*.py"), *site.glob("pip/**/*.py"))}
    del kept[site / "ns/old.py"]

    ended = sync(shell, index)

    assert (ended.code, shell.installed()) == (0, {"lib-1.0", "pip-1"}), ended.err
    assert {path: path.read_bytes() for path in kept if path.exists()} == kept
    assert not (site / "ns/old.py").exists()
    again = sync(shell, index)
    assert "nothing to do" in again.err


def test_the_systems_packages_behind_an_environment_stay(
    shell: Shell, house: Wheelhouse, index: IndexServer, tmp_path: Path
) -> None:
    house.add("old")
    system = tmp_path / "system"
    assert pip_install(shell.python, house, "--target", str(system), "old").returncode == 0
    (site_of(shell) / "system.pth").write_text(f"{system}\n")
    shell.write("pylock.toml", lock(package(index, "lib")))
    before = tree(system)

    ended = sync(shell, index)

    assert (ended.code, ended.out) == (0, "Successfully installed lib-1.0\n"), ended.err
    assert tree(system) == before


def test_the_sources_of_an_editable_project_stay(shell: Shell, house: Wheelhouse, index: IndexServer) -> None:
    house.add("mine", files={"mine-is-elsewhere.pth": f"{shell.folder}\n"})
    shell.write("mine.py", "")
    assert pip_install(shell.python, house, "mine").returncode == 0
    url = {"url": f"file://{shell.folder}", "dir_info": {"editable": True}}
    (site_of(shell) / "mine-1.0.dist-info/direct_url.json").write_text(json.dumps(url))
    shell.write("pylock.toml", lock(package(index, "lib")))

    ended = sync(shell, index)

    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err
    assert (shell.folder / "mine.py").exists()


@pytest.mark.parametrize(
    "head",
    [
        "environments = [\"sys_platform == 'nowhere'\"]\n",
        'requires-python = "<3"\n',
    ],
)
def test_a_lock_for_another_environment_removes_nothing(
    shell: Shell, house: Wheelhouse, index: IndexServer, head: str
) -> None:
    house.add("old")
    assert pip_install(shell.python, house, "old").returncode == 0
    shell.write("pylock.toml", lock(package(index, "lib"), head=head))
    before = tree(shell.python.parent.parent)

    ended = sync(shell, index)

    assert ended.code != 0, ended.err
    assert tree(shell.python.parent.parent) == before


@pytest.mark.parametrize("name", ["pylock.--help.toml", "pylock.\x1b[2J.toml", "pylock.a b;c.toml"])
def test_a_lock_with_a_hostile_name_is_a_path_or_nothing(
    shell: Shell, house: Wheelhouse, index: IndexServer, name: str
) -> None:
    house.add("old")
    assert pip_install(shell.python, house, "old").returncode == 0
    shell.write(name, lock(package(index, "lib")))
    before = tree(shell.python.parent.parent)

    ended = shell.safepip("sync", *trusting(index), f"./{name}")

    assert "\x1b[2J" not in ended.err + ended.out
    if ended.code:
        assert tree(shell.python.parent.parent) == before
    else:
        assert shell.installed() == {"lib-1.0"}


def test_two_at_once_leave_what_one_of_them_wanted(
    shell: Shell, house: Wheelhouse, index: IndexServer
) -> None:
    for name in ("old", "older"):
        house.add(name)
    assert pip_install(shell.python, house, "old", "older").returncode == 0
    shell.write("one/pylock.toml", lock(package(index, "lib")))
    shell.write("two/pylock.toml", lock(package(index, "lib", "2.0")))
    command = ["-m", "safepip", "--python", str(shell.python), "sync", *trusting(index), "pylock.toml"]
    runs = [
        subprocess.Popen(
            [sys.executable, *command],
            cwd=shell.folder / each,
            env=dict(os.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in ("one", "two")
    ]
    said = [run.communicate(timeout=100)[1] for run in runs]

    codes = [run.returncode for run in runs]
    assert set(codes) <= {0, 1}, said
    assert 0 in codes, said
    if 1 in codes:
        assert "another command has changed the environment meanwhile" in said[codes.index(1)]
    assert shell.installed() in ({"lib-1.0"}, {"lib-2.0"}), said
    assert not (site_of(shell) / FOLDER).exists()


def test_what_is_removed_from_an_environment_beside_stays_there(
    shell: Shell, house: Wheelhouse, index: IndexServer, tmp_path: Path
) -> None:
    house.add("old")
    other = make_environment(tmp_path / "other")
    for python in (shell.python, other):
        assert pip_install(python, house, "old").returncode == 0
    shell.write("pylock.toml", lock(package(index, "lib")))
    before = tree(tmp_path / "other")

    ended = sync(shell, index, VIRTUAL_ENV=str(tmp_path / "other"))

    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err
    assert tree(tmp_path / "other") == before


def test_a_dry_run_of_a_refused_lock_is_refused(shell: Shell, house: Wheelhouse, index: IndexServer) -> None:
    house.add("old")
    assert pip_install(shell.python, house, "old").returncode == 0
    shell.write("pylock.toml", lock(package(index, "lib", hashes=f'md5 = "{"0" * 32}"')))
    before = tree(shell.python.parent.parent)

    ended = sync(shell, index, "--dry-run")

    assert (ended.code, ended.out) == (10, ""), ended.err
    assert tree(shell.python.parent.parent) == before


def test_a_file_that_no_record_names_does_not_leave_half_a_package(
    shell: Shell, house: Wheelhouse, index: IndexServer
) -> None:
    """Some tool's note in ``.dist-info``: pip leaves the folder with it, and lists the package still."""
    house.add("old")
    house.add("lib", "2.0")
    assert pip_install(shell.python, house, "old", "lib").returncode == 0
    for name in ("old-1.0", "lib-2.0"):
        (site_of(shell) / f"{name}.dist-info/note.json").write_text("{}")
    shell.write("pylock.toml", lock(package(index, "lib")))

    ended = sync(shell, index)

    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err
