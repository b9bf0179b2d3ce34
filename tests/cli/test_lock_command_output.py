"""The file that ``safepip lock`` writes, what it says, and indexes that lie to it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from cli.test_lock_command import fetched, lock, locked, versions
from support.sdists import write_project
from support.server import IndexServer, Response
from support.wheels import make_wheel, sha256, wheel_filename

# --- The file -----------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
def test_permissions_stay_and_a_link_is_followed(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "lib<2", "-o", "pylock.real.toml").code == 0
    real = shell.folder / "pylock.real.toml"
    real.chmod(0o640)
    (shell.folder / "pylock.toml").symlink_to(real)

    ended = lock(shell, index, "lib>=2")

    assert (ended.code, (shell.folder / "pylock.toml").is_symlink()) == (0, True), ended.err
    assert versions(shell, "pylock.real.toml") == {"lib": "2.0"}
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert {path.name for path in shell.folder.iterdir()} == {"pylock.toml", "pylock.real.toml"}


@pytest.mark.parametrize("form", ["pylock", "requirements"])
def test_what_is_no_lock_is_not_written_over(shell: Shell, index: IndexServer, form: str) -> None:
    """Also through a link that somebody left in a checked out tree."""
    mine = shell.write("profile", "export PATH=/bin:$PATH\n")
    (shell.folder / "pylock.toml").symlink_to(mine)
    output = () if form == "pylock" else ("-o", "profile", "--format", form)

    ended = lock(shell, index, "lib", "--upgrade", *output)

    assert (ended.code, mine.read_text(encoding="utf-8")) == (1, "export PATH=/bin:$PATH\n"), ended.err
    assert "is no lock that safepip can read" in ended.err
    assert index.requests == []


def test_an_empty_file_is_a_lock_to_be(shell: Shell, index: IndexServer) -> None:
    shell.write("pylock.toml", "")
    assert lock(shell, index, "lib").code == 0
    assert versions(shell) == {"lib": "2.0"}


def test_a_lock_of_pip_is_taken_over(shell: Shell, index: IndexServer) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "pip", "lock", "-q", *trusting(index), "lib<2", "-o", "pylock.toml"],
        cwd=shell.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr

    ended = lock(shell, index, "app")

    assert (ended.code, versions(shell)) == (0, {"app": "1.0", "lib": "1.0"}), ended.err
    assert "(1 added" in ended.err


@pytest.mark.skipif(os.name != "posix", reason="devices as POSIX has them")
@pytest.mark.parametrize("output", ["/dev/stdout", "/dev/null"])
def test_a_device_gets_the_lock(shell: Shell, index: IndexServer, output: str) -> None:
    ended = lock(shell, index, "lib", "-o", output)

    assert ended.code == 0, ended.err
    assert "is not a valid lock file name." in ended.err
    assert ("lib-2.0" in ended.out) == (output == "/dev/stdout")


@pytest.mark.parametrize("output", ["missing/pylock.toml", "folder"])
def test_where_nothing_can_be_written_nobody_is_asked(shell: Shell, index: IndexServer, output: str) -> None:
    (shell.folder / "folder").mkdir()
    ended = lock(shell, index, "lib", "-o", output)

    assert ended.code == 1, ended.err
    assert output.partition("/")[0] in ended.err
    assert index.requests == []


def test_names_are_judged_as_pip_judges_them(shell: Shell, index: IndexServer) -> None:
    ended = lock(shell, index, "lib", "-o", "requirements.txt")

    assert ended.code == 0
    assert "WARNING: requirements.txt is not a valid lock file name." in ended.err
    assert "--format requirements" in ended.err
    assert locked(shell, "requirements.txt")["lock-version"] == "1.0"
    wrong = lock(shell, index, "lib", "--format", "requirements", "-o", "pylock.dev.toml")
    assert (wrong.code, (shell.folder / "pylock.dev.toml").exists()) == (2, False)


def test_an_output_that_the_environment_names_is_said(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("lock", *trusting(index), "lib", environ={"PIP_OUTPUT": "pylock.ci.toml"})

    assert (ended.code, versions(shell, "pylock.ci.toml")) == (0, {"lib": "2.0"}), ended.err
    assert "pylock.ci.toml ($PIP_OUTPUT)" in ended.err


# --- What is said -------------------------------------------------------------------------------------


def test_stdout_has_the_lock_alone_also_where_something_is_built(shell: Shell, index: IndexServer) -> None:
    write_project(shell.folder, "mine", requires=["lib"])
    ended = lock(shell, index, ".", "-o", "-")

    assert ended.code == 0, ended.err
    assert {package["name"] for package in tomllib.loads(ended.out)["packages"]} == {"lib", "mine"}
    assert "Processing" in ended.err


def test_a_program_reads_what_was_locked(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "lib<2").code == 0
    ended = lock(shell, index, "app", "lib>=2", "--report-format", "json")

    report = json.loads(ended.out)
    assert (ended.code, report["verdict"]) == (0, "done")
    assert report["lock"]["output"] == "pylock.toml"
    assert report["lock"]["packages"] == 2
    assert report["lock"]["changes"] == {
        "added": ["app 1.0"],
        "removed": [],
        "changed": ["lib 1.0 → 2.0"],
        "other_files": [],
    }
    assert {step["project"] for step in report["plan"]["steps"]} == {"app", "lib"}
    outdated = lock(shell, index, "lib<2", "--check", "--report-format", "json")
    assert (outdated.code, json.loads(outdated.out)["error"]["reference"]) == (14, "lock-outdated")
    both = lock(shell, index, "lib", "-o", "-", "--report-format", "json")
    assert (both.code, json.loads(both.out)["error"]["reference"]) == (2, "usage")


def test_explain_shows_the_reasons_and_writes_nothing(shell: Shell, index: IndexServer) -> None:
    names = "linux-x86_64-cp311,windows-amd64-cp312"
    ended = lock(shell, index, "app", "--explain", "--environment", names)

    assert ended.code == 0, ended.err
    assert "for linux-x86_64-cp311" in ended.out
    assert "for windows-amd64-cp312" in ended.out
    assert ended.out.count("lib 2.0\n") == 2
    assert not (shell.folder / "pylock.toml").exists()


def test_quiet_is_quiet_and_hides_no_refusal(shell: Shell, index: IndexServer) -> None:
    ended = lock(shell, index, "lib", "-q")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    outdated = lock(shell, index, "app", "-q", "-q", "-q", "--check")
    assert (outdated.code, "not up to date" in outdated.err) == (14, True)


def test_the_audit_log_has_what_was_locked(shell: Shell, index: IndexServer) -> None:
    ended = shell.safepip("lock", *trusting(index), "app", environ={"SAFEPIP_LOG": "audit.jsonl"})

    assert ended.code == 0, ended.err
    lines = [json.loads(line) for line in (shell.folder / "audit.jsonl").read_text().splitlines()]
    assert {line.get("project") for line in lines} == {"app", "lib"}
    assert {line["command"] for line in lines} == {"lock"}


def test_nothing_at_all_to_lock_is_said_in_pips_words(shell: Shell, index: IndexServer) -> None:
    ended = lock(shell, index)

    assert ended.code == 1
    assert 'You must give at least one requirement to lock (see "pip help lock")' in ended.err


def test_no_credentials_are_written_or_said(shell: Shell) -> None:
    with IndexServer(credentials=("ann", "hunter2secret")) as index:
        publish(index, "lib")
        url = index.url.replace("https://", "https://ann:hunter2secret@")
        words = ("lib", "--index-url", url, "--cert", index.ca_path)

        for more in ((), ("--format", "requirements"), ("-o", "-")):
            ended = shell.safepip("lock", *words, *more)
            assert ended.code == 0, ended.err
            assert "hunter2secret" not in ended.out + ended.err
        texts = [path.read_text(encoding="utf-8") for path in shell.folder.iterdir()]

    assert len(texts) == 2
    assert not any("hunter2secret" in text or "ann:" in text for text in texts)


@pytest.mark.parametrize("more", [(), ("--format", "requirements"), ("-o", "-")])
def test_what_came_out_of_a_variable_is_not_written_down(
    shell: Shell, index: IndexServer, more: tuple[str, ...]
) -> None:
    """Behind the host of a URL it is as secret as a password: some servers take their token there."""
    content = make_wheel("tool")
    place = f"tok3n-secret/{wheel_filename('tool')}"
    index.answer(f"/files/{place}", Response(body=content))
    text = f"tool @ {index.origin}/files/${{TOKEN}}/{wheel_filename('tool')}#sha256={sha256(content)}\n"
    shell.write("requirements.in", text)
    said = {"environ": {"TOKEN": "tok3n-secret"}}

    ended = shell.safepip("lock", *trusting(index), "-r", "requirements.in", *more, **said)

    assert (ended.code, "tok3n" in ended.out + ended.err) == (1, False), ended.err
    assert "would show what ${TOKEN} stands for" in ended.err
    assert [path.name for path in shell.folder.iterdir()] == ["requirements.in"]
    shell.write("requirements.in", text.replace("${TOKEN}", "tok3n-secret"))
    written_out = shell.safepip("lock", *trusting(index), "-r", "requirements.in", *more, **said)
    assert written_out.code == 0, written_out.err


def test_a_token_in_the_query_of_a_url_is_not_written_down(shell: Shell, index: IndexServer) -> None:
    content = make_wheel("tool")
    url = f"{index.origin}/files/{wheel_filename('tool')}?token=hunter2secret"
    index.answer(f"/files/{wheel_filename('tool')}", Response(body=content))

    ended = lock(shell, index, f"tool @ {url}#sha256={sha256(content)}")

    assert (ended.code, "hunter2secret" in ended.out + ended.err) == (1, False), ended.err
    assert not (shell.folder / "pylock.toml").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_leaves_the_file_as_it_was(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "lib<2").code == 0
    before = (shell.folder / "pylock.toml").read_bytes()
    index.answer("/simple/lib/", Response(delay_seconds=20))
    asked = len(index.requests)
    running = subprocess.Popen(
        [sys.executable, "-m", "safepip", "--python", str(shell.python), "lock", *trusting(index), "lib>=2"],
        cwd=shell.folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while len(index.requests) == asked and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)

    assert (running.returncode, "Operation cancelled by user" in err) == (1, True), err
    assert (shell.folder / "pylock.toml").read_bytes() == before
    assert [path.name for path in shell.folder.iterdir()] == ["pylock.toml"]


# --- Indexes that lie ---------------------------------------------------------------------------------


def test_md5_is_no_hash_to_lock(shell: Shell, index: IndexServer) -> None:
    index.add_wheel(make_wheel("old"), wheel_filename("old"), hashes={"md5": "0" * 32})

    ended = lock(shell, index, "old")

    assert (ended.code, "error[weak-digest]" in ended.err) == (10, True), ended.err
    assert not (shell.folder / "pylock.toml").exists()


def test_an_index_without_digests_is_locked_where_policy_records_them(shell: Shell) -> None:
    with IndexServer(digests=False) as bare:
        publish(bare, "lib", requires=["dep"])
        publish(bare, "dep")
        entry = f'[[index]]\nname = "corp"\nurl = "{bare.url}"\nca-bundle = "{bare.ca_path}"\n'
        shell.write("safepip.toml", entry)
        refused = shell.safepip("lock", "lib", "--policy", "safepip.toml")
        assert (refused.code, "error[weak-digest]" in refused.err) == (10, True), refused.err

        shell.write("safepip.toml", entry + 'digests = "record"\n')
        ended = shell.safepip("lock", "lib", "--policy", "safepip.toml")
        assert ended.code == 0, ended.err
        hashes = {one["name"]: one["wheels"][0]["hashes"]["sha256"] for one in locked(shell)["packages"]}
        assert hashes == {
            "dep": sha256(make_wheel("dep")),
            "lib": sha256(make_wheel("lib", requires=["dep"])),
        }

        # What was read for the lock was its first use.
        bare.remove_project("dep")
        bare.add_wheel(make_wheel("dep", requires=["lib"]), wheel_filename("dep"))
        before = (shell.folder / "pylock.toml").read_bytes()
        again = shell.safepip("lock", "lib", "--policy", "safepip.toml")
        assert (again.code, "error[hash-mismatch]" in again.err) == (13, True), again.err
        assert (shell.folder / "pylock.toml").read_bytes() == before
        changed = shell.safepip("install", "lib", "--policy", "safepip.toml", "--no-cache-dir")
        assert changed.code in {10, 13}, changed.err
        assert shell.installed() == set()


def test_a_page_that_lies_about_sizes_is_found_out_when_the_lock_is_used(
    shell: Shell, index: IndexServer
) -> None:
    index.add_wheel(make_wheel("liar"), wheel_filename("liar"), size=5)
    assert lock(shell, index, "liar").code == 0

    ended = shell.safepip("install", *trusting(index), "-r", "pylock.toml")

    assert (ended.code, shell.installed()) == (13, set()), ended.err


def test_what_was_locked_is_remembered(shell: Shell, index: IndexServer) -> None:
    """A lock is a first use: the index cannot give another file of that name to whoever installs later."""
    assert lock(shell, index, "lib").code == 0
    assert fetched(index) == []
    index.remove_project("lib")
    publish(index, "lib", "2.0", requires=["app"])

    ended = shell.safepip("install", *trusting(index), "lib")

    assert (ended.code, "error[republished-file]" in ended.err) == (10, True), ended.err


@pytest.mark.parametrize("more", [("--check",), ("--explain",)])
def test_what_only_looks_remembers_nothing(
    shell: Shell, index: IndexServer, tmp_path: Path, more: tuple[str, ...]
) -> None:
    assert lock(shell, index, "lib").code == 0
    shell.environ["XDG_DATA_HOME"] = str(tmp_path / "another machine")

    assert lock(shell, index, "lib", *more).code == 0
    assert not (tmp_path / "another machine").exists()


def test_a_name_that_two_indexes_serve_is_not_locked(shell: Shell, index: IndexServer) -> None:
    with IndexServer() as other:
        publish(other, "lib", "99.0")
        ended = lock(shell, index, "lib", "--extra-index-url", other.url)

    assert (ended.code, "error[ambiguous-project]" in ended.err) == (10, True), ended.err
    assert not (shell.folder / "pylock.toml").exists()


def test_an_index_that_does_not_answer_decides_nothing(shell: Shell, index: IndexServer) -> None:
    assert lock(shell, index, "lib<2").code == 0
    before = (shell.folder / "pylock.toml").read_bytes()
    index.answer("/simple/lib/", Response(status=403))

    ended = lock(shell, index, "lib")

    assert (ended.code, (shell.folder / "pylock.toml").read_bytes()) == (11, before), ended.err
