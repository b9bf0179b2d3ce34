"""Caches, credentials and what earlier runs left: attacks through state, each with its harmless twin."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from email.utils import formatdate
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from cli.conftest import Shell, publish, trusting
from safepip.core.plan import Plan
from safepip.core.ports import Applied, ApplyOptions
from safepip.io.apply import PipApplier
from support.server import IndexServer, Response
from support.wheels import make_wheel, wheel_filename
from threats.conftest import Run

FILE = wheel_filename("lib", "2.0")
GOOD = make_wheel("lib", "2.0")
EVIL = make_wheel("lib", "2.0", files={"lib/__init__.py": "raise SystemExit('evil')\n"})
SHA256 = hashlib.sha256(GOOD).hexdigest()
FOREVER = {"Cache-Control": "max-age=31536000, immutable", "Date": formatdate(usegmt=True)}
Act = Callable[[PipApplier], object]
Arrange = Callable[[Act], None]


def library_of(shell: Shell) -> Path:
    return next(shell.python.parent.parent.glob("lib/python*/site-packages"))


def module(shell: Shell) -> str:
    return (library_of(shell) / "lib/__init__.py").read_text(encoding="utf-8")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_good(shell: Shell) -> bool:
    return "evil" not in module(shell)


# --- caches --------------------------------------------------------------------------------------


def page_of(index: IndexServer, content: bytes) -> bytes:
    """A page that offers this file and no other, for a long time."""
    digest = hashlib.sha256(content).hexdigest()
    return f'<a href="{index.origin}/files/{FILE}#sha256={digest}">{FILE}</a>'.encode()


def test_cache_poisoned_by_a_run_that_trusted_a_host(
    shell: Shell, index: IndexServer, pip: Run, safepip: Run, tmp_path: Path
) -> None:
    cache = ("--cache-dir", str(tmp_path / "shared"))
    index.answer("/simple/lib/", Response(body=page_of(index, EVIL), headers=FOREVER), times=1)
    index.answer(f"/files/{FILE}", Response(body=EVIL, headers=FOREVER, content_type=None), times=1)
    careless = ("download", "-d", "careless", "--no-deps", "--trusted-host", "localhost", "-i", index.url)
    assert pip(*careless, *cache, "lib").code == 0
    assert (shell.folder / "careless" / FILE).read_bytes() == EVIL
    fooled = pip("download", "-d", "fooled", "--no-deps", *trusting(index), *cache, "lib")
    assert (fooled.code, (shell.folder / "fooled" / FILE).read_bytes()) == (0, EVIL)

    ended = safepip("install", *trusting(index), *cache, "lib")

    assert (ended.code, is_good(shell)) == (0, True), ended.err


def test_second_installation_takes_files_from_the_verified_store(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    assert safepip("install", *trusting(index), "lib").code == 0
    index.requests.clear()

    ended = safepip("install", "--force-reinstall", *trusting(index), "lib")

    assert (ended.code, is_good(shell)) == (0, True), ended.err
    assert [path for path in index.paths_asked() if path.startswith("/files/")] == []


def test_index_page_frozen_by_its_cache_lifetime(shell: Shell, index: IndexServer, safepip: Run) -> None:
    index.answer("/simple/lib/", Response(body=page_of(index, GOOD), headers=FOREVER), times=1)
    assert safepip("download", "-d", "first", *trusting(index), "lib").code == 0
    publish(index, "lib", "3.0")

    ended = safepip("download", "-d", "second", *trusting(index), "lib")

    assert (ended.code, names(shell.folder / "second")) == (0, [wheel_filename("lib", "3.0")]), ended.err


def test_exact_pin_that_is_there_needs_no_page(shell: Shell, index: IndexServer, safepip: Run) -> None:
    assert safepip("install", *trusting(index), "lib==2.0").code == 0
    index.requests.clear()

    ended = safepip("install", *trusting(index), "lib==2.0")

    assert (ended.code, index.requests) == (0, [])
    assert ended.out.startswith("Requirement already satisfied: lib==2.0")


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.read_bytes() == GOOD]


def test_file_swapped_in_a_cache_that_others_can_write(
    shell: Shell, index: IndexServer, safepip: Run, tmp_path: Path
) -> None:
    cache = ("--cache-dir", str(tmp_path / "shared"))
    assert safepip("download", "-d", "first", *trusting(index), *cache, "lib").code == 0
    (kept,) = stored(tmp_path / "shared")
    kept.chmod(0o666)
    kept.write_bytes(EVIL)

    ended = safepip("install", *trusting(index), *cache, "lib")

    assert (ended.code, is_good(shell)) == (0, True), ended.err
    assert f"/files/{FILE}" in index.paths_asked()


def test_wheel_cache_that_answers_for_a_hashed_file(
    shell: Shell, index: IndexServer, safepip: Run, tmp_path: Path
) -> None:
    """As pip would find it: a wheel below ``wheels``, by the URL, with an origin that claims the hash."""
    from pip._internal.cache import SimpleWheelCache
    from pip._internal.models.link import Link

    url = f"{index.origin}/files/{FILE}"
    folder = Path(
        SimpleWheelCache(str(tmp_path / "shared")).get_path_for_link(Link(f"{url}#sha256={SHA256}"))
    )
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(EVIL)
    origin = {"archive_info": {"hash": f"sha256={SHA256}", "hashes": {"sha256": SHA256}}, "url": url}
    (folder / "origin.json").write_text(json.dumps(origin), encoding="utf-8")
    shell.write("r.txt", f"lib==2.0 --hash=sha256:{SHA256}\n")

    cache = ("--cache-dir", str(tmp_path / "shared"))
    ended = safepip("install", "--require-hashes", "-r", "r.txt", *cache, *trusting(index))

    assert (ended.code, is_good(shell)) == (0, True), ended.err


def test_file_of_the_same_name_in_the_destination(shell: Shell, index: IndexServer, safepip: Run) -> None:
    (shell.folder / "d").mkdir()
    (shell.folder / "d" / FILE).write_bytes(EVIL)

    ended = safepip("download", "-d", "d", *trusting(index), "lib")

    assert (ended.code, (shell.folder / "d" / FILE).read_bytes()) == (0, GOOD)
    assert "WARNING: Previously-downloaded file" in ended.err


def test_second_download_into_the_same_folder(shell: Shell, index: IndexServer, safepip: Run) -> None:
    assert safepip("download", "-d", "d", *trusting(index), "lib").code == 0
    before = (shell.folder / "d" / FILE).stat()

    ended = safepip("download", "-d", "d", *trusting(index), "lib")

    assert ended.code == 0
    assert "File was already downloaded" in ended.out
    assert (shell.folder / "d" / FILE).stat().st_mtime_ns == before.st_mtime_ns


# --- credentials ---------------------------------------------------------------------------------

SECRET = "hunter2-of-the-index"
LOGIN = ("bob", SECRET)


def with_login(server: IndexServer) -> tuple[str, ...]:
    return ("--index-url", server.url.replace("//", f"//{LOGIN[0]}:{SECRET}@"), "--cert", server.ca_path)


def test_credentials_follow_no_link_to_plaintext(shell: Shell, safepip: Run) -> None:
    with IndexServer(plaintext=True) as eavesdropper, IndexServer(credentials=LOGIN) as private:
        private.add_wheel(GOOD, FILE, url=f"{eavesdropper.origin}/files/{FILE}")
        eavesdropper.add_wheel(GOOD, FILE)

        ended = safepip("install", *with_login(private), "lib")

        assert (ended.code, eavesdropper.requests, shell.installed()) == (10, [], set()), ended.err
        assert "error[plaintext-link]" in ended.err


def test_credentials_of_netrcs_default_reach_no_file_host(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    netrc = shell.write("netrc", f"default login bob password {SECRET}\n")
    netrc.chmod(0o600)
    with IndexServer(hosts=("127.0.0.1",)) as files:
        files.add_wheel(GOOD, FILE)
        index.remove_project("lib")
        index.add_wheel(GOOD, FILE, url=f"https://127.0.0.1:{files.port}/files/{FILE}")

        ended = safepip("install", *trusting(index), "lib", environ={"NETRC": str(netrc)})

        assert ended.code == 0, ended.err
        assert [
            asked.headers["Authorization"] for asked in files.requests if asked.headers["Authorization"]
        ] == []


def test_credentials_reach_files_on_the_indexes_own_origin(shell: Shell, safepip: Run) -> None:
    with IndexServer(credentials=LOGIN) as private:
        publish(private, "lib", "2.0")

        ended = safepip("install", *with_login(private), "lib")

        assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err


@pytest.mark.parametrize("succeeds", [True, False])
def test_credentials_in_output(shell: Shell, safepip: Run, succeeds: bool) -> None:
    with IndexServer(credentials=LOGIN) as private:
        publish(private, "lib", "2.0")
        if not succeeds:
            private.replace_file(FILE, EVIL)
        told = ("--log", "run.log", "--report", "report.json")

        ended = safepip(
            "install", "-vvv", *told, *with_login(private), "lib", environ={"SAFEPIP_LOG": "audit.jsonl"}
        )

        assert ended.code == (0 if succeeds else 13), ended.err
    written = [path for path in (*shell.folder.rglob("*"), *library_of(shell).rglob("*")) if path.is_file()]
    encoded = base64.b64encode(f"{LOGIN[0]}:{SECRET}".encode()).decode()
    for secret in (SECRET, encoded):
        assert secret not in ended.out + ended.err
        assert [path.name for path in written if secret.encode() in path.read_bytes()] == []
    assert "report.json" in {path.name for path in written}


def test_secret_in_the_arguments_of_a_child(shell: Shell, safepip: Run, before_applying: Arrange) -> None:
    seen: list[str] = []

    def look(applier: PipApplier) -> None:
        children = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))
        told = [Path("/proc", child, name) for child in children.split() for name in ("cmdline", "environ")]
        seen.extend(path.read_text() for path in told)

    if not Path("/proc/self/task").is_dir():
        pytest.skip("no /proc to look into")
    before_applying(look)
    with IndexServer(credentials=LOGIN) as private:
        publish(private, "lib", "2.0")
        ended = safepip("install", *with_login(private), "lib", environ={"TOKEN": SECRET})

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err
    assert seen
    assert not any(SECRET in text for text in seen)


# --- what is on this machine ---------------------------------------------------------------------


@pytest.fixture
def before_applying(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Have something done between the verdict and the installation."""

    def arrange(act: Act) -> None:
        proper = PipApplier.apply

        def apply(
            applier: PipApplier, plan: Plan, files: Mapping[NormalizedName, Path], options: ApplyOptions
        ) -> Applied:
            act(applier)
            return proper(applier, plan, files, options)

        monkeypatch.setattr(PipApplier, "apply", apply)

    return arrange


CONSOLE_SCRIPT = "import sys; del sys.path[0]; from safepip.__main__ import cli; cli()"
"""What an installed ``safepip`` does: Python puts the script's folder on the path, not the working directory."""


@pytest.mark.parametrize("name", ["pip", "safepip", "packaging", "json"])
@pytest.mark.parametrize("command", [("install", "--dry-run", "lib"), ("list",)], ids=["install", "list"])
def test_working_directory_with_a_package_of_a_tools_name(
    shell: Shell, index: IndexServer, name: str, command: tuple[str, ...]
) -> None:
    for path in (f"{name}/__init__.py", f"{name}/__main__.py", f"{name}.py"):
        shell.write(path, "raise SystemExit('hijacked')\n")
    where = trusting(index) if command[0] == "install" else ()

    run = subprocess.run(
        [sys.executable, "-c", CONSOLE_SCRIPT, "--python", str(shell.python), *command, *where],
        cwd=shell.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, "hijacked" in run.stdout + run.stderr) == (0, False), run.stderr


@pytest.mark.parametrize("name", ["pip", "packaging", "json", "resolvelib"])
def test_working_directory_of_python_m(shell: Shell, index: IndexServer, name: str) -> None:
    shell.write(f"{name}/__init__.py", "raise SystemExit('hijacked')\n")

    ended = shell.safepip("install", "--dry-run", *trusting(index), "lib")

    assert (ended.code, "hijacked" in ended.out + ended.err) == (0, False), ended.err


def look_alike(shell: Shell, *, record: str | None = None) -> Path:
    """Metadata of ``lib 2.0`` beside a module that nobody verified."""
    library = library_of(shell)
    metadata = library / "lib-2.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lib\nVersion: 2.0\n", encoding="utf-8")
    (library / "lib").mkdir()
    (library / "lib/__init__.py").write_text("raise SystemExit('evil')\n", encoding="utf-8")
    if record is not None:
        (metadata / "RECORD").write_text(record, encoding="utf-8")
        (metadata / "INSTALLER").write_text("pip\n", encoding="utf-8")
    return library


OF_METADATA = (
    base64.urlsafe_b64encode(hashlib.sha256(b"Metadata-Version: 2.1\nName: lib\nVersion: 2.0\n").digest())
    .decode()
    .rstrip("=")
)
RECORDS = {
    "empty": "",
    "of itself alone": "lib-2.0.dist-info/RECORD,,\n",
    "of other metadata": f"lib-2.0.dist-info/METADATA,sha256={'A' * 43},48\n",
    "of another module": f"lib-2.0.dist-info/METADATA,sha256={OF_METADATA},48\nlib/__init__.py,sha256={'A' * 43},7\n",
    "of a module that is not there": f"lib-2.0.dist-info/METADATA,sha256={OF_METADATA},48\nlib/gone.py,sha256=A,7\n",
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_installed_look_alike_of_a_hashed_requirement(
    shell: Shell, index: IndexServer, pip: Run, safepip: Run, record: str
) -> None:
    look_alike(shell, record=record)
    shell.write("r.txt", f"lib==2.0 --hash=sha256:{SHA256}\n")
    command = ("install", "-r", "r.txt", "--require-hashes")
    assert "Requirement already satisfied: lib==2.0" in pip(*command, *trusting(index)).out

    ended = safepip(*command, *trusting(index))

    assert (ended.code, is_good(shell)) == (0, True), ended.err
    assert "Successfully installed lib-2.0" in ended.out


def test_installed_look_alike_without_any_record_is_not_taken_for_the_hashed_file(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    """pip replaces nothing that does not say which files it has; then the run ends, and says why."""
    look_alike(shell)
    shell.write("r.txt", f"lib==2.0 --hash=sha256:{SHA256}\n")

    ended = safepip("install", "-r", "r.txt", *trusting(index))

    assert ended.code == 1
    assert "Requirement already satisfied" not in ended.out


def test_hashed_requirement_that_was_installed_is_met(
    shell: Shell, index: IndexServer, pip: Run, safepip: Run
) -> None:
    shell.write("r.txt", f"lib==2.0 --hash=sha256:{SHA256}\n")
    assert pip("install", "-r", "r.txt", *trusting(index)).code == 0
    index.requests.clear()

    ended = safepip("install", "-r", "r.txt", *trusting(index))

    assert (ended.code, [path for path in index.paths_asked() if "/files/" in path]) == (0, []), ended.err
    assert ended.out.startswith("Requirement already satisfied: lib==2.0")


def test_resolved_first_and_fetched_later(shell: Shell, index: IndexServer, safepip: Run) -> None:
    """A report may say what a page claims; what is installed later is held to it all the same."""
    told = safepip("install", "--dry-run", "--report", "report.json", *trusting(index), "lib")
    claimed = json.loads((shell.folder / "report.json").read_bytes())["install"][0]["download_info"]
    index.replace_file(FILE, EVIL)

    ended = safepip("install", *trusting(index), "lib")

    assert (told.code, claimed["archive_info"]["hashes"]) == (0, {"sha256": SHA256})
    assert (ended.code, shell.installed()) == (13, set())
    assert "error[hash-mismatch]" in ended.err


def test_report_of_an_installation_tells_the_bytes_that_were_installed(
    shell: Shell, index: IndexServer, safepip: Run
) -> None:
    ended = safepip("install", "--report", "report.json", *trusting(index), "lib")

    report = json.loads((shell.folder / "report.json").read_bytes())
    assert (ended.code, is_good(shell)) == (0, True)
    assert report["install"][0]["download_info"]["archive_info"]["hashes"] == {"sha256": SHA256}


def test_local_file_swapped_between_check_and_use(
    shell: Shell, safepip: Run, before_applying: Arrange
) -> None:
    wheel = shell.folder / FILE
    wheel.write_bytes(GOOD)
    before_applying(lambda _: wheel.write_bytes(EVIL))

    ended = safepip("install", f"./{FILE}")

    assert (wheel.read_bytes(), ended.code, is_good(shell)) == (EVIL, 0, True), ended.err


def test_local_file_is_installed(shell: Shell, safepip: Run) -> None:
    (shell.folder / FILE).write_bytes(GOOD)

    assert safepip("install", f"./{FILE}").code == 0
    assert is_good(shell)


@pytest.fixture
def shared_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process makes temporary folders, beside everybody else's."""
    folder = tmp_path / "shared-tmp"
    folder.mkdir(mode=0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_temporary_folders_are_private_and_gone_afterwards(
    shared_tmp: Path, shell: Shell, index: IndexServer, safepip: Run, before_applying: Arrange
) -> None:
    modes: list[int] = []
    before_applying(
        lambda _: modes.extend(stat.S_IMODE(path.stat().st_mode) for path in shared_tmp.iterdir())
    )

    ended = safepip("install", *trusting(index), "lib")

    assert (ended.code, set(modes), list(shared_tmp.iterdir())) == (0, {0o700}, []), ended.err


def test_no_state_of_pips_own_is_read_or_left(shell: Shell, index: IndexServer, tmp_path: Path) -> None:
    """Its check for a newer version remembers an answer in the cache, which anybody's run would print."""
    remembered = tmp_path / "cache/pip/selfcheck"
    remembered.mkdir(parents=True)
    for name in (
        hashlib.sha224(os.fsencode(prefix)).hexdigest() for prefix in (sys.prefix, shell.python.parent.parent)
    ):
        text = {"key": sys.prefix, "last_check": "2099-01-01T00:00:00Z", "pypi_version": "99.9"}
        (remembered / name).write_text(json.dumps(text), encoding="utf-8")
    before = sorted(path.name for path in remembered.iterdir())

    for command in (("install", *trusting(index), "lib"), ("list",), ("uninstall", "-y", "lib")):
        ended = shell.safepip(*command)
        assert (ended.code, "99.9" in ended.out + ended.err) == (0, False), ended.err

    assert sorted(path.name for path in remembered.iterdir()) == before
    assert [path.name for path in (tmp_path / "cache/pip").iterdir()] == ["selfcheck"]


def test_log_named_by_the_environment_is_said(shell: Shell, index: IndexServer, safepip: Run) -> None:
    ended = safepip("install", *trusting(index), "lib", environ={"PIP_REPORT": "anywhere.json"})

    assert ended.code == 0
    assert "writing a report to anywhere.json ($PIP_REPORT)" in ended.err


HOOKS = {
    ".pth": ("spy.pth", "import spy\n"),
    "sitecustomize": ("sitecustomize.py", "import spy\n"),
}


@pytest.mark.parametrize(("name", "text"), HOOKS.values(), ids=HOOKS)
def test_hook_in_the_environment_sees_no_secret_and_changes_no_verdict(
    shell: Shell, index: IndexServer, name: str, text: str
) -> None:
    """It runs in the target's interpreter, where nothing is decided and nothing of the user's is told."""
    library = library_of(shell)
    (library / name).write_text(text, encoding="utf-8")
    spy = f"import os, sys\nopen({str(shell.folder / 'seen')!r}, 'a').write(repr((dict(os.environ), sys.argv)))\n"
    (library / "spy.py").write_text(
        spy + "import hashlib, ssl\nssl.CERT_REQUIRED = ssl.CERT_NONE\nhashlib.sha256 = hashlib.md5\n",
        encoding="utf-8",
    )
    index.replace_file(FILE, EVIL)
    environ = {"TOKEN": SECRET, "PIP_EXTRA_INDEX_URL": index.url.replace("//", f"//bob:{SECRET}@")}

    ended = shell.safepip("install", *trusting(index), "lib", environ=environ)

    assert (ended.code, shell.installed()) == (13, set()), ended.err
    seen = (shell.folder / "seen").read_text(encoding="utf-8")
    assert SECRET not in seen
    assert "TOKEN" not in seen


def test_environment_with_an_editable_project_works(shell: Shell, index: IndexServer) -> None:
    (library_of(shell) / "__editable__.mine.pth").write_text(f"{shell.folder}\n", encoding="utf-8")

    ended = shell.safepip("install", *trusting(index), "lib")

    assert (ended.code, shell.installed()) == (0, {"lib-2.0"}), ended.err
