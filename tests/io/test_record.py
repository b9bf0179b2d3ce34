"""The record of first uses on disk."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from safepip.core.digest import Digest
from safepip.core.errors import ConfigurationError
from safepip.core.record import Known, KnownFile, KnownRoute
from safepip.io.record import SqliteRecord

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def known(name: str, filename: str = "a-1.0-py3-none-any.whl", byte: str = "a", index: str = "pypi") -> Known:
    digest = Digest.of("sha256", byte * 64)
    file = KnownFile(index=index, filename=filename, digest=digest, size=3, since=NOW)
    return Known(
        project=canonicalize_name(name),
        route=KnownRoute(index=index, url=f"https://{index}.example/simple", since=NOW),
        files={(index, filename): file},
    )


@pytest.fixture
def record(tmp_path: Path) -> SqliteRecord:
    return SqliteRecord(tmp_path / "deep" / "down" / "record.sqlite3")


def test_what_was_remembered_is_known(record: SqliteRecord) -> None:
    record.remember([known("a"), known("b", "b-1.0.tar.gz", "b")])

    assert record.known(canonicalize_name("a")) == known("a")
    assert record.known(canonicalize_name("c")) == Known(project=canonicalize_name("c"))


def test_asking_makes_no_file(record: SqliteRecord, tmp_path: Path) -> None:
    record.known(canonicalize_name("a"))

    assert not (tmp_path / "deep").exists()


def test_one_file_name_on_two_indexes_is_two_files(record: SqliteRecord) -> None:
    record.remember([known("a"), known("a", byte="b", index="corp")])

    assert {file.digest.hex[0] for file in record.known(canonicalize_name("a")).files.values()} == {"a", "b"}


def test_a_forgotten_project_is_new_and_others_stay(record: SqliteRecord) -> None:
    record.remember([known("a"), known("b", "b-1.0.tar.gz")])

    assert record.forget(canonicalize_name("a"))
    assert not record.forget(canonicalize_name("a"))
    assert record.known(canonicalize_name("a")).files == {}
    assert record.known(canonicalize_name("b")).route is not None


def test_what_is_half_written_is_not_written(record: SqliteRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    del monkeypatch
    bad = known("b")
    object.__setattr__(bad, "files", {("pypi", "x"): None})

    with pytest.raises(AttributeError):
        record.remember([known("a"), bad])

    assert record.known(canonicalize_name("a")).route is None


_KILLED = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("pragma cache_size = 1")
database.execute("begin immediate")
database.execute("delete from route")
for number in range(2000):
    database.execute("insert into route values (?, 'x', 'x', 'x')", (str(number) * 20,))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_run_that_was_killed_while_it_wrote_leaves_what_was_known(
    record: SqliteRecord, tmp_path: Path
) -> None:
    """Some of its pages are in the file by then: they are taken back by whoever asks next."""
    record.remember([known("a")])
    path = tmp_path / "deep" / "down" / "record.sqlite3"
    subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False, timeout=60)
    assert path.with_name(f"{path.name}-journal").exists()

    assert record.known(canonicalize_name("a")) == known("a")


def test_runs_that_write_at_the_same_time_lose_nothing(record: SqliteRecord, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "record.sqlite3"

    def write(number: int) -> None:
        SqliteRecord(path).remember([known(f"p{number}", f"p{number}-1.0.tar.gz")])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))

    assert all(record.known(canonicalize_name(f"p{number}")).route for number in range(24))


@pytest.mark.parametrize("content", [b"not a database " * 100, b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_damaged_file_is_said_to_be_damaged(record: SqliteRecord, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "deep" / "down" / "record.sqlite3"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        record.known(canonicalize_name("a"))
    assert caught.value.origin is not None
    assert caught.value.origin.place == str(path)
    with pytest.raises(OSError, match="record"):
        record.remember([known("a")])


def test_the_file_of_a_newer_safepip_is_left_alone(record: SqliteRecord, tmp_path: Path) -> None:
    record.remember([known("a")])
    path = tmp_path / "deep" / "down" / "record.sqlite3"
    database = sqlite3.connect(path)
    database.execute("pragma user_version = 99")
    database.close()

    with pytest.raises(ConfigurationError, match="another version of safepip"):
        SqliteRecord(path).known(canonicalize_name("a"))


def test_a_link_in_the_place_of_the_file_is_not_followed_when_writing(
    record: SqliteRecord, tmp_path: Path
) -> None:
    path = tmp_path / "deep" / "down" / "record.sqlite3"
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError):
        record.remember([known("a")])
    assert not (tmp_path / "elsewhere").exists()


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_file_name_comes_back_as_it_was(name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        record = SqliteRecord(Path(folder, "record.sqlite3"))
        record.remember([known("a", name)])
        assert list(record.known(canonicalize_name("a")).files) == [("pypi", name)]
        record.close()


def test_of_two_runs_the_first_one_decides(record: SqliteRecord) -> None:
    assert record.remember([known("a"), known("b", "b-1.0.tar.gz")]) == []

    stays = record.remember([known("a", byte="b"), known("c", "c-1.0.tar.gz")])

    assert stays == list(known("a").files.values())
    assert record.known(canonicalize_name("a")) == known("a")
    assert record.known(canonicalize_name("c")).files


def test_what_was_let_pass_takes_the_place_of_what_was_known(record: SqliteRecord) -> None:
    record.remember([known("a")])
    other = known("a", byte="b")

    assert record.remember([other], over=set(other.files)) == []
    assert record.known(canonicalize_name("a")) == other
