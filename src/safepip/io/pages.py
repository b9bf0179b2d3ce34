"""Index pages on disk, so that an unchanged one costs a 304 instead of its bytes.

A cached page never decides by itself: it is only the body of an answer "304 Not Modified" to this
run's own request, so a yank or a quarantine counts at once (``max-age`` is ignored on purpose).
Entries are kept apart by index, trust setting and Accept: what came over a connection verified with
other roots is never used. An entry whose bytes are not those that were written is no entry.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path

from safepip.core.index import Index
from safepip.core.url import Url, UrlError
from safepip.core.value import value

_FORMAT = 1
_HEAD_MAX_BYTES = 64 * 1024


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

    def read(self, index: Index, url: Url, accept: str) -> CachedPage | None:
        """The page as it was sent last; None if there is none, or its bytes were changed."""
        if self._folder is None:
            return None
        try:
            head, _, body = self._path(index, url, accept).read_bytes().partition(b"\n")
            known = json.loads(head) if len(head) <= _HEAD_MAX_BYTES else {}
            if known["format"] != _FORMAT or known["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            return CachedPage(
                url=Url.parse(known["url"]),
                content_type=str(known["content_type"]),
                etag=str(known["etag"]),
                last_modified=str(known["last_modified"]),
                body=body,
            )
        except (OSError, ValueError, KeyError, TypeError, UrlError):
            return None

    def write(self, index: Index, url: Url, accept: str, page: CachedPage) -> None:
        """Keep a page that the server will be able to revalidate."""
        if self._folder is None or not page.conditions:
            return
        head = {
            "format": _FORMAT,
            "url": page.url.without_secrets,
            "content_type": page.content_type,
            "etag": page.etag,
            "last_modified": page.last_modified,
            "sha256": hashlib.sha256(page.body).hexdigest(),
        }
        path = self._path(index, url, accept)
        beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.write_bytes(json.dumps(head).encode() + b"\n" + page.body)
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)

    def _path(self, index: Index, url: Url, accept: str) -> Path:
        assert self._folder is not None  # noqa: S101 - both callers have looked
        trust = index.trust
        parts = (
            index.url.without_secrets,
            url.without_secrets,
            accept,
            trust.ca_bundle or "",
            trust.client_cert or "",
            str(trust.honour_environment),
        )
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return self._folder / key[:2] / key
