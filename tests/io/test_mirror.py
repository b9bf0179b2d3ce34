"""A mirror's folder on disk: whole files or none, pages last, nothing of somebody else's."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.errors import CommandError
from safepip.core.kept import SaveOutcome
from safepip.core.mirror import MirroredFile
from safepip.io.mirror import DiskMirror
from safepip.simpleapi.write import pages

CONTENT, METADATA = b"a wheel", b"Metadata-Version: 2.1\n"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


DEMO = MirroredFile(
    project=canonicalize_name("demo"),
    version=Version("1.0+cpu"),
    filename="demo-1.0+cpu-py3-none-any.whl",
    sha256=digest(CONTENT),
    size=len(CONTENT),
    metadata_sha256=digest(METADATA),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> DiskMirror:
    shelf = DiskMirror(tmp_path / "a folder", flat=False)
    shelf.begin()
    shelf.close()
    return shelf


def below(path: Path) -> set[str]:
    return {found.relative_to(path).as_posix() for found in path.rglob("*") if found.is_file()}


def test_what_was_published_is_listed(folder: DiskMirror, source: Path) -> None:
    assert folder.listed() == ()
    assert folder.save(DEMO, source, METADATA).outcome is SaveOutcome.NEW
    folder.publish(pages([DEMO]))
    assert folder.listed() == (DEMO,)
    assert folder.is_sound(DEMO)


def test_no_folder_yet_is_an_empty_mirror(tmp_path: Path) -> None:
    shelf = DiskMirror(tmp_path / "none", flat=False)
    assert shelf.listed() == ()
    assert not (tmp_path / "none").exists()


def test_files_without_pages_are_not_listed(folder: DiskMirror, source: Path) -> None:
    """As a run leaves them that was cut short."""
    folder.save(DEMO, source, METADATA)
    assert folder.listed() == ()


@pytest.mark.parametrize(
    "change", [{"sha256": "0" * 64}, {"size": 1}, {"metadata_sha256": "0" * 64}, {"filename": "other.whl"}]
)
def test_a_promise_that_is_not_kept_is_noticed(
    folder: DiskMirror, source: Path, change: dict[str, object]
) -> None:
    folder.save(DEMO, source, METADATA)
    assert folder.is_sound(DEMO)
    assert not folder.is_sound(replace(DEMO, **change))


@pytest.mark.skipif(os.name != "posix", reason="pipes with names are POSIX's")
def test_a_pipe_in_the_place_of_a_file_does_not_hold_up(folder: DiskMirror, tmp_path: Path) -> None:
    place = tmp_path / "a folder/simple/demo"
    place.mkdir()
    os.mkfifo(place / DEMO.filename)
    assert not folder.is_sound(DEMO)


def test_a_full_disk_leaves_pages_and_no_halves(
    folder: DiskMirror, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.save(DEMO, source, METADATA)
    folder.publish(pages([DEMO]))
    before = below(tmp_path)
    more = replace(DEMO, version=Version("2.0"), filename="demo-2.0-py3-none-any.whl")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", full)
        with pytest.raises(CommandError, match="No space left on device"):
            folder.save(more, source, None)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(CommandError, match="No space left on device"):
            folder.publish(pages([DEMO, more]))
    assert below(tmp_path) == before
    assert folder.listed() == (DEMO,)


@pytest.mark.skipif(os.name != "posix", reason="only a lock says that nobody else is writing")
def test_halves_of_a_killed_run_are_cleared_away(tmp_path: Path) -> None:
    place = tmp_path / "m/simple/demo"
    place.mkdir(parents=True)
    halves = [f".{DEMO.filename}", f".{DEMO.filename}.metadata", ".demo-1.0.tar.gz", ".index.html"]
    kept = {f"m/simple/demo/{name}" for name in (".htaccess", f".{DEMO.filename}", ".x.0123456789abcdef")}
    for path in (*(place / f"{half}.0123456789abcdef" for half in halves), *map(tmp_path.joinpath, kept)):
        path.touch()

    shelf = DiskMirror(tmp_path / "m", flat=False)
    shelf.begin()
    shelf.close()

    assert below(tmp_path) == kept


def test_two_runs_follow_each_other(tmp_path: Path) -> None:
    first, second = (DiskMirror(tmp_path / "m", flat=False) for _ in range(2))
    first.begin()
    entered = threading.Event()

    def enter() -> None:
        second.begin()
        entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    waited = not entered.wait(0.2)
    first.close()
    assert entered.wait(10)
    thread.join()
    second.close()
    assert waited or os.name != "posix"


def test_a_wheelhouse_has_files_only(tmp_path: Path, source: Path) -> None:
    shelf = DiskMirror(tmp_path / "house", flat=True)
    shelf.begin()
    shelf.save(DEMO, source, METADATA)
    shelf.publish(pages([DEMO]))
    (tmp_path / "house/other-1.0.tar.gz").touch()
    (tmp_path / "house/README").touch()
    shelf.close()
    assert below(tmp_path / "house") == {DEMO.filename, "other-1.0.tar.gz", "README"}
    assert shelf.others([DEMO.filename]) == ("other-1.0.tar.gz",)
    assert shelf.listed() == ()
