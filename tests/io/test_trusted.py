"""The user's list of trusted policies: nobody else writes it, and no run loses what another adds."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from safepip.core.errors import ConfigurationError, ExitCode
from safepip.core.trusted import TrustedPolicy
from safepip.io.policy_files import read_found
from safepip.io.saving import write
from safepip.io.trusted import TrustedFile

POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def entry(path: str = "/project/safepip.toml", content: str = "sha256:aa") -> TrustedPolicy:
    return TrustedPolicy(path=path, content=content, files=(("/ca.pem", "sha256:bb"),), since=NOW)


@pytest.fixture
def kept(tmp_path: Path) -> TrustedFile:
    return TrustedFile(tmp_path / "data" / "safepip" / "trusted.json")


def test_nothing_is_trusted_before_anything_is(kept: TrustedFile) -> None:
    assert kept.everything() == ()
    assert not kept.forget("/project/safepip.toml")
    assert not Path(kept.place).parent.exists()


def test_what_was_trusted_comes_back_as_it_was(kept: TrustedFile) -> None:
    kept.remember(entry("/b/safepip.toml"))
    kept.remember(entry("/a/safepip.toml"))
    assert kept.everything() == (entry("/a/safepip.toml"), entry("/b/safepip.toml"))


def test_newer_content_takes_the_place_of_older(kept: TrustedFile) -> None:
    """A policy that was trusted once and has been tightened since must not come back by itself."""
    kept.remember(entry(content="sha256:old"))
    kept.remember(entry(content="sha256:new"))
    assert [one.content for one in kept.everything()] == ["sha256:new"]


def test_trust_is_taken_back(kept: TrustedFile) -> None:
    kept.remember(entry())
    assert kept.forget(entry().path)
    assert kept.everything() == ()


@POSIX
def test_only_the_user_can_read_or_write_it(kept: TrustedFile) -> None:
    kept.remember(entry())
    place = Path(kept.place)
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in place.parent.iterdir()) == ["trusted.json", "trusted.lock"]


@POSIX
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_list_that_others_may_write_is_refused(kept: TrustedFile, what: str) -> None:
    kept.remember(entry())
    place = Path(kept.place)
    (place if what == "file" else place.parent).chmod(0o777)
    for use in (kept.everything, lambda: kept.remember(entry("/x")), lambda: kept.forget(entry().path)):
        with pytest.raises(ConfigurationError, match="cannot be used") as caught:
            use()
        assert caught.value.exit_code is ExitCode.BAD_POLICY
        assert caught.value.hint


@POSIX
def test_a_link_in_its_place_is_not_followed(kept: TrustedFile, tmp_path: Path) -> None:
    kept.remember(entry())
    place = Path(kept.place)
    elsewhere = place.rename(tmp_path / "elsewhere.json")
    place.symlink_to(elsewhere)
    with pytest.raises(ConfigurationError):
        kept.everything()


@POSIX
def test_a_link_in_the_place_of_its_lock_is_not_followed(kept: TrustedFile, tmp_path: Path) -> None:
    kept.remember(entry())
    lock = Path(kept.place).with_suffix(".lock")
    lock.unlink()
    lock.symlink_to(tmp_path / "made")
    with pytest.raises(ConfigurationError):
        kept.remember(entry("/x"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "nonsense",
        '{"format": 2, "trusted": []}',
        '{"format": 1, "trusted": [{}]}',
        '{"format": 1, "trusted": [{"path": 1, "content": "x", "files": {}, "since": "2026-01-01T00:00:00+00:00"}]}',
        '{"format": 1, "trusted": [{"path": "x", "content": "x", "files": {"a": 1}, "since": "2026-01-01T00:00:00+00:00"}]}',
        '{"format": 1, "trusted": [{"path": "x", "content": "x", "files": {}, "since": "2026-01-01T00:00:00"}]}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_damaged_list_trusts_nothing_and_says_so(kept: TrustedFile, text: str) -> None:
    kept.remember(entry())
    Path(kept.place).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigurationError, match="cannot be used"):
        kept.everything()


def test_two_runs_that_trust_at_once_lose_nothing(kept: TrustedFile) -> None:
    paths = [f"/{number}/safepip.toml" for number in range(12)]
    threads = [
        threading.Thread(target=TrustedFile(Path(kept.place)).remember, args=(entry(path),)) for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.path for one in kept.everything()} == set(paths)


def test_a_failed_write_leaves_the_old_list(kept: TrustedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.remember(entry())
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(ConfigurationError, match="No space left"):
        kept.remember(entry("/x"))
    assert kept.everything() == (entry(),)
    assert len(json.loads(Path(kept.place).read_text())["trusted"]) == 1
    assert not list(Path(kept.place).parent.glob(".trusted*"))


def _full(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


# Files that were merely found ------------------------------------------------------------------


def test_a_found_file_is_read_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "shared.toml").write_bytes(b"x = 1")
    (tmp_path / "safepip.toml").symlink_to("shared.toml")
    assert read_found(str(tmp_path / "safepip.toml")) == b"x = 1"


@POSIX
@pytest.mark.parametrize("place", ["pipe", "device", "folder", "large", "gone"])
def test_a_found_file_that_would_be_read_for_ever_is_not(tmp_path: Path, place: str) -> None:
    """A clone may hold a link to a device; an archive may hold a pipe."""
    path = tmp_path / "safepip.toml"
    if place == "pipe":
        os.mkfifo(path)
    elif place == "device":
        path.symlink_to("/dev/zero")
    elif place == "folder":
        path.mkdir()
    elif place == "large":
        path.write_bytes(b"#" * 101)
    with pytest.raises(OSError):
        read_found(str(path), 100)


# A file that is written at once or not at all ----------------------------------------------------


def test_a_file_is_written_where_none_is(tmp_path: Path) -> None:
    write(tmp_path / "new.toml", "é\n", over=False)
    assert (tmp_path / "new.toml").read_bytes() == "é\n".encode()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_a_file_is_not_written_over(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "old.toml"
    if kind == "file":
        path.write_text("old")
    else:
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write(path, "new", over=False)
    write(path, "new", over=True)
    assert path.read_text() == "new"
    assert not path.is_symlink()
    assert not list(tmp_path.glob(".*"))


@POSIX
@pytest.mark.parametrize("kind", ["pipe", "folder", "link to a pipe", "link to what the process writes"])
def test_only_a_file_is_written_over(tmp_path: Path, kind: str) -> None:
    """A superuser's ``--force`` once put a file in the place of the standard output of all processes."""
    path, other = tmp_path / "place", tmp_path / "other"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        os.mkfifo(other)
        path.symlink_to(other if kind == "link to a pipe" else "/proc/self/fd/1")
    before = path.lstat()

    with pytest.raises(OSError, match="not a regular file"):
        write(path, "new", over=True)

    assert path.lstat().st_ino == before.st_ino
    assert not list(tmp_path.glob(".*"))


@POSIX
def test_a_link_to_a_file_is_replaced_and_the_file_stays(tmp_path: Path) -> None:
    path, other = tmp_path / "place", tmp_path / "other"
    other.write_text("old")
    path.symlink_to(other)
    write(path, "new", over=True)
    assert (path.is_symlink(), path.read_text(), other.read_text()) == (False, "new", "old")


@POSIX
def test_a_file_system_without_hard_links_is_served_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    write(tmp_path / "a", "one", over=False)
    with pytest.raises(FileExistsError):
        write(tmp_path / "a", "two", over=False)
    assert (tmp_path / "a").read_text() == "one"
