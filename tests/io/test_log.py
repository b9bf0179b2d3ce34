"""The audit log on disk."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.io.log import LogFile, file_digests

ORIGIN = Origin(layer=Layer.MACHINE, kind=Place.FILE, place="policy.toml", line=3)


def open_log(path: Path) -> LogFile:
    return LogFile(Sourced(value=str(path), origin=ORIGIN))


def test_a_new_log_is_its_owners_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        open_log(tmp_path / "log").close()
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_what_stands_there_stays_and_its_permissions_too(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("earlier\n", encoding="utf-8")
    path.chmod(0o640)

    log = open_log(path)
    log.append("later\n")
    log.close()

    assert path.read_text(encoding="utf-8") == "earlier\nlater\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_lines_of_runs_side_by_side_stay_whole(tmp_path: Path) -> None:
    def run(letter: str) -> None:
        log = open_log(tmp_path / "log")
        for _ in range(50):
            log.append(f"{letter * 5000}\n" * 3)
        log.close()

    with ThreadPoolExecutor(4) as runs:
        list(runs.map(run, "abcd"))

    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4 * 50 * 3
    assert {len(line) for line in lines} == {5000}
    assert all(len(set(line)) == 1 for line in lines)


def test_one_file_under_two_names_is_one_file(tmp_path: Path) -> None:
    one, other = open_log(tmp_path / "one"), open_log(tmp_path / "other")
    (tmp_path / "alias").symlink_to("one")
    alias = open_log(tmp_path / "alias")

    assert one.identity == alias.identity
    assert one.identity != other.identity
    for log in (one, other, alias):
        log.close()


@pytest.mark.parametrize("name", ["missing/log", ".", "nul\0byte"])
def test_a_log_that_cannot_be_opened_is_a_configuration_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        LogFile(Sourced(value=f"{tmp_path}/{name}", origin=ORIGIN))

    assert (caught.value.exit_code, caught.value.origin) == (12, ORIGIN)


def test_a_full_disk_is_a_configuration_error() -> None:
    log = open_log(Path("/dev/full"))

    with pytest.raises(ConfigurationError, match="No space left on device"):
        log.append("line\n")

    log.close()


def test_a_write_that_the_system_cuts_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    log = open_log(tmp_path / "log")
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:3]))

    log.append("a whole line\n")
    log.close()

    assert (tmp_path / "log").read_text(encoding="utf-8") == "a whole line\n"


def test_a_file_without_a_published_digest_is_hashed(tmp_path: Path) -> None:
    (tmp_path / "wheel").write_bytes(b"content")

    assert file_digests(tmp_path / "wheel").strong[0].hex == hashlib.sha256(b"content").hexdigest()
