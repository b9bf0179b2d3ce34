"""Commits brought by a real git over HTTPS on loopback, and what a repository may not do on the way."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from safepip.core.build import Commit
from safepip.core.errors import ResolutionError, SafepipError, Undecided, VerificationError
from safepip.core.index import Index, IndexKind, Trust
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place
from safepip.core.repository import read_repository
from safepip.core.url import Credentials
from safepip.io.credentials import CredentialStore
from safepip.io.git import GitRepositories
from safepip.io.proxies import Proxies
from tests.support import certificates
from tests.support.certificates import Certificate
from tests.support.repositories import GitServer, Repository

HERE = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=2, text="demo @ …")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "served") as serving:
        yield serving


@pytest.fixture
def demo(server: GitServer) -> Repository:
    return Repository.make(server.folder / "demo.git")


class Desk:
    """Brings commits to a folder, with an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {"PATH": os.environ["PATH"], "HOME": str(folder / "user")}
        self.store = CredentialStore()
        self.limits = Limits()
        self.trust = Trust(ca_bundle=certificates.ca_path())
        (folder / "user").mkdir()

    def bring(self, url: str, commit: str) -> Sequence[str]:
        repository = read_repository(f"git+{url}@{commit}")
        index = Index(
            name="direct",
            url=replace(repository.address, path="/"),
            kind=IndexKind.LINKS,
            origin=HERE,
            trust=self.trust,
            direct=True,
        )
        git = GitRepositories(self.environ, self.store, Proxies(), self.limits)
        return git.checkout(repository, Commit(system="git", requested=commit, id=commit), index, self.place)

    @property
    def place(self) -> Path:
        return self.folder / "brought"

    @property
    def tree(self) -> Path:
        return self.place / "tree"

    @property
    def files(self) -> dict[str, str]:
        found = (path for path in self.tree.rglob("*") if path.is_file() and ".git" not in path.parts)
        return {path.relative_to(self.tree).as_posix(): path.read_text() for path in found}

    def program(self, name: str, script: str) -> None:
        """A program that comes before the system's own on PATH."""
        path = self.folder / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.environ["PATH"] = f"{path.parent}{os.pathsep}{os.environ['PATH']}"

    def git(self, *arguments: str) -> str:
        """git as a build would run it, in what was brought."""
        environ = {"GIT_DIR": str(self.tree / ".git"), "GIT_WORK_TREE": str(self.tree), "LC_ALL": "C"}
        return Repository(self.tree).git(*arguments, **environ)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def refused(desk: Desk, url: str, commit: str) -> SafepipError:
    with pytest.raises(SafepipError) as caught:
        desk.bring(url, commit)
    return caught.value


# --- What comes ---------------------------------------------------------------------------------------


def test_the_files_of_the_commit_are_brought(desk: Desk, server: GitServer, demo: Repository) -> None:
    first = demo.commit({"a.txt": "first", "folder/b.txt": "b"})
    demo.commit({"a.txt": "second"})

    assert desk.bring(server.url("demo.git"), first) == ()
    assert desk.files == {"a.txt": "first", "folder/b.txt": "b"}
    assert not (desk.place / "private").exists()


def test_a_server_of_plain_files_will_do(tmp_path: Path, desk: Desk) -> None:
    with GitServer(tmp_path / "dumb", dumb=True) as server:
        demo = Repository.make(server.folder / "demo.git")
        first = demo.commit({"a.txt": "first"})
        demo.commit({"a.txt": "second"}, tag="v2")
        demo.git("update-server-info")

        desk.bring(server.url("demo.git"), first)

    assert desk.files == {"a.txt": "first"}


@pytest.mark.parametrize("newest", [True, False])
def test_servers_that_cannot_leave_anything_out_will_do(tmp_path: Path, desk: Desk, newest: bool) -> None:
    with GitServer(tmp_path / "old", newest_protocol=newest) as server:
        demo = Repository.make(server.folder / "demo.git")
        demo.git("config", "uploadpack.allowFilter", "false")
        demo.commit({"a.txt": "first"}, tag="v1")
        commit = demo.commit({"a.txt": "second"})
        demo.commit({"a.txt": "third"})

        desk.bring(server.url("demo.git"), commit)

    assert desk.files == {"a.txt": "second"}
    assert desk.git("describe", "--tags", "--dirty").startswith("v1-1-g")


@pytest.mark.parametrize("name", ["refs/heads/Other", "refs/tags/v1"])
def test_a_commit_that_any_branch_or_tag_leads_to_will_do(
    desk: Desk, server: GitServer, demo: Repository, name: str
) -> None:
    start = demo.commit({"a.txt": "kept"})
    beside = demo.commit({"a.txt": "beside"})
    demo.git("update-ref", name, demo.commit({"a.txt": "after"}))
    demo.git("update-ref", "refs/heads/main", start)

    desk.bring(server.url("demo.git"), beside)

    assert desk.files == {"a.txt": "beside"}
    assert (desk.place / "names").read_bytes().count(b"\n") == name.count("tags")


def test_a_repository_with_sha256_is_read(desk: Desk, server: GitServer) -> None:
    repository = Repository.make(server.folder / "new.git", object_format="sha256")
    commit = repository.commit({"a.txt": "a"}, tag="v1")

    desk.bring(server.url("new.git"), commit)

    assert (desk.files, desk.git("describe", "--tags")) == ({"a.txt": "a"}, "v1")


def test_tools_that_read_the_version_from_tags_find_them(
    desk: Desk, server: GitServer, demo: Repository
) -> None:
    demo.commit({"a.txt": "a"}, tag="v1.5")
    commit = demo.commit({"a.txt": "b", "link@": "a.txt"})

    desk.bring(server.url("demo.git"), commit)

    assert desk.git("describe", "--tags", "--dirty").startswith("v1.5-1-g")
    assert desk.git("rev-parse", "HEAD") == commit
    assert desk.git("status", "--porcelain") == ""
    assert desk.git("remote") == ""


def test_the_first_line_of_a_name_is_not_the_end_of_it(
    desk: Desk, server: GitServer, demo: Repository
) -> None:
    commit = demo.commit({"odd name é.txt": "x"})

    desk.bring(server.url("demo.git"), commit)

    assert desk.files == {"odd name é.txt": "x"}


# --- Which commit -------------------------------------------------------------------------------------


def test_a_commit_that_is_not_there_is_said(desk: Desk, server: GitServer, demo: Repository) -> None:
    demo.commit({"a.txt": "a"})

    error = refused(desk, server.url("demo.git"), "0" * 39 + "1")

    assert isinstance(error, ResolutionError)
    assert (error.reference, error.origin) == ("no-such-commit", HERE)


@pytest.mark.parametrize("space", ["refs/heads", "refs/tags"])
def test_a_name_like_a_commit_id_is_not_taken_for_the_commit(
    desk: Desk, server: GitServer, demo: Repository, space: str
) -> None:
    evil = demo.commit({"a.txt": "evil"})
    wanted = "1" * 40
    demo.git("update-ref", f"{space}/{wanted}", evil)

    error = refused(desk, server.url("demo.git"), wanted)

    assert isinstance(error, VerificationError)
    assert "a branch or tag of that name" in error.message
    assert desk.files == {}


@pytest.mark.parametrize("space", ["refs/heads", "refs/tags"])
def test_a_name_like_a_commit_id_does_not_hide_the_commit(
    desk: Desk, server: GitServer, demo: Repository, space: str
) -> None:
    wanted = demo.commit({"a.txt": "wanted"})
    evil = demo.commit({"a.txt": "evil"})
    demo.git("update-ref", f"{space}/{wanted}", evil)

    notes = desk.bring(server.url("demo.git"), wanted)

    assert desk.files == {"a.txt": "wanted"}
    assert [note for note in notes if "called like a commit" not in note] == []
    assert bool(notes) is (space == "refs/tags")  # no branch is left
    assert desk.git("rev-parse", "HEAD", wanted) == f"{wanted}\n{wanted}"
    assert wanted not in desk.git("for-each-ref", "--format=%(refname)")


def test_a_thousand_names_like_commit_ids_do_not_hold_up(
    desk: Desk, server: GitServer, demo: Repository
) -> None:
    wanted = demo.commit({"a.txt": "wanted"})
    lines = "".join(f"create refs/tags/{number:040x} {wanted}\n" for number in range(1000))
    demo.git("update-ref", "--stdin", stdin=lines.encode())
    real = next(p for p in os.environ["PATH"].split(os.pathsep) if Path(p, "git").exists())
    desk.program("git", f'echo "$@" >> {desk.folder / "argv"}\nexec {real}/git "$@"')

    (note,) = desk.bring(server.url("demo.git"), wanted)

    assert (desk.git("for-each-ref"), len(note) < 500) == ("", True)
    assert len((desk.folder / "argv").read_text().splitlines()) < 20


@pytest.mark.parametrize("dumb", [True, False])
@pytest.mark.parametrize("name", ["refs/pull/7/head", "refs/forks/evil/heads/main", "refs/notes/commits"])
def test_a_commit_of_somebody_elses_is_refused(tmp_path: Path, desk: Desk, name: str, dumb: bool) -> None:
    """Hosts keep forks and proposed changes in one store with the project, and give all of it at its address."""
    with GitServer(tmp_path / "host", dumb=dumb) as server:
        demo = Repository.make(server.folder / "demo.git")
        ours = demo.commit({"a.txt": "ours"}, tag="v1")
        theirs = demo.commit({"a.txt": "theirs"})
        demo.git("update-ref", name, theirs)
        demo.git("update-ref", "refs/heads/main", ours)
        demo.git("update-server-info")

        error = refused(desk, server.url("demo.git"), theirs)

    # A server of plain files is only asked for branches and tags.
    assert (error.reference, error.exit_code) == ("no-such-commit", 1 if dumb else 13)
    assert desk.files == {}


def test_the_id_of_a_tag_is_no_commit(desk: Desk, server: GitServer, demo: Repository) -> None:
    commit = demo.commit({"a.txt": "a"})
    demo.git("tag", "-a", "-m", "test", "v1", commit)
    tag = demo.git("rev-parse", "refs/tags/v1")

    assert tag != commit
    assert refused(desk, server.url("demo.git"), tag).reference == "no-such-commit"


def test_the_id_of_a_tree_is_no_commit(desk: Desk, server: GitServer, demo: Repository) -> None:
    commit = demo.commit({"a.txt": "a"})
    tree = demo.git("rev-parse", f"{commit}^{{tree}}")

    assert refused(desk, server.url("demo.git"), tree).reference == "no-such-commit"


# --- What a tree may hold -----------------------------------------------------------------------------


def test_links_inside_are_links(desk: Desk, server: GitServer, demo: Repository) -> None:
    commit = demo.commit({"folder/a.txt": "a", "folder/link@": "a.txt", "up/link@": "../folder/a.txt"})

    desk.bring(server.url("demo.git"), commit)

    assert (desk.tree / "up" / "link").readlink() == Path("../folder/a.txt")
    assert (desk.tree / "folder" / "link").read_text() == "a"


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../outside", "folder/../../outside", "..\\outside", "c:/x", ""]
)
def test_links_that_lead_out_are_refused(
    desk: Desk, server: GitServer, demo: Repository, target: str
) -> None:
    commit = demo.commit({"a.txt": "a", "link@": target})

    error = refused(desk, server.url("demo.git"), commit)

    assert (error.reference, error.exit_code) == ("path-escape", 13)
    assert not (desk.tree / "link").is_symlink()


def test_a_file_below_a_link_is_refused(desk: Desk, server: GitServer, demo: Repository) -> None:
    """git's own index cannot hold such a pair; a tree object can."""
    blob, link = demo.blob(b"evil"), demo.blob(b"/tmp")
    below = demo.tree(("100644", blob, b"evil"))
    tree = demo.tree(("120000", link, b"a"), ("40000", below, b"a"))

    error = refused(desk, server.url("demo.git"), demo.commit_tree(tree))

    assert error.reference in {"path-escape", "repository-unavailable"}
    assert desk.files == {}


@pytest.mark.parametrize(
    "name",
    [
        b".git",
        b".GIT",
        b"git~1",
        ".g\u200cit".encode(),
        b".git ",
        b"..",
        b".",
        b"a\\b",
        b"a\nb",
        b"c:x",
        b"\xff",
    ],
)
def test_names_that_reach_elsewhere_are_refused(
    desk: Desk, server: GitServer, demo: Repository, name: bytes
) -> None:
    tree = demo.tree(("100644", demo.blob(b"evil"), name))

    error = refused(desk, server.url("demo.git"), demo.commit_tree(tree))

    assert (error.reference, error.exit_code) == ("path-escape", 13)
    assert desk.files == {}


def test_a_folder_that_is_a_repository_of_its_own_is_refused(
    desk: Desk, server: GitServer, demo: Repository
) -> None:
    hook = demo.tree(("100755", demo.blob(b"evil"), b"post-checkout"))
    inner = demo.tree(("40000", hook, b"hooks"))
    tree = demo.tree(("40000", demo.tree(("40000", inner, b".git")), b"folder"))

    assert refused(desk, server.url("demo.git"), demo.commit_tree(tree)).reference == "path-escape"


def test_submodules_are_said_and_not_fetched(desk: Desk, server: GitServer, demo: Repository) -> None:
    other = Repository.make(server.folder / "other.git")
    inner = other.commit({"evil.txt": "evil"})
    modules = f'[submodule "sub"]\n\tpath = sub\n\turl = {server.url("other.git")}\n'
    commit = demo.commit({"a.txt": "a", ".gitmodules": modules, "sub+": inner})

    notes = desk.bring(server.url("demo.git"), commit)

    assert notes == (f"WARNING: {server.url('demo.git')} has submodules, which were not fetched: sub",)
    assert not [path for path, _ in server.requests if "other.git" in path]


def test_more_files_than_are_meant_are_refused(desk: Desk, server: GitServer, demo: Repository) -> None:
    desk.limits = replace(Limits(), sdist_entries_max=2)
    commit = demo.commit({"a": "a", "b": "b", "c": "c", "d": "d"})

    assert "more than 2" in refused(desk, server.url("demo.git"), commit).message


# --- What is not run or followed ----------------------------------------------------------------------


def everything_a_user_may_have_set(desk: Desk, mark: Path) -> Mapping[str, str]:
    """Configuration, variables and templates that would each run a program."""
    evil = f"touch {mark}"
    hooks = desk.folder / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\n{evil}\n")
        (hooks / name).chmod(0o755)
    config = (
        f"[core]\n\thooksPath = {hooks}\n\tfsmonitor = {evil}\n\tsshCommand = {evil}\n\taskPass = {evil}\n"
        f'[filter "evil"]\n\tsmudge = {evil}\n\trequired = true\n[credential]\n\thelper = "!{evil}"\n'
        f'[init]\n\ttemplateDir = {desk.folder / "template"}\n[url "ext::{evil} "]\n\tinsteadOf = https://\n'
        "[protocol]\n\tallow = always\n"
    )
    (desk.folder / "user" / ".gitconfig").write_text(config)
    return {
        "GIT_CONFIG_GLOBAL": str(desk.folder / "user" / ".gitconfig"),
        "GIT_CONFIG_SYSTEM": str(desk.folder / "user" / ".gitconfig"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.ext::{evil} .insteadOf",
        "GIT_CONFIG_VALUE_0": "https://",
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={evil}'",
        "GIT_TEMPLATE_DIR": str(desk.folder / "template"),
        "GIT_SSH_COMMAND": evil,
        "GIT_ASKPASS": str(hooks / "post-checkout"),
        "GIT_EXEC_PATH": str(hooks),
        "GIT_DIR": str(desk.folder / "elsewhere"),
        "GIT_WORK_TREE": str(desk.folder / "elsewhere"),
        "GIT_OBJECT_DIRECTORY": str(desk.folder / "elsewhere"),
        "GIT_ALLOW_PROTOCOL": "ext:file",
        "GIT_SSL_NO_VERIFY": "1",
        "GIT_TRACE": str(mark),
    }


def test_nothing_of_the_users_configuration_counts(desk: Desk, server: GitServer, demo: Repository) -> None:
    mark = desk.folder / "mark"
    desk.environ |= everything_a_user_may_have_set(desk, mark)
    commit = demo.commit({"a.txt": "a", ".gitattributes": "*.txt filter=evil diff=evil\n"})

    desk.bring(server.url("demo.git"), commit)

    assert (desk.files["a.txt"], mark.exists()) == ("a", False)
    assert not (desk.folder / "elsewhere").exists()


def test_a_git_of_the_working_directory_is_not_run(
    desk: Desk, server: GitServer, demo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.program("git", f"touch {desk.folder / 'mark'}")
    desk.environ["PATH"] = f".{os.pathsep}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.chdir(desk.folder / "programs")

    desk.bring(server.url("demo.git"), demo.commit({"a.txt": "a"}))

    assert (desk.files, (desk.folder / "mark").exists()) == ({"a.txt": "a"}, False)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirects_are_not_followed(desk: Desk, server: GitServer, demo: Repository, status: int) -> None:
    commit = demo.commit({"a.txt": "a"})
    server.answers["/old.git"] = (status, server.url("demo.git/info/refs?service=git-upload-pack"), b"")

    error = refused(desk, server.url("old.git"), commit)

    assert isinstance(error, Undecided)
    assert error.hint == "the repository has moved: name the address it leads to"
    assert not [path for path, _ in server.requests if "demo.git" in path]


@pytest.mark.parametrize("kind", [Certificate.UNKNOWN_CA, Certificate.WRONG_HOST, Certificate.EXPIRED])
def test_a_bad_certificate_ends_it(tmp_path: Path, desk: Desk, kind: Certificate) -> None:
    with GitServer(tmp_path / "bad", certificate=kind) as server:
        demo = Repository.make(server.folder / "demo.git")
        error = refused(desk, server.url("demo.git"), demo.commit({"a.txt": "a"}))

    assert (error.reference, error.exit_code) == ("tls-failure", 11)
    assert server.requests == []


def test_only_the_bundle_is_believed(desk: Desk, server: GitServer, demo: Repository) -> None:
    desk.trust = Trust(ca_bundle=certificates.other_ca_path())

    assert refused(desk, server.url("demo.git"), demo.commit({"a.txt": "a"})).reference == "tls-failure"


# --- Credentials --------------------------------------------------------------------------------------


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "closed", credentials=("me", "s3cret")) as serving:
        yield serving


def netrc(desk: Desk, text: str) -> CredentialStore:
    path = desk.folder / "netrc"
    path.write_text(text)
    return CredentialStore(netrc_path=path)


def test_credentials_reach_the_host_and_no_command_line(desk: Desk, closed: GitServer) -> None:
    commit = Repository.make(closed.folder / "demo.git").commit({"a.txt": "a"})
    desk.store = netrc(desk, "machine localhost login me password s3cret\n")
    real = next(p for p in os.environ["PATH"].split(os.pathsep) if Path(p, "git").exists())
    desk.program("git", f'echo "$@" >> {desk.folder / "argv"}\nexec {real}/git "$@"')

    desk.bring(closed.url("demo.git"), commit)

    written = (desk.folder / "argv").read_text() + "".join(
        path.read_text(errors="replace") for path in desk.place.rglob("*") if path.is_file()
    )
    assert desk.files == {"a.txt": "a"}
    assert all(text not in written for text in ("s3cret", "bWU6czNjcmV0"))


def test_the_keyring_is_asked_once_the_host_refuses(desk: Desk, closed: GitServer) -> None:
    commit = Repository.make(closed.folder / "demo.git").commit({"a.txt": "a"})
    asked: list[str] = []

    def keyring(service: str, username: str | None) -> Credentials | None:
        asked.append(service)
        return Credentials(username="me", password="s3cret") if service == closed.netloc else None

    desk.store = CredentialStore(keyring=keyring)

    desk.bring(closed.url("demo.git"), commit)

    assert (desk.files, asked[-1]) == ({"a.txt": "a"}, closed.netloc)


@pytest.mark.parametrize(
    "text", ["", "default login me password s3cret\n", "machine localhost login me password no\n"]
)
def test_without_the_right_credentials_nobody_waits_for_an_answer(
    desk: Desk, closed: GitServer, text: str
) -> None:
    commit = Repository.make(closed.folder / "demo.git").commit({"a.txt": "a"})
    desk.store = netrc(desk, text)
    (desk.folder / "user" / ".netrc").write_text("machine localhost login me password s3cret\n")

    error = refused(desk, closed.url("demo.git"), commit)

    assert isinstance(error, Undecided)
    assert "netrc" in str(error.hint)


# --- SSH ----------------------------------------------------------------------------------------------


def ssh_that_notes(desk: Desk) -> Path:
    """An ``ssh`` that notes its arguments, and runs what it is told on this machine."""
    said = desk.folder / "ssh"
    desk.program(
        "ssh",
        f'for one in "$@"; do echo "$one" >> {said}; last=$one; done\nPATH={os.environ["PATH"]}\neval "$last"',
    )
    return said


def test_a_commit_comes_over_ssh(desk: Desk, demo: Repository) -> None:
    said = ssh_that_notes(desk)
    commit = demo.commit({"a.txt": "a"})

    desk.bring(f"ssh://git@git.example:2222{demo.path}", commit)

    arguments = said.read_text().splitlines()
    assert desk.files == {"a.txt": "a"}
    assert {"-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oForwardAgent=no"} <= set(arguments)
    assert arguments.index("2222") < arguments.index("git@git.example")


def test_an_unknown_host_key_is_said(desk: Desk) -> None:
    desk.program("ssh", "echo 'Host key verification failed.' >&2; exit 255")

    error = refused(desk, "ssh://git@git.example/demo.git", "1" * 40)

    assert (error.reference, error.hint) == (
        "repository-unavailable",
        "connect to the host once with ssh, and compare its key",
    )


# --- Limits, and git itself ---------------------------------------------------------------------------


def test_a_host_that_says_nothing_is_left(desk: Desk, server: GitServer, demo: Repository) -> None:
    server.answers["/demo.git"] = (0, "", b"")
    desk.limits = replace(Limits(), repository_max_seconds=0.5)

    error = refused(desk, server.url("demo.git"), demo.commit({"a.txt": "a"}))

    assert error.notes == ("it took longer than 0.5 seconds",)


def test_a_repository_that_fills_the_disk_is_left(desk: Desk, server: GitServer, demo: Repository) -> None:
    desk.limits = replace(Limits(), repository_max_bytes=1 << 20)
    commit = demo.commit({"zeros": b"\0" * (8 << 20)})

    error = refused(desk, server.url("demo.git"), commit)

    assert error.notes == (f"it needs more than {1 << 20} bytes of disk",)


def test_a_missing_git_is_said_in_pips_words(desk: Desk) -> None:
    desk.environ["PATH"] = str(desk.folder / "nothing")

    error = refused(desk, "https://git.example/demo.git", "1" * 40)

    assert (error.reference, error.exit_code) == ("git", 1)
    assert error.message == "Cannot find command 'git' - do you have 'git' installed and in your PATH?"


@pytest.mark.parametrize("said", ["git version 2.30.9", "git version 1.8", "what?"])
def test_a_git_that_could_not_be_held_back_is_not_run(desk: Desk, said: str) -> None:
    desk.program("git", f'echo "$@" >> {desk.folder / "argv"}; echo "{said}"')

    assert refused(desk, "https://git.example/demo.git", "1" * 40).reference == "git"
    assert (desk.folder / "argv").read_text() == "version\n"


VERSION = 'case "$1" in version) echo "git version 2.50.0"; exit;; init) exit;; esac\n'


def test_a_full_disk_is_said(desk: Desk) -> None:
    desk.program("git", VERSION + "echo 'fatal: write error: No space left on device' >&2; exit 128")

    error = refused(desk, "https://git.example/demo.git", "1" * 40)

    assert (error.reference, error.exit_code) == ("disk", 1)


def test_a_git_that_says_too_much_is_ended(desk: Desk) -> None:
    desk.limits = replace(Limits(), repository_output_max_bytes=1 << 16)
    desk.program("git", VERSION + "exec yes")

    error = refused(desk, "https://git.example/demo.git", "1" * 40)

    assert error.notes == (f"git printed more than {1 << 16} bytes",)


def test_what_git_started_ends_with_it(desk: Desk) -> None:
    mark = desk.folder / "mark"
    desk.program("git", VERSION + f"(sleep 1; touch {mark}) & exit 128")

    refused(desk, "https://git.example/demo.git", "1" * 40)
    time.sleep(1.5)

    assert not mark.exists()


def test_a_server_of_plain_files_does_not_send_git_elsewhere(tmp_path: Path, desk: Desk) -> None:
    with GitServer(tmp_path / "dumb", dumb=True) as server, GitServer(tmp_path / "other", dumb=True) as other:
        demo = Repository.make(server.folder / "demo.git")
        commit = demo.commit({"a.txt": "a"})
        demo.git("update-server-info")
        copy = Repository.make(other.folder / "demo.git")
        copy.git("fetch", "--quiet", str(demo.path), f"{commit}:refs/heads/main")
        blob = demo.git("rev-parse", f"{commit}:a.txt")
        (demo.path / "objects" / blob[:2] / blob[2:]).unlink()
        info = demo.path / "objects" / "info"
        (info / "http-alternates").write_text(other.url("demo.git/objects/") + "\n")
        (info / "alternates").write_text(other.url("demo.git/objects/") + "\n")

        error = refused(desk, server.url("demo.git"), commit)

    assert error.reference == "repository-unavailable"
    assert [path for path, _ in server.requests if "alternates" in path]
    assert other.requests == []
