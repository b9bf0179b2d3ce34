"""A refusal for missing hashes names everything that has none, who asked, and the one command that settles it."""

from __future__ import annotations

import os
import shlex

import pytest

from cli.conftest import Shell, publish, trusting
from support.sdists import make_sdist, sdist_filename
from support.server import IndexServer
from support.wheels import make_wheel, sha256

MISSING = "error[unhashed-requirement]: "


def missing(text: str) -> list[str]:
    """What each refusal is about, in the order shown."""
    return [line.removeprefix(MISSING).split()[0] for line in text.splitlines() if line.startswith(MISSING)]


@pytest.fixture
def deep(index: IndexServer) -> IndexServer:
    """``top`` needs ``app``, which needs ``lib``."""
    publish(index, "top", "1.0", requires=["app"])
    return index


def test_what_it_brings_in_is_named_with_the_chain(shell: Shell, deep: IndexServer) -> None:
    shell.write("requirements.txt", "# mine\ntop\nlib<2\n")

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(deep))

    assert (ended.code, shell.installed()) == (10, set()), ended.err
    assert missing(ended.err) == ["top", "app==1.0,", "lib<2"]
    assert "app==1.0, needed by top, has no hash" in ended.err
    assert "asked for by top 1.0 -> app 1.0" in ended.err
    assert ended.err.count("--> requirements.txt:2:1") == 2
    assert all(path.startswith("/simple/") or path.endswith(".metadata") for path in deep.paths_asked())


def test_of_a_hashed_file_all_that_is_missing_is_named(shell: Shell, deep: IndexServer) -> None:
    digest = sha256(make_wheel("top", requires=["app"]))
    shell.write("requirements.txt", f"top==1.0 --hash=sha256:{digest}\n")

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(deep))

    assert (ended.code, missing(ended.err)) == (10, ["lib==2.0,", "app==1.0,"]), ended.err
    assert "asked for by top 1.0 -> app 1.0 -> lib 2.0" in ended.err


def test_it_ends_with_a_command_that_settles_it(shell: Shell, deep: IndexServer) -> None:
    shell.write("my own.txt", "top\n")
    shell.write("limits.txt", "lib<2\n")
    words = ("-r", "my own.txt", "-c", "limits.txt", *trusting(deep))

    ended = shell.safepip("install", *words)

    last = next(line for line in reversed(ended.err.splitlines()) if " = help: " in line)
    command = last.partition("for all at once: ")[2].partition(", then ")[0]
    assert ended.err.count("for all at once: ") == 1
    assert command.startswith("safepip lock -r 'my own.txt' -c limits.txt")
    program, *arguments = shlex.split(command.replace("URL", deep.url))
    locked = shell.safepip(*arguments)
    assert (program, locked.code) == ("safepip", 0), locked.err
    assert shell.safepip("install", "-r", "pylock.toml", *trusting(deep)).code == 0
    assert shell.installed() == {"top-1.0", "app-1.0", "lib-1.0"}


def test_secrets_are_not_in_the_command(shell: Shell, deep: IndexServer) -> None:
    shell.write("requirements.txt", "top\n")
    secret = deep.url.replace("https://", "https://me:hunter2@")

    ended = shell.safepip("install", "-r", "requirements.txt", "-i", secret, "--cert", deep.ca_path)

    assert ended.code == 10
    assert "hunter2" not in ended.err
    assert "safepip lock -r requirements.txt" in ended.err


@pytest.mark.parametrize("mode", ["--require-hashes", "policy"])
def test_typed_names_where_everything_needs_a_hash(shell: Shell, deep: IndexServer, mode: str) -> None:
    shell.write("rules.toml", '[hashes]\nmode = "required"\n')
    named = ("install", mode) if mode != "policy" else ("--policy", "rules.toml", "install")

    ended = shell.safepip(*named, "top", *trusting(deep))

    assert (ended.code, sorted(missing(ended.err))) == (10, ["app==1.0,", "lib==2.0,", "top"]), ended.err
    assert "for all at once: safepip lock top " in ended.err


def test_where_the_rest_cannot_be_told_what_was_written_is_named(shell: Shell, deep: IndexServer) -> None:
    deep.fail("/simple/app/", 500)
    shell.write("requirements.txt", "top\nother\n")

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(deep))

    assert (ended.code, missing(ended.err)) == (10, ["top", "other"]), ended.err
    assert ended.err.count("what these need in turn needs hashes too, and is not known yet") == 1
    assert "for all at once: safepip lock" in ended.err


@pytest.mark.parametrize("ranges", [True, False])
def test_no_whole_file_is_fetched_to_look_into_it(shell: Shell, ranges: bool) -> None:
    with IndexServer(sidecars=False, ranges=ranges) as index:
        publish(index, "app", "1.0", requires=["lib"], files={"app/big.bin": os.urandom(2_000_000)})
        publish(index, "lib", "1.0")
        shell.write("requirements.txt", "app\n")

        ended = shell.safepip("install", "-r", "requirements.txt", *trusting(index))

        assert (ended.code, missing(ended.err)) == (10, ["app", "lib==1.0,"][: 1 + ranges]), ended.err
        assert ("needs hashes too, and is not known yet" in ended.err) is not ranges
    assert not list((shell.folder.parent / "cache").rglob("*.whl"))


def test_no_source_is_fetched_or_run_for_it(shell: Shell, index: IndexServer) -> None:
    mark = shell.folder / "it-ran"
    index.add_file(make_sdist("demo", mark=str(mark)), sdist_filename("demo"))
    shell.write("requirements.txt", "demo\nlib\n")
    shell.write("rules.toml", '[builds]\nsdists = ["*"]\n')

    ended = shell.safepip("--policy", "rules.toml", "install", "-r", "requirements.txt", *trusting(index))

    assert (ended.code, missing(ended.err)) == (10, ["demo", "lib"]), ended.err
    assert not any("/files/" in path for path in index.paths_asked())
    assert not mark.exists()


def test_another_refusal_beside_it_asks_no_index(shell: Shell, index: IndexServer) -> None:
    shell.write("requirements.txt", "--trusted-host localhost\napp\n")

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(index))

    assert (ended.code, missing(ended.err), index.requests) == (10, ["app"], []), ended.err


@pytest.mark.parametrize("command", ["download", "wheel"])
def test_other_commands_too(shell: Shell, deep: IndexServer, command: str) -> None:
    shell.write("requirements.txt", "top\n")

    ended = shell.safepip(command, "-r", "requirements.txt", *trusting(deep))

    assert (ended.code, len(missing(ended.err))) == (10, 3), ended.err
