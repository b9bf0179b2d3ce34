"""``safepip sync``: the environment is what the lock says, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from safepip.io.journal import FOLDER
from support.environments import Wheelhouse, pip_install, tree
from support.locks import lock, package
from support.sdists import write_project
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

APP: dict[str, object] = {
    "requires": ["lib>=1"],
    "entry_points": {"console_scripts": {"app": "app:main"}},
}


def whole(index: IndexServer) -> str:
    return lock(package(index, "app", **APP), package(index, "lib"))  # type: ignore[arg-type]  # keywords of tests


def sync(shell: Shell, index: IndexServer, *words: str) -> Ended:
    return shell.safepip("sync", *trusting(index), *words)


def pages_asked(index: IndexServer) -> list[str]:
    return [path for path in index.paths_asked() if path.startswith("/simple")]


@pytest.fixture
def house(tmp_path: Path) -> Wheelhouse:
    return Wheelhouse(tmp_path / "wheelhouse")


@pytest.fixture
def grown(shell: Shell, house: Wheelhouse) -> Shell:
    """An environment with ``lib 2.0``, which the lock has older, and two strangers, one with a script."""
    house.add("lib", "2.0")
    house.add("old", "0.5", requires=["older"], entry_points={"console_scripts": {"old": "old:main"}})
    house.add("Older_Still", "3")
    assert pip_install(shell.python, house, "--no-deps", "lib", "old", "older-still").returncode == 0
    return shell


def folder(shell: Shell) -> Path:
    return shell.python.parent.parent


def test_installs_downgrades_and_removes(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", whole(index))

    ended = sync(grown, index, "pylock.toml")

    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        "Successfully uninstalled old-0.5",
        "Successfully uninstalled Older_Still-3",
        "Successfully installed app-1.0 lib-1.0",
    ]
    assert "safepip: not locked, to be removed: old 0.5, Older_Still 3" in ended.err
    assert grown.installed() == {"app-1.0", "lib-1.0"}
    assert not (grown.python.parent / "old").exists()
    assert pages_asked(index) == []


def test_a_dry_run_says_it_all_and_changes_nothing(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", whole(index))
    before = tree(folder(grown))

    ended = sync(grown, index, "--dry-run", "pylock.toml")

    assert (ended.code, ended.out.splitlines()) == (
        0,
        ["Would remove old-0.5 Older_Still-3", "Would install app-1.0 lib-1.0"],
    ), ended.err
    assert tree(folder(grown)) == before


def test_an_exact_environment_is_said_to_be_one_and_no_index_is_asked(
    shell: Shell, index: IndexServer
) -> None:
    shell.write("pylock.toml", whole(index))
    assert sync(shell, index, "pylock.toml").code == 0
    index.requests.clear()
    before = tree(folder(shell))

    ended = sync(shell, index, "pylock.toml")

    assert ended.code == 0, ended.err
    assert "safepip: the environment is as locked: nothing to do" in ended.err
    assert (ended.out, ended.err.count("\n")) == ("", 1), "one calm line"
    assert (index.paths_asked(), tree(folder(shell))) == ([], before)


def test_the_packages_that_stay_are_told_where_more_is_asked_for(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", whole(index))
    assert sync(shell, index, "pylock.toml").code == 0

    told = sync(shell, index, "-v", "pylock.toml")
    as_pip = shell.safepip("install", *trusting(index), "-r", "pylock.toml")

    for ended in (told, as_pip):
        assert ended.out.count("Requirement already satisfied: ") == 2, ended.out
    assert "experimental feature" not in told.err
    assert "WARNING: Using pylock.toml as a requirements source is an experimental feature" in as_pip.err


def test_where_only_strangers_are_too_many_they_go(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", lock(package(index, "lib", "2.0")))

    ended = sync(grown, index, "-q", "pylock.toml")

    assert (ended.code, ended.out) == (0, ""), ended.err
    assert grown.installed() == {"lib-2.0"}


def test_a_refused_lock_removes_nothing(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", lock(package(index, "lib", hashes=f'md5 = "{"0" * 32}"')))
    before = tree(folder(grown))

    ended = sync(grown, index, "pylock.toml")

    assert (ended.code, ended.out) == (10, ""), ended.err
    assert "nothing was changed" in ended.err
    assert tree(folder(grown)) == before


def test_bytes_that_are_not_as_locked_remove_nothing(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", whole(index))
    index.replace_file(wheel_filename("lib"), make_wheel("lib", files={"lib.py": "evil = 1"}))
    before = tree(folder(grown))

    ended = sync(grown, index, "pylock.toml")

    assert ended.code == 13, ended.err
    assert tree(folder(grown)) == before


def test_what_pip_cannot_finish_puts_the_removed_back(grown: Shell, index: IndexServer) -> None:
    content = make_wheel("lib", files={"zz_lib/module.py": "m = 1\n"})
    index.add_wheel(content, wheel_filename("lib"))
    site = next(folder(grown).glob("lib/python*/site-packages"))
    (site / "zz_lib/module.py").mkdir(parents=True)
    (site / "zz_lib/module.py/mine.txt").write_text("mine")
    grown.write("pylock.toml", lock(package(index, "lib", files={"zz_lib/module.py": "m = 1\n"})))
    before = tree(folder(grown))

    ended = sync(grown, index, "pylock.toml")

    assert ended.code == 1, ended.err
    assert "the environment is as it was" in ended.err
    assert tree(folder(grown)) == before


def test_what_pip_cannot_remove_keeps_the_rest_as_it_was(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", whole(index))
    site = next(folder(grown).glob("lib/python*/site-packages"))
    (site / "distro-1.0.egg-info").write_text("Metadata-Version: 1.0\nName: distro\nVersion: 1.0\n")
    before = tree(folder(grown))

    ended = sync(grown, index, "pylock.toml")

    assert ended.code == 1, ended.err
    assert "distutils" in ended.err
    assert tree(folder(grown)) == before


def test_a_stranger_makes_room_for_files_that_were_its_own(shell: Shell, house: Wheelhouse) -> None:
    house.add("fork", files={"lib/__init__.py": "fork = 1\n", "lib/more.py": ""})
    assert pip_install(shell.python, house, "fork").returncode == 0
    with IndexServer() as index:
        publish(index, "lib")
        shell.write("pylock.toml", lock(package(index, "lib")))

        ended = sync(shell, index, "pylock.toml")

    assert ended.code == 0, ended.err
    site = next(folder(shell).glob("lib/python*/site-packages"))
    assert shell.installed() == {"lib-1.0"}
    assert [path.name for path in (site / "lib").iterdir() if path.suffix == ".py"] == ["__init__.py"]
    assert "fork" not in (site / "lib/__init__.py").read_text()


@pytest.mark.parametrize("seed", ["pip", "setuptools", "wheel"])
def test_what_environments_are_made_with_stays(
    shell: Shell, house: Wheelhouse, index: IndexServer, seed: str
) -> None:
    house.add(seed, "1")
    assert pip_install(shell.python, house, seed).returncode == 0
    shell.write("pylock.toml", whole(index))

    ended = sync(shell, index, "pylock.toml")

    stays = seed == "pip" or sys.version_info < (3, 12)
    assert ended.code == 0, ended.err
    assert (f"{seed}-1" in shell.installed()) == stays
    assert (f"safepip: {seed} stays, though no lock names it" in ended.err) == stays


def test_a_seed_that_is_locked_is_brought_to_its_version(
    shell: Shell, house: Wheelhouse, index: IndexServer
) -> None:
    house.add("wheel", "1")
    assert pip_install(shell.python, house, "wheel").returncode == 0
    publish(index, "wheel", "2")
    shell.write("pylock.toml", lock(package(index, "wheel", "2")))

    ended = sync(shell, index, "pylock.toml")

    assert (ended.code, shell.installed()) == (0, {"wheel-2"}), ended.err


def test_the_right_version_from_elsewhere_is_replaced(
    shell: Shell, house: Wheelhouse, index: IndexServer
) -> None:
    wheel = house.add("lib", "1.0", files={"lib/__init__.py": "elsewhere = 1\n"})
    assert pip_install(shell.python, house, str(wheel)).returncode == 0
    shell.write("pylock.toml", lock(package(index, "lib")))

    ended = sync(shell, index, "pylock.toml")

    assert (ended.code, ended.out) == (0, "Successfully installed lib-1.0\n"), ended.err
    site = next(folder(shell).glob("lib/python*/site-packages"))
    assert not (site / "lib-1.0.dist-info/direct_url.json").exists()


def test_altered_files_are_replaced(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", lock(package(index, "lib")))
    assert sync(shell, index, "pylock.toml").code == 0
    module = next(folder(shell).glob("lib/python*/site-packages/lib/__init__.py"))
    text = module.read_text()
    module.write_text(text + "evil = 1\n")

    ended = sync(shell, index, "pylock.toml")

    assert (ended.code, ended.out) == (0, "Successfully installed lib-1.0\n"), ended.err
    assert module.read_text() == text


def test_what_a_lock_lacks_is_not_made_good_by_what_happens_to_be_there(
    shell: Shell, house: Wheelhouse, index: IndexServer
) -> None:
    house.add("lib", "1.0")
    assert pip_install(shell.python, house, "lib").returncode == 0
    shell.write("pylock.toml", lock(package(index, "app", **APP)))  # type: ignore[arg-type]  # keywords of tests

    ended = sync(shell, index, "pylock.toml")

    assert (ended.code, shell.installed()) == (10, {"lib-1.0"}), ended.err
    assert "error[lock-incomplete]" in ended.err


def test_extras_of_a_lock(shell: Shell, index: IndexServer) -> None:
    text = lock(
        package(index, "lib"),
        package(index, "app", keys="marker = \"'more' in extras\"", **APP),  # type: ignore[arg-type]
        head='extras = ["more"]\n',
    )
    shell.write("pylock.toml", text)

    more = sync(shell, index, "pylock.toml[more]")
    assert (more.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), more.err

    less = sync(shell, index, "pylock.toml")
    assert (less.code, less.out.splitlines()[-1]) == (0, "Successfully uninstalled app-1.0"), less.err
    assert shell.installed() == {"lib-1.0"}


def test_a_group_of_a_lock(shell: Shell, index: IndexServer) -> None:
    text = lock(
        package(index, "lib"),
        package(index, "app", keys="marker = \"'docs' in dependency_groups\"", **APP),  # type: ignore[arg-type]
        head='dependency-groups = ["docs"]\n',
    )
    shell.write("pylock.toml", text)

    ended = sync(shell, index, "pylock.toml", "--group", "pylock.toml:docs")

    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.err


def test_a_hashed_requirements_file_is_a_lock_too(grown: Shell, index: IndexServer) -> None:
    hashes = {name: sha256(make_wheel(name, "1.0", **spec)) for name, spec in (("app", APP), ("lib", {}))}
    lines = [f"{name}==1.0 --hash=sha256:{digest}\n" for name, digest in hashes.items()]
    grown.write("requirements.txt", "".join(lines))

    ended = sync(grown, index, "requirements.txt")

    assert (ended.code, grown.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.err


def test_an_editable_project_of_a_lock_stays_editable(grown: Shell, index: IndexServer) -> None:
    write_project(grown.folder / "mine", "mine")
    text = lock(
        package(index, "lib"), '\n[[packages]]\nname = "mine"\ndirectory = {path = "mine", editable = true}\n'
    )
    grown.write("pylock.toml", text)

    ended = sync(grown, index, "pylock.toml")

    assert ended.code == 0, ended.err
    assert grown.installed() == {"lib-1.0", "mine-1.0"}
    assert next(folder(grown).glob("lib/python*/site-packages/__editable__.mine-1.0.pth")).exists()

    again = sync(grown, index, "pylock.toml")
    assert (again.code, again.out.splitlines()[-1]) == (0, "Successfully installed mine-1.0"), again.err


def test_what_a_local_project_needs_has_to_be_locked_too(grown: Shell, index: IndexServer) -> None:
    write_project(grown.folder / "mine", "mine", requires=["app"])
    grown.write("pylock.toml", lock('\n[[packages]]\nname = "mine"\ndirectory = {path = "mine"}\n'))
    before = tree(folder(grown))

    ended = sync(grown, index, "pylock.toml")

    assert ended.code == 10, ended.err
    assert "error[lock-incomplete]" in ended.err
    assert tree(folder(grown)) == before


@pytest.mark.parametrize("program", ["pip", "safepip"])
def test_what_pip_and_safepip_lock(grown: Shell, index: IndexServer, program: str) -> None:
    made = subprocess.run(
        [sys.executable, "-m", program, "lock", "-q", *trusting(index), "app", "-o", "pylock.toml"],
        cwd=grown.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr

    ended = sync(grown, index, "pylock.toml")

    assert (ended.code, grown.installed()) == (0, {"app-1.0", "lib-2.0"}), ended.err


def test_the_audit_log_calls_it_by_its_name(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", whole(index))
    log = grown.folder / "audit.jsonl"

    ended = grown.safepip("sync", *trusting(index), "pylock.toml", environ={"SAFEPIP_LOG": str(log)})

    assert ended.code == 0, ended.err
    assert {json.loads(line)["command"] for line in log.read_text().splitlines()} == {"sync"}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--target", "there"), "--target"),
        (("--prefix", "there"), "--prefix"),
        (("--root", "there"), "--root"),
        (("--user",), "--user"),
        (("-r", "more.txt"), "--requirement"),
        (("-e", "."), "--editable"),
        (("--group", "dev"), "--group"),
        (("--ignore-installed",), "--ignore-installed"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    grown: Shell, index: IndexServer, words: tuple[str, ...], named: str
) -> None:
    grown.write("pylock.toml", whole(index))
    grown.write("more.txt", "")
    grown.write("pyproject.toml", "[project]\nname = 'x'\nversion = '1'\n[dependency-groups]\ndev = []\n")

    ended = sync(grown, index, *words, "pylock.toml")

    assert ended.code == 2, ended.err
    assert f"sync does not take {named}" in ended.err
    assert "lib-2.0" in grown.installed()


def test_configuration_adds_nothing_to_a_lock(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", whole(index))
    grown.write("more.txt", "")

    ended = grown.safepip("sync", *trusting(index), "pylock.toml", environ={"PIP_REQUIREMENT": "more.txt"})

    assert ended.code == 2, ended.err
    assert "sync does not take --requirement" in ended.err
    assert "PIP_REQUIREMENT" in ended.err


def test_nothing_named_removes_nothing(grown: Shell, index: IndexServer) -> None:
    before = tree(folder(grown))
    grown.write("pylock.toml", lock(head="packages = []\n"))

    for words in ((), ("pylock.toml",)):
        ended = sync(grown, index, *words)
        assert ended.code == 1, ended.err
        assert tree(folder(grown)) == before


def test_the_report_names_what_goes(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", whole(index))

    ended = sync(grown, index, "--dry-run", "--report-format", "json", "pylock.toml")

    plan = json.loads(ended.out)["plan"]
    assert plan["removed"] == [
        {"name": "old", "project": "old", "version": "0.5"},
        {"name": "Older_Still", "project": "older-still", "version": "3"},
    ]
    assert [step["name"] for step in plan["steps"]] == ["lib", "app"]


def test_the_plan_with_reasons_names_what_goes(grown: Shell, index: IndexServer) -> None:
    grown.write("pylock.toml", whole(index))
    before = tree(folder(grown))

    ended = sync(grown, index, "--explain", "pylock.toml")

    assert ended.code == 0, ended.err
    assert "old 0.5 (removed: not locked)" in ended.out
    assert "lib 1.0 (replaces 2.0)" in ended.out
    assert tree(folder(grown)) == before


def test_help(shell: Shell) -> None:
    asked, flag = shell.safepip("help", "sync"), shell.safepip("sync", "--help")

    assert asked.code == flag.code == 0
    assert asked.out == flag.out
    assert "safepip sync [options] <pylock.toml>" in asked.out


# --- cut short ----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_killed_between_removing_and_installing_it_is_undone_by_the_next_command(
    grown: Shell, index: IndexServer
) -> None:
    source = "\n".join(f"def f{n}(a, b={n}):\n    return [a, b, {{'x': a}}]\n" for n in range(200))
    modules = {f"slow/m{n}.py": source for n in range(60)}
    index.add_wheel(make_wheel("slow", files=modules), wheel_filename("slow"))
    grown.write("pylock.toml", lock(package(index, "slow", files=modules)))
    site = next(folder(grown).glob("lib/python*/site-packages"))
    before = tree(folder(grown))

    command = [sys.executable, "-m", "safepip", "--python", str(grown.python), "sync", *trusting(index)]
    with subprocess.Popen([*command, "pylock.toml"], cwd=grown.folder, stderr=subprocess.DEVNULL) as process:
        until((site / "slow/__pycache__").exists)
        assert not (site / "old-0.5.dist-info").exists()
        process.kill()
    until(lambda: not running(grown.python))
    assert (site / FOLDER / "journal.json").exists()

    told = grown.safepip("list")
    assert "is under way, or was cut short" in told.err
    undone = sync(grown, index, "--dry-run", "pylock.toml")

    assert undone.out.splitlines()[0] == "Would remove lib-2.0 old-0.5 Older_Still-3", undone.err
    assert "undid an installation" in undone.err
    assert tree(folder(grown)) == before


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def running(python: Path) -> bool:
    """Whether a process of the target's interpreter is left."""
    found = False
    for command_line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found = found or command_line.read_bytes().startswith(str(python).encode())
    return found


# --- where safepip itself stands ----------------------------------------------------------------


def test_what_safepip_runs_on_stays(shell: Shell, house: Wheelhouse, index: IndexServer) -> None:
    site = next(folder(shell).glob("lib/python*/site-packages"))
    source = Path(__file__).parents[2] / "src"
    for library in (sysconfig.get_path("purelib"), str(source)):
        (site / f"{Path(library).name}.pth").write_text(f"{library}\n", encoding="utf-8")
    own = metadata.distribution("packaging").version
    house.add("safepip", "0.1.0", requires=["packaging"], files={"safepip-is-elsewhere.py": ""})
    house.add("packaging", own, files={"packaging-is-elsewhere.py": ""})
    house.add("old")
    assert pip_install(shell.python, house, "--ignore-installed", "safepip", "old").returncode == 0
    shell.write("pylock.toml", lock(package(index, "lib")))

    run = subprocess.run(
        [shell.python, "-m", "safepip", "sync", *trusting(index), "pylock.toml"],
        cwd=shell.folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert shell.installed() == {"lib-1.0", "safepip-0.1.0", f"packaging-{own}"}
    assert "safepip runs in this environment and keeps what it runs on: packaging, safepip" in run.stderr
    assert run.stdout.splitlines() == ["Successfully uninstalled old-1.0", "Successfully installed lib-1.0"]
