"""Texts that the user named: local files, and remote requirement, constraint and lock files."""

from __future__ import annotations

import codecs
import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.errors import Refused, Undecided
from safepip.core.finding import Finding
from safepip.core.index import Trust
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place
from safepip.core.url import Url, UrlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from safepip.io.credentials import CredentialStore
    from safepip.io.exchange import Request
    from safepip.io.http import Http

_OK = 200
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([^\s;\"']+)", re.IGNORECASE)
_PLAIN_CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1"})
"""In which a text of ASCII letters is the same bytes; whoever reads the text asks for UTF-8."""


class SystemFiles:
    """Implements :class:`safepip.core.ports.Files`.

    Args:
        connect: gives the HTTP client and the credentials; called at the first remote text only, so
            that runs without one never load the client.
        admits: whether policy allows the URL (``urls.allow``); asked for every redirect too.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], tuple[Http, CredentialStore]],
        trust: Trust | None = None,
        admits: Callable[[Url], bool] = lambda _: True,
        limits: Limits = Limits(),
    ) -> None:
        self._connect = connect
        self._trust = trust or Trust()
        self._admits = admits
        self._limits = limits

    def read_bytes(self, path: str) -> bytes:
        """Raises OSError, also for a file that has no end."""
        with Path(path).open("rb") as stream:
            content = stream.read(self._limits.local_text_max_bytes + 1)
        if len(content) > self._limits.local_text_max_bytes:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
        return content

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    def is_dir(self, path: str) -> bool:
        return os.path.isdir(path)

    def fetch_text(self, url: str) -> bytes:
        """A remote text, over verified HTTPS on every hop.

        Raises:
            Refused: plaintext, TLS failure, a URL or redirect that policy does not admit, a character
                set that can hide what the text says.
            Undecided: no answer, any status but 200, more than ``remote_text_max_bytes``, or a body of
                which nobody says where it ends.
        """
        origin = Origin(layer=Layer.OPERATOR, kind=Place.FILE, place=url)
        try:
            parsed = Url.parse(url)
        except UrlError as error:
            raise Undecided(
                f"the URL of a file {error}",
                reference="direct-url",
                origin=origin,
                hint="write it as https://HOST/PATH",
            ) from None
        origin = Origin(layer=Layer.OPERATOR, kind=Place.FILE, place=str(parsed))
        if parsed.scheme == "https" and not self._admits(parsed):
            raise Refused((_not_admitted(parsed, origin),))
        http, credentials = self._connect()
        reply = http.get(self._request(parsed, origin, credentials))
        if reply.status != _OK:
            raise Undecided(
                f"{parsed} answered with HTTP status {reply.status}",
                reference="index-unavailable",
                origin=origin,
                hint="check the URL, and the credentials in netrc if it needs any",
            )
        if not reply.delimited:
            raise Undecided(
                f"{parsed} did not say how long it is, so that its last lines may be missing",
                reference="index-unavailable",
                origin=origin,
                hint="have the server send Content-Length, or download the file and name the local copy",
            )
        _check_charset(reply.headers.get("content-type", ""), parsed, origin)
        return reply.body

    def _request(self, url: Url, origin: Origin, credentials: CredentialStore) -> Request:
        from safepip.io.exchange import Request

        return Request(
            url=url,
            home=url,
            trust=self._trust,
            origin=origin,
            max_bytes=self._limits.remote_text_max_bytes,
            max_seconds=self._limits.page_max_seconds,
            accept="text/plain, */*;q=0.1",
            coded=True,
            credentials=lambda hop: credentials.for_url(hop, url),
            refuses_redirect=lambda hop: None if self._admits(hop) else "policy's urls.allow has no such URL",
        )


def _not_admitted(url: Url, origin: Origin) -> Finding:
    return Finding(
        rule="direct-url",
        message=f"{url} is not among the URLs that policy allows",
        origin=origin,
        subject=url.host,
        help="add it to urls.allow, or use a local file",
        decided_by="urls.allow",
    )


def _check_charset(content_type: str, url: Url, origin: Origin) -> None:
    """Raise Refused for a text that pip, which believes this header, would read as another one."""
    named = _CHARSET.search(content_type)
    try:
        known = codecs.lookup(named[1]).name if named else "utf-8"
    except LookupError:
        known = ""
    if named and known not in _PLAIN_CHARSETS:
        finding = Finding(
            rule="misleading-file",
            message=f"{url} is served as {named[1]}, which can hide what it says",
            origin=origin,
            subject=url.host,
            help="have it served as UTF-8, or download it and save it as UTF-8",
        )
        raise Refused((finding,))
