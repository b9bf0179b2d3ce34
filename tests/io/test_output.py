"""A file that a command writes for the user: all at once or not at all, and nobody's else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

import safepip.io.output as output_module
from safepip.core.errors import CommandError
from safepip.core.limits import Limits
from safepip.io.output import OutputFile


def names(folder: Path) -> list[str]:
    # Every test has a home in its folder.
    return sorted(path.name for path in folder.iterdir() if path.name != "home")


posix = pytest.mark.skipif(os.name != "posix", reason="permissions, links and pipes as POSIX has them")


def test_a_new_file_is_written(tmp_path: Path) -> None:
    output = OutputFile(tmp_path / "lock")
    assert output.before is None

    output.write(b"new\n")

    assert (tmp_path / "lock").read_bytes() == b"new\n"
    assert names(tmp_path) == ["lock"]


@posix
def test_an_old_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"old\n")
    path.chmod(0o604)
    output = OutputFile(path)
    assert output.before == b"old\n"

    output.write(b"new\n")

    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new\n", 0o604)


@posix
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "real").touch()
    (tmp_path / "lock").symlink_to(Path("elsewhere", "real"))

    OutputFile(tmp_path / "lock").write(b"new\n")

    assert (tmp_path / "lock").is_symlink()
    assert (tmp_path / "elsewhere" / "real").read_bytes() == b"new\n"


@posix
def test_a_link_does_not_say_where_a_new_file_appears(tmp_path: Path) -> None:
    """A checked out tree may have one to a place of its author's choice."""
    (tmp_path / "lock").symlink_to(tmp_path / "profile")

    with pytest.raises(CommandError, match="a link that leads nowhere"):
        OutputFile(tmp_path / "lock")

    assert not (tmp_path / "profile").exists()


def test_a_file_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"12345")
    monkeypatch.setattr(output_module, "Limits", lambda: Limits(local_text_max_bytes=5))
    assert OutputFile(path).before == b"12345"
    path.write_bytes(b"123456")

    with pytest.raises(CommandError, match="it has more than 5 bytes"):
        OutputFile(path)


def test_what_somebody_else_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"old\n")
    output = OutputFile(path)
    path.write_bytes(b"theirs\n")

    with pytest.raises(CommandError, match="changed by somebody else") as caught:
        output.write(b"ours\n")

    assert caught.value.reference == "changed-meanwhile"
    assert (path.read_bytes(), names(tmp_path)) == (b"theirs\n", ["lock"])


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"old\n")
    output = OutputFile(path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match="No space left on device"):
        output.write(b"new\n")

    assert (path.read_bytes(), names(tmp_path)) == (b"old\n", ["lock"])


def test_ctrl_c_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"old\n")
    output = OutputFile(path)

    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        output.write(b"new\n")

    assert (path.read_bytes(), names(tmp_path)) == (b"old\n", ["lock"])


@pytest.mark.parametrize("name", ["folder", "missing/lock"])
def test_what_cannot_be_a_file_is_said_before_anything_else_happens(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(CommandError) as caught:
        OutputFile(tmp_path / name)

    assert (caught.value.reference, caught.value.hint) == ("disk", "name another file with -o")


@posix
def test_a_pipe_is_written_to_and_never_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    output = OutputFile(path)
    assert output.before is None

    output.write(b"new\n")

    assert os.read(reading, 100) == b"new\n"
    os.close(reading)
    assert stat.S_ISFIFO(path.stat().st_mode)
