"""The audit log from end to end."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Shell, trusting
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def told(path: Path) -> list[tuple[str, str, str | None]]:
    """(event, verdict, rule or project) of each line."""
    return [(line["event"], line["verdict"], line["rule"] or line["project"]) for line in lines(path)]


def test_every_admitted_file_is_logged_with_its_digest_and_index(shell: Shell, index: IndexServer) -> None:
    log = shell.folder / "audit.jsonl"

    ended = shell.safepip("install", "app", *trusting(index), environ={"SAFEPIP_LOG": "audit.jsonl"})

    assert ended.code == 0, ended.err
    assert {(line["event"], line["verdict"], line["project"], line["version"]) for line in lines(log)} == {
        ("artifact", "admit", "app", "1.0"),
        ("artifact", "admit", "lib", "2.0"),
    }
    assert all(line["digests"][0].startswith("sha256:") and line["index"] == "pypi" for line in lines(log))
    assert {line["command"] for line in lines(log)} == {"install"}
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_refusal_is_logged_and_lines_add_up(shell: Shell, index: IndexServer) -> None:
    log = shell.folder / "audit.jsonl"
    environ = {"SAFEPIP_LOG": str(log)}

    shell.safepip("install", "app", "-i", "http://localhost:9/simple", environ=environ)
    shell.safepip("download", "lib", "-d", "out", *trusting(index), environ=environ)

    assert told(log) == [("decision", "deny", "plaintext-index"), ("artifact", "admit", "lib")]


def test_bytes_that_are_not_as_promised_are_logged_as_refused_and_never_as_admitted(
    shell: Shell, index: IndexServer
) -> None:
    log = shell.folder / "audit.jsonl"
    index.replace_file(wheel_filename("lib", "2.0"), make_wheel("lib", "2.0", description="evil"))

    ended = shell.safepip("install", "app", *trusting(index), environ={"SAFEPIP_LOG": str(log)})

    assert ended.code == 13
    assert told(log) == [("decision", "deny", "hash-mismatch")]


def test_a_failure_is_logged(shell: Shell, index: IndexServer) -> None:
    log = shell.folder / "audit.jsonl"

    ended = shell.safepip("install", "nothere", *trusting(index), environ={"SAFEPIP_LOG": str(log)})

    assert ended.code == 1
    (line,) = lines(log)
    assert (line["event"], line["verdict"]) == ("failure", "failed")
    assert "No matching distribution found for nothere" in line["message"]


def test_the_policys_log_is_kept_and_the_variables_too(shell: Shell, index: IndexServer) -> None:
    policy = shell.write("policy.toml", '[log]\nfile = "policy.jsonl"\n')
    arguments = ("install", "lib", *trusting(index), "--policy", str(policy))

    shell.safepip(*arguments, environ={"SAFEPIP_LOG": "variable.jsonl"})

    assert told(shell.folder / "policy.jsonl") == [("artifact", "admit", "lib")]
    assert (shell.folder / "variable.jsonl").read_bytes() == (shell.folder / "policy.jsonl").read_bytes()
    assert lines(shell.folder / "policy.jsonl")[0]["policy"].startswith("sha256:")


def test_one_file_under_two_names_gets_each_line_once(shell: Shell, index: IndexServer) -> None:
    policy = shell.write("policy.toml", '[log]\nfile = "one.jsonl"\n')
    (shell.folder / "two.jsonl").symlink_to("one.jsonl")

    shell.safepip(
        "install", "lib", *trusting(index), "--policy", str(policy), environ={"SAFEPIP_LOG": "two.jsonl"}
    )

    assert len(lines(shell.folder / "one.jsonl")) == 1


def test_what_an_exemption_let_pass_is_logged_with_its_reason(shell: Shell, index: IndexServer) -> None:
    shell.write("requirements.txt", "lib==1.0\n")
    policy = shell.write(
        "policy.toml",
        '[log]\nfile = "audit.jsonl"\n'
        '[[allow]]\nrule = "unhashed-requirement"\npackage = "lib"\nreason = "no hash yet"\n',
    )

    ended = shell.safepip("install", "-r", "requirements.txt", *trusting(index), "--policy", str(policy))

    assert ended.code == 0, ended.err
    log = shell.folder / "audit.jsonl"
    assert set(told(log)) == {("decision", "allow", "unhashed-requirement"), ("artifact", "admit", "lib")}
    assert "no hash yet" in next(line["exemption"] for line in lines(log) if line["exemption"])


@pytest.mark.parametrize("name", ["missing/audit.jsonl", "."])
def test_a_log_that_cannot_be_written_stops_before_any_request(
    shell: Shell, index: IndexServer, name: str
) -> None:
    ended = shell.safepip("install", "app", *trusting(index), environ={"SAFEPIP_LOG": name})

    assert (ended.code, shell.installed(), index.requests) == (12, set(), [])
    assert "error[audit-log]" in ended.err
    assert "$SAFEPIP_LOG" in ended.err


def test_a_log_without_room_stops_before_anything_is_installed(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("install", "app", *trusting(index), environ={"SAFEPIP_LOG": "/dev/full"})

    assert (ended.code, shell.installed()) == (12, set())
    assert "No space left on device" in ended.err


def test_no_secret_reaches_the_log(shell: Shell, index: IndexServer) -> None:
    log = shell.folder / "audit.jsonl"
    secret = index.url.replace("https://", "https://bob:hunter2@")

    shell.safepip("install", "app", "-i", secret, "--cert", index.ca_path, environ={"SAFEPIP_LOG": str(log)})

    assert lines(log)
    assert "hunter2" not in log.read_text(encoding="utf-8")


def test_a_found_project_policy_names_no_log_until_it_is_trusted(shell: Shell, index: IndexServer) -> None:
    shell.write("safepip.toml", '[log]\nfile = "audit.jsonl"\n')

    shell.safepip("install", "lib", *trusting(index))

    assert not os.path.lexists(shell.folder / "audit.jsonl")
