"""Index pages on disk, so that an unchanged one costs a 304 instead of its bytes.

A cached page never decides by itself: it is only the body of an answer "304 Not Modified" to this
run's own request, so a yank or a quarantine counts at once (``max-age`` is ignored on purpose).
Entries are kept apart by index, trust setting, roots and Accept: what came over a connection verified
with other roots is never used, for whoever was trusted then may have sent his page with the ETag of
the true one. An entry is none where its bytes are not those that were written, where it was moved
from another page's place, or where anybody but this user can have written it: a page says which
digests are right, so nothing later would notice.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path

from safepip.core.index import Index
from safepip.core.url import Url
from safepip.core.value import value
from safepip.io.regular import open_regular

_FORMAT = 2
_HEAD_MAX_BYTES = 64 * 1024
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@value
class CachedPage:
    """One page as it was sent last.

    Attributes:
        url: where it came from in the end.
        etag, last_modified: validators; empty where the server gave none.
        body: decoded from its content coding.
    """

    url: Url
    content_type: str
    etag: str
    last_modified: str
    body: bytes

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that let the server answer 304 (RFC 9110 §13.1)."""
        found = {"If-None-Match": self.etag} if self.etag else {}
        return found | ({"If-Modified-Since": self.last_modified} if self.last_modified else {})


class PageCache:
    """Pages in a folder of their own. ``folder`` None: nothing is kept.

    Failures to read or write are no failures of the run: the page is fetched again.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, index: Index, url: Url, accept: str, roots: str) -> CachedPage | None:
        """The page as it was sent last; None if there is none, or it is not to be relied on.

        Args:
            roots: the roots of trust in use, see :func:`safepip.io.tls.fingerprint`.
        """
        if self._folder is None:
            return None
        try:
            path = self._path(index, url, accept, roots)
            with open_regular(path, own=True) as stream:
                head, body = stream.readline(_HEAD_MAX_BYTES), stream.read()
            known = json.loads(head)
            if known["format"] != _FORMAT or known["key"] != path.name:
                return None
            if known["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            return CachedPage(
                url=Url.parse(known["url"]),
                content_type=str(known["content_type"]),
                etag=str(known["etag"]),
                last_modified=str(known["last_modified"]),
                body=body,
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def write(self, index: Index, url: Url, accept: str, roots: str, page: CachedPage) -> None:
        """Keep a page that the server will be able to revalidate."""
        if self._folder is None or not page.conditions:
            return
        path = self._path(index, url, accept, roots)
        head = {
            "format": _FORMAT,
            "key": path.name,
            "url": page.url.without_secrets,
            "content_type": page.content_type,
            "etag": page.etag,
            "last_modified": page.last_modified,
            "sha256": hashlib.sha256(page.body).hexdigest(),
        }
        beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(beside, _NEW, 0o600), "wb") as stream:
                stream.write(json.dumps(head).encode() + b"\n" + page.body)
            beside.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()

    def _path(self, index: Index, url: Url, accept: str, roots: str) -> Path:
        assert self._folder is not None  # noqa: S101 - both callers have looked
        trust = index.trust
        parts = (
            index.url.without_secrets,
            url.without_secrets,
            accept,
            trust.ca_bundle or "",
            trust.client_cert or "",
            roots,
        )
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return self._folder / key[:2] / key
