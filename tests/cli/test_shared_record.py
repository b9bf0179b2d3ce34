"""``hashes.record``: a record of first uses that several people share, or that came with a machine."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

LIB = wheel_filename("lib", "1.0")


class Team:
    """People with homes of their own and one policy."""

    def __init__(self, shell: Shell, index: IndexServer, tmp_path: Path) -> None:
        self._shell, self._index, self._homes = shell, index, tmp_path / "homes"
        self.record = tmp_path / "shared" / "first-use.sqlite3"
        shell.write("team.toml", f'[hashes]\nrecord = "{self.record}"\n')

    def download(self, who: str, *words: str, policy: str = "team.toml") -> Ended:
        """``download lib==1.0``, as somebody who has nothing in a cache."""
        home = self._homes / who
        home.mkdir(parents=True, exist_ok=True)
        command = ("--policy", policy, "download", "--no-cache-dir", "-d", f"of-{who}", *words)
        environ = {"HOME": str(home), "XDG_DATA_HOME": "", "XDG_CACHE_HOME": str(home / "cache")}
        return self._shell.safepip(*command, *trusting(self._index), environ=environ)

    def change(self) -> None:
        """Other bytes under a known name."""
        self._index.remove_project("lib")
        self._index.add_wheel(make_wheel("lib", "1.0", files={"lib.py": b"stolen = True\n"}), LIB)

    def own(self, who: str) -> Path:
        return self._homes / who / ".local/share/safepip/first-use.sqlite3"


@pytest.fixture
def team(shell: Shell, index: IndexServer, tmp_path: Path) -> Team:
    return Team(shell, index, tmp_path)


def test_what_one_used_first_holds_for_the_others(team: Team) -> None:
    assert team.download("ann", "lib==1.0").code == 0
    team.change()

    ended = team.download("bob", "lib==1.0")

    assert ended.code == 10, ended.err
    assert "error[republished-file]" in ended.err
    assert not team.own("bob").exists()
    assert not team.own("ann").exists()


def test_without_it_everybody_has_a_record_of_their_own(team: Team, shell: Shell) -> None:
    shell.write("none.toml", '[hashes]\nmode = "files"\n')
    assert team.download("ann", "lib==1.0", policy="none.toml").code == 0
    team.change()

    assert team.download("bob", "lib==1.0", policy="none.toml").code == 0
    assert team.download("ann", "lib==1.0", policy="none.toml").code == 10


def test_a_copy_of_it_seeds_another_machine(team: Team, shell: Shell) -> None:
    assert team.download("ann", "lib==1.0").code == 0
    seed = shell.folder / "seed.sqlite3"
    seed.write_bytes(team.record.read_bytes())
    shell.write("seeded.toml", '[hashes]\nrecord = "seed.sqlite3"\n')
    team.change()

    assert team.download("carl", "lib==1.0", policy="seeded.toml").code == 10


def test_one_that_cannot_be_written_still_says_what_it_knows(team: Team) -> None:
    assert team.download("ann", "lib==1.0").code == 0
    with closing(sqlite3.connect(team.record, isolation_level=None)) as somebody:
        somebody.execute("begin immediate")  # and never ends: as good as a file that only they may write

        new = team.download("bob", "lib==2.0")
        assert (new.code, "warning[unwritten-record]" in new.err) == (0, True), new.err
        team.change()
        assert team.download("bob", "lib==1.0").code == 10


def test_a_stranger_is_not_taken_at_his_word(team: Team, shell: Shell) -> None:
    team.record.parent.mkdir()
    team.record.write_bytes(b"no database")

    ended = team.download("ann", "lib==1.0")

    assert ended.code == 12, ended.err
    assert f"{team.record}" in ended.err


def test_a_project_nobody_trusts_names_no_record(team: Team, shell: Shell, index: IndexServer) -> None:
    """Its record may say that the stolen file was always so."""
    assert shell.safepip("install", "lib==1.0", *trusting(index)).code == 0
    assert shell.safepip("uninstall", "-y", "lib").code == 0
    team.change()
    shell.write("safepip.toml", '[hashes]\nrecord = "mine.sqlite3"\n')

    ended = shell.safepip("install", "lib==1.0", *trusting(index))

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert "error[republished-file]" in ended.err
    assert not (shell.folder / "mine.sqlite3").exists()


def test_a_weaker_policy_names_no_other_record(team: Team, shell: Shell, tmp_path: Path) -> None:
    config = tmp_path / "config" / "safepip"
    config.mkdir(parents=True)
    (config / "policy.toml").write_text(f'[hashes]\nrecord = "{team.record}"\n')
    shell.write("weaker.toml", '[hashes]\nrecord = "other.sqlite3"\n')

    ended = team.download("ann", "lib==1.0", policy="weaker.toml")

    assert ended.code == 0, ended.err
    assert team.record.exists()
    assert not (shell.folder / "other.sqlite3").exists()


def test_runs_at_the_same_time_lose_nothing(team: Team, index: IndexServer) -> None:
    names = [f"p{number}" for number in range(3)]
    for name in names:
        publish(index, name)
    with ThreadPoolExecutor(3) as runs:
        ended = list(runs.map(lambda name: team.download(name, name), names))

    assert {one.code for one in ended} == {0}, [one.err for one in ended]
    with sqlite3.connect(team.record) as database:
        rows = database.execute("select project from file").fetchall()
    assert sorted(row[0] for row in rows) == names


def test_explain_shows_what_is_remembered(team: Team, shell: Shell, index: IndexServer) -> None:
    assert team.download("ann", "lib==1.0").code == 0

    ended = shell.safepip("--policy", "team.toml", "explain", "lib", *trusting(index))

    assert ended.code == 0, ended.err
    assert f"{LIB} of pypi is sha256:" in ended.out


def test_a_link_that_leads_nowhere_is_not_an_empty_record(team: Team) -> None:
    """The share that it stands on is not there today: what it knows is unknown."""
    team.record.parent.mkdir()
    team.record.symlink_to(team.record.parent / "unmounted" / "first-use.sqlite3")

    ended = team.download("ann", "lib==1.0")

    assert ended.code == 12, ended.err
    assert "the record of first uses cannot be read" in ended.err
    team.record.unlink()
    assert team.download("ann", "lib==1.0").code == 0
