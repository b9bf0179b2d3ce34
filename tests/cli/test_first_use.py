"""What was seen before does not change behind anybody's back: routes without a pattern, and bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

LIB = wheel_filename("lib", "1.0")


@pytest.fixture
def private() -> Iterator[IndexServer]:
    with IndexServer() as server:
        yield server


def both(index: IndexServer, private: IndexServer) -> tuple[str, ...]:
    return (*trusting(index), "--extra-index-url", private.url)


def allowing(rule: str) -> tuple[str, ...]:
    return ("--allow", rule, "--reason", "it moved")


def remove(shell: Shell, name: str) -> None:
    assert shell.safepip("uninstall", "-y", name).code == 0


def record_of(shell: Shell) -> Path:
    del shell
    return Path(os.environ["HOME"], ".local/share/safepip/first-use.sqlite3")


def test_a_private_index_that_forgets_a_name_does_not_hand_it_to_the_public_one(
    shell: Shell, index: IndexServer, private: IndexServer
) -> None:
    publish(private, "acme", "1.0")
    assert shell.safepip("install", "acme", *both(index, private)).code == 0
    remove(shell, "acme")
    private.remove_project("acme")
    publish(index, "acme", "9.0")

    ended = shell.safepip("install", "acme", *both(index, private))

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert "error[route-changed]: acme came from" in ended.err
    allowed = shell.safepip("install", "acme", *both(index, private), *allowing("route-changed:acme"))
    assert (allowed.code, shell.installed()) == (0, {"acme-9.0"}), allowed.err
    remove(shell, "acme")
    assert shell.safepip("install", "acme", *both(index, private)).code == 0


def test_a_run_that_forgets_the_private_index_does_not_take_the_name_from_the_public_one(
    shell: Shell, index: IndexServer, private: IndexServer
) -> None:
    publish(private, "acme", "1.0")
    publish(index, "other", "1.0")
    assert shell.safepip("install", "acme", *both(index, private)).code == 0
    remove(shell, "acme")
    publish(index, "acme", "9.0")

    assert shell.safepip("install", "acme", *trusting(index)).code == 10
    assert shell.safepip("install", "other", *trusting(index)).code == 0


def test_an_index_that_gets_a_name_in_a_policy_stays_the_same_index(
    shell: Shell, index: IndexServer, private: IndexServer
) -> None:
    publish(private, "acme", "1.0")
    assert shell.safepip("install", "acme", *both(index, private)).code == 0
    remove(shell, "acme")
    private.remove_project("acme")
    private.add_wheel(
        make_wheel("acme", "1.0", files={"acme.py": b"stolen = True\n"}), wheel_filename("acme", "1.0")
    )
    policy = shell.write(
        "policy.toml", f'[[index]]\nname = "corp"\nurl = "{private.url}"\n[[index]]\nname = "pypi"\n'
    )
    named = ("--policy", str(policy), "install", "--cert", index.ca_path)
    listed = {"PIP_INDEX_URL": index.url}

    changed = shell.safepip(*named, "acme", environ=listed)
    assert (changed.code, shell.installed()) == (10, set()), changed.err
    assert "error[republished-file]" in changed.err
    private.remove_project("acme")
    publish(private, "acme", "1.0")
    same = shell.safepip(*named, "acme", environ=listed)
    assert (same.code, shell.installed()) == (0, {"acme-1.0"}), same.err


def test_a_folder_of_wheels_is_not_remembered_and_contradicts_nothing(
    shell: Shell, index: IndexServer
) -> None:
    downloaded = shell.safepip("download", "lib", "-d", "wheels", *trusting(index))
    offline = shell.safepip("install", "--no-index", "--find-links", "wheels", "lib")
    assert (downloaded.code, offline.code, shell.installed()) == (0, 0, {"lib-2.0"}), offline.err
    remove(shell, "lib")

    again = shell.safepip("install", "lib", *trusting(index))
    assert (again.code, shell.installed()) == (0, {"lib-2.0"}), again.err


def test_another_address_of_the_operators_own_index_is_the_same_index(
    shell: Shell, index: IndexServer, private: IndexServer
) -> None:
    for version in ("1.0", "2.0"):
        publish(private, "lib", version)
    assert shell.safepip("install", "lib", *trusting(index)).code == 0
    remove(shell, "lib")

    assert shell.safepip("install", "lib", *trusting(private)).code == 0


def test_the_name_of_the_operators_own_index_does_not_lead_a_project_to_a_stranger(
    shell: Shell, index: IndexServer, private: IndexServer
) -> None:
    """``-i PRIVATE`` once and forgotten later: the same name, another place, and none of the same files."""
    publish(private, "acme", "1.0")
    assert shell.safepip("install", "acme", *trusting(private)).code == 0
    remove(shell, "acme")
    publish(index, "acme", "9.0")

    ended = shell.safepip("install", "acme", *trusting(index))

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert f"error[route-changed]: acme came from {private.url} so far" in ended.err
    assert shell.safepip("install", "acme", *trusting(private)).code == 0
    remove(shell, "acme")
    allowed = shell.safepip("install", "acme", *trusting(index), *allowing("route-changed:acme"))
    assert (allowed.code, shell.installed()) == (0, {"acme-9.0"}), allowed.err


@pytest.mark.parametrize("asked", ["lib", "lib==1.0", "lib<2"])
def test_other_bytes_under_a_known_name_are_refused_also_where_another_version_would_do(
    shell: Shell, index: IndexServer, asked: str
) -> None:
    publish(index, "lib", "1.0")
    publish(index, "lib", "0.9")
    assert shell.safepip("install", "lib==1.0", *trusting(index)).code == 0
    remove(shell, "lib")
    index.remove_project("lib")
    publish(index, "lib", "0.9")
    index.add_wheel(make_wheel("lib", "1.0", files={"lib.py": b"stolen = True\n"}), LIB)

    ended = shell.safepip("install", asked, *trusting(index))

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert f"error[republished-file]: pypi ({index.url}) offers other bytes than before" in ended.err
    assert "was first used on" in ended.err
    allowed = shell.safepip("install", asked, *trusting(index), *allowing("republished-file:lib"))
    assert (allowed.code, shell.installed()) == (0, {"lib-1.0"}), allowed.err
    remove(shell, "lib")
    assert shell.safepip("install", asked, *trusting(index)).code == 0


def test_a_damaged_record_is_not_an_empty_one(shell: Shell, index: IndexServer) -> None:
    publish(index, "lib", "1.0")
    record = record_of(shell)
    record.parent.mkdir(parents=True)
    record.write_bytes(b"not a database, but long enough to be looked at as one" * 100)

    ended = shell.safepip("install", "lib", *trusting(index))

    assert (ended.code, shell.installed()) == (12, set())
    assert str(record) in ended.err
    record.unlink()
    assert shell.safepip("install", "lib", *trusting(index)).code == 0


def test_a_record_that_cannot_be_written_warns_and_nothing_else(shell: Shell, index: IndexServer) -> None:
    publish(index, "other", "1.0")
    folder = record_of(shell).parent
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")

    ended = shell.safepip("install", "other", *trusting(index))

    assert (ended.code, shell.installed()) == (0, {"other-1.0"}), ended.err
    assert "warning[unwritten-record]" in ended.err


def test_the_record_is_for_its_owner_only(shell: Shell, index: IndexServer) -> None:
    publish(index, "lib", "1.0")
    assert shell.safepip("install", "lib", *trusting(index)).code == 0
    assert record_of(shell).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("mode,code", [("first-use", 10), ("index", 0)])
def test_the_mode_says_whether_the_first_digest_counts(
    shell: Shell, index: IndexServer, mode: str, code: int
) -> None:
    publish(index, "other", "1.0")
    policy = shell.write("policy.toml", f'[hashes]\nmode = "{mode}"\n')
    shell.write("r.txt", "other==1.0\n")
    command = ("--policy", str(policy), "install", "-r", "r.txt", *trusting(index))
    assert shell.safepip(*command).code == 0
    remove(shell, "other")
    index.remove_project("other")
    index.add_wheel(
        make_wheel("other", "1.0", files={"other.py": b"changed = True\n"}), wheel_filename("other", "1.0")
    )

    ended = shell.safepip(*command)

    assert ended.code == code, ended.err
    assert ("error[republished-file]" in ended.err) == (code == 10)
