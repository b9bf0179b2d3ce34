"""One commit of a repository, brought by git: asked for by its id, and held to it afterwards.

Its files come first. Then its history and the repository's tags, without files where the server can leave them
out, since some projects tell their version by them. Nothing is looked up by a name that the server could
choose, and once all is there git may not go back for more: a repository with parts left out would.

A host that keeps a project and its forks in one place gives the commits of all of them at the address of
each. So a commit counts only if a branch or tag of this repository leads to it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from safepip.core.build import Commit
from safepip.core.errors import ApplyError, ResolutionError, SafepipError, Undecided, VerificationError
from safepip.core.index import Index
from safepip.core.limits import Limits
from safepip.core.origin import Origin
from safepip.core.repository import COMMIT_ID, Repository
from safepip.io.credentials import CredentialStore
from safepip.io.git_environ import Remote, check_version, git_environment, search_path
from safepip.io.git_process import Git, GitFailed, find_git, holds
from safepip.io.git_tree import TOP, Tree
from safepip.io.proxies import Proxies

_BRANCHES = "+refs/heads/*:refs/remotes/origin/*"
_TAG = "refs/tags/"
_TAGS = f"+{_TAG}*:{_TAG}*"
_SHOWN_NAMES = 5
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
_NOT_THERE = ("not our ref", "no such remote ref", "couldn't find remote ref")
_WHOLE_ONLY = ("dumb http transport", "unadvertised object", "shallow", "--depth")
"""What git says of servers that give whole branches or nothing."""
_SHA256_DIGITS = 64
_REFUSED = ("could not read Username", "Authentication failed", "error: 401", "error: 403")
_HINTS = (
    ("Host key verification failed", "connect to the host once with ssh, and compare its key"),
    ("Permission denied", "have the key in your ssh agent"),
    ("could not read Username", "keep its credentials in netrc or a keyring"),
    ("Authentication failed", "correct its credentials in netrc or the keyring"),
    ("returned error: 30", "the repository has moved: name the address it leads to"),
    ("unable to update url base from redirection", "the repository has moved: name the address it leads to"),
    ("returned error: 404", "check the address; a private repository is not found without credentials"),
    ("not found", "check the address; a private repository is not found without credentials"),
)
"""What git says, and what there is to do about it."""
_UNTRUSTED = "certificate"
_BAD_NAME = "invalid path"


class GitRepositories:
    """Implements :class:`safepip.core.workshop.Repositories`.

    Args:
        environ: safepip's own, of which git gets little.
        proxies: as for everything else that is fetched.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        credentials: CredentialStore,
        proxies: Proxies,
        limits: Limits = Limits(),
    ) -> None:
        self._environ = environ
        self._credentials = credentials
        self._proxies = proxies
        self._limits = limits

    def checkout(self, repository: Repository, commit: Commit, index: Index, folder: Path) -> Sequence[str]:
        """See the port."""
        private, tree = folder / "private", folder / TOP
        for made in (private, tree):
            made.mkdir(parents=True, mode=0o700)
        try:
            return self._brought(repository, commit, index, folder)
        finally:
            shutil.rmtree(private, ignore_errors=True)

    def _brought(self, repository: Repository, commit: Commit, index: Index, folder: Path) -> Sequence[str]:
        """With other credentials once those that were sent are refused, as long as there are any."""
        private, tree = folder / "private", folder / TOP
        program = find_git(search_path(self._environ))
        while True:
            sent = self._credentials.for_index(repository.address, index)
            remote = Remote(
                address=repository.address, trust=index.trust, proxies=self._proxies, credentials=sent
            )
            environ = git_environment(remote, self._environ, private, self._limits)
            git = Git(program, tree, environ, private, self._limits)
            try:
                return _Checkout(git, repository, commit, folder, index.origin).make()
            except GitFailed as failure:
                refused = any(words in str(failure) for words in _REFUSED)
                if not (refused and self._credentials.after_refusal(index, sent)):
                    raise _no_answer(repository, str(failure), index.origin) from None


class _Checkout:
    """One commit on its way to the disk.

    Args:
        asked: who wants it.
    """

    def __init__(self, git: Git, repository: Repository, commit: Commit, folder: Path, asked: Origin) -> None:
        self._git = git
        self._repository = repository
        self._commit = commit
        self._folder = folder
        self._asked = asked

    def make(self) -> Sequence[str]:
        """Fetch, check, write, and leave a repository that leads nowhere; lines for the person."""
        self._begin()
        self._fetch()
        self._expect_branch()
        notes = self._forget_names()
        tree = Tree(self._listed(), self._repository.shown, self._git.limits)
        self._write()
        self._check()
        tree.make_links(self._folder)
        self._list_names()
        self._cut_off()
        return (*notes, *self._unfetched(tree.submodules))

    def _begin(self) -> None:
        check_version(self._git.local("version").decode(errors="replace"))
        kind = "sha256" if len(self._commit.id) == _SHA256_DIGITS else "sha1"
        self._git.local("init", "--quiet", "--template=", f"--object-format={kind}")

    def _fetch(self) -> None:
        """The commit by its id, then what came before it; everything where a server gives nothing less."""
        try:
            self._git.run(*_FETCH, "--depth=1", "origin", self._commit.id)
        except GitFailed as failure:
            self._fetch_whole(str(failure))
            return
        self._expect_commit()
        self._git.run(*_FETCH, "--unshallow", "--filter=tree:0", "origin", self._commit.id, _TAGS)

    def _fetch_whole(self, why: str) -> None:
        if any(words in why for words in _NOT_THERE):
            raise self._missing(self._tags_and_branches())
        if not any(words in why for words in _WHOLE_ONLY):
            raise GitFailed(why)
        self._git.run(*_FETCH, "origin", _BRANCHES, _TAGS)
        self._expect_commit()

    def _expect_commit(self) -> None:
        """The id is that of a commit which is here, not of a tag or folder."""
        try:
            found = self._git.lines("rev-parse", "--verify", "--quiet", f"{self._commit.id}^{{commit}}")
        except GitFailed:
            found = []
        if found != [self._commit.id]:
            raise self._missing(self._tags_and_branches())

    def _tags_and_branches(self) -> list[str]:
        """Their names, as the server has them."""
        listed = self._git.run("ls-remote", "--quiet", "--heads", "--tags", "origin").decode(errors="replace")
        return [line.partition("\t")[2] for line in listed.split("\n") if line]

    def _expect_branch(self) -> None:
        """The commit is one of this repository: who may push to a fork cannot make a branch or tag of it here.

        A branch that the disk cannot hold beside another one (``A`` and ``a``) makes git fail, and does no harm.
        """
        if self._is_led_to():
            return
        failure: GitFailed | None = None
        try:
            self._git.run(*_FETCH, "--filter=tree:0", "origin", _BRANCHES)
        except GitFailed as error:
            failure = error
        if not self._is_led_to():
            raise failure or self._stranded()

    def _is_led_to(self) -> bool:
        return bool(self._git.local("for-each-ref", "--count=1", "--contains", self._commit.id))

    def _stranded(self) -> VerificationError:
        return VerificationError(
            f"no branch or tag of {self._repository.shown} leads to {self._commit.id}",
            reference="no-such-commit",
            origin=self._asked,
            notes=("a host gives the commits of forks, and of proposed changes, at this address too",),
            hint="name the fork's own address if its code is meant, or a commit that a branch or tag leads to",
        )

    def _forget_names(self) -> Sequence[str]:
        """Leave the tags only; one called like a commit would be taken for it by whoever looks it up by name."""
        names = self._git.lines("for-each-ref", "--format=%(refname)")
        likes = [name for name in names if name.startswith(_TAG) and COMMIT_ID.match(_last(name))]
        others = [name for name in names if name and not name.startswith(_TAG)]
        deletions = "".join(f"option no-deref\ndelete {name}\n" for name in (*likes, *others))
        self._git.local("update-ref", "--stdin", told=deletions.encode(errors="surrogateescape"))
        if not likes:
            return ()
        shown = ", ".join(map(_last, likes[:_SHOWN_NAMES])) + (", …" if len(likes) > _SHOWN_NAMES else "")
        return (f"{self._repository.shown} has tags called like a commit, which were left out: {shown}",)

    def _missing(self, names: Sequence[str]) -> SafepipError:
        shown, wanted = self._repository.shown, self._commit.id
        if any(_last(name).lower() == wanted for name in names):
            return VerificationError(
                f"{shown} has no commit {wanted}, but a branch or tag of that name",
                reference="no-such-commit",
                origin=self._asked,
                hint="do not use it: whoever named it so wants it to be taken for a commit",
            )
        return ResolutionError(
            f"{shown} has no commit {wanted}",
            reference="no-such-commit",
            origin=self._asked,
            hint=f"`git ls-remote {shown}` lists what its branches and tags are now",
        )

    def _listed(self) -> bytes:
        return self._git.local("ls-tree", "-r", "-z", "--full-tree", self._commit.id)

    def _write(self) -> None:
        self._git.local("update-ref", "--no-deref", "HEAD", self._commit.id)
        try:
            self._git.local("read-tree", "--reset", "-u", self._commit.id)
        except GitFailed as failure:
            if _BAD_NAME not in str(failure):
                raise
            raise VerificationError(
                f"{self._repository.shown} has names that some systems take for other places",
                reference="path-escape",
                origin=self._asked,
                notes=tuple(str(failure).split("\n")),
                hint="do not use it; tell whoever made it",
            ) from None

    def _check(self) -> None:
        """What was written is the commit's tree, and no more of it than a disk is meant to hold."""
        head = self._git.lines("rev-parse", "--verify", "HEAD^{commit}")
        written = self._git.lines("write-tree")
        wanted = self._git.lines("rev-parse", "--verify", f"{self._commit.id}^{{tree}}")
        if head != [self._commit.id] or written != wanted:
            raise VerificationError(
                f"{self._repository.shown} gave other files than those of {self._commit.id}",
                reference="no-such-commit",
                origin=self._asked,
                hint="do not use it; tell whoever runs the host",
            )
        if not holds(self._folder, self._git.limits.repository_max_bytes):
            raise GitFailed(f"it needs more than {self._git.limits.repository_max_bytes} bytes of disk")

    def _list_names(self) -> None:
        listed = self._git.local("for-each-ref", "--sort=refname", "--format=%(objectname) %(refname)")
        try:
            (self._folder / "names").write_bytes(listed)
        except OSError as error:
            raise ApplyError(f"the repository cannot be written: {error}", reference="disk") from None

    def _cut_off(self) -> None:
        """Leave history and tags to the build, and no remote: git is not to ask anybody any more."""
        repository = self._folder / TOP / ".git"
        lines = ["[core]", "repositoryformatversion = 0", "bare = false", "hooksPath = /dev/null"]
        if len(self._commit.id) == _SHA256_DIGITS:
            lines[1] = "repositoryformatversion = 1"
            lines += ["[extensions]", "objectFormat = sha256"]
        try:
            (repository / "config").write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            raise ApplyError(f"the repository cannot be written: {error}", reference="disk") from None

    def _unfetched(self, submodules: Sequence[str]) -> Sequence[str]:
        if not submodules:
            return ()
        shown = self._repository.shown
        return (f"WARNING: {shown} has submodules, which were not fetched: {', '.join(sorted(submodules))}",)


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _no_answer(repository: Repository, said: str, asked: Origin) -> Undecided:
    return Undecided(
        f"{repository.shown} could not be read by git",
        reference="tls-failure" if _UNTRUSTED in said else "repository-unavailable",
        origin=asked,
        notes=tuple(said.split("\n")),
        hint=next((hint for words, hint in _HINTS if words in said), "try again, or find out why"),
    )
