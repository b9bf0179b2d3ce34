"""The folder that sources are built in."""

from __future__ import annotations

import os
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pytest

from safepip.io.build_place import Place, remove_whole

_NOBODY = 65534


@pytest.mark.skipif(os.name != "posix", reason="modes of folders")
def test_folders_that_a_tool_made_read_only_are_removed_and_what_links_lead_to_is_not_touched() -> None:
    with tempfile.TemporaryDirectory() as place:
        kept = Path(place, "kept")
        kept.mkdir(mode=0o750)
        Path(place).chmod(0o777)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test runner do not matter
            child = os.fork()
        if not child:
            if os.geteuid() == 0:  # to whom no folder is read-only
                os.chown(kept, _NOBODY, _NOBODY)
                os.setuid(_NOBODY)
            os._exit(_removed(Path(place, "private"), kept))
        _, ended = os.waitpid(child, 0)

        assert ended == 0
        assert kept.stat().st_mode & 0o777 == 0o750


def _removed(private: Path, kept: Path) -> int:
    locked = private / "home" / "locked" / "inside"
    locked.mkdir(parents=True)
    (locked / "file").write_text("x")
    (locked / "link").symlink_to(kept)
    locked.chmod(0o500)
    locked.parent.chmod(0o500)
    remove_whole(private)
    return int(private.exists())


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def folder_of(temporary: Path, name: str, *, seconds_ago: float = 3600.0) -> Path:
    folder = temporary / name
    (folder / "room-1").mkdir(parents=True)
    then = time.time() - seconds_ago
    os.utime(folder, (then, then))
    return folder


def test_a_place_is_there_until_it_is_closed(temporary: Path) -> None:
    place = Place()
    (place.folder / "room-1").mkdir()

    assert (place.folder.parent, place.folder.stat().st_mode & 0o777) == (temporary.resolve(), 0o700)
    place.close()
    assert list(temporary.glob("safepip-*")) == []


@pytest.mark.skipif(os.name != "posix", reason="POSIX locks")
def test_what_a_killed_run_left_is_removed_by_the_next(temporary: Path) -> None:
    left = folder_of(temporary, "safepip-build-killed")
    other = folder_of(temporary, "safepip-something")

    place = Place()

    assert (left.exists(), other.exists()) == (False, True)
    place.close()


@pytest.mark.skipif(os.name != "posix", reason="POSIX locks")
def test_folders_in_use_young_ones_links_and_those_of_others_stay(temporary: Path) -> None:
    used, aim = Place(), folder_of(temporary, "precious")
    os.utime(used.folder, (0, 0))
    stay = [used.folder, folder_of(temporary, "safepip-build-young", seconds_ago=1.0)]
    link = temporary / "safepip-build-link"
    link.symlink_to(aim, target_is_directory=True)
    os.utime(link, (0, 0), follow_symlinks=False)
    if os.geteuid() == 0:
        stay.append(folder_of(temporary, "safepip-build-foreign"))
        os.chown(stay[-1], _NOBODY, _NOBODY)
        os.utime(stay[-1], (0, 0))

    Place().close()

    assert [path.name for path in (*stay, link, aim / "room-1") if not path.exists()] == []
    used.close()


def test_a_folder_that_is_still_written_to_is_removed_all_the_same(temporary: Path) -> None:
    """By processes that were killed, and take a moment to be gone."""
    place = Place()
    until = time.monotonic() + 0.5

    def write() -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            with suppress(OSError):
                (place.folder / f"file-{number}").write_text("x")
            with suppress(OSError):
                (place.folder / f"folder-{number}").mkdir()

    writer = threading.Thread(target=write)
    writer.start()
    place.close()
    writer.join()

    assert list(temporary.glob("safepip-*")) == []
