"""What ``cache`` may see and take away: safepip's own files, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from safepip.core.errors import SafepipError
from safepip.core.kept import KeptFile
from safepip.io.kept import KeptFolders
from safepip.io.store import ArtifactStore

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DIGEST = "ab" + "0" * 62


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A store with a wheel and its metadata, a page, and one download each that runs and that ended."""
    cache = tmp_path / "cache"
    put(cache / "store/sha256/ab" / DIGEST / "lib-1.0-py3-none-any.whl", b"wheel")
    put(cache / "store/sha256/cd" / f"cd{'0' * 62}" / "lib-1.0-py3-none-any.whl.metadata", b"text")
    put(cache / "pages/ab" / DIGEST, b"page")
    put(cache / "store/built/ef" / f"ef{'3' * 62}" / "own-1.0-py3-none-any.whl", b"built!")
    put(cache / "store/incoming" / f"{'1' * 16}.part", b"running")
    old = put(cache / "store/incoming" / f"{'2' * 16}.part", b"abandoned")
    stamp = (NOW - timedelta(days=2)).timestamp()
    os.utime(old, (stamp, stamp))
    return cache


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    stamp = NOW.timestamp()
    os.utime(path, (stamp, stamp))
    return path


def kept_in(cache: Path) -> KeptFolders:
    return KeptFolders(files=cache / "store", pages=cache / "pages", now=NOW)


def names(files: tuple[KeptFile, ...]) -> list[tuple[str, int]]:
    return [(file.path.name, file.size) for file in files]


def remove_everything(cache: Path) -> tuple[int, int, int]:
    folders = kept_in(cache)
    kept = folders.everything()
    removal = folders.remove((*kept.of_projects, *kept.pages))
    return removal.files, removal.size, removal.folders


def test_files_pages_and_abandoned_downloads_are_told(cache: Path) -> None:
    kept = kept_in(cache).everything()

    assert names(kept.files) == [
        ("lib-1.0-py3-none-any.whl", 5),
        ("lib-1.0-py3-none-any.whl.metadata", 4),
        (f"{'2' * 16}.part", 9),
    ]
    assert names(kept.pages) == [(DIGEST, 4)]
    assert names(kept.built) == [("own-1.0-py3-none-any.whl", 6)]


def test_where_nothing_was_ever_kept_there_is_nothing(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "nowhere").everything()

    assert (kept.files, kept.pages) == ((), ())
    assert remove_everything(tmp_path / "nowhere") == (0, 0, 0)


def test_removing_everything_leaves_a_running_download_alone(cache: Path) -> None:
    assert remove_everything(cache) == (5, 28, 9)

    assert [p.name for p in cache.rglob("*") if p.is_file()] == [f"{'1' * 16}.part"]


def test_removing_one_file_keeps_the_folders_of_the_others(cache: Path) -> None:
    folders = kept_in(cache)
    wheel = next(file for file in folders.everything().files if file.is_wheel)

    removal = folders.remove([wheel])

    assert (removal.files, removal.size, removal.folders) == (1, 5, 2)
    assert names(kept_in(cache).everything().files)[0] == ("lib-1.0-py3-none-any.whl.metadata", 4)


def test_a_file_that_somebody_else_removed_is_not_counted(cache: Path) -> None:
    folders = kept_in(cache)
    kept = folders.everything()
    kept.files[0].path.unlink()

    assert folders.remove(kept.files).files == 2


def test_files_of_others_in_a_shared_folder_stay(cache: Path) -> None:
    others = [
        put(cache / "pages/thesis.txt", b"mine"),
        put(cache / "pages/ab/notes", b"mine"),
        put(cache / "store/sha256/readme", b"mine"),
        put(cache / "store/incoming/letter.part", b"mine"),
        put(cache / "wheels/lib-1.0-py3-none-any.whl", b"pip's"),
        put(cache / "store/sha256/ab" / DIGEST / "folder/file", b"mine"),
    ]

    remove_everything(cache)

    assert all(path.is_file() for path in others)


@pytest.mark.parametrize(
    "place",
    [
        *("store", "store/sha256", "store/sha256/ef", f"store/sha256/ab/ab{'1' * 62}", "pages", "pages/ef"),
        *("store/", "store/built"),
    ],
)
def test_a_link_in_the_place_of_a_folder_is_not_entered(tmp_path: Path, place: str) -> None:
    outside, cache = tmp_path / "outside", tmp_path / "cache"
    mirror = cache / "store/sha256/ab" / DIGEST / "lib-1.0-py3-none-any.whl"
    inside = {
        "store": Path("sha256/ef", f"ef{'0' * 62}", "x-1-py3-none-any.whl"),
        "store/sha256": Path("ef", f"ef{'0' * 62}", "x-1-py3-none-any.whl"),
        "store/sha256/ef": Path(f"ef{'0' * 62}", "x-1-py3-none-any.whl"),
        f"store/sha256/ab/ab{'1' * 62}": Path("x-1-py3-none-any.whl"),
        "store/": Path("built/ef", f"ef{'0' * 62}", "x-1-py3-none-any.whl"),
        "store/built": Path("ef", f"ef{'0' * 62}", "x-1-py3-none-any.whl"),
        "pages": Path("ef", f"ef{'0' * 62}"),
        "pages/ef": Path(f"ef{'0' * 62}"),
    }[place]
    precious = put(outside / inside, b"precious")
    link = cache / place
    if place not in {"store", "store/", "store/sha256"}:
        put(mirror, b"wheel")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside, target_is_directory=True)

    remove_everything(cache)

    assert precious.read_bytes() == b"precious"
    assert not mirror.exists()


def test_a_link_in_the_place_of_a_file_goes_and_what_it_names_stays(cache: Path, tmp_path: Path) -> None:
    precious = put(tmp_path / "precious", b"precious")
    link = cache / "store/sha256/ab" / DIGEST / "evil-1.0-py3-none-any.whl"
    link.symlink_to(precious)

    kept = kept_in(cache).everything()
    remove_everything(cache)

    assert ("evil-1.0-py3-none-any.whl", 0) in names(kept.files)
    assert precious.read_bytes() == b"precious"
    assert not link.is_symlink()


def test_a_purge_beside_a_download_that_ends_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, place = put(tmp_path / "part", b"wheel"), tmp_path / "ab" / DIGEST / "lib.whl"
    replace = Path.replace

    def purged_first(source: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        target.parent.rmdir()
        return source.replace(target)

    monkeypatch.setattr(Path, "replace", purged_first)
    ArtifactStore._move(part, place)

    assert place.read_bytes() == b"wheel"


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(SafepipError, match="cannot be read: Permission denied"):
        kept_in(cache).everything()


def test_a_file_that_cannot_be_removed_is_an_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = kept_in(cache).everything()

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)

    with pytest.raises(SafepipError, match="cannot be removed: Permission denied"):
        kept_in(cache).remove(kept.files)
