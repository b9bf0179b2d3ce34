"""What was seen before does not change behind anybody's back: routes without a pattern, and bytes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.sdists import make_sdist
from support.server import IndexServer
from support.wheels import make_wheel, sha256, wheel_filename

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


# --- a file that is added to a version which was used ---------------------------------------------

LATE = wheel_filename("lib", "1.0", tag="py311-none-any")
"""Fits better than ``py3-none-any`` wherever it fits at all."""
TARGETS = ("--python-version", "3.11", "--only-binary=:all:", "--no-deps", "-d", "wheels")


def used_in_june(shell: Shell, index: IndexServer, **page_fields: str) -> None:
    """``lib 1.0`` and ``0.9`` are offered; of ``1.0`` a wheel for every Python was first used on 2025-06-01."""
    index.remove_project("lib")
    publish(index, "lib", "0.9")
    index.add_wheel(make_wheel("lib", "1.0"), LIB, **{"upload-time": "2025-01-01T00:00:00Z"} | page_fields)
    assert shell.safepip("download", "lib==1.0", *TARGETS, *trusting(index)).code == 0
    with contextlib.closing(sqlite3.connect(record_of(shell))) as record, record:
        assert record.execute("update file set since = '2025-06-01T00:00:00+00:00'").rowcount == 1


def add(index: IndexServer, filename: str, tag: str, uploaded: str | None) -> None:
    content = make_wheel("lib", "1.0", tag=tag, files={"lib.py": b"other = True\n"})
    index.add_wheel(content, filename, **{"upload-time": uploaded})


def fetched(shell: Shell) -> set[str]:
    return {path.name for path in (shell.folder / "wheels").iterdir()}


@pytest.mark.parametrize("asked", ["lib", "lib==1.0"])
def test_a_file_that_is_added_to_a_used_version_does_not_take_its_place_in_silence(
    shell: Shell, index: IndexServer, asked: str
) -> None:
    used_in_june(shell, index)
    add(index, LATE, "py311-none-any", "2025-09-01T12:30:00Z")
    command = ("download", asked, *TARGETS, *trusting(index))

    ended = shell.safepip(*command)

    assert (ended.code, fetched(shell)) == (10, {LIB}), ended.err
    assert ended.err.count("error[") == 1
    assert f"error[republished-file]: pypi ({index.url}) has added {LATE} to lib 1.0" in ended.err
    assert f"{LIB} was first used on 2025-06-01 00:00 UTC" in ended.err
    assert "was uploaded on 2025-09-01 12:30 UTC" in ended.err
    assert "--allow republished-file:lib" in ended.err
    allowed = shell.safepip(*command, *allowing("republished-file:lib"))
    assert (allowed.code, fetched(shell)) == (0, {LIB, LATE}), allowed.err
    assert shell.safepip(*command).code == 0, "what was allowed once is remembered"


@pytest.mark.parametrize(
    "uploaded", ["2025-01-01T01:00:00Z", "2025-06-01T00:00:00Z", None], ids=["release", "same", "unknown"]
)
def test_a_file_that_was_there_or_whose_time_nobody_knows_is_taken(
    shell: Shell, index: IndexServer, uploaded: str | None
) -> None:
    used_in_june(shell, index)
    add(index, LATE, "py311-none-any", uploaded)

    ended = shell.safepip("download", "lib==1.0", *TARGETS, *trusting(index))

    assert (ended.code, fetched(shell)) == (0, {LIB, LATE}), ended.err


def test_a_late_file_where_the_used_one_does_not_fit_is_taken(shell: Shell, index: IndexServer) -> None:
    used_in_june(shell, index, **{"requires-python": "<3.12"})
    new = wheel_filename("lib", "1.0", tag="py313-none-any")
    add(index, new, "py313-none-any", "2025-09-01T00:00:00Z")
    on_new = ("--python-version", "3.13", *TARGETS[2:])

    ended = shell.safepip("download", "lib==1.0", *on_new, *trusting(index))

    assert (ended.code, fetched(shell)) == (0, {LIB, new}), ended.err


def test_a_source_that_nobody_may_build_is_no_reason_against_a_late_wheel(
    shell: Shell, index: IndexServer
) -> None:
    used_in_june(shell, index)
    index.remove_project("lib")
    index.add_file(make_sdist("lib", "1.0"), "lib-1.0.tar.gz", **{"upload-time": "2025-01-01T00:00:00Z"})
    with contextlib.closing(sqlite3.connect(record_of(shell))) as record, record:
        record.execute("update file set filename = 'lib-1.0.tar.gz'")
    add(index, LATE, "py311-none-any", "2025-09-01T00:00:00Z")

    ended = shell.safepip("download", "lib==1.0", *TARGETS, *trusting(index))

    assert ended.code == 0, ended.err


def test_a_late_file_that_a_hash_names_is_taken(shell: Shell, index: IndexServer) -> None:
    used_in_june(shell, index)
    add(index, LATE, "py311-none-any", "2025-09-01T00:00:00Z")
    digest = sha256(make_wheel("lib", "1.0", tag="py311-none-any", files={"lib.py": b"other = True\n"}))
    shell.write("r.txt", f"lib==1.0 --hash=sha256:{digest}\n")

    ended = shell.safepip("download", "-r", "r.txt", *TARGETS, *trusting(index))

    assert (ended.code, fetched(shell)) == (0, {LIB, LATE}), ended.err


def test_where_the_index_alone_vouches_a_late_file_is_taken(shell: Shell, index: IndexServer) -> None:
    used_in_june(shell, index)
    add(index, LATE, "py311-none-any", "2025-09-01T00:00:00Z")
    policy = shell.write("policy.toml", '[hashes]\nmode = "index"\n')

    command = ("--policy", str(policy), "download", "lib==1.0", *TARGETS, *trusting(index))
    assert shell.safepip(*command).code == 0


def test_explain_tells_a_late_file(shell: Shell, index: IndexServer) -> None:
    used_in_june(shell, index)
    tag = f"py{sys.version_info.major}{sys.version_info.minor}-none-any"
    add(index, wheel_filename("lib", "1.0", tag=tag), tag, "2025-09-01T00:00:00Z")

    told = shell.safepip("explain", "lib==1.0", *trusting(index))

    assert f"has added lib-1.0-{tag}.whl to lib 1.0" in told.out, told.out + told.err
