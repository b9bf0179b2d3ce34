"""Indexes that publish no digests: the first download is remembered, and required from then on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell
from support.sdists import make_sdist, sdist_filename
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

LIB = wheel_filename("lib")
STOLEN = make_wheel("lib", files={"lib/__init__.py": "stolen = True\n"})


@pytest.fixture
def bare() -> Iterator[IndexServer]:
    """An index without digests and sidecars; ``app`` needs ``lib``."""
    with IndexServer(digests=False, sidecars=False) as server:
        server.add_wheel(make_wheel("app", requires=["lib"]), wheel_filename("app"))
        server.add_wheel(make_wheel("lib"), LIB)
        yield server


def change(bare: IndexServer, content: bytes = STOLEN) -> None:
    """Other bytes under the name, and a page that knows them."""
    bare.remove_project("lib")
    bare.add_wheel(content, LIB)


class Recording:
    """Commands under a policy with that index."""

    def __init__(self, shell: Shell, bare: IndexServer) -> None:
        self._shell, self._bare = shell, bare
        self.rules()

    def rules(self, digests: str = "record", more: str = "") -> None:
        listed = f'[[index]]\nname = "corp"\nurl = "{self._bare.url}"\ndigests = "{digests}"\n'
        self._shell.write("rules.toml", f'{more}\n{listed}\n[tls]\nca-bundle = "{self._bare.ca_path}"\n')

    def __call__(self, *words: str, environ: dict[str, str] | None = None) -> Ended:
        return self._shell.safepip("--policy", "rules.toml", *words, environ=environ)

    def again(self) -> None:
        """Neither the environment nor the cache has anything."""
        assert self._shell.safepip("uninstall", "-y", "app", "lib", "demo").code == 0
        assert self("cache", "purge").code == 0


@pytest.fixture
def safepip(shell: Shell, bare: IndexServer) -> Recording:
    return Recording(shell, bare)


def record() -> Path:
    return Path(os.environ["HOME"], ".local/share/safepip/first-use.sqlite3")


def test_without_the_word_such_an_index_is_refused(safepip: Recording, shell: Shell) -> None:
    safepip.rules("index")

    ended = safepip("install", "app")

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert "error[weak-digest]" in ended.err


@pytest.mark.parametrize("mode", ["files", "first-use", "index"])
def test_the_first_download_is_trusted_and_required_from_then_on(
    safepip: Recording, shell: Shell, bare: IndexServer, mode: str
) -> None:
    safepip.rules(more=f'[hashes]\nmode = "{mode}"\n')
    first = safepip("install", "app")
    assert (first.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), first.err
    safepip.again()
    same = safepip("install", "app")
    assert (same.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), same.err
    safepip.again()
    change(bare)

    changed = safepip("install", "app")

    assert (changed.code, shell.installed()) == (10, set()), changed.err
    assert "error[republished-file]: other bytes than before come under the name lib-1.0" in changed.err
    assert f"sha256:{sha256(make_wheel('lib'))} was first used on" in changed.err
    assert f"sha256:{sha256(STOLEN)} was downloaded now" in changed.err


def test_what_the_store_has_is_used_without_asking_for_the_bytes_again(
    safepip: Recording, shell: Shell, bare: IndexServer
) -> None:
    assert safepip("install", "lib").code == 0
    assert shell.safepip("uninstall", "-y", "lib").code == 0
    bare.requests.clear()

    assert safepip("install", "lib").code == 0
    assert not any("/files/" in path for path in bare.paths_asked())


@pytest.mark.parametrize("command", ["download", "wheel"])
def test_other_commands_compare_too(
    safepip: Recording, shell: Shell, bare: IndexServer, command: str
) -> None:
    assert safepip(command, "lib").code == 0
    assert safepip("cache", "purge").code == 0
    (shell.folder / LIB).unlink()
    change(bare)

    ended = safepip(command, "lib")

    assert (ended.code, (shell.folder / LIB).exists()) == (10, False), ended.err
    assert "error[republished-file]" in ended.err


def test_a_changed_file_may_be_let_pass_once_and_is_then_the_one_that_counts(
    safepip: Recording, shell: Shell, bare: IndexServer
) -> None:
    assert safepip("install", "lib").code == 0
    safepip.again()
    change(bare)

    allowed = safepip("install", "lib", "--allow", "republished-file:lib", "--reason", "rebuilt")
    assert (allowed.code, shell.installed()) == (0, {"lib-1.0"}), allowed.err
    safepip.again()

    assert safepip("install", "lib").code == 0
    safepip.again()
    change(bare, make_wheel("lib"))
    assert safepip("install", "lib").code == 10


def test_a_level_of_warn_says_so_and_goes_on(safepip: Recording, shell: Shell, bare: IndexServer) -> None:
    assert safepip("install", "lib").code == 0
    safepip.again()
    change(bare)
    safepip.rules(more='[rules]\nrepublished-file = "warn"\n')

    ended = safepip("install", "lib")

    assert (ended.code, shell.installed()) == (0, {"lib-1.0"}), ended.err
    assert ended.err.count("warning[republished-file]") == 1


def test_a_source_is_compared_before_it_runs(
    safepip: Recording, shell: Shell, bare: IndexServer, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    safepip.rules(more='[builds]\nsdists = ["demo"]\n')
    bare.add_file(make_sdist("demo"), sdist_filename("demo"))
    assert safepip("install", "demo").code == 0
    safepip.again()
    bare.remove_project("demo")
    bare.add_file(make_sdist("demo", mark=str(mark)), sdist_filename("demo"))

    ended = safepip("install", "demo")

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert "error[republished-file]" in ended.err
    assert not mark.exists()


def test_a_hash_of_the_users_that_is_not_the_remembered_one_is_refused(
    safepip: Recording, shell: Shell, bare: IndexServer
) -> None:
    assert safepip("install", "lib").code == 0
    safepip.again()
    change(bare)

    ended = safepip("install", "lib==1.0", "--hash", f"sha256:{sha256(STOLEN)}")

    assert (ended.code, shell.installed()) == (13, set()), ended.err
    assert "error[hash-mismatch]" in ended.err


def test_where_nothing_can_be_remembered_only_a_hash_will_do(safepip: Recording, shell: Shell) -> None:
    record().parent.parent.mkdir(parents=True)
    record().parent.write_text("no folder")

    refused = safepip("install", "lib")
    assert (refused.code, shell.installed()) == (10, set()), refused.err
    assert "error[weak-digest]: corp gives no digest for lib-1.0" in refused.err
    assert "cannot be remembered" in refused.err

    pinned = safepip("install", "lib==1.0", "--hash", f"sha256:{sha256(make_wheel('lib'))}")
    assert (pinned.code, shell.installed()) == (0, {"lib-1.0"}), pinned.err
    assert "warning[unwritten-record]" in pinned.err


def test_a_damaged_record_stops(safepip: Recording, shell: Shell) -> None:
    assert safepip("install", "lib").code == 0
    safepip.again()
    record().write_bytes(b"no database at all")

    ended = safepip("install", "lib")

    assert (ended.code, shell.installed()) == (12, set()), ended.err
    assert "error[record]" in ended.err


def test_a_hashed_line_of_a_file_still_needs_its_hash(safepip: Recording, shell: Shell) -> None:
    shell.write("requirements.txt", "lib==1.0\n")

    ended = safepip("install", "-r", "requirements.txt")

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert "error[unhashed-requirement]" in ended.err


def test_runs_at_the_same_time_agree_on_the_first(safepip: Recording, bare: IndexServer) -> None:
    with ThreadPoolExecutor(3) as runs:
        ended = list(
            runs.map(lambda n: safepip("download", "-d", f"d{n}", "--no-cache-dir", "lib"), range(3))
        )
    assert {one.code for one in ended} == {0}, [one.err for one in ended]

    change(bare)
    assert safepip("download", "-d", "d9", "--no-cache-dir", "lib").code == 10
