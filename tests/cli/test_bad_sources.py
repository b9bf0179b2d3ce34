"""Sources that are broken, lie or fail: one clear error, nothing installed, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, trusting
from cli.test_index_sdists import POLICY
from support.sdists import ProjectSpec as Spec
from support.sdists import make_sdist, make_tar, project_files, sdist_filename, write_project
from support.server import IndexServer

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer() as server:
        yield server


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def admitting(shell: Shell, temporary: Path) -> Shell:
    shell.write("policy.toml", '[builds]\nsdists = ["demo", "need-*"]\n')
    shell.environ["TMPDIR"] = str(temporary)
    return shell


def assert_one_clear_error(ended: Ended, shell: Shell, temporary: Path, code: int, reference: str) -> None:
    errors = [line for line in ended.err.splitlines() if line.startswith(("error[", "ERROR: "))]
    assert (ended.code, shell.installed()) == (code, set()), ended.err
    assert len(errors) == 1, ended.err
    assert errors[0].startswith(f"error[{reference}]"), ended.err
    assert "Traceback" not in ended.err
    assert_no_litter(shell, temporary)


def assert_no_litter(shell: Shell, temporary: Path) -> None:
    """In temporary folders, beside the project, in the user's folders and in the cache."""
    top = shell.folder.parent
    built = [path for path in (top / "cache").rglob("*") if path.is_file() and "built" in path.parts]
    parts = list((top / "cache").rglob("*.part"))
    known = {"first-use.sqlite3", "built-wheels.sqlite3"}
    owned = [path for path in (top / "home").rglob("*") if path.is_file() and path.name not in known]
    assert (list(temporary.iterdir()), built, parts, owned) == ([], [], [], [])


def with_members(*members: tarfile.TarInfo) -> bytes:
    files = {f"demo-1.0/{path}": text.encode() for path, text in project_files(Spec(name="demo")).items()}
    return make_tar(files, *members)


def member(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def bomb() -> bytes:
    files = {f"demo-1.0/{path}": text.encode() for path, text in project_files(Spec(name="demo")).items()}
    return make_tar({**files, "demo-1.0/zeros": bytes(80 << 20)})


def cut_zip() -> bytes:
    return make_sdist("demo", zipped=True)[:-40]


@pytest.mark.parametrize(
    "content, filename, reference",
    [
        (b"", "demo-1.0.tar.gz", "bad-archive"),
        (make_sdist("demo")[:-30], "demo-1.0.tar.gz", "bad-archive"),
        (make_sdist("demo")[:300], "demo-1.0.tar.gz", "bad-archive"),
        (b"<html>no archive</html>", "demo-1.0.tar.gz", "bad-archive"),
        (cut_zip(), "demo-1.0.zip", "bad-archive"),
        (
            with_members(member("demo-1.0/x", tarfile.SYMTYPE, "/etc/passwd")),
            "demo-1.0.tar.gz",
            "path-escape",
        ),
        (with_members(member("demo-1.0/x", tarfile.LNKTYPE, "../../x")), "demo-1.0.tar.gz", "path-escape"),
        (with_members(member("demo-1.0/x", tarfile.CHRTYPE)), "demo-1.0.tar.gz", "path-escape"),
        (with_members(member("demo-1.0/x", tarfile.FIFOTYPE)), "demo-1.0.tar.gz", "path-escape"),
        (with_members(member("../x", tarfile.REGTYPE)), "demo-1.0.tar.gz", "path-escape"),
        (with_members(member("other-1.0/x", tarfile.REGTYPE)), "demo-1.0.tar.gz", "path-escape"),
        (bomb(), "demo-1.0.tar.gz", "path-escape"),
    ],
    ids=[
        *("empty", "cut at the end", "cut early", "no archive", "cut zip", "link out", "hard link out"),
        *("device", "pipe", "parent", "two tops", "bomb"),
    ],
)
@pytest.mark.parametrize("way", ["index", "path"])
def test_an_archive_that_cannot_be_unpacked(  # noqa: PLR0917 - pytest passes by name
    admitting: Shell,
    server: IndexServer,
    temporary: Path,
    content: bytes,
    filename: str,
    reference: str,
    way: str,
) -> None:
    server.add_file(content, filename)
    (admitting.folder / filename).write_bytes(content)
    what = "demo" if way == "index" else f"./{filename}"

    ended = admitting.safepip("install", what, *POLICY, *trusting(server))

    assert_one_clear_error(ended, admitting, temporary, 13, reference)
    assert filename in ended.err


@pytest.mark.parametrize(
    "pyproject, reference",
    [
        ('[build-system]\nrequires = []\nbuild-backend = "nowhere"\n', "backend-unavailable"),
        ('[build-system]\nrequires = ["no-such-backend"]\nbuild-backend = "x"\n', "no-matching-distribution"),
        ("[build-system\n", "invalid-pyproject-toml"),
    ],
)
def test_a_backend_that_cannot_be_had(
    admitting: Shell, server: IndexServer, temporary: Path, pyproject: str, reference: str
) -> None:
    server.add_file(make_sdist("demo", files={"pyproject.toml": pyproject}), sdist_filename("demo"))

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    if reference == "no-matching-distribution":
        assert (ended.code, admitting.installed()) == (1, set())
        assert "No matching distribution found for no-such-backend" in ended.err
        assert_no_litter(admitting, temporary)
    else:
        assert_one_clear_error(ended, admitting, temporary, 1, reference)


@pytest.mark.parametrize(
    "spec, hook",
    [
        ({"code": "print('why it fails'); raise SystemExit(3)"}, "Getting requirements to build wheel"),
        (
            {"at_build": "print('why it fails'); raise SystemExit(3)"},
            "Building wheel for demo (pyproject.toml)",
        ),
        (
            {"at_build": "print('why it fails', flush=True); import os; os.abort()"},
            "Building wheel for demo (pyproject.toml)",
        ),
    ],
)
def test_a_build_that_fails_ends_with_its_last_words(
    admitting: Shell, server: IndexServer, temporary: Path, spec: dict[str, str], hook: str
) -> None:
    server.add_file(make_sdist("demo", **spec), sdist_filename("demo"))

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert_one_clear_error(ended, admitting, temporary, 1, "subprocess-exited-with-error")
    assert f"{hook} did not run successfully" in ended.err
    assert ended.err.count("why it fails") == 1
    assert "Failed to build" in ended.out + ended.err


@pytest.mark.parametrize("inside", ["other", "demo-more"])
def test_a_source_of_another_name_or_version_inside(
    admitting: Shell, server: IndexServer, temporary: Path, inside: str
) -> None:
    server.add_file(make_sdist(inside), sdist_filename("demo"))

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert_one_clear_error(ended, admitting, temporary, 13, "metadata-mismatch")


def test_a_failing_build_of_what_a_build_needs_says_whose_it_is(
    admitting: Shell, server: IndexServer, temporary: Path
) -> None:
    server.add_file(make_sdist("demo", needs=["need-a"]), sdist_filename("demo"))
    server.add_file(make_sdist("need-a", at_build="raise SystemExit('why')"), sdist_filename("need-a"))

    ended = admitting.safepip("install", "demo", *POLICY, *trusting(server))

    assert_one_clear_error(ended, admitting, temporary, 1, "subprocess-exited-with-error")
    assert "Building wheel for need-a (pyproject.toml) did not run successfully" in ended.err
    assert "Failed to build 'demo' when installing build dependencies" in ended.err


def ended_while_it_builds(shell: Shell, server: IndexServer, number: int) -> tuple[int, str]:
    """The exit code and what was said of a run that got a signal while a backend was running."""
    server.add_file(make_sdist("demo", at_build="import time; time.sleep(60)"), sdist_filename("demo"))
    temporary = Path(shell.environ["TMPDIR"])
    command = [sys.executable, "-m", "safepip", "--python", str(shell.python), "install", "demo"]
    with subprocess.Popen(
        [*command, *POLICY, *trusting(server)],
        cwd=shell.folder,
        env={**os.environ, **shell.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        # The folder that the backend is to write the wheel into is made right before it is started.
        while not list(temporary.glob("safepip-build-*/made-*/wheel")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]
    return process.returncode, said


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_while_it_builds_leaves_nothing(
    admitting: Shell, server: IndexServer, temporary: Path, number: signal.Signals
) -> None:
    code, said = ended_while_it_builds(admitting, server, number)

    assert (code, admitting.installed()) == (1, set()), said
    assert "ERROR: Operation cancelled by user" in said
    assert_no_litter(admitting, temporary)


@POSIX
def test_what_a_run_that_was_killed_left_is_removed_by_the_next_that_builds(
    admitting: Shell, server: IndexServer, temporary: Path
) -> None:
    code, _ = ended_while_it_builds(admitting, server, signal.SIGKILL)
    (left,) = temporary.glob("safepip-build-*")
    while left.stat().st_mtime > time.time() - 2:  # what it had started is ending
        time.sleep(0.1)
    os.utime(left, (0, 0))
    write_project(admitting.folder / "other", "other")

    ended = admitting.safepip("install", "./other", *trusting(server))

    assert (code, ended.code, admitting.installed()) == (-signal.SIGKILL, 0, {"other-1.0"}), ended.err
    assert list(temporary.glob("safepip-build-*")) == []


@POSIX
def test_a_disk_that_is_full_is_said(admitting: Shell, server: IndexServer, temporary: Path) -> None:
    """Files may not grow beyond two million bytes here; the archive is smaller, what it unpacks to is not."""
    server.add_file(make_sdist("demo", files={"large.txt": "x" * 3_000_000}), sdist_filename("demo"))
    limited = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000));"
        "runpy.run_module('safepip', run_name='__main__')"
    )
    command = [sys.executable, "-c", limited, "--python", str(admitting.python), "install", "demo"]

    done = subprocess.run(
        [*command, *POLICY, *trusting(server)],
        cwd=admitting.folder,
        env={**os.environ, **admitting.environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, admitting.installed()) == (1, set()), done.stderr
    assert "ERROR: demo-1.0.tar.gz cannot be unpacked: File too large" in done.stderr
    assert_no_litter(admitting, temporary)
