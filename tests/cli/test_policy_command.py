"""``safepip policy`` in a real process, on real files."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import jsonschema
import pytest

from cli.conftest import Shell
from support.server import IndexServer

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_schema_is_the_documented_one(shell: Shell) -> None:
    assert shell.safepip("policy", "schema").out == (REFERENCE / "policy.schema.json").read_text("utf-8")


def test_a_first_policy_is_written_trusted_and_taken_back(shell: Shell, index: IndexServer) -> None:
    written = shell.safepip("policy", "init", "--index-url", index.url, "--cert", index.ca_path)
    assert (written.code, written.err) == (
        0,
        "safepip: this policy would refuse nothing of today's configuration\n",
    )
    path = shell.folder / "safepip.toml"
    table = tomllib.loads(path.read_text("utf-8"))
    schema = json.loads((REFERENCE / "policy.schema.json").read_text("utf-8"))
    jsonschema.validate(table, schema)
    assert table["index"] == [{"name": "localhost", "url": index.url, "packages": ["*"]}]
    assert index.requests == []

    assert shell.safepip("policy", "check").out == f"{path}: ok\n"
    assert "not trusted" in shell.safepip("policy", "show").out
    assert shell.safepip("policy", "trust").code == 0
    ended = shell.safepip("install", "app", "--cert", index.ca_path)
    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-2.0"}), ended.err
    assert shell.safepip("policy", "trust", "--revoke").out == f"No longer trusted: {path}\n"
    assert "not trusted" in shell.safepip("policy", "show").out


def test_init_writes_next_to_nothing_of_others(shell: Shell) -> None:
    (shell.folder / "safepip.toml").symlink_to(shell.folder / "elsewhere")
    refused = shell.safepip("policy", "init")
    assert refused.code == 1
    assert not (shell.folder / "elsewhere").exists()
    assert shell.safepip("policy", "init", "--force").code == 0
    assert not (shell.folder / "elsewhere").exists()
    assert not (shell.folder / "safepip.toml").is_symlink()


@pytest.mark.parametrize("output", ["missing/safepip.toml", "."])
def test_init_says_where_it_cannot_write(shell: Shell, output: str) -> None:
    ended = shell.safepip("policy", "init", "--force", "--output", output)
    assert ended.code == 1
    assert "cannot be written" in ended.err
    assert list(shell.folder.iterdir()) == []


def test_a_policy_is_shown_and_checked_without_an_interpreter(shell: Shell) -> None:
    shell.python = Path("/nowhere/python")
    shell.write("safepip.toml", '[hashes]\nmode = "required"\n')
    for action in ("show", "check", "trust", "schema"):
        assert shell.safepip("policy", action).code == 0
    assert shell.safepip("policy", "init", "--force").code != 0


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_machine_or_user_policy_that_is_a_pipe_does_not_hang_the_run(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "safepip"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "policy.toml")
    ended = shell.safepip("policy", "show")
    assert ended.code == 12
    assert "not a regular file" in ended.err


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="no /dev/stdin here")
def test_a_policy_that_is_named_may_come_from_a_pipe(shell: Shell) -> None:
    ended = shell.safepip("--policy", "/dev/stdin", "policy", "show", stdin='[hashes]\nmode = "required"\n')
    assert ended.code == 0, ended.err
    assert "/dev/stdin:2:8" in ended.out
