"""Asking indexes: listings and metadata, on threads, each thing once in a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from packaging.utils import NormalizedName

from safepip.core.errors import Refused, Undecided
from safepip.core.events import ProjectListed
from safepip.core.finding import Finding
from safepip.core.index import (
    Absent,
    Answer,
    FileEntry,
    Index,
    IndexKind,
    Listing,
    ProjectStatus,
    Serves,
    Unknown,
    WheelMetadata,
)
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place
from safepip.core.url import Url
from safepip.io.exchange import Reply, Request
from safepip.io.links import allows_plaintext, refuses_page_redirect
from safepip.io.local import LocalIndexes
from safepip.io.metadata import MetadataReader
from safepip.io.pages import CachedPage, PageCache
from safepip.io.workers import Workers
from safepip.simpleapi.filenames import belongs_to, is_archive
from safepip.simpleapi.negotiate import ACCEPT, parse_page
from safepip.simpleapi.page import PageError

if TYPE_CHECKING:
    from safepip.core.ports import EventSink
    from safepip.io.credentials import CredentialStore
    from safepip.io.http import Http
    from safepip.io.store import ArtifactStore

K = TypeVar("K")
V = TypeVar("V")
_OK, _NOT_MODIFIED, _UNAUTHORIZED = 200, 304, 401
_ABSENT = frozenset({404, 410})
_HINTS = {
    400: "check the URL; some servers answer so where no client certificate is shown: name it as client-cert",
    401: "the index wants credentials: put them in netrc or the keyring (with --no-input it is asked only"
    " where --keyring-provider subprocess says so)",
    403: "the index forbids it: check the credentials; if it answers so for what it does not have,"
    " set absent-status = [403] for it",
    407: "the proxy wants credentials: put them in the proxy's URL",
    429: "the index is asked too often; try again later",
}


class Indexes:
    """Implements :class:`safepip.core.ports.IndexClient`. Safe for threads."""

    def __init__(
        self,
        *,
        http: Http,
        store: ArtifactStore,
        pages: PageCache,
        credentials: CredentialStore,
        limits: Limits,
        sink: EventSink,
    ) -> None:
        self._http = http
        self._pages = pages
        self._credentials = credentials
        self._limits = limits
        self._sink = sink
        self._local = LocalIndexes(limits)
        self._reader = MetadataReader(http=http, store=store, credentials=credentials, limits=limits)
        self._workers = Workers(limits.page_workers, "safepip-index")
        self._listings: dict[tuple[str, str, str], Future[Answer]] = {}
        self._metadata: dict[tuple[str, FileEntry], Future[WheelMetadata]] = {}
        self._link_pages: dict[str, tuple[threading.Lock, list[Listing]]] = {}
        self._lock = threading.Lock()

    def listing(self, index: Index, project: NormalizedName) -> Future[Answer]:
        """See the port."""
        key = (index.name, index.url.without_secrets, project)
        return self._once(self._listings, key, lambda: self._answer(index, project))

    def metadata(self, index: Index, file: FileEntry) -> Future[WheelMetadata]:
        """See the port."""
        return self._once(self._metadata, (index.name, file), lambda: self._reader.read(index, file))

    def close(self) -> None:
        """Begin nothing new, and end all connections."""
        self._workers.close()
        self._http.close()

    def _once(self, begun: dict[K, Future[V]], key: K, call: Callable[[], V]) -> Future[V]:
        with self._lock:
            future = begun.get(key)
            if future is None:
                future = begun[key] = self._workers.submit(call)
            return future

    # -- on the workers' threads -----------------------------------------------------------------

    def _answer(self, index: Index, project: NormalizedName) -> Answer:
        place = Origin(layer=Layer.INDEX, kind=Place.INDEX, place=page_url(index, project).without_secrets)
        try:
            if index.kind.local:
                answer = self._local.answer(index, project)
            elif index.kind is IndexKind.LINKS:
                answer = self._links(index, project, place)
            else:
                answer = self._simple(index, project, place)
        except Refused as error:
            return Unknown(finding=error.findings[0])
        except Undecided as error:
            return Unknown(finding=_finding(error, place, index))
        except PageError as error:
            return Unknown(finding=_malformed(error, place, index))
        self._sink(ProjectListed(project=project, index=index.name))
        return answer

    def _simple(self, index: Index, project: NormalizedName, place: Origin) -> Answer:
        listing = self._page(index, page_url(index, project), project, place)
        if listing is None:
            return Absent()
        if listing.status is ProjectStatus.QUARANTINED:
            return Unknown(finding=_quarantined(listing, place, index))
        nothing = not (listing.files or listing.notes or listing.versions)
        return Absent() if nothing else Serves(listing=listing)

    def _links(self, index: Index, project: NormalizedName, place: Origin) -> Answer:
        """One page for all projects, fetched once; it is there or it is no answer."""
        if is_archive(index.url.filename):
            from safepip.simpleapi.html import single_file

            listed = Listing(project=project, index=index.name, files=(single_file(index.url),))
        else:
            listed = self._links_page(index, place)
        files = tuple(file for file in listed.files if belongs_to(file.filename, project))
        return Serves(listing=replace(listed, project=project, files=files)) if files else Absent()

    def _links_page(self, index: Index, place: Origin) -> Listing:
        with self._lock:
            lock, read = self._link_pages.setdefault(index.name, (threading.Lock(), []))
        with lock:
            if not read:
                page = self._page(index, index.url, None, place)
                if page is None:
                    raise Undecided(
                        "the page of links does not exist",
                        reference="index-unavailable",
                        hint="correct the URL, or leave it out",
                    )
                read.append(page)
            return read[0]

    def _page(self, index: Index, url: Url, project: NormalizedName | None, place: Origin) -> Listing | None:
        """The parsed page; None where the index says that it has none."""
        roots = self._http.roots(index.trust)
        cached = self._pages.read(index, url, ACCEPT, roots)
        reply = self._get(index, url, place, cached)
        if reply.status == _NOT_MODIFIED and cached is not None and reply.url.origin == cached.url.origin:
            return parse_page(
                cached.body,
                cached.content_type,
                cached.url,
                project,
                index_name=index.name,
                limits=self._limits,
            )
        if reply.status in _ABSENT | index.absent_statuses:
            return None
        if reply.status != _OK:
            raise Undecided(
                f"it answered with HTTP status {reply.status}",
                reference="index-unavailable",
                hint=_HINTS.get(reply.status, "try again; if it stays so, tell the index's operator"),
            )
        if not reply.delimited and not reply.body.rstrip().lower().endswith((b"</html>", b"}")):
            raise PageError("may have been cut short: the server did not say how long it is")
        content_type = reply.headers.get("content-type", "")
        listing = parse_page(
            reply.body, content_type, reply.url, project, index_name=index.name, limits=self._limits
        )
        self._pages.write(index, url, ACCEPT, roots, _to_cache(reply, content_type))
        return listing

    def _get(self, index: Index, url: Url, place: Origin, cached: CachedPage | None) -> Reply:
        request = Request(
            url=url,
            home=index.url,
            trust=index.trust,
            origin=place,
            max_bytes=self._limits.page_max_bytes,
            max_seconds=self._limits.page_max_seconds,
            accept=ACCEPT,
            headers=cached.conditions if cached else {},
            coded=True,
            body_of=frozenset({_OK}),
            credentials=lambda hop: self._credentials.for_index(hop, index),
            refuses_redirect=lambda hop: refuses_page_redirect(hop, index),
            allows_plaintext=allows_plaintext(index),
            subject=index.url.host,
            rule="plaintext-index",
        )
        sent = self._credentials.for_index(url, index)
        reply = self._http.get(request)
        if reply.status != _UNAUTHORIZED:
            return reply
        realm = reply.headers.get("www-authenticate", "")
        return self._http.get(request) if self._credentials.after_refusal(index, sent, realm) else reply


def page_url(index: Index, project: NormalizedName) -> Url:
    """Where the index has its page of the project (PEP 503); for other kinds the index itself."""
    if index.kind is not IndexKind.SIMPLE:
        return index.url
    return replace(index.url, path=f"{index.url.path.rstrip('/')}/{project}/", query="", fragment="")


def _to_cache(reply: Reply, content_type: str) -> CachedPage:
    return CachedPage(
        url=reply.url,
        content_type=content_type,
        etag=reply.headers.get("etag", ""),
        last_modified=reply.headers.get("last-modified", ""),
        body=reply.body,
    )


def _finding(error: Undecided, place: Origin, index: Index) -> Finding:
    return Finding(
        rule=error.reference,
        message=error.message
        if "gave no answer" in error.message
        else f"{index.label} gave no answer: {error.message}",
        origin=error.origin or place,
        subject=index.url.host or index.name,
        help=error.hint,
        decided_by="safepip's default (no answer is not the same as absent)",
        notes=error.notes,
    )


def _malformed(error: PageError, place: Origin, index: Index) -> Finding:
    return Finding(
        rule=error.rule,
        message=f"{index.label} gave no usable answer: its page {error}",
        origin=place,
        subject=index.url.host or index.name,
        help="check the index's URL (it usually ends in /simple); if it is right, tell the index's operator",
        decided_by="safepip's default (no answer is not the same as absent)",
    )


def _quarantined(listing: Listing, place: Origin, index: Index) -> Finding:
    return Finding(
        rule="quarantined-project",
        message=f"{listing.project} is quarantined by {index.name}: it may be malicious",
        origin=place,
        subject=listing.project,
        help="do not install it; look for the index's announcement",
        notes=(listing.status_reason,) if listing.status_reason else (),
    )
