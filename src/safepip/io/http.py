"""The only module that speaks HTTP.

httpx's transports are used without its client, so that no cookies, redirects, environment or log of
URLs come along. HTTP/1.1 only: Python's HTTP/2 costs several times the processor time, and broke
when threads shared a connection.
"""

from __future__ import annotations

import contextlib
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace

import httpx

from safepip import __version__
from safepip.core.errors import Refused, Undecided
from safepip.core.index import Trust
from safepip.core.limits import Limits
from safepip.core.url import Url, UrlError
from safepip.core.value import value
from safepip.io.credentials import basic_authorization
from safepip.io.exchange import (
    ConnectionLost,
    Incoming,
    Reply,
    Request,
    cause_of,
    decoded,
    limited,
    overdue,
    refuse_plaintext,
    refuse_redirect,
    unavailable,
)
from safepip.io.proxies import Proxies
from safepip.io.retry import Patience
from safepip.io.tls import describe, fingerprint
from safepip.io.tls_failure import is_tls_failure, presented_certificate, tls_finding
from safepip.io.transports import hint_for, is_overdue, make_transport, within, words_of

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RANGE_HEADERS = frozenset({"Range", "If-Range"})
"""Say nothing about who asks, so they may follow a redirect; every other header stays at home."""
_WASTE_MAX_BYTES = 64 * 1024
"""Body of a redirect or error that is read to keep the connection; a longer one closes it."""
_WASTE_MAX_SECONDS = 2.0


def user_agent(pip_version: str = "") -> str:
    """What servers are told; found without running programs."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    pip = f" pip/{pip_version}" if pip_version else ""
    return f"safepip/{__version__}{pip} {sys.implementation.name}/{python} ({sys.platform})"


@value
class _Opened:
    """An answer of which the head was read."""

    response: httpx.Response
    reply: Reply

    @classmethod
    def of(cls, response: httpx.Response, url: Url) -> _Opened:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw
        }
        delimited = "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
        reply = Reply(status=response.status_code, headers=headers, url=url, delimited=delimited)
        return cls(response=response, reply=reply)

    def discard(self) -> None:
        """Read a short body, so that the connection can be used again; close on a long one."""
        if self.response.is_closed:
            return
        with (
            contextlib.suppress(httpx.TransportError),
            contextlib.closing(self.response),
            within(_WASTE_MAX_SECONDS),
        ):
            read = 0
            for chunk in self.response.iter_raw():
                read += len(chunk)
                if read > _WASTE_MAX_BYTES:
                    break


class Http:
    """Gets things over verified HTTPS. Safe for threads.

    Args:
        environ: for proxies and the roots of trust.
        proxy: ``--proxy``; empty text: no proxy at all; None: the environment's, if
            ``proxy_from_environment``.
    """

    def __init__(
        self,
        *,
        limits: Limits,
        environ: Mapping[str, str],
        proxy: str | None = None,
        proxy_from_environment: bool = True,
        agent: str = user_agent(),
    ) -> None:
        self._limits = limits
        self._environ = environ
        self._proxies = Proxies.read(proxy, from_environment=proxy_from_environment)
        self._agent = agent
        read = limits.read_timeout_seconds
        self._timeout = {"connect": limits.connect_timeout_seconds, "read": read, "write": read, "pool": None}
        self._transports: dict[tuple[Trust, str | None], httpx.HTTPTransport] = {}
        self._roots: dict[Trust, str] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._patience = Patience(limits, self._closing)

    def get(self, request: Request) -> Reply:
        """The whole answer, whatever its status; retried where that may help.

        Raises:
            Refused: plaintext, TLS failure, a redirect to where it may not lead.
            Undecided: no answer, or too much of one.
        """

        def attempt() -> _Opened:
            with within(request.max_seconds):
                return self._get_once(request)

        return self._patience.persist(request, attempt).reply

    @contextlib.contextmanager
    def stream(self, request: Request) -> Iterator[Incoming]:
        """An answer to be read piece by piece. Retried until the body begins; while it is read a
        broken connection is :class:`ConnectionLost`. Raises as :meth:`get`.
        """
        opened = self._patience.persist(request, lambda: self._begin(request))
        try:
            yield Incoming(
                status=opened.reply.status,
                headers=opened.reply.headers,
                url=opened.reply.url,
                chunks=limited(self._chunks(opened.response, request), request),
            )
        finally:
            opened.response.close()

    def describe(self, trust: Trust) -> str:
        """The roots in use, in words."""
        return describe(trust, self._environ)

    def roots(self, trust: Trust) -> str:
        """The roots in use, told apart by content."""
        with self._lock:
            if trust not in self._roots:
                self._roots[trust] = fingerprint(trust, self._environ)
            return self._roots[trust]

    def close(self) -> None:
        """End all connections. Requests under way fail."""
        self._closing.set()
        with self._lock:
            for transport in self._transports.values():
                transport.close()
            self._transports.clear()

    # -- one exchange --------------------------------------------------------------------------

    def _begin(self, request: Request) -> _Opened:
        # Only the head must come in good time; a long file may take its own.
        with within(self._limits.page_max_seconds):
            return self._open(request)

    def _get_once(self, request: Request) -> _Opened:
        opened = self._open(request)
        if request.body_of is not None and opened.reply.status not in request.body_of:
            opened.discard()
            return opened
        parts = []
        with contextlib.closing(opened.response):
            for chunk in limited(self._chunks(opened.response, request), request):
                parts.append(chunk)
                if is_overdue():
                    raise overdue(request, self._limits)
        return replace(opened, reply=replace(opened.reply, body=b"".join(parts)))

    def _open(self, request: Request) -> _Opened:
        """The first answer that is no redirect."""
        refuse_plaintext(request.url, request, redirected=False)
        url = request.url
        for _ in range(self._limits.redirects_max + 1):
            opened = _Opened.of(self._send(url, request), url)
            location = opened.reply.headers.get("location")
            if opened.reply.status not in _REDIRECTS or location is None:
                return opened
            opened.discard()
            try:
                target = url.join(location)
            except UrlError as error:
                raise unavailable(request, f"{url} redirects to an unreadable URL: it {error}") from None
            refuse_redirect(url, target, request)
            url = target
        raise unavailable(request, f"{request.url} redirects more than {self._limits.redirects_max} times")

    def _send(self, url: Url, request: Request) -> httpx.Response:
        prepared = self._prepare(url, request)
        at_home = url.origin == request.home.origin
        trust = request.trust if at_home else replace(request.trust, client_cert=None)
        with self._explained(url, request, trust):
            return self._transport(url, trust).handle_request(prepared)

    def _prepare(self, url: Url, request: Request) -> httpx.Request:
        """httpx reads the URL once more; what it reads must be what was judged."""
        headers = self._request_headers(url, request)
        try:
            prepared = httpx.Request(
                "GET",
                url.for_request,
                # As bytes, because an index's own ETag comes back to it, whatever is in it.
                headers=[(name.encode("ascii"), text.encode("latin-1")) for name, text in headers.items()],
                extensions={"timeout": self._timeout},
            )
            if prepared.url.raw_host.decode("ascii") == url.host:
                return prepared
            reason = "its host can be read in two ways"
        except (httpx.InvalidURL, UnicodeError) as error:
            reason = str(error)
        raise unavailable(request, f"the URL {str(url)[:200]} cannot be used: {reason}")

    def _request_headers(self, url: Url, request: Request) -> dict[str, str]:
        headers = {
            "User-Agent": self._agent,
            "Accept": request.accept or "*/*",
            "Accept-Encoding": "gzip" if request.coded else "identity",
        }
        at_home = url.origin == request.url.origin
        headers |= {
            name: value for name, value in request.headers.items() if at_home or name in _RANGE_HEADERS
        }
        credentials = request.credentials(url)
        if credentials is not None and (url.scheme == "https" or request.allows_plaintext):
            headers["Authorization"] = basic_authorization(credentials)
        return headers

    def _chunks(self, response: httpx.Response, request: Request) -> Iterator[bytes]:
        coding = response.headers.get("content-encoding", "").strip().lower()
        return decoded(self._raw(response, request), coding, request)

    def _raw(self, response: httpx.Response, request: Request) -> Iterator[bytes]:
        try:
            yield from response.iter_raw()
        except (httpx.TransportError, RuntimeError) as error:
            if is_overdue():
                raise overdue(request, self._limits) from None
            raise ConnectionLost(
                f"the connection to {request.url.netloc} broke off: {words_of(error, self._limits)}",
                reference="index-unavailable",
                origin=request.origin,
                hint="try again",
            ) from None

    # -- failures ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _explained(self, url: Url, request: Request, trust: Trust) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, RuntimeError) as error:  # RuntimeError: the pool was closed
            cause = cause_of(error, ssl.SSLError)
            if cause is not None and is_tls_failure(cause):
                presented = None if self._proxies.towards(url) else presented_certificate(url)
                roots = describe(trust, self._environ)
                raise Refused((tls_finding(cause, url, roots, request.origin, presented),)) from None
            if is_overdue():
                raise overdue(request, self._limits) from None
            failure = ConnectionLost if isinstance(error, httpx.TransportError) else Undecided
            raise failure(
                f"{url} gave no answer: {words_of(error, self._limits, self._proxies.towards(url))}",
                reference="index-unavailable",
                origin=request.origin,
                hint=hint_for(error, self._proxies.towards(url)),
            ) from None

    # -- connections -----------------------------------------------------------------------------

    def _transport(self, url: Url, trust: Trust) -> httpx.HTTPTransport:
        """The pool for this trust setting and proxy; made at first use."""
        proxy = self._proxies.towards(url)
        with self._lock:
            if self._closing.is_set():
                raise RuntimeError("closed")
            found = self._transports.get((trust, proxy))
            if found is None:
                found = make_transport(trust, proxy, self._environ)
                self._transports[trust, proxy] = found
            return found
