"""Locking again over a lock that somebody else wrote, or an index that answers another way than before."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.sdists import make_sdist, sdist_filename
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

ELSEWHERE = "cp311-cp311-win_amd64"
HASHED = ("--format", "requirements")


def lock(shell: Shell, index: IndexServer, *words: str) -> Ended:
    return shell.safepip("lock", *trusting(index), *words)


def locked(shell: Shell) -> list[dict[str, Any]]:
    return tomllib.loads((shell.folder / "pylock.toml").read_text(encoding="utf-8"))["packages"]


def rewrite(shell: Shell, pattern: str, text: str, name: str = "pylock.toml") -> None:
    """Change a lock, as whoever sends a merge request may."""
    path = shell.folder / name
    changed, count = re.subn(pattern, text, path.read_text(encoding="utf-8"))
    assert count
    path.write_text(changed, encoding="utf-8")


def publish_for_windows(index: IndexServer, **spec: object) -> str:
    """A wheel of ``lib 2.0`` that is of no use here; returns its digest."""
    content = make_wheel("lib", "2.0", tag=ELSEWHERE, **spec)
    index.add_wheel(
        content, wheel_filename("lib", "2.0", tag=ELSEWHERE), **{"upload-time": "2024-01-02T03:04:05Z"}
    )
    return sha256(content)


def forget(shell: Shell, tmp_path: Path) -> None:
    """Go on as on another machine, which has no record of what was used first."""
    shell.environ["XDG_DATA_HOME"] = str(tmp_path / "another machine")


@pytest.mark.parametrize("more", [(), ("--upgrade",)])
def test_what_the_index_says_of_a_file_counts_before_what_an_old_lock_says(
    shell: Shell, index: IndexServer, more: tuple[str, ...]
) -> None:
    """An old time would let a fresh file through every cool-down; a wrong size lets nobody install."""
    content = make_wheel("lib", "3.0")
    index.add_wheel(content, wheel_filename("lib", "3.0"), **{"upload-time": "2024-01-02T03:04:05Z"})
    assert lock(shell, index, "lib").code == 0
    right = (shell.folder / "pylock.toml").read_bytes()
    rewrite(shell, r"size = \d+", "size = 1")
    rewrite(shell, r"upload-time = .*", "upload-time = 2001-01-01T00:00:00Z")

    assert lock(shell, index, "lib", *more, "--check").code == 14
    assert lock(shell, index, "lib", *more).code == 0
    assert (shell.folder / "pylock.toml").read_bytes() == right


def test_an_index_that_says_less_today_changes_nothing(shell: Shell, index: IndexServer) -> None:
    content, name = make_wheel("lib", "3.0"), wheel_filename("lib", "3.0")
    index.add_wheel(content, name, **{"upload-time": "2024-01-02T03:04:05Z"})
    assert lock(shell, index, "lib").code == 0
    right = (shell.folder / "pylock.toml").read_bytes()
    index.json = False

    for more in (("--check",), ("--upgrade",), ("--upgrade", "--check")):
        assert lock(shell, index, "lib", "--no-cache-dir", *more).code == 0
        assert (shell.folder / "pylock.toml").read_bytes() == right


def test_one_of_several_hashed_files_cannot_be_replaced(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    """A hashed file names no files: one digest is gone, and there is a file that was not locked."""
    publish_for_windows(index)
    assert (
        lock(shell, index, "lib", *HASHED, "--environment", "linux-x86_64-cp311,windows-amd64-cp311").code
        == 0
    )
    before = (shell.folder / "requirements.lock.txt").read_bytes()
    index.remove_project("lib")
    publish_for_windows(index)
    publish(index, "lib", "2.0", requires=["app"])
    forget(shell, tmp_path)

    ended = lock(shell, index, "lib", *HASHED)

    assert (ended.code, "error[republished-file]" in ended.err) == (10, True), ended.err
    assert (shell.folder / "requirements.lock.txt").read_bytes() == before


def test_a_hashed_file_may_lose_what_nobody_needs_and_gain_what_is_new(
    shell: Shell, index: IndexServer, tmp_path: Path
) -> None:
    both = ("--environment", "linux-x86_64-cp311,windows-amd64-cp311")
    windows = publish_for_windows(index)
    assert lock(shell, index, "lib", *HASHED, *both).code == 0
    forget(shell, tmp_path)
    index.remove_project("lib")
    publish(index, "lib", "2.0")

    gone = lock(shell, index, "lib", *HASHED)
    assert gone.code == 0, gone.err
    assert windows not in (shell.folder / "requirements.lock.txt").read_text(encoding="utf-8")

    publish_for_windows(index)
    back = lock(shell, index, "lib", *HASHED, *both, "--upgrade")
    assert back.code == 0, back.err
    assert windows in (shell.folder / "requirements.lock.txt").read_text(encoding="utf-8")


def test_a_hashed_file_is_kept_on_a_machine_that_has_no_record_yet(shell: Shell, tmp_path: Path) -> None:
    with IndexServer(digests=False) as bare:
        publish(bare, "lib")
        policy = f'[[index]]\nname = "corp"\nurl = "{bare.url}"\nca-bundle = "{bare.ca_path}"\ndigests = "record"\n'
        shell.write("safepip.toml", policy)
        words = ("lib", "--policy", "safepip.toml", *HASHED)
        assert shell.safepip("lock", *words).code == 0
        forget(shell, tmp_path)
        shell.environ["XDG_CACHE_HOME"] = str(tmp_path / "another cache")

        same = shell.safepip("lock", *words, "--check")
        assert same.code == 0, same.err

        bare.remove_project("lib")
        publish(bare, "lib", entry_points={"console_scripts": {"lib": "lib:main"}})
        other = shell.safepip("lock", *words)
        assert (other.code, "error[republished-file]" in other.err) == (10, True), other.err


def test_a_lock_says_nothing_to_a_terminal(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "lib").code == 0
    rewrite(shell, r'index = ".*"', r'index = "https://\\u001b[2J\\u202eevil.example/simple"')
    rewrite(shell, r'sha256 = ".*"', f'sha256 = "{"0" * 64}"')

    ended = lock(shell, index, "lib")

    assert (ended.code, "error[route-changed]" in ended.err) == (10, True), ended.err
    assert not {"\x1b", "\u202e"} & set(ended.err)


def test_a_locked_version_that_cannot_stay_is_named_with_the_reason(shell: Shell, index: IndexServer) -> None:
    """Else a lock would step back to an old release in silence."""
    content, name = make_wheel("lib", "3.0"), wheel_filename("lib", "3.0")
    index.add_wheel(content, name)
    assert lock(shell, index, "lib").code == 0
    asked = lock(shell, index, "lib<3", "--explain")
    assert (asked.code, "which is locked" in asked.err) == (0, False), asked.err
    index.remove_project("lib")
    publish(index, "lib", "1.0")
    gone = lock(shell, index, "lib", "--check")
    assert (gone.code, "lib 3.0, which is locked, is not offered any more" in gone.err) == (14, True), (
        gone.err
    )

    index.add_wheel(content, name, yanked="breaks everything")
    yanked = lock(shell, index, "lib")

    assert yanked.code == 0, yanked.err
    assert "lib 3.0, which is locked, was yanked: breaks everything" in yanked.err
    assert "lib 3.0 → 1.0" in yanked.err


@pytest.mark.parametrize("more", [("--no-binary", "demo"), ()], ids=["sources", "anything"])
def test_who_wants_no_wheel_is_told_of_none_that_the_lock_lacks(
    shell: Shell, index: IndexServer, more: tuple[str, ...]
) -> None:
    index.add_file(make_sdist("demo", static=True), sdist_filename("demo"))
    publish(index, "demo")
    shell.write("policy.toml", '[builds]\nsdists = ["demo"]\n')
    policy = ("--policy", "policy.toml")
    assert lock(shell, index, "demo", "--no-binary", "demo", *policy).code == 0

    again = lock(shell, index, "demo", *more, *policy, "--check")

    told = "not in the lock, and left out: demo-1.0-py3-none-any.whl" in again.err
    assert (again.code, told) == (0, not more), again.err
