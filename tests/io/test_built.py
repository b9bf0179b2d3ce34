"""Built wheels on disk: the record decides, the bytes are checked."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
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


def edit(tmp_path: Path, statement: str, *values: object) -> None:
    """Change the record by hand."""
    with closing(sqlite3.connect(tmp_path / "data" / "built.sqlite3")) as database, database:
        database.execute(statement, values)


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
    kept.remember_asked("tar sha256:0", KEY, [])
    edit(tmp_path, "pragma user_version = 7")

    with pytest.raises(ConfigurationError, match="the record of built wheels cannot be read"):
        kept.find(KEY)
    with pytest.raises(OSError, match="format 7"):
        kept.keep(KEY, built(tmp_path), NOW)


@pytest.mark.parametrize(
    "column, value",
    [
        ("filename", "../../../../precious.txt"),
        ("filename", "../../../../precious.whl"),
        ("filename", "demo-1.0-py3-none-any.whl/../../precious.whl"),
        ("filename", b"demo-1.0-py3-none-any.whl"),
        ("sha256", "../.."),
        ("sha256", "A" * 64),
        ("size", "many"),
        ("lacked", "{}"),
        ("lacked", "[1]"),
        ("lacked", "[" * 9),
        ("lacked", b"[]"),
    ],
)
def test_a_row_that_safepip_never_wrote_is_damage_and_no_path(
    kept: KeptWheels, tmp_path: Path, column: str, value: object
) -> None:
    """A wheel with other bytes than the record says is removed: that must not reach other files."""
    kept.keep(KEY, built(tmp_path), NOW)
    precious = [tmp_path / f"precious.{ending}" for ending in ("txt", "whl")]
    for path in precious:
        path.write_text("x")
    edit(tmp_path, f"update wheel set {column} = ?", value)

    with pytest.raises(ConfigurationError, match="the record of built wheels cannot be read"):
        kept.find(KEY)

    assert all(path.exists() for path in precious)


@pytest.mark.parametrize("texts", ["5", "null", '{"a": 1}', "[5]", "", b"[]"])
def test_an_answer_that_is_no_list_of_texts_is_damage(
    kept: KeptWheels, tmp_path: Path, texts: str | bytes
) -> None:
    kept.remember_asked("tar sha256:0", KEY, [])
    edit(tmp_path, "update asked set texts = ?", texts)

    with pytest.raises(ConfigurationError, match="the record of built wheels cannot be read"):
        kept.asked(KEY)


def test_a_wheel_of_another_size_than_the_record_says_is_none(kept: KeptWheels, tmp_path: Path) -> None:
    kept.keep(KEY, built(tmp_path), NOW)
    edit(tmp_path, "update wheel set size = size + 1")

    assert kept.find(KEY) is None


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("what", ["file", "folder", "link", "owner", "owner of the folder"])
def test_a_record_that_somebody_else_may_have_written_says_nothing(
    kept: KeptWheels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Who calls ``sudo`` with the home of another user would install what that user's record names."""
    kept.keep(KEY, built(tmp_path), NOW)
    record = tmp_path / "data" / "built.sqlite3"
    if what == "file":
        record.chmod(0o666)
    elif what == "folder":
        record.parent.chmod(0o777)
    elif what == "link":
        record.rename(tmp_path / "elsewhere")
        record.symlink_to(tmp_path / "elsewhere")
    else:
        me = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: me + 1)
        if what == "owner":
            monkeypatch.setattr("safepip.io.database.own_folder", lambda folder: None)

    with pytest.raises(ConfigurationError, match="the record of built wheels cannot be read"):
        kept.find(KEY)
    with pytest.raises(OSError):
        kept.keep(OTHER, built(tmp_path), NOW)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_record_and_its_folder_are_the_users_alone(kept: KeptWheels, tmp_path: Path) -> None:
    """Also with an umask that lets a group write."""
    before = os.umask(0o002)
    try:
        kept.keep(KEY, built(tmp_path), NOW)
    finally:
        os.umask(before)

    assert kept.find(KEY) is not None
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "built.sqlite3").stat().st_mode & 0o777 == 0o600
