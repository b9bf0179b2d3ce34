"""A mirror of locks: complete, verified, and installed from by pip and by safepip itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, publish, trusting
from support.locks import lock, package
from support.sdists import make_sdist, make_tar, sdist_filename
from support.server import IndexServer, Response
from support.wheels import make_wheel, sha256, wheel_filename

APP: dict[str, object] = {
    "requires": ["lib>=1"],
    "requires_python": ">=3.8",
    "entry_points": {"console_scripts": {"app": "app:main"}},
}
ZEROS = json.dumps({"sha256": "0" * 64})
APP_FILE, LIB_FILE = wheel_filename("app"), wheel_filename("lib")


@pytest.fixture
def shop(index: IndexServer) -> IndexServer:
    """The index, with what :func:`whole` locks."""
    publish(index, "app", **APP)
    return index


def whole(index: IndexServer, **lib: object) -> str:
    """A lock of ``app`` and ``lib`` 1.0; keywords change the entry of ``lib``."""
    return lock(package(index, "app", **APP), package(index, "lib", **lib))  # type: ignore[arg-type]  # keywords of tests


def mirror(shell: Shell, index: IndexServer, *words: str) -> Ended:
    return shell.safepip("mirror", *trusting(index), "--to", "mirror", *(words or ("pylock.toml",)))


def made(shell: Shell, index: IndexServer, text: str) -> Path:
    """The folder of a mirror of this lock."""
    shell.write("pylock.toml", text)
    ended = mirror(shell, index)
    assert ended.code == 0, ended.err
    return shell.folder / "mirror"


def everything_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def listed(folder: Path, project: str) -> list[dict[str, object]]:
    files: list[dict[str, object]] = json.loads((folder / "simple" / project / "index.json").read_text())[
        "files"
    ]
    return files


def raw_package(name: str, files: str, version: str = "1.0") -> str:
    return f'\n[[packages]]\nname = "{name}"\nversion = "{version}"\n{files}\n'


def raw_file(url: str, content: bytes) -> str:
    """A file of a package, as a lock writes it."""
    return f'{{url = "{url}", size = {len(content)}, hashes = {{sha256 = "{sha256(content)}"}}}}'


def served(index: IndexServer, filename: str, content: bytes) -> str:
    """The same, of a file that the index has."""
    index.add_file(content, filename)
    return raw_file(f"{index.origin}/files/{filename}", content)


# --- What is in it -----------------------------------------------------------------------------------


def test_safepip_installs_from_its_own_mirror(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, whole(shop))
    shop.requests.clear()
    ended = shell.safepip("install", "--index-url", (folder / "simple").as_uri(), "app")
    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.err
    assert shop.requests == []


def pip(shell: Shell, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pip itself, without configuration."""
    environ = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environ.pop("PIP_FIND_LINKS", None)
    command = [sys.executable, "-m", "pip", "--python", str(shell.python), *arguments]
    return subprocess.run(
        command, cwd=shell.folder, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def test_pip_installs_from_it_as_a_file_url(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, whole(shop))
    ended = pip(shell, "install", "--no-cache-dir", "--index-url", (folder / "simple").as_uri(), "app")
    assert (ended.returncode, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.stderr


def test_a_mirror_can_be_moved(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, whole(shop)).rename(shell.folder / "elsewhere and with spaces")
    ended = shell.safepip("install", "--index-url", (folder / "simple").as_uri(), "app")
    assert ended.code == 0, ended.err


def test_every_file_for_every_environment_is_there(shell: Shell, shop: IndexServer) -> None:
    """Wheels that do not run here, source archives, packages whose marker does not hold, extras, groups."""
    here, foreign = make_wheel("many"), make_wheel("many", tag="cp27-cp27m-win32")
    source, other = make_sdist("many"), make_wheel("amiga")
    wheels = [
        served(shop, wheel_filename("many", tag="cp27-cp27m-win32"), foreign),
        served(shop, wheel_filename("many"), here),
    ]
    sdist, amiga = served(shop, sdist_filename("many"), source), served(shop, wheel_filename("amiga"), other)
    marker = "sys_platform == 'amiga' or 'more' in extras or 'docs' in dependency_groups"
    text = lock(
        raw_package("many", f"sdist = {sdist}\nwheels = [{', '.join(wheels)}]"),
        raw_package("amiga", f'marker = "{marker}"\nwheels = [{amiga}]'),
        head='requires-python = ">=3.99"\nenvironments = ["sys_platform == \'amiga\'"]\n'
        'extras = ["more"]\ndependency-groups = ["docs"]\n',
    )
    folder = made(shell, shop, text)
    assert [file["filename"] for file in listed(folder, "many")] == [
        "many-1.0-cp27-cp27m-win32.whl",
        "many-1.0-py3-none-any.whl",
        "many-1.0.tar.gz",
    ]
    assert [file["filename"] for file in listed(folder, "amiga")] == ["amiga-1.0-py3-none-any.whl"]


def test_what_builds_need_is_there(shell: Shell, shop: IndexServer) -> None:
    text = whole(shop) + package(shop, "backend").replace("[[packages", "[[tool.safepip.build-packages")
    publish(shop, "backend")
    assert "simple/backend/backend-1.0-py3-none-any.whl" in files_below(made(shell, shop, text))


def test_a_build_package_that_is_none_is_said_with_its_place(shell: Shell, shop: IndexServer) -> None:
    shell.write("pylock.toml", whole(shop) + '\n[[tool.safepip.build-packages]]\nname = "Backend"\n')
    ended = mirror(shell, shop)
    assert (ended.code, shop.requests) == (1, [])
    assert "tool.safepip.build-packages" in ended.err
    assert "pylock.toml:" in ended.err


def test_the_pages_say_what_the_lock_and_the_files_say(shell: Shell, shop: IndexServer) -> None:
    time = "upload-time = 2025-01-02T03:04:05.060000Z"
    folder = made(shell, shop, lock(package(shop, "app", file_keys=time, **APP)))
    content = make_wheel("app", **APP)
    (file,) = listed(folder, "app")
    metadata = (folder / "simple/app" / f"{APP_FILE}.metadata").read_bytes()
    assert file == {
        "filename": APP_FILE,
        "url": APP_FILE,
        "hashes": {"sha256": sha256(content)},
        "size": len(content),
        "upload-time": "2025-01-02T03:04:05.060000Z",
        "requires-python": ">=3.8",
        "core-metadata": {"sha256": sha256(metadata)},
    }
    assert b"Requires-Dist: lib>=1" in metadata


def test_no_code_of_a_source_archive_runs(shell: Shell, shop: IndexServer) -> None:
    mark = shell.folder / "mark"
    source = served(shop, "sourced-1.0.tar.gz", make_sdist("sourced", mark=str(mark)))
    folder = made(shell, shop, lock(raw_package("sourced", f"sdist = {source}")))
    assert "simple/sourced/sourced-1.0.tar.gz" in files_below(folder)
    assert not mark.exists()


# --- Again, and more ---------------------------------------------------------------------------------


def test_the_same_lock_gives_the_same_bytes_and_touches_nothing(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, whole(shop))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in everything_below(folder)}
    ended = mirror(shell, shop)
    assert ended.code == 0
    assert "already downloaded" not in ended.out
    assert "; 2 of the lock were there already" in ended.err, ended.err
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in everything_below(folder)}


def test_the_order_of_locks_does_not_matter(shell: Shell, shop: IndexServer) -> None:
    shell.write("one.toml", lock(package(shop, "app", **APP)))
    shell.write("two.toml", lock(package(shop, "lib"), package(shop, "app", **APP)))
    assert mirror(shell, shop, "one.toml", "two.toml").code == 0
    first = {path.name: path.read_bytes() for path in everything_below(shell.folder / "mirror")}
    ended = shell.safepip("mirror", *trusting(shop), "--to", "second", "two.toml", "one.toml")
    assert ended.code == 0
    assert first == {path.name: path.read_bytes() for path in everything_below(shell.folder / "second")}


def test_a_later_lock_is_added(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, lock(package(shop, "lib")))
    text = lock(package(shop, "lib", "2.0"), package(shop, "app", **APP))
    assert made(shell, shop, text) == folder
    assert [file["filename"] for file in listed(folder, "lib")] == [LIB_FILE, wheel_filename("lib", "2.0")]
    assert 'href="app/"' in (folder / "simple/index.html").read_text()


def test_a_damaged_file_that_the_lock_names_is_fetched_anew(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, whole(shop))
    file = folder / "simple/lib" / LIB_FILE
    honest = file.read_bytes()
    file.write_bytes(b"other bytes")
    ended = mirror(shell, shop)
    assert (ended.code, file.read_bytes()) == (0, honest)
    assert f"WARNING: Previously-downloaded file {file} has bad hash. Re-downloading." in ended.err


@pytest.mark.parametrize("harm", ["changed", "missing", "sidecar", "link"])
def test_a_damaged_file_that_no_lock_names_stops(shell: Shell, shop: IndexServer, harm: str) -> None:
    folder = made(shell, shop, lock(package(shop, "lib")))
    file = folder / "simple/lib" / LIB_FILE
    if harm == "changed":
        file.write_bytes(b"other bytes")
    elif harm == "sidecar":
        (folder / "simple/lib" / f"{LIB_FILE}.metadata").write_bytes(b"Requires-Dist: evil")
    else:
        moved = file.rename(shell.folder / "moved")
        if harm == "link":
            file.symlink_to(moved)
    before = files_below(folder)
    shell.write("pylock.toml", lock(package(shop, "app", **APP)))
    ended = mirror(shell, shop)
    assert (ended.code, files_below(folder)) == (13, before)
    assert f"error[hash-mismatch]: {LIB_FILE} in the mirror is missing, or no longer" in ended.err


def test_a_file_that_is_a_link_is_replaced_not_followed(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, whole(shop))
    file, precious = folder / "simple/lib" / LIB_FILE, shell.write("precious", "mine")
    file.unlink()
    file.symlink_to(precious)
    assert mirror(shell, shop).code == 0
    assert not file.is_symlink()
    assert precious.read_text() == "mine"


def test_other_bytes_under_a_name_that_the_mirror_has_are_refused(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, lock(package(shop, "lib")))
    before = {path: path.read_bytes() for path in everything_below(folder)}
    other = make_wheel("lib", description="Another one.\n")
    shop.replace_file(LIB_FILE, other)
    shell.write("pylock.toml", lock(package(shop, "lib", description="Another one.\n")))
    ended = mirror(shell, shop, "--allow", "republished-file:lib", "--reason", "a test", "pylock.toml")
    assert ended.code == 13, ended.err
    assert f"error[hash-mismatch]: the mirror has another file called {LIB_FILE}" in ended.err
    assert before == {path: path.read_bytes() for path in everything_below(folder)}


def test_two_locks_that_disagree_are_refused_before_anything_is_fetched(
    shell: Shell, shop: IndexServer
) -> None:
    shell.write("one.toml", lock(package(shop, "lib")))
    shell.write("two.toml", lock(package(shop, "lib", hashes=f'sha256 = "{"0" * 64}"')))
    ended = mirror(shell, shop, "one.toml", "two.toml")
    assert (ended.code, shop.requests) == (10, [])
    assert f"error[hash-mismatch]: two files are called {LIB_FILE}" in ended.err
    assert not (shell.folder / "mirror").exists()


def test_every_digest_of_every_lock_counts(shell: Shell, shop: IndexServer) -> None:
    """One lock gives the sha256, another a sha512 that is not this file's."""
    shell.write("one.toml", lock(package(shop, "lib")))
    shell.write("two.toml", lock(package(shop, "lib", hashes=f'sha512 = "{"0" * 128}"')))
    ended = mirror(shell, shop, "one.toml", "two.toml")
    assert ended.code == 13
    assert "error[hash-mismatch]" in ended.err
    assert not (shell.folder / "mirror").exists()


def test_a_failing_fetch_leaves_the_mirror_as_it_was(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, lock(package(shop, "lib")))
    before = {path: path.read_bytes() for path in everything_below(folder)}
    shell.write("pylock.toml", lock(package(shop, "lib"), package(shop, "gone")))
    ended = mirror(shell, shop, "--retries", "0", "pylock.toml")
    assert ended.code == 11, ended.err
    assert before == {path: path.read_bytes() for path in everything_below(folder)}


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_leaves_the_mirror_as_it_was(
    shell: Shell, shop: IndexServer, number: signal.Signals
) -> None:
    folder = made(shell, shop, lock(package(shop, "lib")))
    before = {path: path.read_bytes() for path in everything_below(folder)}
    shell.write("pylock.toml", whole(shop))
    shop.requests.clear()
    shop.hang(f"/files/{APP_FILE}")
    words = ("--python", str(shell.python), "mirror", *trusting(shop), "--to", "mirror", "pylock.toml")
    with subprocess.Popen(
        [sys.executable, "-m", "safepip", *words], cwd=shell.folder, stderr=subprocess.PIPE, text=True
    ) as process:
        while not shop.requests:
            time.sleep(0.02)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert "ERROR: Operation cancelled by user" in said
    assert before == {path: path.read_bytes() for path in everything_below(folder)}


# --- What is refused ---------------------------------------------------------------------------------


def test_findings_of_all_packages_are_told_together(shell: Shell, shop: IndexServer) -> None:
    text = lock(
        package(shop, "app", url="http://evil.example/app-1.0-py3-none-any.whl", **APP),
        package(shop, "lib", hashes=f'md5 = "{"0" * 32}"', keys="typo = 1"),
    )
    shell.write("pylock.toml", text)
    ended = mirror(shell, shop)
    assert (ended.code, shop.requests) == (10, [])
    assert ended.err.count("error[") == 2
    assert "error[plaintext-link]" in ended.err
    assert "error[weak-digest]" in ended.err
    assert "warning[lock-unknown-key]" in ended.err
    assert "nothing was saved" in ended.err
    assert not (shell.folder / "mirror").exists()


@pytest.mark.parametrize(
    "change,rule",
    [
        ({"hashes": 'unknown = "x"'}, "weak-digest"),
        ({"url": "https://me:pw@index.example/lib-1.0-py3-none-any.whl"}, "credentials-in-url"),
        ({"url": "ftp://index.example/lib-1.0-py3-none-any.whl"}, "lock-source"),
        ({"keys": 'index = "https://other.example/simple"'}, "lock-drift"),
    ],
)
def test_a_lock_that_install_refuses_is_not_mirrored(
    shell: Shell, shop: IndexServer, change: dict[str, str], rule: str
) -> None:
    shell.write("pylock.toml", whole(shop, **change))
    ended = mirror(shell, shop)
    assert (ended.code, shop.requests) == (10, [])
    assert f"error[{rule}]" in ended.err


def test_what_is_true_of_all_files_of_a_project_is_said_once(shell: Shell, shop: IndexServer) -> None:
    names = [wheel_filename("many", tag=f"cp3{minor}-cp3{minor}-win32") for minor in range(9, 15)]
    files = ", ".join(raw_file(f"http://files.example/{name}", b"x") for name in names)
    shell.write(
        "pylock.toml",
        whole(shop, url="http://a.example/lib-1.0-py3-none-any.whl")
        + raw_package("many", f"wheels = [{files}]"),
    )
    ended = mirror(shell, shop)
    assert (ended.code, ended.err.count("error[plaintext-link]")) == (10, 2)
    assert f"error[plaintext-link]: {names[0]} of the lock comes over http" in ended.err
    assert "the same is true of 5 more files of it" in ended.err


def test_an_exemption_from_drift_does_not_leave_the_package_out(shell: Shell, shop: IndexServer) -> None:
    shell.write("pylock.toml", whole(shop, keys='index = "https://other.example/simple"'))
    ended = mirror(shell, shop, "--allow", "lock-drift:lib", "--reason", "our proxy", "pylock.toml")
    assert (ended.code, shop.requests) == (10, [])
    assert "a mirror takes files from where its lock says" in ended.err


def test_a_file_that_is_too_new_by_policy_is_not_mirrored(shell: Shell, shop: IndexServer) -> None:
    rules = shell.write("policy.toml", '[cooldown]\nmin-age = "90000 days"\n')
    time = "upload-time = 2025-01-02T03:04:05Z"
    shell.write("pylock.toml", whole(shop, file_keys=time))
    ended = shell.safepip("--policy", str(rules), "mirror", *trusting(shop), "--to", "mirror", "pylock.toml")
    assert ended.code == 10
    assert "error[fresh-release]: lib 1.0" in ended.err


def test_tampered_bytes_are_refused(shell: Shell, shop: IndexServer) -> None:
    shell.write("pylock.toml", whole(shop))
    shop.replace_file(LIB_FILE, make_wheel("lib", files={"lib/__init__.py": "evil = 1\n"}))
    ended = mirror(shell, shop)
    assert ended.code == 13
    assert "error[hash-mismatch]" in ended.err
    assert not (shell.folder / "mirror").exists()


def test_a_wheel_that_is_not_what_it_says_is_refused(shell: Shell, shop: IndexServer) -> None:
    publish(shop, "bad", changed={"bad/__init__.py": "evil = 1\n"})
    text = lock(package(shop, "bad", changed={"bad/__init__.py": "evil = 1\n"}))
    shell.write("pylock.toml", text)
    ended = mirror(shell, shop)
    assert ended.code == 13
    assert "error[record-mismatch]" in ended.err


@pytest.mark.parametrize(
    "content,reference",
    [
        (make_tar({"up-1.0/PKG-INFO": b"Name: up\nVersion: 1.0\n", "../up": b"x"}), "path-escape"),
        (b"no archive at all", "bad-archive"),
        (
            make_tar({"up-1.0/PKG-INFO": b"Metadata-Version: 2.1\nName: up\nVersion: 9.0\n"}),
            "metadata-mismatch",
        ),
    ],
    ids=["traversal", "damaged", "another version"],
)
def test_a_source_archive_that_nobody_should_unpack_is_refused(
    shell: Shell, shop: IndexServer, content: bytes, reference: str
) -> None:
    sdist = served(shop, "up-1.0.tar.gz", content)
    shell.write("pylock.toml", lock(raw_package("up", f"sdist = {sdist}")))
    ended = mirror(shell, shop)
    assert ended.code == 13, ended.err
    assert f"[{reference}]" in ended.err
    assert not (shell.folder / "mirror").exists()


def test_repositories_and_odd_archives_are_all_named_and_refused(shell: Shell, shop: IndexServer) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    text = whole(shop) + raw_package(
        "vcs", f'vcs = {{type = "git", url = "https://git.example/vcs", commit-id = "{commit}"}}'
    )
    odd = raw_file("https://files.example/main.zip", b"x")
    text += raw_package("odd", f"archive = {odd}")
    shell.write("pylock.toml", text)
    ended = mirror(shell, shop)
    assert (ended.code, shop.requests) == (1, [])
    assert "vcs is a repository" in ended.err
    assert "odd is an archive that is not named as one of an index" in ended.err


def test_folders_are_left_out_and_said(shell: Shell, shop: IndexServer) -> None:
    text = whole(shop) + '\n[[packages]]\nname = "mine"\ndirectory = {path = ".", editable = true}\n'
    shell.write("pylock.toml", text)
    ended = mirror(shell, shop, "-q", "pylock.toml")
    assert ended.code == 0
    assert "warning: not in the mirror, being folders: mine (.)" in ended.err


def test_an_archive_by_its_url_is_mirrored_under_its_name(shell: Shell, shop: IndexServer) -> None:
    archive = served(shop, LIB_FILE, make_wheel("lib"))
    folder = made(shell, shop, lock(raw_package("lib", f"archive = {archive}")))
    assert f"simple/lib/{LIB_FILE}" in files_below(folder)


def test_an_archive_that_urls_allow_does_not_admit_is_refused(shell: Shell, shop: IndexServer) -> None:
    rules = shell.write("policy.toml", "[urls]\nallow = []\n")
    archive = served(shop, LIB_FILE, make_wheel("lib"))
    shell.write("pylock.toml", lock(raw_package("lib", f"archive = {archive}")))
    ended = mirror(shell, shop, "--policy", str(rules), "pylock.toml")
    assert (ended.code, shop.requests) == (10, [])
    assert "error[direct-url]" in ended.err


def test_formats_that_are_ruled_out_are_left_out_and_said(shell: Shell, shop: IndexServer) -> None:
    sdist = served(shop, "many-1.0.tar.gz", make_sdist("many"))
    wheel = served(shop, wheel_filename("many"), make_wheel("many"))
    shell.write("pylock.toml", lock(raw_package("many", f"sdist = {sdist}\nwheels = [{wheel}]")))
    ended = mirror(shell, shop, "--only-binary", ":all:", "pylock.toml")
    assert ended.code == 0
    assert "warning: left out by --only-binary or --no-binary: many-1.0.tar.gz" in ended.err
    assert [file["filename"] for file in listed(shell.folder / "mirror", "many")] == [wheel_filename("many")]


# --- Where it is written -----------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["simple/index.html", "simple/lib/index.html"])
def test_somebody_elses_pages_are_not_written_over(shell: Shell, shop: IndexServer, place: str) -> None:
    shell.write(f"mirror/{place}", "<html>theirs</html>")
    shell.write("pylock.toml", whole(shop))
    ended = mirror(shell, shop)
    assert (ended.code, shop.requests) == (1, [])
    assert "was not written by safepip mirror" in ended.err
    assert (shell.folder / "mirror" / place).read_text() == "<html>theirs</html>"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"meta": {"api-version": "2.0"}, "name": "lib", "files": []}',
        '{"name": "lib", "files": [{"filename": "x", "url": "x", "hashes": {}}]}',
        f'{{"name": "lib", "files": [{{"filename": "{LIB_FILE}", "url": "../{LIB_FILE}", "size": 1, "hashes": {ZEROS}}}]}}',
        '{"name": "lib", "files": [7]}',
    ],
    ids=["cut", "major", "no digest", "elsewhere", "malformed"],
)
def test_pages_that_cannot_be_relied_on_stop(shell: Shell, shop: IndexServer, text: str) -> None:
    shell.write("mirror/simple/lib/index.json", text)
    shell.write("pylock.toml", whole(shop))
    ended = mirror(shell, shop)
    assert (ended.code, shop.requests) == (1, [])
    assert "mirror/simple/lib/index.json" in ended.err
    assert (shell.folder / "mirror/simple/lib/index.json").read_text() == text


def test_the_folder_of_a_project_is_no_link(shell: Shell, shop: IndexServer) -> None:
    folder = made(shell, shop, whole(shop))
    elsewhere = (folder / "simple/lib").rename(shell.folder / "elsewhere")
    (folder / "simple/lib").symlink_to(elsewhere)
    before = {path: path.read_bytes() for path in everything_below(elsewhere)}
    shell.write("pylock.toml", lock(package(shop, "lib", "2.0")))
    ended = mirror(shell, shop)
    assert (ended.code, before) == (1, {path: path.read_bytes() for path in everything_below(elsewhere)})
    assert "mirror/simple/lib is a link" in ended.err


def test_a_file_where_the_folder_should_be_is_said(shell: Shell, shop: IndexServer) -> None:
    shell.write("mirror", "a file")
    shell.write("pylock.toml", whole(shop))
    ended = mirror(shell, shop)
    assert ended.code == 1
    assert "the mirror cannot be written" in ended.err


def test_a_wheelhouse_is_one_flat_folder(shell: Shell, shop: IndexServer) -> None:
    shell.write("pylock.toml", whole(shop))
    ended = mirror(shell, shop, "--wheelhouse", "pylock.toml")
    assert ended.code == 0, ended.err
    assert files_below(shell.folder / "mirror") == {APP_FILE, LIB_FILE}
    assert "safepip: mirror holds 2 files of 2 projects" in ended.err
    installed = pip(shell, "install", "--no-index", "--find-links", "mirror", "app")
    assert (installed.returncode, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), installed.stderr


def test_safepip_installs_from_the_wheelhouse(shell: Shell, shop: IndexServer) -> None:
    shell.write("pylock.toml", whole(shop))
    assert mirror(shell, shop, "--wheelhouse", "pylock.toml").code == 0
    ended = shell.safepip("install", "--no-index", "--find-links", "mirror", "app")
    assert (ended.code, shell.installed()) == (0, {"app-1.0", "lib-1.0"}), ended.err


def test_what_else_a_wheelhouse_holds_is_said(shell: Shell, shop: IndexServer) -> None:
    shell.write("pylock.toml", whole(shop))
    shell.write("mirror/stray-9.9-py3-none-any.whl", "x")
    ended = mirror(shell, shop, "--wheelhouse", "pylock.toml")
    assert ended.code == 0
    assert "the folder also holds what no lock names here: stray-9.9-py3-none-any.whl" in ended.err


# --- How it is asked for -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words,code,said",
    [
        (("pylock.toml",), 2, "mirror needs --to DIR"),
        (("--to",), 2, "--to option requires 1 argument"),
        (("--to", "", "pylock.toml"), 2, "mirror needs --to DIR"),
        (("--to", "m"), 1, "You must give at least one lock to mirror"),
        (("--to", "m", "-r", "requirements.txt", "pylock.toml"), 2, "mirror has no option -r"),
        (("--to", "m", "--target", "x", "pylock.toml"), 2, "mirror has no option --target"),
        (("--to", "m", "missing.toml"), 1, "Error reading pylock file 'missing.toml'"),
        (("--to", "m", "requirements.txt"), 1, "Invalid pylock file 'requirements.txt'"),
    ],
)
def test_what_cannot_be_meant_is_said(shell: Shell, words: tuple[str, ...], code: int, said: str) -> None:
    shell.write("requirements.txt", "lib==1.0\n")
    ended = shell.safepip("mirror", *words)
    assert (ended.code, files_below(shell.folder)) == (code, {"requirements.txt"})
    assert said in ended.err


def test_help_is_given(shell: Shell) -> None:
    ended = shell.safepip("mirror", "--help")
    assert ended.code == 0
    assert "safepip mirror [options] --to <dir> <pylock.toml> ..." in ended.out


def test_a_remote_lock_is_mirrored(shell: Shell, shop: IndexServer) -> None:
    shop.answer("/pylock.toml", Response(body=whole(shop).encode(), content_type="text/plain"))
    ended = mirror(shell, shop, f"{shop.origin}/pylock.toml")
    assert ended.code == 0, ended.err
    assert f"simple/lib/{LIB_FILE}" in files_below(shell.folder / "mirror")


def test_a_remote_lock_reaches_no_local_file(shell: Shell, shop: IndexServer) -> None:
    content = make_wheel("lib")
    (shell.folder / LIB_FILE).write_bytes(content)
    url = (shell.folder / LIB_FILE).as_uri()
    text = lock(raw_package("lib", f"wheels = [{raw_file(url, content)}]"))
    shop.answer("/pylock.toml", Response(body=text.encode(), content_type="text/plain"))
    ended = mirror(shell, shop, f"{shop.origin}/pylock.toml")
    assert ended.code == 10
    assert "error[remote-reaches-local]" in ended.err


def test_files_beside_a_local_lock_are_mirrored(shell: Shell, shop: IndexServer) -> None:
    content = make_wheel("lib")
    (shell.folder / "wheels").mkdir()
    (shell.folder / "wheels" / LIB_FILE).write_bytes(content)
    entry = f'wheels = [{{path = "wheels/{LIB_FILE}", hashes = {{sha256 = "{sha256(content)}"}}}}]'
    folder = made(shell, shop, lock(raw_package("lib", entry)))
    assert f"simple/lib/{LIB_FILE}" in files_below(folder)
    assert shop.requests == []


def test_every_file_goes_into_the_audit_log_and_the_record(shell: Shell, shop: IndexServer) -> None:
    shell.write("pylock.toml", whole(shop))
    log = shell.folder / "log.jsonl"
    ended = shell.safepip(
        "mirror", *trusting(shop), "--to", "mirror", "pylock.toml", environ={"SAFEPIP_LOG": str(log)}
    )
    assert ended.code == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["filename"] for line in lines if line["event"] == "artifact"} == {APP_FILE, LIB_FILE}
    assert {line["command"] for line in lines} == {"mirror"}
    text = whole(shop)
    honest = text.partition('sha256 = "')[2][:64]
    shell.write("pylock.toml", text.replace(honest, "0" * 64))
    ended = mirror(shell, shop)
    assert ended.code == 10
    assert "error[republished-file]: the lock names other bytes than before" in ended.err


def test_refusals_are_reported_as_json(shell: Shell, shop: IndexServer) -> None:
    shell.write("pylock.toml", whole(shop, hashes=f'md5 = "{"0" * 32}"'))
    ended = mirror(shell, shop, "--report-format", "json", "pylock.toml")
    assert ended.code == 10
    assert json.loads(ended.out)["findings"][0]["rule"] == "weak-digest"
