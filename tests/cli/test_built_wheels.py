"""Wheels that earlier runs built: used again where nothing of the build has changed, and only then."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from cli.test_index_sdists import POLICY, publish_sdist
from support.repositories import GitServer, Repository
from support.sdists import ProjectSpec, make_sdist, project_files, sdist_filename, write_project
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

ADMITS = '[builds]\nsdists = ["demo", "need-*"]\n'
BUILT = "Created wheel for demo"
CACHED = "Using cached demo-1.0-py3-none-any.whl"


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer() as server:
        yield server


@pytest.fixture
def admitting(shell: Shell) -> Shell:
    shell.write("policy.toml", ADMITS)
    return shell


def install(shell: Shell, server: IndexServer, *words: str, environ: dict[str, str] | None = None) -> str:
    """Install ``demo`` anew; what was said on stdout."""
    again = (*words, "--force-reinstall", *POLICY, *trusting(server))
    ended = shell.safepip("install", "demo", *again, environ=environ)
    assert (ended.code, "demo-1.0" in shell.installed()) == (0, True), ended.err
    return ended.out


def built_wheels(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache").rglob("*") if "built" in path.parts and path.is_file()]


def record_of(tmp_path: Path) -> Path:
    (record,) = (tmp_path / "home").rglob("built-wheels.sqlite3")
    return record


def test_the_second_installation_runs_nothing(admitting: Shell, server: IndexServer, tmp_path: Path) -> None:
    """The first one's wheel is there; a backend that cannot be imported any more shows that none is."""
    publish(server, "tool", files={"tool.py": "x = 1\n"})
    publish(server, "lib")
    code = f"import tool, os; assert not os.path.exists({str(tmp_path / 'broken')!r})"
    publish_sdist(server, "demo", needs=["tool"], requires=["lib"], code=code)
    first = install(admitting, server)
    (tmp_path / "broken").touch()

    second = install(admitting, server)

    assert BUILT in first
    assert f"  Stored in directory: {tmp_path / 'cache' / 'safepip' / 'store' / 'built'}" in first
    assert BUILT not in second
    assert CACHED in second
    assert "Installing build dependencies" not in second
    assert "Building wheels" not in second
    assert admitting.installed() == {"demo-1.0", "lib-1.0"}


def test_final_metadata_and_a_kept_wheel_go_together(admitting: Shell, server: IndexServer) -> None:
    publish_sdist(server, "demo", static=True)

    assert BUILT in install(admitting, server)
    assert CACHED in install(admitting, server)


def test_what_the_backend_asks_for_while_it_runs_is_part_of_it(admitting: Shell, server: IndexServer) -> None:
    publish(server, "late", "1.0")
    publish_sdist(server, "demo", asks=["late"], at_build="import late")
    assert BUILT in install(admitting, server)
    assert CACHED in install(admitting, server)

    publish(server, "late", "2.0")

    assert BUILT in install(admitting, server)
    assert CACHED in install(admitting, server)


def test_another_file_of_what_the_build_needs_is_another_build(admitting: Shell, server: IndexServer) -> None:
    publish(server, "tool", "1.0")
    publish_sdist(server, "demo", needs=["tool"])
    install(admitting, server)

    publish(server, "tool", "1.1")

    assert BUILT in install(admitting, server)


@pytest.mark.parametrize(
    "words, environ",
    [
        (("-C", "a=1"), {}),
        ((), {"CFLAGS": "-O3"}),
        ((), {"SETUPTOOLS_SCM_PRETEND_VERSION": "1.0"}),
    ],
)
def test_other_settings_and_variables_are_other_builds(
    admitting: Shell, server: IndexServer, words: tuple[str, ...], environ: dict[str, str]
) -> None:
    publish_sdist(server, "demo")
    install(admitting, server)

    assert BUILT in install(admitting, server, *words, environ=environ)
    assert CACHED in install(admitting, server, *words, environ=environ)
    assert CACHED in install(admitting, server)


def test_what_a_build_never_sees_does_not_matter(admitting: Shell, server: IndexServer) -> None:
    publish_sdist(server, "demo")
    install(admitting, server)

    assert CACHED in install(admitting, server, environ={"SOME_TOKEN": "x", "LS_COLORS": "y"})


def test_another_source_of_the_same_version_is_another_build(admitting: Shell, server: IndexServer) -> None:
    archive = admitting.folder / sdist_filename("demo")
    archive.write_bytes(make_sdist("demo"))
    words = ("install", f"./{archive.name}", "--force-reinstall", *trusting(server))
    first, second = admitting.safepip(*words), admitting.safepip(*words)

    archive.write_bytes(make_sdist("demo", at_build="x = 1"))
    third = admitting.safepip(*words)

    assert [BUILT in ended.out for ended in (first, second, third)] == [True, False, True], third.err
    assert CACHED in second.out


@pytest.mark.parametrize("words", [("./demo",), ("-e", "./demo")])
def test_folders_are_built_each_time(shell: Shell, words: tuple[str, ...], tmp_path: Path) -> None:
    write_project(shell.folder / "demo", "demo")
    for _ in range(2):
        ended = shell.safepip("install", "--force-reinstall", "--no-index", *words)
        assert BUILT in ended.out, ended.err
        assert "  Stored in directory: " in ended.out

    assert built_wheels(tmp_path) == []


def test_a_wheel_that_was_put_there_by_hand_is_not_used(
    admitting: Shell, server: IndexServer, tmp_path: Path
) -> None:
    """Without a record it is nothing, whatever folder it stands in and whatever it is called."""
    publish_sdist(server, "demo")
    install(admitting, server, environ={"CFLAGS": "-O1"})
    (kept,) = built_wheels(tmp_path)
    planted = make_wheel("demo", files={"demo/evil.py": ""})
    record_of(tmp_path).unlink()
    for folder in (kept.parent, kept.parents[1] / ("0" * 64), tmp_path / "cache" / "safepip" / "wheels"):
        folder.mkdir(exist_ok=True, parents=True)
        (folder / wheel_filename("demo")).write_bytes(planted)

    assert BUILT in install(admitting, server)
    assert not list(admitting.python.parent.parent.rglob("evil.py"))


@pytest.mark.parametrize("change", ["replaced", "cut", "linked", "gone"])
def test_a_wheel_that_was_changed_is_built_anew(
    admitting: Shell, server: IndexServer, tmp_path: Path, change: str
) -> None:
    publish_sdist(server, "demo")
    install(admitting, server)
    (kept,) = built_wheels(tmp_path)
    planted = make_wheel("demo", files={"demo/evil.py": ""})
    if change == "replaced":
        kept.write_bytes(planted)
    elif change == "cut":
        kept.write_bytes(kept.read_bytes()[:-1])
    elif change == "linked":
        copy = tmp_path / "copy.whl"
        shutil.copyfile(kept, copy)
        kept.unlink()
        kept.symlink_to(copy)
    else:
        kept.unlink()

    assert BUILT in install(admitting, server)
    assert CACHED in install(admitting, server)
    assert not list(admitting.python.parent.parent.rglob("evil.py"))


def test_a_kept_wheel_of_a_project_that_policy_no_longer_admits_is_not_used(
    admitting: Shell, server: IndexServer
) -> None:
    publish_sdist(server, "demo")
    install(admitting, server)
    admitting.safepip("uninstall", "-y", "demo")
    admitting.write("policy.toml", "[builds]\nsdists = []\n")

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (10, set()), ended.err
    assert "error[sdist-build]" in ended.err


def test_a_kept_wheel_needs_the_hash_of_its_source(admitting: Shell, server: IndexServer) -> None:
    publish_sdist(server, "demo")
    install(admitting, server)
    admitting.write("requirements.txt", "demo==1.0\n")

    ended = admitting.safepip(
        "install", "--force-reinstall", "-r", "requirements.txt", *POLICY, *trusting(server)
    )

    assert (ended.code, "error[unhashed-requirement]" in ended.err) == (10, True), ended.err


def test_a_kept_wheel_needs_the_hashes_of_what_its_build_needed(
    admitting: Shell, server: IndexServer
) -> None:
    """The build was allowed to take the tool unhashed; a requirement file's is not."""
    publish(server, "tool")
    digest = publish_sdist(server, "demo", needs=["tool"])
    install(admitting, server)
    admitting.write("requirements.txt", f"demo==1.0 --hash=sha256:{digest}\n")

    ended = admitting.safepip(
        "install", "--force-reinstall", "-r", "requirements.txt", *POLICY, *trusting(server)
    )

    assert (ended.code, "error[unhashed-requirement]" in ended.err) == (10, True), ended.err
    assert "tool" in ended.err


def test_a_kept_wheel_does_not_stand_in_for_a_source_that_was_changed(
    admitting: Shell, server: IndexServer
) -> None:
    """Other bytes under the same name: neither the old wheel nor a new build of them."""
    publish_sdist(server, "demo")
    install(admitting, server)
    server.remove_project("demo")
    publish_sdist(server, "demo", at_build="x = 1")

    ended = admitting.safepip("install", "demo", "--force-reinstall", *POLICY, *trusting(server))

    assert (ended.code, "error[republished-file]" in ended.err) == (10, True), ended.err
    assert CACHED not in ended.out
    assert BUILT not in ended.out


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_record_that_others_may_write_is_said_and_the_wheel_is_built(
    admitting: Shell, server: IndexServer, tmp_path: Path
) -> None:
    publish_sdist(server, "demo")
    install(admitting, server)
    record_of(tmp_path).chmod(0o666)

    ended = admitting.safepip("install", "demo", "--force-reinstall", *POLICY, *trusting(server))

    assert (ended.code, BUILT in ended.out) == (0, True), ended.err
    assert ended.err.count("not a regular file of this user") == 1


def test_without_a_cache_nothing_is_kept_and_nothing_is_taken(
    admitting: Shell, server: IndexServer, tmp_path: Path
) -> None:
    publish_sdist(server, "demo")

    install(admitting, server, "--no-cache-dir")
    assert built_wheels(tmp_path) == []
    assert not list((tmp_path / "home").rglob("built-wheels.sqlite3"))
    install(admitting, server)

    assert BUILT in install(admitting, server, "--no-cache-dir")
    assert CACHED in install(admitting, server)


def test_builds_of_what_a_build_needs_are_kept_too(
    admitting: Shell, server: IndexServer, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    code = f"import os; assert not os.path.exists({str(broken)!r})"
    publish_sdist(server, "need-a", needs=["need-b"], code=f"import need_b; {code}")
    publish_sdist(server, "need-b", code=code)
    write_project(admitting.folder / "mine", "mine", needs=["need-a"], code="import need_a")
    words = ("install", "./mine", "--force-reinstall", *POLICY, *trusting(server))
    assert admitting.safepip(*words).code == 0
    broken.touch()

    ended = admitting.safepip(*words)

    assert ended.code == 0, ended.err
    assert "Created wheel for mine" in ended.out
    assert "need" not in ended.out


def test_a_wheel_that_is_refused_is_not_kept(admitting: Shell, server: IndexServer, tmp_path: Path) -> None:
    """Else every later run would be refused for it, and none would build another."""
    publish_sdist(
        server, "demo", requires=["lib"], pkg_info="Metadata-Version: 2.2\nName: demo\nVersion: 1.0\n\n"
    )

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert (ended.code, built_wheels(tmp_path)) == (13, [])


def test_a_dry_run_is_told_by_the_kept_wheel(admitting: Shell, server: IndexServer, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    publish(server, "lib")
    publish_sdist(
        server, "demo", requires=["lib"], code=f"import os; assert not os.path.exists({str(broken)!r})"
    )
    install(admitting, server)
    broken.touch()

    ended = admitting.safepip("download", "demo", "-d", "out", *POLICY, *trusting(server))

    assert ended.code == 0, ended.err
    assert {path.name for path in (admitting.folder / "out").iterdir()} == {
        "demo-1.0.tar.gz",
        "lib-1.0-py3-none-any.whl",
    }


def test_wheel_copies_the_kept_one(admitting: Shell, server: IndexServer) -> None:
    publish_sdist(server, "demo")
    words = ("wheel", "demo", *POLICY, *trusting(server))
    first = admitting.safepip(*words, "-w", "one")

    second = admitting.safepip(*words, "-w", "two")

    assert (BUILT in first.out, CACHED in second.out) == (True, True), second.err
    one, two = (admitting.folder / name / "demo-1.0-py3-none-any.whl" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("what", ["damaged", "newer"])
def test_a_record_that_cannot_be_read_is_said_and_the_wheel_is_built(
    admitting: Shell, server: IndexServer, tmp_path: Path, what: str
) -> None:
    publish_sdist(server, "demo")
    install(admitting, server)
    record = record_of(tmp_path)
    if what == "damaged":
        record.write_bytes(b"nothing that SQLite wrote, " * 100)
    else:
        database = sqlite3.connect(record)
        database.execute("pragma user_version = 99")
        database.close()

    ended = admitting.safepip("install", "demo", "--force-reinstall", *POLICY, *trusting(server))

    assert (ended.code, BUILT in ended.out) == (0, True), ended.err
    assert ended.err.count("built wheels are not kept: the record of built wheels cannot be read") == 1


def test_a_cache_that_cannot_be_written_is_said_and_the_wheel_is_installed(
    admitting: Shell, server: IndexServer, tmp_path: Path
) -> None:
    publish_sdist(server, "demo")
    folder = tmp_path / "cache" / "safepip" / "store"
    folder.mkdir(parents=True)
    (folder / "built").write_text("in the way")

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert (ended.code, admitting.installed()) == (0, {"demo-1.0"}), ended.err
    assert ended.err.count("built wheels are not kept: ") == 1


def test_two_runs_that_build_the_same_at_once_both_succeed(
    admitting: Shell, server: IndexServer, tmp_path: Path
) -> None:
    publish_sdist(server, "demo", at_build="import time; time.sleep(1)")
    line = [sys.executable, "-m", "safepip", "--python", str(admitting.python), "wheel", "demo"]
    runs = [
        subprocess.Popen(
            [*line, *POLICY, *trusting(server), "-w", name],
            cwd=admitting.folder,
            env=os.environ.copy(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for name in ("one", "two")
    ]
    said = [run.communicate(timeout=120)[0].decode() for run in runs]

    assert [run.returncode for run in runs] == [0, 0], said
    assert all(path.suffix == ".whl" for path in built_wheels(tmp_path))
    assert CACHED in install(admitting, server)


def test_another_interpreter_is_another_build(admitting: Shell, server: IndexServer) -> None:
    """Here one that calls itself a newer bugfix release: a second real one is not everywhere."""
    publish_sdist(server, "demo")
    install(admitting, server)
    site = next(admitting.python.parent.parent.glob("lib/python*/site-packages"))
    claim = "import platform; platform.python_version = lambda: '.'.join(platform.python_version_tuple()[:2]) + '.99'"
    (site / "sitecustomize.py").write_text(claim)

    assert BUILT in install(admitting, server)
    (site / "sitecustomize.py").unlink()
    assert CACHED in install(admitting, server)


def test_a_wheel_of_a_build_that_could_not_be_closed_in_says_so_each_time(
    admitting: Shell, server: IndexServer, tmp_path: Path
) -> None:
    """What it downloaded while it was built is among its inputs, and nobody knows it."""
    publish_sdist(server, "demo")
    install(admitting, server)
    database = sqlite3.connect(record_of(tmp_path))
    with database:
        database.execute("update wheel set lacked = ?", ('["builds could reach the network (why)"]',))
    database.close()

    ended = admitting.safepip("install", "demo", "--force-reinstall", *POLICY, *trusting(server))

    assert CACHED in ended.out
    told = "safepip: when demo-1.0-py3-none-any.whl was built, builds could reach the network (why)"
    assert ended.err.splitlines().count(told) == 1


def test_cache_shows_and_removes_built_wheels(admitting: Shell, server: IndexServer, tmp_path: Path) -> None:
    publish_sdist(server, "demo")
    install(admitting, server)

    listed = admitting.safepip("cache", "list", "demo")
    told = admitting.safepip("cache", "info")
    removed = admitting.safepip("cache", "remove", "demo")

    assert listed.out.startswith("Cache contents:\n\n - demo-1.0-py3-none-any.whl (")
    assert "Number of locally built wheels: 1\n" in told.out
    assert (removed.code, built_wheels(tmp_path)) == (0, [])
    assert BUILT in install(admitting, server)
    assert admitting.safepip("cache", "purge").code == 0
    assert built_wheels(tmp_path) == []


@pytest.fixture
def repositories(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "repositories") as serving:
        yield serving


def test_a_commit_is_built_once_for_each_set_of_tags_that_its_build_sees(
    shell: Shell, repositories: GitServer
) -> None:
    """A commit id says which files and which history; some projects tell their version by tags."""
    demo = Repository.make(repositories.folder / "demo.git")
    commit = demo.commit(project_files(ProjectSpec(name="demo")))
    shell.write("policy.toml", repositories.allowing())
    words = (*POLICY, "--cert", repositories.ca_path, "--no-index", "--force-reinstall")

    def built() -> bool:
        ended = shell.safepip("install", repositories.requirement("demo.git", commit), *words)
        assert ended.code == 0, ended.err
        return BUILT in ended.out

    first, second = built(), built()
    demo.git("tag", "v1.0", commit)
    tagged, again = built(), built()

    assert (first, second, tagged, again) == (True, False, True, False)
