"""What the machine is asked, on a real disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safepip.cli.machine import Machine
from safepip.core.errors import CommandError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy file that nobody else may change."""
    folder = tmp_path / "safepip"
    folder.mkdir(mode=0o755)
    path = folder / "policy.toml"
    path.write_text("")
    path.chmod(0o644)
    return path


def test_a_file_that_only_its_owner_writes_is_nobody_elses(policy: Path) -> None:
    assert Machine({}).changeable_by(str(policy)) is None


@pytest.mark.parametrize(("mode", "who"), [(0o666, "everybody"), (0o664, "group"), (0o646, "everybody")])
def test_a_file_that_others_write_is_theirs(policy: Path, mode: int, who: str) -> None:
    policy.chmod(mode)

    assert (Machine({}).changeable_by(str(policy)) or "").startswith(who)


def test_a_folder_that_others_write_lets_them_put_another_file_there(policy: Path) -> None:
    policy.parent.chmod(0o777)

    assert (Machine({}).changeable_by(str(policy)) or "").startswith("everybody")


def test_in_a_sticky_folder_nobody_replaces_what_is_anothers(policy: Path) -> None:
    policy.parent.chmod(0o1777)

    assert Machine({}).changeable_by(str(policy)) is None


def test_a_link_is_followed_to_what_others_write(policy: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(policy)
    assert Machine({}).changeable_by(str(link)) is None

    policy.chmod(0o666)
    assert Machine({}).changeable_by(str(link)) is not None


@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only the superuser gives files away")
def test_a_file_of_another_user_is_theirs(policy: Path) -> None:
    os.chown(policy, 12345, 12345)

    assert (Machine({}).changeable_by(str(policy)) or "").startswith("user 12345")


def test_a_link_to_nowhere_stands(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("nowhere")

    assert Machine({}).stands(str(link))
    assert not Machine({}).stands(str(tmp_path / "other"))
    assert not Machine({}).stands(str(tmp_path / "other" / "below"))


def test_what_cannot_be_asked_about_is_not_absent(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        Machine({}).stands(str(tmp_path / ("x" * 300)))


def test_a_name_too_long_for_a_file_is_no_file() -> None:
    assert not Machine({}).exists("x" * 300)
    assert not Machine({}).is_dir("x" * 300)


def test_a_working_directory_that_is_gone_is_said_in_pips_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    machine = Machine({})

    with pytest.raises(CommandError, match="can no longer be found"):
        machine.absolute("x")
    assert machine.cwd_to_show == ""


def test_a_link_on_the_way_that_others_may_replace_is_theirs(policy: Path, tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    (open_folder / "policy.toml").symlink_to(policy)
    (tmp_path / "link.toml").symlink_to(open_folder / "policy.toml")
    assert Machine({}).changeable_by(str(tmp_path / "link.toml")) is None

    open_folder.chmod(0o777)
    assert (Machine({}).changeable_by(str(tmp_path / "link.toml")) or "").startswith("everybody")


@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only the superuser gives files away")
def test_a_stranger_is_whoever_owns_neither_file_nor_folder(policy: Path, tmp_path: Path) -> None:
    machine = Machine({})
    machine.cwd = str(tmp_path)
    assert machine.stranger(str(policy)) is None

    os.chown(policy, 12345, 12345)
    assert machine.stranger(str(policy)) == "user 12345"

    os.chown(tmp_path, 12345, 12345)  # a project of another user, mounted into a container
    assert machine.stranger(str(policy)) is None
    link = tmp_path / "link.toml"
    link.symlink_to(policy)
    os.chown(tmp_path, 0, 0)
    assert machine.stranger(str(link)) is None  # one's own link, to whatever one wanted


def test_a_file_has_one_name_however_its_folder_is_written(policy: Path, tmp_path: Path) -> None:
    (tmp_path / "same").symlink_to(policy.parent)
    machine = Machine({})
    names = {
        machine.one_name(str(path))
        for path in (
            policy,
            tmp_path / "same" / "policy.toml",
            policy.parent / ".." / "safepip" / "policy.toml",
        )
    }
    assert names == {os.path.realpath(policy)}
    assert machine.one_name(str(tmp_path / "same" / "gone.toml")) == str(
        Path(os.path.realpath(policy.parent), "gone.toml")
    )


@pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "XDG_DATA_HOME"])
def test_a_relative_folder_of_the_user_is_none(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folders() -> tuple[str, str]:
        return Machine({}).user_config_dir, Machine({}).user_data_dir

    usual = folders()
    monkeypatch.setenv(variable, "here")
    assert folders() == usual
    monkeypatch.setenv(variable, str(tmp_path))
    assert str(tmp_path / "safepip") in folders()
