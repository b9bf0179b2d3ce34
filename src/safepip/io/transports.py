"""Pools of connections for one trust setting and proxy, and a clock that runs for a whole exchange.

httpx limits the pause between two bytes only. A server that sends one byte now and then (of its
head, of a chunk's extension, of a redirect's body) would hold a run for days; :func:`within` ends it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpcore
import httpx

from safepip.core.errors import ConfigurationError
from safepip.core.index import Trust
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place
from safepip.io.exchange import cause_of
from safepip.io.tls import make_context

_CONNECTIONS = httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=30.0)
_VARIABLES = frozenset({"HTTPS_PROXY", "ALL_PROXY"})
_IN_WORDS = (
    (socket.gaierror, "its name cannot be resolved"),
    (ConnectionRefusedError, "the connection was refused"),
)
_exchange = threading.local()
"""``ends``: when the exchange that runs on this thread must be over; missing: never."""


@contextlib.contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Reads on this thread fail after so long in all, whatever comes; None: an outer limit stays."""
    outer = _ends()
    own = None if seconds is None else time.monotonic() + seconds
    _exchange.ends = outer if own is None else own if outer is None else min(own, outer)
    try:
        yield
    finally:
        _exchange.ends = outer


def renew(seconds: float) -> None:
    """Let the time of the innermost :func:`within` begin anew: what came so far was enough."""
    _exchange.ends = time.monotonic() + seconds


def is_overdue() -> bool:
    """Whether the time of :func:`within` is over."""
    ends = _ends()
    return ends is not None and time.monotonic() >= ends


def make_transport(trust: Trust, proxy: str | None, environ: Mapping[str, str]) -> httpx.HTTPTransport:
    """A pool of connections.

    Args:
        proxy: its URL, or ``host:port`` for an http one; None: connect directly.

    Raises:
        ConfigurationError: an unusable proxy, bundle or client certificate.
    """
    transport = httpx.HTTPTransport(
        verify=make_context(trust, environ),
        trust_env=False,
        limits=_CONNECTIONS,
        proxy=None if proxy is None else _proxy(proxy, trust, environ),
    )
    # httpx has no parameter for this; the tests of dripping servers fail if it stops working.
    transport._pool._network_backend = _TimedBackend()  # noqa: SLF001 - see above
    return transport


def _proxy(text: str, trust: Trust, environ: Mapping[str, str]) -> httpx.Proxy:
    """The proxy is not the index: it is verified with the same roots, but shown no client certificate."""
    url = text if "://" in text else f"http://{text}"
    scheme = url.partition(":")[0].lower()
    if scheme not in {"http", "https"}:
        raise _unusable(f"its scheme is {scheme!r}, and only http and https are known", text, environ)
    context = make_context(replace(trust, client_cert=None), environ) if scheme == "https" else None
    try:
        return httpx.Proxy(url, ssl_context=context)
    except (ValueError, httpx.InvalidURL) as error:
        raise _unusable(str(error), text, environ) from None


def _unusable(why: str, text: str, environ: Mapping[str, str]) -> ConfigurationError:
    """The error names the variable that says it, if it was one."""
    names = (name for name, value in environ.items() if name.upper() in _VARIABLES and value == text)
    variable = next(names, None)
    origin = variable and Origin(layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place=variable)
    return ConfigurationError(
        f"the proxy cannot be used: {why}",
        reference="proxy",
        origin=origin or None,
        hint="check --proxy, and the variables HTTPS_PROXY and ALL_PROXY",
    )


def words_of(error: Exception, limits: Limits, proxy: str | None = None) -> str:
    """Why a connection failed; ``proxy``: what it was to go through, if anything."""
    if proxy and isinstance(error, httpx.ConnectError):
        return f"no connection to the proxy: {words_of(error, limits)}"
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {limits.connect_timeout_seconds:g} seconds"
    if isinstance(error, httpx.TimeoutException):
        return f"nothing came for {limits.read_timeout_seconds:g} seconds"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refused: {error}"
    known = (words for kind, words in _IN_WORDS if cause_of(error, kind))
    return next(known, str(error) or type(error).__name__)


def hint_for(error: Exception, proxy: str | None = None) -> str:
    """What to do about it."""
    if isinstance(error, httpx.ProxyError) or (proxy and isinstance(error, httpx.ConnectError)):
        return "check the proxy: --proxy, and the variables HTTPS_PROXY and ALL_PROXY"
    if cause_of(error, socket.gaierror):
        return "check the spelling of the host, and the network"
    if cause_of(error, ConnectionRefusedError):
        return "check its host and port, and whether anything listens there"
    return "try again, or raise --timeout"


class _TimedBackend(httpcore.NetworkBackend):
    """Opens connections whose reads know :func:`within`."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._backend.connect_tcp(host, port, timeout, local_address, socket_options))


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        ends = _ends()
        if ends is not None:
            left = ends - time.monotonic()
            if left <= 0:
                raise httpcore.ReadTimeout("the time for the whole exchange is over")
            timeout = left if timeout is None else min(timeout, left)
        return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _ends() -> float | None:
    return getattr(_exchange, "ends", None)
