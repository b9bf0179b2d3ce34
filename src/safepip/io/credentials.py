"""Who gets which user name and password: only the exact HTTPS origin they belong to.

In pip's order: userinfo of the index URL, then netrc; once the index has refused, keyring, then the
person at the terminal. pip also sends them over plain http, and a netrc ``default`` entry to every host; safepip does neither.
"""

from __future__ import annotations

import base64
import contextlib
import json
import netrc
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from safepip.core.index import Index
from safepip.core.url import Credentials, Url
from safepip.io.links import is_listed_host

Keyring = Callable[[str, str | None], Credentials | None]
"""Asked with a service (URL or host) and a user name, where one is known."""
Ask = Callable[[str, str | None], Credentials | None]
"""Asked with ``HOST`` or ``HOST:PORT`` and a user name, where one is known; None: no answer was given."""
_KEYRING_SECONDS = 60.0


class CredentialStore:
    """Finds credentials for a URL. Safe for threads.

    Args:
        netrc_path: None: none is read.
        keyring: None: never asked.
        ask: the person; None: nobody is there, or wants to be asked (``--no-input``).
    """

    def __init__(
        self, *, netrc_path: Path | None = None, keyring: Keyring | None = None, ask: Ask | None = None
    ) -> None:
        self._hosts = _read_netrc(netrc_path)
        self._keyring = keyring
        self._ask = ask
        self._told: dict[str, Credentials | None] = {}
        self._typed: dict[tuple[object, str, str | None], Credentials | None] = {}
        self._lock = threading.Lock()

    def for_index(self, url: Url, index: Index) -> Credentials | None:
        """Credentials for a request that serves the index: its pages, files, sidecars, redirects.

        Its own origin gets the index's own; hosts of its ``file-hosts`` get what netrc says about
        them by name; nobody else gets any.
        """
        if url.origin == index.url.origin:
            return self._own(index)
        if is_listed_host(url, index):
            return self._named(url)
        return None

    def for_url(self, url: Url, named: Url) -> Credentials | None:
        """Credentials for a single URL that the user named, or where it redirects (none)."""
        if url.origin != named.origin:
            return None
        return named.credentials or self._named(url)

    def after_refusal(self, index: Index, sent: Credentials | None, realm: str = "") -> bool:
        """Whether other credentials than those that were refused are known now.

        The keyring is asked, once for each index; then the person, once for each origin and realm,
        while everybody else waits. What is found is for this index: another one of the same host keeps
        its own.

        Args:
            sent: what the refused request carried; None: nothing.
            realm: the ``WWW-Authenticate`` header (RFC 9110 §11.5); empty: there was none.
        """
        if index.url.scheme != "https":
            return False
        with self._lock:
            key = index.url.without_secrets
            if key not in self._told:
                self._told[key] = self._ask_keyring(index.url) or self._ask_person(index.url, realm)
            told = self._told[key]
            return told is not None and told != sent

    def _ask_keyring(self, url: Url) -> Credentials | None:
        if self._keyring is None:
            return None
        name = url.credentials.username if url.credentials else None
        return self._keyring(url.without_secrets, name) or self._keyring(url.netloc, name)

    def _ask_person(self, url: Url, realm: str) -> Credentials | None:
        """As pip, who is not asked where the URL has a password already."""
        if self._ask is None or (url.credentials is not None and url.credentials.password is not None):
            return None
        name = url.credentials.username if url.credentials else None
        key = (url.origin, realm, name)
        if key not in self._typed:
            self._typed[key] = self._ask(url.netloc, name)
        return self._typed[key]

    def _own(self, index: Index) -> Credentials | None:
        url = index.url
        found = self._told.get(url.without_secrets) or url.credentials or self._named(url)
        if found is None and url.scheme == "https" and not index.direct:
            found = self._hosts.get("default")
        return found

    def _named(self, url: Url) -> Credentials | None:
        return self._hosts.get(url.host) if url.scheme == "https" and url.host != "default" else None


def basic_authorization(credentials: Credentials) -> str:
    """The ``Authorization`` header (RFC 7617); a token alone is the user name."""
    pair = f"{credentials.username}:{credentials.password or ''}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def find_netrc(environ: Mapping[str, str]) -> Path | None:
    """``$NETRC``, else ``~/.netrc`` or ``~/_netrc`` (as requests, and so pip)."""
    if named := environ.get("NETRC"):
        return Path(named)
    with contextlib.suppress(RuntimeError):
        home = Path("~").expanduser()
        return next((p for p in (home / ".netrc", home / "_netrc") if p.is_file()), None)
    return None


def keyring_program(search_path: str | None = None) -> Keyring | None:
    """Ask the ``keyring`` program on PATH (``--keyring-provider subprocess``); None: there is none.

    One in the working directory, where Windows looks first and a relative entry of PATH leads, is
    nobody's keyring: it came with whatever was checked out there.
    """
    folders = (os.environ.get("PATH", os.defpath) if search_path is None else search_path).split(os.pathsep)
    fixed = os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())
    program = shutil.which("keyring", path=fixed) if fixed else None
    if program is None or not Path(program).is_absolute():
        return None

    def ask(service: str, username: str | None) -> Credentials | None:
        arguments = [program, "--mode=creds", "--output=json", "get", service]
        try:
            answer = subprocess.run(
                arguments + ([username] if username else []),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=_KEYRING_SECONDS,
                check=True,
            )
            found = json.loads(answer.stdout)
            return Credentials(username=str(found["username"]), password=str(found["password"]))
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
            return None

    return ask


def _read_netrc(path: Path | None) -> dict[str, Credentials]:
    """Host, or ``default`` → credentials. As with pip, a file that cannot be read counts for nothing."""
    if path is None:
        return {}
    try:
        hosts = netrc.netrc(str(path)).hosts
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return {}
    return {
        host.lower() if host != "default" else host: Credentials(username=login or account, password=password)
        for host, (login, account, password) in hosts.items()
    }
