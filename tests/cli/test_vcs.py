"""Code of repositories from end to end: what policy admits, and every trick around it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Shell, publish
from support.repositories import GitServer, Repository
from support.sdists import ProjectSpec, project_files
from support.server import IndexServer

NO_INDEX = ("--no-index",)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "repositories") as serving:
        yield serving


@pytest.fixture
def demo(server: GitServer) -> Repository:
    return Repository.make(server.folder / "acme" / "demo.git")


def project(version: str = "1.0", **spec: object) -> dict[str, str]:
    return project_files(ProjectSpec(name="demo", version=version, **spec))  # type: ignore[arg-type]


def site_of(shell: Shell) -> Path:
    return next(shell.python.parent.parent.glob("lib/python*/site-packages"))


def direct_url(shell: Shell, name: str = "demo-1.0") -> dict[str, object]:
    return json.loads((site_of(shell) / f"{name}.dist-info" / "direct_url.json").read_text())


def admitting(shell: Shell, server: GitServer, rest: str = "") -> tuple[str, ...]:
    """Arguments with which the server's repositories may be installed."""
    shell.write("policy.toml", server.allowing(rest))
    return ("--policy", "policy.toml", "--cert", server.ca_path, *NO_INDEX)


def test_a_commit_is_built_and_installed(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project())

    ended = shell.safepip("install", server.requirement("acme/demo.git", commit), *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert direct_url(shell) == {
        "url": server.url("acme/demo.git"),
        "vcs_info": {"commit_id": commit, "requested_revision": commit, "vcs": "git"},
    }
    assert f"  Cloning {server.url('acme/demo.git')} (to revision {commit})" in ended.out.splitlines()


# --- What policy asks for -----------------------------------------------------------------------------


def test_without_a_policy_no_repository_is_read(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))

    ended = shell.safepip("install", requirement, "--cert", server.ca_path, *NO_INDEX)

    assert (ended.code, server.requests) == (10, [])
    assert "is not admitted by vcs.allow" in ended.err


@pytest.mark.parametrize(
    "pattern",
    [
        "git+https://{host}/acme/demo.git",
        "git+https://{host}/acme/*",
        "git+https://{host}/*",
        "git+https://*",
        "git+HTTPS://LOCALHOST:{port}/acme/*",
    ],
)
def test_patterns_admit_what_they_name(
    shell: Shell, server: GitServer, demo: Repository, pattern: str
) -> None:
    commit = demo.commit(project())
    written = pattern.format(host=server.netloc, port=server.netloc.partition(":")[2])
    shell.write("policy.toml", f'[vcs]\nallow = ["{written}"]\n')

    requirement = server.requirement("acme/demo.git", commit)
    ended = shell.safepip(
        "install", requirement, "--policy", "policy.toml", "--cert", server.ca_path, *NO_INDEX
    )

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


@pytest.mark.parametrize(
    "address",
    [
        "https://{host}/other/demo.git",
        "https://{host}/acmeevil/demo.git",
        "https://{host}/acme/../other/demo.git",
        "https://{host}/acme/%2e%2e/other/demo.git",
        "https://{host}/acme/..%2fother/demo.git",
        "https://{host}/acme%2f..%2fother/demo.git",
        "https://{host}/acme/..%3bx=y/other/demo.git",
        "https://{host}/acme/%252e%252e/other/demo.git",
        "https://{host}/ACME/demo.git",
        "https://{host}//acme/demo.git",
        "https://{host}/other/demo.git?x=/acme/",
        "https://{host}/other/demo.git?/acme/demo.git",
        "https://git.example:443@{host}/other/demo.git",
        "https://localhost.:1/acme/demo.git",
        "https://localhost/acme/demo.git",
        "https://127.0.0.1/acme/demo.git",
        "https://localhost.example/acme/demo.git",
        "ssh://git@{host}/acme/demo.git",
        "https:///acme/demo.git",
        "https://-oProxyCommand=touch/acme/demo.git",
        "https://{host}\\@git.example/acme/demo.git",
    ],
)
def test_no_trick_makes_an_address_match(
    shell: Shell, server: GitServer, demo: Repository, address: str
) -> None:
    commit = demo.commit(project())
    other = Repository.make(server.folder / "other" / "demo.git")
    other.git("fetch", "--quiet", str(demo.path), f"{commit}:refs/heads/main")
    shell.write("policy.toml", f'[vcs]\nallow = ["git+https://{server.netloc}/acme/*"]\n')
    requirement = f"demo @ git+{address.format(host=server.netloc)}@{commit}"

    ended = shell.safepip(
        "install", requirement, "--policy", "policy.toml", "--cert", server.ca_path, *NO_INDEX
    )

    assert (ended.code, shell.installed(), server.requests) == (10, set(), []), ended.err
    assert "unpinned-vcs" in ended.err


@pytest.mark.parametrize(
    "address",
    [
        "git+ssh://-oProxyCommand=touch@git.example/acme/demo.git",
        "git+ssh://git:s3cret@git.example/acme/demo.git",
        "git+ssh://git@-oProxyCommand=touch/acme/demo.git",
        "git+ssh://git@git.example/acme/%2e%2e/demo.git",
        "git+ssh://git@git.example:acme/demo.git",
        "git+file:///srv/demo.git",
        "hg+https://git.example/acme/demo",
        "svn+ssh://git.example/acme/demo",
        "bzr+https://git.example/acme/demo",
    ],
)
def test_other_ways_than_git_over_https_and_ssh_are_refused(shell: Shell, address: str) -> None:
    shell.write("policy.toml", '[vcs]\nallow = ["git+ssh://*", "git+https://*"]\n')

    ended = shell.safepip("install", f"demo @ {address}@{'1' * 40}", "--policy", "policy.toml", *NO_INDEX)

    assert ended.code == 10, ended.err
    assert "error[unpinned-vcs]" in ended.err


@pytest.mark.parametrize("address", ["git+http://git.example/demo.git", "git+git://git.example/demo.git"])
def test_plaintext_stays_plaintext(shell: Shell, address: str) -> None:
    ended = shell.safepip("install", f"demo @ {address}@{'1' * 40}", *NO_INDEX)

    assert (ended.code, "error[plaintext-link]" in ended.err) == (10, True)


@pytest.mark.parametrize("address", ["git+ext::sh -c touch% mark", "ext::sh", "git+fd::17", "git+-u./evil"])
def test_transports_that_run_programs_are_no_requirement(shell: Shell, address: str) -> None:
    ended = shell.safepip("install", f"demo @ {address}", *NO_INDEX)

    assert ended.code in {1, 10}
    assert not (shell.folder / "mark").exists()


@pytest.mark.parametrize("revision", ["", "@main", "@v1.0", "@0a1b2c3", "@refs/heads/main", "@" + "g" * 40])
def test_anything_but_a_full_commit_id_is_refused(
    shell: Shell, server: GitServer, demo: Repository, revision: str
) -> None:
    demo.commit(project(), tag="v1.0")
    requirement = f"demo @ git+{server.url('acme/demo.git')}{revision}"

    ended = shell.safepip("install", requirement, *admitting(shell, server))

    assert (ended.code, server.requests) == (10, [])
    assert "names no full commit id" in ended.err
    asked = revision.removeprefix("@") or "HEAD"
    assert f"`git ls-remote {server.url('acme/demo.git')} {asked}` prints the commit id" in ended.err


def test_an_exemption_does_not_say_which_commit(shell: Shell, server: GitServer, demo: Repository) -> None:
    demo.commit(project())
    requirement = f"demo @ git+{server.url('acme/demo.git')}@main"
    allowing = ("--allow", "unpinned-vcs:demo", "--reason", "test", "--cert", server.ca_path)

    ended = shell.safepip("install", requirement, *allowing, *NO_INDEX)

    assert (ended.code, server.requests) == (10, [])
    assert "no exemption reaches this far" in ended.err


def test_an_exemption_may_stand_in_for_the_address(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    allowing = ("--allow", "unpinned-vcs:demo", "--reason", "test", "--cert", server.ca_path)

    ended = shell.safepip("install", requirement, *allowing, *NO_INDEX)

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


@pytest.mark.parametrize(("mode", "code"), [("required", 10), ("files", 0), ("first-use", 0), ("index", 0)])
def test_only_the_strictest_mode_wants_more_than_a_commit_id(
    shell: Shell, server: GitServer, demo: Repository, mode: str, code: int
) -> None:
    shell.write("requirements.txt", server.requirement("acme/demo.git", demo.commit(project())) + "\n")
    policy = admitting(shell, server, f'[hashes]\nmode = "{mode}"\n')

    ended = shell.safepip("install", "-r", "requirements.txt", *policy)

    assert ended.code == code, ended.err
    assert ("unhashed-requirement" in ended.err) is (code != 0)


def test_require_hashes_refuses_repositories_as_pip_does(
    shell: Shell, server: GitServer, demo: Repository
) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))

    ended = shell.safepip("install", "--require-hashes", requirement, *admitting(shell, server))

    assert (ended.code, server.requests) == (10, [])


def test_a_repository_in_metadata_is_refused(shell: Shell, server: GitServer, demo: Repository) -> None:
    inner = server.requirement("acme/demo.git", demo.commit(project()))
    outer = Repository.make(server.folder / "acme" / "outer.git")
    commit = outer.commit(project_files(ProjectSpec(name="outer", requires=[inner])))

    ended = shell.safepip(
        "install", server.requirement("acme/outer.git", commit, "outer"), *admitting(shell, server)
    )

    assert (ended.code, shell.installed()) == (10, set())
    assert "transitive-url" in ended.err


# --- Where it may be written --------------------------------------------------------------------------


def test_a_subdirectory_is_built(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit({f"python/{path}": text for path, text in project().items()})
    requirement = server.requirement("acme/demo.git", commit) + "#subdirectory=python"

    ended = shell.safepip("install", requirement, *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert direct_url(shell)["subdirectory"] == "python"


@pytest.mark.parametrize("subdirectory", ["../..", "nowhere", "link", ".git/refs/tags", ".GIT"])
def test_a_subdirectory_outside_is_refused(
    shell: Shell, server: GitServer, demo: Repository, subdirectory: str
) -> None:
    commit = demo.commit(project(), tag="pyproject.toml")
    requirement = f"{server.requirement('acme/demo.git', commit)}#subdirectory={subdirectory}"

    ended = shell.safepip("install", requirement, *admitting(shell, server))

    assert (ended.code, shell.installed()) == (1, set())
    assert "error[subdirectory]" in ended.err


def test_a_bare_address_is_named_by_its_own_code(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project())

    ended = shell.safepip("install", f"git+{server.url('acme/demo.git')}@{commit}", *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


def test_another_name_than_its_own_is_refused(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project())

    ended = shell.safepip(
        "install", server.requirement("acme/demo.git", commit, "other"), *admitting(shell, server)
    )

    assert (ended.code, shell.installed()) == (1, set())
    assert "asks for other" in ended.err


def test_a_group_may_name_a_repository(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    shell.write("pyproject.toml", f'[dependency-groups]\ntools = ["{requirement}"]\n')

    ended = shell.safepip("install", "--group", "tools", *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


def lock(server: GitServer, commit: str, **entries: str) -> str:
    lines = {"type": "git", "url": server.url("acme/demo.git"), "commit-id": commit} | entries
    table = "".join(f'{key.replace("_", "-")} = "{text}"\n' for key, text in lines.items())
    return 'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "demo"\n[packages.vcs]\n' + table


def test_a_lock_may_name_a_repository(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project())
    shell.write("pylock.toml", lock(server, commit, requested_revision="main"))

    ended = shell.safepip("install", "-r", "pylock.toml", *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert direct_url(shell)["vcs_info"] == {"commit_id": commit, "requested_revision": commit, "vcs": "git"}


@pytest.mark.parametrize(
    "entries",
    [
        {"commit_id": "main"},
        {"url": "https://git.example/other/demo.git"},
        {"url": "ssh://git@git.example/other/demo.git"},
        {"type": "hg"},
        {"url": "file:///srv/demo.git"},
        {"url": "http://git.example/demo.git"},
    ],
)
def test_a_lock_says_no_more_than_policy(
    shell: Shell, server: GitServer, demo: Repository, entries: dict[str, str]
) -> None:
    commit = entries.pop("commit_id", None) or demo.commit(project())
    shell.write("pylock.toml", lock(server, commit, **entries))

    ended = shell.safepip("install", "-r", "pylock.toml", *admitting(shell, server))

    assert (ended.code, shell.installed(), server.requests) == (10, set(), []), ended.err


@pytest.mark.parametrize("way", ["url", "type", "commit_id"])
def test_a_lock_names_one_commit_and_means_it(
    shell: Shell, server: GitServer, demo: Repository, way: str
) -> None:
    """What stands behind a ``#`` is no part of the address, so another commit would count than is shown."""
    hidden, shown = demo.commit(project()), demo.commit(project("2.0"))
    entries = {
        "url": {"url": f"{server.url('acme/demo.git')}@{hidden}#"},
        "type": {"type": f"git+{server.url('acme/demo.git')}@{hidden}#"},
        "commit_id": {"commit_id": f"{hidden}#"},
    }[way]
    shell.write("pylock.toml", lock(server, entries.pop("commit_id", shown), **entries))

    ended = shell.safepip("install", "-r", "pylock.toml", *admitting(shell, server))

    assert (ended.code, shell.installed(), server.requests) == (1, set(), []), ended.err
    assert "a repository has neither fragment nor '#' in its commit id" in ended.err


# --- As pip does --------------------------------------------------------------------------------------


def test_what_is_installed_from_the_commit_is_frozen_as_such(
    shell: Shell, server: GitServer, demo: Repository
) -> None:
    commit = demo.commit(project())
    shell.safepip("install", server.requirement("acme/demo.git", commit), *admitting(shell, server))

    assert f"demo @ git+{server.url('acme/demo.git')}@{commit}" in shell.safepip("freeze").out


def test_the_same_version_is_left_in_place(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    shell.safepip("install", requirement, *admitting(shell, server))

    ended = shell.safepip("install", requirement, *admitting(shell, server))

    assert ended.code == 0
    assert "Successfully installed" not in ended.out


def test_the_report_has_the_commit(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project())
    words = ("install", "--dry-run", "--report", "report.json", server.requirement("acme/demo.git", commit))

    ended = shell.safepip(*words, *admitting(shell, server))

    assert ended.code == 0, ended.err
    (found,) = json.loads((shell.folder / "report.json").read_text())["install"]
    assert (found["is_direct"], found["download_info"]["vcs_info"]["commit_id"]) == (True, commit)


def test_wheel_builds_it(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))

    ended = shell.safepip("wheel", "-w", "wheels", requirement, *admitting(shell, server))

    assert ended.code == 0, ended.err
    assert [path.name for path in (shell.folder / "wheels").iterdir()] == ["demo-1.0-py3-none-any.whl"]


def test_an_editable_repository_is_refused_with_the_way_to_do_it(
    shell: Shell, server: GitServer, demo: Repository
) -> None:
    commit = demo.commit(project())
    address = f"git+{server.url('acme/demo.git')}@{commit}#egg=demo"

    ended = shell.safepip("install", "-e", address, *admitting(shell, server))

    assert (ended.code, server.requests) == (1, [])
    assert f"git clone {server.url('acme/demo.git')} FOLDER" in ended.err


def test_a_failing_build_leaves_nothing(
    shell: Shell, server: GitServer, demo: Repository, tmp_path: Path
) -> None:
    commit = demo.commit(project(at_build="raise SystemExit(7)"))
    (tmp_path / "temporary").mkdir()

    ended = shell.safepip(
        "install",
        server.requirement("acme/demo.git", commit),
        *admitting(shell, server),
        environ={"TMPDIR": str(tmp_path / "temporary")},
    )

    assert (ended.code, shell.installed()) == (1, set())
    assert list((tmp_path / "temporary").iterdir()) == []


VERSION_FROM_TAG = """\
import subprocess
said = subprocess.run(["git", "describe", "--tags", "--dirty"], capture_output=True, text=True)
assert said.stdout.strip() == "v3.0", said
assert subprocess.run(["git", "remote"], capture_output=True).stdout == b""
"""


def test_a_build_finds_the_tags_of_its_commit(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project(at_build=VERSION_FROM_TAG), tag="v3.0")

    ended = shell.safepip("install", server.requirement("acme/demo.git", commit), *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


def test_nothing_is_run_before_the_commit_is_there(shell: Shell, server: GitServer, demo: Repository) -> None:
    mark = shell.folder / "mark"
    demo.commit(project(mark=str(mark)))

    ended = shell.safepip("install", server.requirement("acme/demo.git", "1" * 40), *admitting(shell, server))

    assert (ended.code, mark.exists(), shell.installed()) == (1, False, set())
    assert "error[no-such-commit]" in ended.err or "has no commit" in ended.err


@pytest.mark.parametrize("userinfo", ["me:${TOKEN}@", "${TOKEN}@"])
def test_a_token_in_a_variable_reaches_the_host_and_no_file(
    shell: Shell, tmp_path: Path, userinfo: str
) -> None:
    expected = ("me", "s3cret") if ":" in userinfo else ("s3cret", "")
    with GitServer(tmp_path / "closed", credentials=expected) as server:
        demo = Repository.make(server.folder / "demo.git")
        commit = demo.commit(project())
        shell.write("requirements.txt", f"demo @ git+https://{userinfo}{server.netloc}/demo.git@{commit}\n")

        ended = shell.safepip(
            "install", "-r", "requirements.txt", *admitting(shell, server), environ={"TOKEN": "s3cret"}
        )

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert direct_url(shell)["url"] == server.url("demo.git")
    assert "s3cret" not in ended.out + ended.err


def test_a_token_in_a_file_is_refused(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project())
    address = f"demo @ git+https://me:s3cret@{server.netloc}/acme/demo.git@{commit}\n"
    shell.write("requirements.txt", address)

    ended = shell.safepip("install", "-r", "requirements.txt", *admitting(shell, server))

    assert (ended.code, server.requests) == (10, [])
    assert "credentials-in-url" in ended.err
    assert "s3cret" not in ended.err


def test_a_repository_has_no_file_to_download(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    shell.write("requirements.txt", requirement + "\n")

    for words in ((requirement,), ("-r", "requirements.txt"), ("--explain", requirement)):
        ended = shell.safepip("download", "-d", "saved", *words, *admitting(shell, server))

        assert (ended.code, server.requests, (shell.folder / "saved").exists()) == (1, [], False), ended.err
        assert "ERROR: a repository has no file to download" in ended.err
        assert "= note: demo" in ended.err


@pytest.mark.parametrize(
    "words", [("--hash=sha256:" + "0" * 64,), ("#sha256=" + "0" * 64,), ("#md5=" + "0" * 32,)]
)
def test_a_hash_that_nobody_can_check_is_refused(
    shell: Shell, server: GitServer, demo: Repository, words: tuple[str]
) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    separator = "" if words[0].startswith("#") else " "
    shell.write("requirements.txt", f"{requirement}{separator}{words[0]}\n")

    for mode in ("required", "index"):
        policy = admitting(shell, server, f'[hashes]\nmode = "{mode}"\n')
        ended = shell.safepip("install", "-r", "requirements.txt", *policy)

        assert (ended.code, server.requests) == (10, []), ended.err
        assert "unhashed-requirement" in ended.err


def test_wheel_of_an_editable_is_an_ordinary_one(shell: Shell, server: GitServer, demo: Repository) -> None:
    address = f"git+{server.url('acme/demo.git')}@{demo.commit(project())}#egg=demo"

    ended = shell.safepip("wheel", "-w", "wheels", "-e", address, *admitting(shell, server))

    assert ended.code == 0, ended.err
    assert [path.name for path in (shell.folder / "wheels").iterdir()] == ["demo-1.0-py3-none-any.whl"]


def processes_of(server: GitServer) -> list[str]:
    """Command lines of running processes that name the server."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found += [line] if server.netloc in line and "safepip" not in line else []
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_fetch_leaves_nothing(
    shell: Shell, server: GitServer, demo: Repository, tmp_path: Path, number: int
) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    server.answers["/acme"] = (0, "", b"")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "safepip", "--python", str(shell.python), "install", requirement]
    running = subprocess.Popen(
        [*command, *admitting(shell, server)],
        cwd=shell.folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while not server.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(server)

    running.send_signal(number)

    assert running.wait(30) != 0
    assert (processes_of(server), list(temporary.iterdir())) == ([], [])


def test_another_commit_of_the_same_version_takes_its_place(
    shell: Shell, server: GitServer, demo: Repository
) -> None:
    """pip leaves what is there, whatever it came from."""
    first, second = demo.commit(project()), demo.commit(project() | {"demo/__init__.py": "second = True\n"})
    for commit in (first, second):
        requirement = server.requirement("acme/demo.git", commit)
        assert shell.safepip("install", requirement, *admitting(shell, server)).code == 0

    assert (site_of(shell) / "demo" / "__init__.py").read_text() == "second = True\n"
    assert f"@{second}" in shell.safepip("freeze").out


@pytest.mark.parametrize("told", ["{}", "[]", "no json", '{"url": "x", "vcs_info": null}'])
def test_what_does_not_say_its_commit_is_replaced(
    shell: Shell, server: GitServer, demo: Repository, told: str
) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    shell.safepip("install", requirement, *admitting(shell, server))
    (site_of(shell) / "demo-1.0.dist-info" / "direct_url.json").write_text(told)

    ended = shell.safepip("install", requirement, *admitting(shell, server))

    assert "Successfully installed demo-1.0" in ended.out, ended.err


def test_a_repository_is_locked_by_its_commit(shell: Shell, server: GitServer, demo: Repository) -> None:
    commit = demo.commit(project())

    locked = shell.safepip("lock", server.requirement("acme/demo.git", commit), *admitting(shell, server))
    text = (shell.folder / "pylock.toml").read_text()
    ended = shell.safepip("install", "-r", "pylock.toml", *admitting(shell, server))

    assert (locked.code, ended.code, shell.installed()) == (0, 0, {"demo-1.0"}), locked.err + ended.err
    assert f'commit-id = "{commit}"' in text
    assert f'url = "{server.url("acme/demo.git")}"' in text


def test_a_lock_with_a_repository_beside_hashed_files_installs(
    shell: Shell, server: GitServer, demo: Repository
) -> None:
    """The commit id says what it is; the files say it with their hashes."""
    commit = demo.commit(project(requires=["lib"]))
    with IndexServer() as index:
        publish(index, "lib")
        entry = f'[[index]]\nname = "corp"\nurl = "{index.url}"\nca-bundle = "{index.ca_path}"\n'
        shell.write("policy.toml", server.allowing(entry))
        words = ("--policy", "policy.toml", "--cert", server.ca_path)

        locked = shell.safepip("lock", server.requirement("acme/demo.git", commit), *words)
        ended = shell.safepip("install", "-r", "pylock.toml", *words)

    assert (locked.code, ended.code) == (0, 0), locked.err + ended.err
    assert shell.installed() == {"demo-1.0", "lib-1.0"}


def test_a_script_may_name_a_repository(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    shell.write("script.py", f'# /// script\n# dependencies = ["{requirement}"]\n# ///\n')

    ended = shell.safepip("install", "--requirements-from-script", "script.py", *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


def test_a_commit_id_in_capitals_is_the_same_commit(
    shell: Shell, server: GitServer, demo: Repository
) -> None:
    commit = demo.commit(project())

    ended = shell.safepip(
        "install", server.requirement("acme/demo.git", commit.upper()), *admitting(shell, server)
    )

    assert ended.code == 0, ended.err
    assert direct_url(shell)["vcs_info"] == {
        "commit_id": commit,
        "requested_revision": commit.upper(),
        "vcs": "git",
    }


def test_without_isolation_it_is_built_as_well(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))

    ended = shell.safepip("install", "--no-build-isolation", requirement, *admitting(shell, server))

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err


def test_a_found_policy_admits_no_repository(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    shell.write("safepip.toml", server.allowing())

    ended = shell.safepip("install", requirement, "--cert", server.ca_path, *NO_INDEX)

    assert (ended.code, server.requests) == (10, [])


def test_a_found_policy_takes_repositories_away(shell: Shell, server: GitServer, demo: Repository) -> None:
    requirement = server.requirement("acme/demo.git", demo.commit(project()))
    shell.write("safepip.toml", '[vcs]\nallow = ["git+https://git.example/*"]\n')

    ended = shell.safepip("install", requirement, *admitting(shell, server))

    assert (ended.code, server.requests) == (10, []), ended.err


@pytest.mark.skipif(os.name == "nt", reason="the ssh of this test is a shell script")
def test_a_repository_over_ssh_is_installed(shell: Shell, demo: Repository) -> None:
    commit = demo.commit(project())
    ssh = shell.write("programs/ssh", '#!/bin/sh\nfor last in "$@"; do :; done\neval "$last"\n')
    ssh.chmod(0o755)
    shell.write("policy.toml", '[vcs]\nallow = ["git+ssh://git.example/*"]\n')
    address = f"ssh://git@git.example{demo.path}"

    ended = shell.safepip(
        *("install", f"demo @ git+{address}@{commit}", "--policy", "policy.toml", *NO_INDEX),
        environ={"PATH": f"{ssh.parent}{os.pathsep}{os.environ['PATH']}"},
    )

    assert (ended.code, shell.installed()) == (0, {"demo-1.0"}), ended.err
    assert direct_url(shell)["url"] == address
    assert f"demo @ git+{address}@{commit}" in shell.safepip("freeze").out
