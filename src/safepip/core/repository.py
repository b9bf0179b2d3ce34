"""The address of a git repository, and the commit of it, as a requirement names them.

What is read here once is what policy's patterns are held against and what git is told to read, so that
both mean the same place. pip's form is ``git+https://HOST/PATH@REVISION`` (``pip._internal.vcs``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

from safepip.core.url import Credentials, Url, UrlError
from safepip.core.value import value

COMMIT_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z", re.IGNORECASE | re.ASCII)
"""A full commit id, of a repository with sha1 or sha256."""
_SCHEMES = frozenset({"git+https", "git+ssh"})
_LOGIN = re.compile(r"[a-z0-9_][a-z0-9_.-]*\Z", re.IGNORECASE | re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_WAYS = {"git+https": "https", "git+ssh": "ssh"}


class RepositoryError(ValueError):
    """The address is none that git is sent to; the message says why, as the end of "URL …".

    Attributes:
        hint: what to write instead.
    """

    def __init__(self, message: str, hint: str = "write it as git+https://HOST/PATH@COMMIT") -> None:
        super().__init__(message)
        self.hint = hint


@value
class Repository:
    """Where a repository is, and what of it is asked for.

    Attributes:
        url: with the scheme ``git+https`` or ``git+ssh``, as patterns of policy have it; neither query,
            fragment nor revision; a path without ``.`` and ``..``.
        revision: as written; empty where none is.
    """

    url: Url
    revision: str

    @property
    def commit(self) -> str | None:
        """The full commit id in lower case; None where the revision is none."""
        return self.revision.lower() if COMMIT_ID.match(self.revision) else None

    @property
    def address(self) -> Url:
        """What git connects to."""
        return replace(self.url, scheme=_WAYS[self.url.scheme])

    @property
    def shown(self) -> str:
        """The address without secrets; the name that SSH logs in with is none (PEP 610)."""
        address = self.address
        if address.scheme == "ssh" and address.credentials is not None:
            return f"ssh://{address.credentials.username}@{address.netloc}{address.path}"
        return address.without_secrets

    @property
    def how_to_pin(self) -> str:
        """How somebody learns the commit that is meant."""
        asked = f"git ls-remote {self.shown} {self.revision or 'HEAD'}"
        return f"`{asked}` prints the commit id: write all of it behind @"

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.url.path.rstrip("/").rpartition("/")[2]


def read_repository(target: str) -> Repository:
    """Read ``git+https://HOST/PATH@REVISION#…``.

    Raises:
        RepositoryError: git would have to go another way than over HTTPS or SSH, or two readers could
            take the address for two places.
    """
    try:
        url = Url.parse(target)
    except UrlError as error:
        raise RepositoryError(f"cannot be read: it {error}") from None
    if url.scheme not in _SCHEMES:
        raise RepositoryError(*_wrong_way(url.scheme))
    path, at, revision = url.path.rpartition("@")
    if not at:
        path, revision = url.path, ""
    _check_place(url, path)
    if url.scheme == "git+ssh":
        _check_login(url.credentials)
    return Repository(url=replace(url, path=path, query="", fragment=""), revision=revision)


def _wrong_way(scheme: str) -> tuple[str, str]:
    system = scheme.partition("+")[0]
    if system in {"hg", "svn", "bzr"}:
        return (
            f"uses {scheme}, and only git repositories are read",
            "name the project as an index serves it, or a wheel with its hash",
        )
    return f"uses {scheme}, and repositories are read by git over https or ssh", "write git+https://…"


def _check_place(url: Url, path: str) -> None:
    if not url.host:
        raise RepositoryError("names no host")
    if url.query:
        raise RepositoryError("has a query, which no repository's address needs")
    if not path.strip("/"):
        raise RepositoryError("names no repository of its host")
    plain = unquote(path)
    if _CONTROL.search(plain) or "%" in plain or (url.scheme == "git+ssh" and plain != path):
        raise RepositoryError("has escaped characters that different readers read differently")
    # Some servers drop what follows ";" in a folder's name, and climb then.
    if not {".", ".."}.isdisjoint(part.partition(";")[0] for part in plain.split("/")):
        raise RepositoryError("has '.' or '..' in its path", "write the path that is meant")


def _check_login(credentials: Credentials | None) -> None:
    """Only an account's name: ssh takes no password, and would take a name with a dash for an option."""
    if credentials is None:
        return
    if credentials.password is not None:
        raise RepositoryError("has a password, which ssh does not take", "log in with a key: leave it out")
    if not _LOGIN.match(credentials.username):
        raise RepositoryError("has a user name that is none", "write it as git+ssh://git@HOST/PATH@COMMIT")
