"""Built wheels on disk: the record decides, the bytes are checked."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from safepip.core.build import BuiltWheel
from safepip.core.digest import Digest, Digests
from safepip.core.errors import ConfigurationError
from safepip.io.built import KeptWheels
from support.wheels import make_wheel, wheel_filename

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY, OTHER = "a" * 64, "b" * 64
CONTENT = make_wheel("demo", requires=["lib"])


@pytest.fixture
def kept(tmp_path: Path) -> KeptWheels:
    return KeptWheels(tmp_path / "data" / "built.sqlite3", tmp_path / "cache" / "store")


def built(folder: Path, content: bytes = CONTENT, lacked: tuple[str, ...] = ()) -> BuiltWheel:
    path = folder / wheel_filename("demo")
    path.write_bytes(content)
    digests = Digests.of([Digest.of("sha256", hashlib.sha256(content).hexdigest())])
    return BuiltWheel(path=path, digests=digests, size=len(content), lacked=lacked)


def test_what_was_kept_is_found_with_its_metadata(kept: KeptWheels, tmp_path: Path) -> None:
    wheel = built(tmp_path, lacked=("builds could reach the network (why)",))

    folder = kept.keep(KEY, wheel, NOW)
    wheel.path.unlink()
    found = kept.find(KEY)

    assert found is not None
    assert (found[0].path, found[0].path.read_bytes()) == (folder / wheel.path.name, CONTENT)
    assert (found[0].digests, found[0].size, found[0].lacked) == (wheel.digests, wheel.size, wheel.lacked)
    assert (found[1].name, found[1].requires_dist) == ("demo", ("lib",))


def test_other_inputs_find_nothing_and_asking_writes_nothing(kept: KeptWheels, tmp_path: Path) -> None:
    assert (kept.find(KEY), kept.asked(KEY), kept.knows("tar sha256:0")) == (None, None, False)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]

    kept.keep(KEY, built(tmp_path), NOW)

    assert kept.find(OTHER) is None


def test_what_a_backend_asked_for_is_told_also_where_it_was_nothing(kept: KeptWheels) -> None:
    kept.remember_asked("tar sha256:0", KEY, ["late>=1", 'other; python_version > "3"'])
    kept.remember_asked("tar sha256:1", OTHER, [])

    assert kept.asked(KEY) == ("late>=1", 'other; python_version > "3"')
    assert kept.asked(OTHER) == ()
    assert (kept.knows("tar sha256:0"), kept.knows("tar sha256:2")) == (True, False)


def test_a_later_build_of_the_same_inputs_takes_the_place_of_the_first(
    kept: KeptWheels, tmp_path: Path
) -> None:
    kept.keep(KEY, built(tmp_path), NOW)
    other = make_wheel("demo", requires=["more"])

    kept.keep(KEY, built(tmp_path, other), NOW)

    found = kept.find(KEY)
    assert found is not None
    assert found[0].path.read_bytes() == other


def test_bytes_that_are_not_those_of_the_record_are_removed(kept: KeptWheels, tmp_path: Path) -> None:
    folder = kept.keep(KEY, built(tmp_path), NOW)
    (folder / wheel_filename("demo")).write_bytes(make_wheel("demo", requires=["evil"]))

    assert kept.find(KEY) is None
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(kept: KeptWheels, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")

    with pytest.raises(OSError, match="cache"):
        kept.keep(KEY, built(tmp_path), NOW)
    assert kept.find(KEY) is None


def test_a_record_of_another_version_is_not_guessed_at(kept: KeptWheels, tmp_path: Path) -> None:
    import sqlite3

    kept.remember_asked("tar sha256:0", KEY, [])
    database = sqlite3.connect(tmp_path / "data" / "built.sqlite3")
    database.execute("pragma user_version = 7")
    database.close()

    with pytest.raises(ConfigurationError, match="the record of built wheels cannot be read"):
        kept.find(KEY)
    with pytest.raises(OSError, match="format 7"):
        kept.keep(KEY, built(tmp_path), NOW)
