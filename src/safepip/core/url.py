"""One parser for every URL that safepip connects to, compares or prints.

A URL is split once and what was split is what is connected to, so no two readers can disagree
(pip's secure-origin check and its connection can). ``str(url)``
never shows a secret.
"""

from __future__ import annotations

import ipaddress
import os
import re
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from safepip.core.value import value

DEFAULT_PORTS = {"https": 443, "http": 80}
_PORTS = {**DEFAULT_PORTS, "ssh": 22, "git+https": 443, "git+ssh": 22}
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\\u0080-\u00a0\u2028\u2029]")
_DRIVE = re.compile(r"/[A-Za-z]:")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\Z")


class UrlError(ValueError):
    """The text is not a URL that safepip is willing to read; the message says why."""


@value
class Credentials:
    """User name and password. Neither is ever shown: not by ``str``, not by ``repr``."""

    username: str
    password: str | None

    def __repr__(self) -> str:
        return "Credentials(****)"

    __str__ = __repr__


@value
class Url:
    """A parsed absolute URL. Compares by its canonical parts; userinfo takes part in equality.

    Attributes:
        scheme: lower case.
        host: lower case, IDNA-encoded, no trailing dot; empty for ``file``.
        port: None where it is the scheme's default.
        path: as written (percent-encoding kept); at least ``/`` for ``http`` and ``https``.
        query: without ``?``; empty if there is none.
        fragment: without ``#``; empty if there is none.
        credentials: the userinfo, percent-decoded; None if there is none.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str = ""
    fragment: str = ""
    credentials: Credentials | None = None

    @classmethod
    def parse(cls, text: str) -> Url:
        """Read an absolute URL.

        Raises:
            UrlError: control characters, white space, a backslash, no scheme, an unreadable
                host or port, or userinfo without a host.
        """
        if bad := _FORBIDDEN.search(text):
            raise UrlError(f"contains the character {bad[0]!r}, which different readers read differently")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise UrlError(str(error)) from None
        if not parts.scheme:
            raise UrlError("has no scheme, such as https")
        scheme = parts.scheme.lower()
        host = _host(parts.hostname, scheme)
        return cls(
            scheme=scheme,
            host=host,
            port=None if port == _PORTS.get(scheme) else port,
            path=parts.path or ("/" if scheme in DEFAULT_PORTS else ""),
            query=parts.query,
            fragment=parts.fragment,
            credentials=_credentials(parts.username, parts.password),
        )

    @property
    def netloc(self) -> str:
        """``host`` or ``host:port``; brackets around an IPv6 address; never userinfo."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port: what credentials belong to (RFC 6454)."""
        return (self.scheme, self.host, self.port)

    @property
    def filename(self) -> str:
        """Last path segment, percent-decoded once; empty if the path ends in a slash."""
        return unquote(self.path.rpartition("/")[2])

    @property
    def is_loopback(self) -> bool:
        """Whether the host can only be this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def without_secrets(self) -> str:
        """The text with the userinfo left out: what is sent, cached and compared."""
        return urlunsplit((self.scheme, self.netloc, self.path, self.query, self.fragment))

    @property
    def for_request(self) -> str:
        """The text to connect to: neither userinfo nor fragment."""
        return urlunsplit((self.scheme, self.netloc, self.path, self.query, ""))

    @property
    def local_path(self) -> str:
        """The path that a ``file`` URL names on this system (RFC 8089)."""
        path = unquote(self.path)
        if os.name != "nt":
            return path
        if self.host:
            return f"//{self.host}{path}".replace("/", "\\")
        return (path[1:] if _DRIVE.match(path) else path).replace("/", "\\")

    def join(self, reference: str) -> Url:
        """The URL that ``reference`` names on a page at this URL (RFC 3986 §5).

        Raises:
            UrlError: as :meth:`parse`; also for a reference with forbidden characters, which
                ``urljoin`` would silently drop.
        """
        if bad := _FORBIDDEN.search(reference):
            raise UrlError(f"contains the character {bad[0]!r}, which different readers read differently")
        try:
            joined = urljoin(self.without_secrets, reference)
        except ValueError as error:
            raise UrlError(str(error)) from None
        return Url.parse(joined)

    def __str__(self) -> str:
        netloc = f"****@{self.netloc}" if self.credentials else self.netloc
        return urlunsplit((self.scheme, netloc, self.path, self.query, self.fragment))

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"


def _host(hostname: str | None, scheme: str) -> str:
    host = (hostname or "").rstrip(".")
    if not host:
        if scheme in DEFAULT_PORTS:
            raise UrlError("has no host")
        return ""
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host).compressed
        except ValueError:
            raise UrlError(f"has the unreadable host {host!r}") from None
    try:
        ascii_host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise UrlError(f"has the unreadable host {host!r}") from None
    if not _HOST.match(ascii_host):
        raise UrlError(f"has the unreadable host {host!r}")
    return ascii_host


def _credentials(username: str | None, password: str | None) -> Credentials | None:
    if username is None and password is None:
        return None
    return Credentials(
        username=unquote(username or ""), password=None if password is None else unquote(password)
    )
