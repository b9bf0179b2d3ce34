"""An index on loopback, over HTTPS with a private authority, that misbehaves on demand.

>>> with IndexServer() as server:  # doctest: +SKIP
...     server.add_wheel(make_wheel("demo"), "demo-1.0-py3-none-any.whl")
...     trust = Trust(ca_bundle=server.ca_path)
...     index = Index(name="corp", url=Url.parse(server.url), trust=trust)

Unless told otherwise it answers JSON or HTML by ``Accept``, with ETags, metadata sidecars and byte
ranges; unknown paths are 404. :meth:`IndexServer.answer` puts crafted answers before these, and
``server.requests`` is the log of everything that was asked.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import html
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from packaging.utils import canonicalize_name

from tests.support import certificates
from tests.support.certificates import Certificate
from tests.support.wheels import metadata_of

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived. ``headers`` ignores case."""

    method: str
    path: str
    headers: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A crafted answer.

    Attributes:
        announced: Content-Length to send instead of the true one; negative: none at all.
        close_after: body bytes after which the connection is closed.
        delay_seconds: pause before the first byte; stops early when the server is stopped.
        chunk_delay_seconds: pause between pieces of 1 KiB of the body.
    """

    status: int = 200
    body: bytes = b""
    content_type: str | None = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: int | None = None
    close_after: int | None = None
    delay_seconds: float = 0.0
    chunk_delay_seconds: float = 0.0


def redirect(location: str, status: int = 302) -> Response:
    """A redirect to ``location``."""
    return Response(status=status, headers={"Location": location})


def gzip_bomb(size: int) -> Response:
    """A page that unpacks to ``size`` bytes."""
    body = gzip.compress(b"<!-- -->" * (size // 8))
    return Response(body=body, headers={"Content-Encoding": "gzip"})


class IndexServer:
    """A simple index and its files, as a context manager.

    Args:
        json, html: which page formats it speaks (``html`` only: ``text/html``).
        sidecars: whether pages offer metadata sidecars and the server has them.
        ranges: whether ``Range`` is honoured.
        etags: whether pages and files carry an ETag and ``If-None-Match`` gives 304.
        digests: whether pages give sha256 digests.
        credentials: ``(user, password)`` that every request needs; None: none.
        certificate: what it shows; ``hosts`` whom it is for (localhost and 127.0.0.1 if empty).
        plaintext: serve http instead.
        newest_tls: newest TLS version it speaks; ``asks_client``: demand a client certificate.
        latency_seconds: how long every answer is held back.
    """

    def __init__(
        self,
        *,
        json: bool = True,
        html: bool = True,
        sidecars: bool = True,
        ranges: bool = True,
        etags: bool = True,
        digests: bool = True,
        credentials: tuple[str, str] | None = None,
        certificate: Certificate = Certificate.GOOD,
        hosts: tuple[str, ...] = (),
        plaintext: bool = False,
        newest_tls: ssl.TLSVersion | None = None,
        asks_client: bool = False,
        latency_seconds: float = 0.0,
    ) -> None:
        self.latency_seconds = latency_seconds
        self.json, self.html, self.sidecars = json, html, sidecars
        self.ranges, self.etags, self.digests, self.credentials = ranges, etags, digests, credentials
        self.requests: list[Asked] = []
        self.connections = 0
        self._projects: dict[str, list[dict[str, Any]]] = {}
        self._page_keys: dict[str, dict[str, Any]] = {}
        self._files: dict[str, bytes] = {}
        self._crafted: dict[str, list[tuple[int | None, Response]]] = {}
        self._stopping = threading.Event()
        self._context = (
            None
            if plaintext
            else certificates.server_context(certificate, *hosts, newest=newest_tls, asks_client=asks_client)
        )
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    # -- addresses ---------------------------------------------------------------------------

    @property
    def ca_path(self) -> str:
        """PEM file of the authority that vouches for good certificates."""
        return certificates.ca_path()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        """``https://localhost:PORT`` (or ``http``), without a trailing slash."""
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    @property
    def url(self) -> str:
        """Base URL of the simple index, without a trailing slash."""
        return f"{self.origin}/simple"

    def paths_asked(self) -> list[str]:
        """The paths of all requests so far, in order."""
        return [asked.path for asked in self.requests]

    # -- content -----------------------------------------------------------------------------

    def add_wheel(self, content: bytes, filename: str, **page_fields: object) -> str:
        """Publish a wheel with its sidecar; returns its URL.

        ``page_fields`` are JSON keys of the file (``yanked``, ``upload-time`` as
        ``**{"upload-time": …}``, ``requires-python``, ``url``, ``hashes``, ``core-metadata``…); None
        leaves a key out. The HTML page says the same as far as HTML can.
        """
        url = self.add_file(content, filename, **page_fields)
        if self.sidecars:
            with contextlib.suppress(Exception):  # a broken wheel has no sidecar
                sidecar = metadata_of(content)
                self._files[f"/files/{filename}.metadata"] = sidecar
                entry = self._projects[_project(filename)][-1]
                if "core-metadata" not in page_fields:
                    entry["core-metadata"] = {"sha256": hashlib.sha256(sidecar).hexdigest()}
        return url

    def add_file(self, content: bytes, filename: str, **page_fields: object) -> str:
        """Publish any file (an sdist, a broken wheel) without a sidecar; returns its URL."""
        path = f"/files/{filename}"
        self._files[path] = content
        entry: dict[str, Any] = {"filename": filename, "url": self.origin + path, "size": len(content)}
        entry["hashes"] = {"sha256": hashlib.sha256(content).hexdigest()} if self.digests else {}
        entry |= page_fields
        self._projects.setdefault(_project(filename), []).append(
            {key: value for key, value in entry.items() if value is not None}
        )
        return self.origin + path

    def replace_file(self, filename: str, content: bytes) -> None:
        """Change the bytes of a published file while its page keeps the old digest."""
        self._files[f"/files/{filename}"] = content

    def remove_project(self, project: str) -> None:
        """Unpublish everything of a project: its page becomes 404."""
        del self._projects[canonicalize_name(project)]

    def set_page(self, project: str, **keys: object) -> None:
        """Top-level JSON keys of a project's page, such as ``**{"project-status": {…}}``."""
        self._page_keys.setdefault(canonicalize_name(project), {}).update(keys)
        self._projects.setdefault(canonicalize_name(project), [])

    def add_project_page(
        self, project: str, body: bytes | str, content_type: str | None = "text/html", **headers: str
    ) -> None:
        """Answer a crafted page for a project, for good."""
        content = body.encode() if isinstance(body, str) else body
        self.answer(
            self.page_path(project), Response(body=content, content_type=content_type, headers=headers)
        )

    @staticmethod
    def page_path(project: str) -> str:
        """``/simple/<normalised name>/``."""
        return f"/simple/{canonicalize_name(project)}/"

    # -- misbehaviour ------------------------------------------------------------------------

    def answer(self, path: str, response: Response, *, times: int | None = None) -> None:
        """Answer requests for the path (without query) so: ``times`` times, or (None) from then on.

        Counted answers come first, in order; of the lasting ones the last counts.
        """
        crafted = self._crafted.setdefault(path, [])
        counted = [one for one in crafted if one[0] is not None]
        lasting = [one for one in crafted if one[0] is None]
        if times is None:
            crafted[:] = [*counted, (None, response)]
        else:
            crafted[:] = [*counted, (times, response), *lasting]

    def redirect(self, path: str, location: str, status: int = 302) -> None:
        """Redirect the path, for good."""
        self.answer(path, redirect(location, status))

    def fail(self, path: str, status: int = 500, *, times: int | None = None, **headers: str) -> None:
        """Answer with an error status; ``Retry_After="0"`` gives a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer(path, Response(status=status, body=b"error", headers=named), times=times)

    def hang(self, path: str, seconds: float = 30.0) -> None:
        """Send nothing for a while."""
        self.answer(path, Response(delay_seconds=seconds))

    def close_mid_file(self, path: str, after: int, *, times: int | None = None) -> None:
        """Close the connection after ``after`` bytes of the true file."""
        body = self._files[path]
        headers = {"ETag": _etag(body)} if self.etags else {}
        response = Response(
            body=body[:after],
            content_type="application/octet-stream",
            headers=headers,
            announced=len(body),
            close_after=after,
        )
        self.answer(path, response, times=times)

    # -- running -----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join(5)

    # -- answering (called by the handler's threads) -------------------------------------------

    def respond(self, asked: Asked) -> Response:
        """The answer to one request."""
        path = asked.path.partition("?")[0]
        if self.credentials is not None and asked.headers.get("Authorization") != _basic(self.credentials):
            return Response(
                status=401, body=b"who are you?", headers={"WWW-Authenticate": 'Basic realm="test"'}
            )
        if crafted := self._take_crafted(path):
            return crafted
        if path in self._files:
            return self._file(self._files[path], asked)
        match = re.fullmatch(r"/simple/([^/]+)/", path)
        if match and match[1] in self._projects:
            return self._page(match[1], asked)
        return Response(status=404, body=b"<html><body>404 Not Found</body></html>")

    def _take_crafted(self, path: str) -> Response | None:
        waiting = self._crafted.get(path, [])
        while waiting:
            times, response = waiting[0]
            if times is None:
                return response
            if times > 0:
                waiting[0] = (times - 1, response)
                return response
            waiting.pop(0)
        return None

    def _page(self, project: str, asked: Asked) -> Response:
        wants_json = "json" in asked.headers.get("Accept", "")
        if self.json and (wants_json or not self.html):
            body, content_type = self._json_page(project), JSON_TYPE
        else:
            body, content_type = self._html_page(project), "text/html; charset=utf-8"
        if self.etags and asked.headers.get("If-None-Match") == _etag(body):
            return Response(status=304, content_type=None, headers={"ETag": _etag(body)})
        return Response(
            body=body, content_type=content_type, headers={"ETag": _etag(body)} if self.etags else {}
        )

    def _json_page(self, project: str) -> bytes:
        files = self._projects[project]
        versions = sorted({str(entry["filename"]).split("-")[1] for entry in files})
        page = {"meta": {"api-version": "1.1"}, "name": project, "files": files, "versions": versions}
        return json.dumps(page | self._page_keys.get(project, {})).encode()

    def _html_page(self, project: str) -> bytes:
        lines = ["<!DOCTYPE html><html><head>", '<meta name="pypi:repository-version" content="1.1">']
        status = self._page_keys.get(project, {}).get("project-status", {}).get("status")
        if status:
            lines.append(f'<meta name="pypi:project-status" content="{status}">')
        lines.append(f"<title>Links for {project}</title></head><body>")
        lines += [_anchor(entry) + "<br/>" for entry in self._projects[project]]
        return "\n".join([*lines, "</body></html>"]).encode()

    def _file(self, content: bytes, asked: Asked) -> Response:
        kind = "application/octet-stream"
        headers = {"ETag": _etag(content)} if self.etags else {}
        if self.ranges:
            headers["Accept-Ranges"] = "bytes"
            chosen = _range(asked.headers.get("Range"), len(content))
            condition = asked.headers.get("If-Range")
            if chosen == (-1, -1):
                unsatisfiable = {**headers, "Content-Range": f"bytes */{len(content)}"}
                return Response(status=416, headers=unsatisfiable)
            if chosen and condition in {None, _etag(content)}:
                first, last = chosen
                headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
                return Response(
                    status=206, body=content[first : last + 1], content_type=kind, headers=headers
                )
        return Response(body=content, content_type=kind, headers=headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, index: IndexServer) -> None:
        self.index = index
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Runs on the connection's own thread, so that a slow handshake blocks nobody else."""
        self.index.connections += 1
        context = self.index._context
        try:
            connection = context.wrap_socket(request, server_side=True) if context else request
        except (ssl.SSLError, OSError):
            return
        self._open.add(connection)
        try:
            super().finish_request(connection, client_address)
        finally:
            self._open.discard(connection)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what these tests are about."""

    def close_connections(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        asked = Asked(method=self.command, path=self.path, headers=self.headers)
        index = self.server.index
        index.requests.append(asked)
        response = index.respond(asked)
        if held := response.delay_seconds + index.latency_seconds:
            index._stopping.wait(held)
        body = b"" if self.command == "HEAD" else response.body
        self.wfile.write(self._head(response))
        for piece in _pieces(body, response):
            self.wfile.write(piece)
        if response.close_after is not None or (response.announced or 0) < 0:
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 - http.server calls it so
    do_POST = do_GET  # noqa: N815 - see above

    def _head(self, response: Response) -> bytes:
        lines = [f"HTTP/1.1 {response.status} Crafted"]
        announced = len(response.body) if response.announced is None else response.announced
        if announced >= 0 and response.status != 304:
            lines.append(f"Content-Length: {announced}")
        if response.content_type is not None:
            lines.append(f"Content-Type: {response.content_type}")
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def log_message(self, *arguments: object) -> None:
        """Nothing: the log is :attr:`IndexServer.requests`."""


def _pieces(body: bytes, response: Response) -> Iterator[bytes]:
    if response.close_after is not None:
        body = body[: response.close_after]
    if not response.chunk_delay_seconds:
        yield body
        return
    for start in range(0, len(body), 1024):
        yield body[start : start + 1024]
        time.sleep(response.chunk_delay_seconds)


def _anchor(entry: Mapping[str, Any]) -> str:
    digests = entry.get("hashes") or {}
    fragment = "".join(f"#{name}={value}" for name, value in list(digests.items())[:1])
    attributes = {"href": entry["url"] + fragment}
    if "requires-python" in entry:
        attributes["data-requires-python"] = entry["requires-python"]
    if entry.get("yanked"):
        attributes["data-yanked"] = "" if entry["yanked"] is True else entry["yanked"]
    if sidecar := entry.get("core-metadata"):
        attributes["data-core-metadata"] = (
            "true" if sidecar is True else "=".join(next(iter(sidecar.items())))
        )
    written = " ".join(f'{name}="{html.escape(str(value))}"' for name, value in attributes.items())
    return f"<a {written}>{html.escape(entry['filename'])}</a>"


def _project(filename: str) -> str:
    stem = filename.removesuffix(".tar.gz").removesuffix(".zip")
    return canonicalize_name(
        filename.split("-", maxsplit=1)[0] if filename.endswith(".whl") else stem.rpartition("-")[0]
    )


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _basic(credentials: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(credentials).encode()).decode()


def _range(header: str | None, length: int) -> tuple[int, int] | None:
    """First and last byte; None: no range asked for; (-1, -1): outside of the file."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if not match:
        return None
    if not match[1]:
        return max(0, length - int(match[2])), length - 1
    first = int(match[1])
    last = min(int(match[2]), length - 1) if match[2] else length - 1
    return (first, last) if first < length else (-1, -1)
