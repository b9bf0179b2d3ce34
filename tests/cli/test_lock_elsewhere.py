"""Locking for environments that are not here: what is asked, what runs, what is said."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.sdists import make_sdist, sdist_filename
from support.server import IndexServer

ELSEWHERE = ("windows-amd64-cp313", "macos-arm64-cp314")
ADMITTING = '[builds]\nsdists = ["demo"]\n'


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer() as server:
        yield server


@pytest.fixture
def mark(shell: Shell) -> Path:
    """Written to by every backend that runs."""
    return shell.folder / "mark"


def lock(shell: Shell, server: IndexServer, *words: str, environments: tuple[str, ...] = ELSEWHERE) -> Ended:
    named = (word for name in environments for word in ("--environment", name))
    return shell.safepip("lock", *trusting(server), *named, *words)


def names(shell: Shell) -> list[str]:
    document = tomllib.loads((shell.folder / "pylock.toml").read_text(encoding="utf-8"))
    return [package["name"] for package in document["packages"]]


def publish_sdist(server: IndexServer, **spec: object) -> None:
    server.add_file(make_sdist("demo", **spec), sdist_filename("demo"))


def test_final_metadata_of_a_source_serves_everywhere_and_nothing_runs(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    shell.write("policy.toml", ADMITTING)
    publish_sdist(server, mark=str(mark), static=True, requires=["lib; sys_platform == 'win32'"])
    publish(server, "lib")

    ended = lock(shell, server, "demo", "--policy", "policy.toml")

    assert (ended.code, names(shell)) == (0, ["demo", "lib"]), ended.err
    assert "taken from a build" not in ended.err
    assert not mark.exists()


def test_metadata_that_a_build_here_gave_is_said_for_each_environment(
    shell: Shell, server: IndexServer
) -> None:
    shell.write("policy.toml", ADMITTING)
    publish_sdist(server)

    ended = lock(shell, server, "demo", "--policy", "policy.toml")

    assert (ended.code, names(shell)) == (0, ["demo"]), ended.err
    for name in ELSEWHERE:
        note = f"demo 1.0: its metadata for {name} was taken from a build on this machine"
        assert ended.err.count(note) == 1, ended.err


def test_a_source_that_nobody_admitted_never_runs_and_each_environment_is_named(
    shell: Shell, server: IndexServer, mark: Path
) -> None:
    publish_sdist(server, mark=str(mark))

    ended = lock(shell, server, "demo")

    assert ended.code == 10
    assert "error[sdist-build]: demo 1.0 offers no wheel that fits" in ended.err
    assert all(name in ended.err for name in ELSEWHERE)
    assert not mark.exists()
    assert not (shell.folder / "pylock.toml").exists()


def test_many_environments_ask_for_each_page_once(shell: Shell, server: IndexServer) -> None:
    publish(server, "app", requires=["lib"])
    publish(server, "lib")
    many = (*ELSEWHERE, "linux-x86_64-cp311", "linux-aarch64-cp312", "musllinux-x86_64-cp313", "win32-cp310")

    ended = lock(shell, server, "app", environments=many)

    assert ended.code == 0, ended.err
    asked = Counter(path for path in server.paths_asked() if path.startswith("/simple/"))
    assert asked == {"/simple/app/": 1, "/simple/lib/": 1}


def test_environments_that_no_marker_tells_apart_are_refused_before_anything_is_asked(
    shell: Shell, server: IndexServer
) -> None:
    ended = lock(shell, server, "app", environments=("linux-x86_64-cp311", "alpine-x86_64-cp311"))

    assert ended.code == 2
    assert "no marker tells them apart" in ended.err
    assert server.paths_asked() == []
