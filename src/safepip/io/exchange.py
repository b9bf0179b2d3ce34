"""Requests and replies as the rest of :mod:`safepip.io` sees them, without the HTTP library."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TypeVar

from safepip.core.errors import Refused, Undecided
from safepip.core.finding import Finding
from safepip.core.index import Trust
from safepip.core.limits import Limits
from safepip.core.origin import Origin
from safepip.core.url import Credentials, Url
from safepip.core.value import value

E = TypeVar("E", bound=BaseException)
TRY_AGAIN = "try again; if it stays so, tell whoever runs the server"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def nobody(_url: Url) -> Credentials | None:
    """No credentials for anybody."""
    return None


def nowhere(_url: Url) -> str | None:
    """A redirect may stay on its own origin only."""
    return "only its own host is allowed"


@value
class Request:
    """One GET, with everything that decides where it may lead.

    Attributes:
        url: where it begins.
        home: the URL whose owner the trust settings belong to: client certificate, custom headers
            and the plaintext exemption count for its origin only.
        origin: place for findings: whose setting or page led here.
        max_bytes: ceiling of the body, decoded.
        max_seconds: ceiling for the whole exchange; None: only the pauses between bytes count.
        accept: the Accept header; empty: none.
        headers: sent to the first origin only.
        coded: whether a gzip content coding is asked for and undone (pages), or refused (files).
        body_of: statuses whose body is read; None: of every one.
        credentials: asked for each hop with the hop's own URL.
        refuses_redirect: why a redirect to this other origin is not allowed; None if it is. A hop
            on the same origin is always allowed, plain http never.
        allows_plaintext: whether ``home``, a loopback address, may be reached over plain http.
        subject: what findings name.
        rule: rule id for plain http at the first URL: ``plaintext-index`` or ``plaintext-link``.
    """

    url: Url
    home: Url
    trust: Trust
    origin: Origin
    max_bytes: int
    max_seconds: float | None = None
    accept: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    coded: bool = False
    body_of: frozenset[int] | None = None
    credentials: Callable[[Url], Credentials | None] = field(default=nobody, repr=False)
    refuses_redirect: Callable[[Url], str | None] = field(default=nowhere, repr=False)
    allows_plaintext: bool = False
    subject: str | None = None
    rule: str = "plaintext-link"


@value
class Reply:
    """A whole answer.

    Attributes:
        headers: names in lower case; of a repeated header the last.
        url: where the answer came from, after redirects.
        delimited: whether the server said where the body ends; else it may have been cut short.
    """

    status: int
    headers: Mapping[str, str]
    url: Url
    body: bytes = b""
    delimited: bool = True


@value
class Incoming:
    """An answer whose body is still to be read, once, from ``chunks``."""

    status: int
    headers: Mapping[str, str]
    url: Url
    chunks: Iterator[bytes] = field(repr=False)

    @property
    def announced_bytes(self) -> int | None:
        """Content-Length; None where there is none."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() else None


class ConnectionLost(Undecided):
    """The connection broke off after the answer had begun: what came may be resumed."""


def refuse_plaintext(url: Url, request: Request, *, redirected: bool) -> None:
    """Raise Refused where connecting to the URL would not be HTTPS."""
    if url.scheme == "https":
        return
    exempt = request.allows_plaintext and url.origin == request.home.origin and url.is_loopback
    if url.scheme == "http" and exempt:
        return
    rule = "plaintext-link" if redirected else request.rule
    what = "redirects to" if redirected else "is"
    raise Refused((
        Finding(
            rule=rule,
            message=f"{request.url if redirected else 'the URL'} {what} {url}, which is not https:"
            " anybody on the way could read and change what is installed",
            origin=request.origin,
            subject=request.subject or url.host,
            help="use a URL that starts with https://",
            decided_by="safepip's default (no setting allows plaintext)",
        ),
    ))  # fmt: skip


def refuse_redirect(url: Url, target: Url, request: Request) -> None:
    """Raise Refused where a redirect leads somewhere it may not."""
    refuse_plaintext(target, request, redirected=True)
    reason = "it carries credentials" if target.credentials else None
    if reason is None and target.origin != request.home.origin:
        reason = request.refuses_redirect(target)
    if reason is None:
        return
    raise Refused((
        Finding(
            rule="file-host",
            message=f"{url} redirects to {target}: {reason}",
            origin=request.origin,
            subject=request.subject or target.host,
            help=f"if {target.netloc} is meant, add it to the index's file-hosts in safepip.toml",
            decided_by="safepip's default",
        ),
    ))  # fmt: skip


def decoded(chunks: Iterable[bytes], coding: str, request: Request) -> Iterator[bytes]:
    """Undo a gzip coding, never holding more than the ceiling allows (IX-21)."""
    if coding in {"", "identity"}:
        yield from chunks
        return
    if coding not in {"gzip", "x-gzip"} or not request.coded:
        raise unavailable(
            request,
            f"{request.url} was sent with the content coding {coding!r}, which was not asked for",
            hint="the server must send files as they are",
        )
    inflater = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        waiting = chunk
        while waiting:
            if inflater.eof:  # another member of the same file (RFC 1952 §2.2)
                inflater = zlib.decompressobj(wbits=31)
            yield _inflate(inflater, waiting, request)
            waiting = inflater.unconsumed_tail or inflater.unused_data
    if not inflater.eof:
        raise ConnectionLost(
            f"{request.url}: the compressed answer was cut short",
            reference="index-unavailable",
            origin=request.origin,
            hint=TRY_AGAIN,
        )


def _inflate(inflater: zlib._Decompress, chunk: bytes, request: Request) -> bytes:
    try:
        return inflater.decompress(chunk, 1 << 20)
    except zlib.error as error:
        raise unavailable(request, f"{request.url}: the compressed answer is damaged ({error})") from None


def limited(chunks: Iterable[bytes], request: Request) -> Iterator[bytes]:
    """Pass chunks on until the ceiling is passed, then raise Undecided."""
    received = 0
    for chunk in chunks:
        received += len(chunk)
        if received > request.max_bytes:
            raise unavailable(request, f"{request.url} sends more than {request.max_bytes:,} bytes")
        yield chunk


def unavailable(
    request: Request, message: str, *, hint: str = TRY_AGAIN, notes: tuple[str, ...] = ()
) -> Undecided:
    """The failure that stands for "no answer"."""
    return Undecided(message, reference="index-unavailable", origin=request.origin, hint=hint, notes=notes)


def overdue(request: Request, limits: Limits) -> Undecided:
    """The failure of an exchange that took too long in all; it is not tried again."""
    seconds = request.max_seconds or limits.page_max_seconds
    return unavailable(request, f"{request.url} took longer than {seconds:g} seconds")


def cause_of(error: BaseException | None, kind: type[E]) -> E | None:
    """The exception of this kind among those that led to ``error``; None if there is none."""
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None
