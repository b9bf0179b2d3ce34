"""A server that owns its bytes: what it sends need not be HTTP, nor end, nor begin."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Self

from tests.support.certificates import server_context

Behaviour = Callable[[socket.socket], None]
"""What to do with one connection, TLS done, request not yet read."""


class HostileServer:
    """Does one bad thing to everyone who connects, over TLS with a good certificate."""

    def __init__(self, behaviour: Behaviour, *, tls: bool = True) -> None:
        self.behaviour, self.connections = behaviour, 0
        self._context = server_context() if tls else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"https://localhost:{self.port}/simple"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *details: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError), connection:
            connection.settimeout(60)
            if self._context is None:
                self.behaviour(connection)
                return
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self.behaviour(secured)


def head(*lines: str, status: str = "200 OK") -> bytes:
    """The head of an HTTP/1.1 answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def closes_at_once(connection: socket.socket) -> None:
    """Hangs up before a word."""


def speaks_no_http(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"220 mail.example ESMTP ready\r\n" * 10)


def says_nothing(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(60)


def endless_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000_000):
        connection.sendall(f"X-Header-{number}: {'x' * 1000}\r\n".encode())


def stops_mid_page(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(head("Content-Type: text/html", "Content-Length: 1000000") + b"<!DOCTYPE html><a hre")


def redirects_forever(connection: socket.socket) -> None:
    for number in range(1000):
        if not connection.recv(65536):
            return
        line = f"Location: /simple/again-{number}/"
        connection.sendall(head(line, "Content-Length: 0", status="302 Found"))


def answers_html_garbage(connection: socket.socket) -> None:
    page = b"<html><head><title>Sign in</title></head><body><form>password</form></body></html>"
    while connection.recv(65536):
        connection.sendall(head("Content-Type: text/html", f"Content-Length: {len(page)}") + page)


def answers_binary_garbage(connection: socket.socket) -> None:
    page = bytes(range(256)) * 16
    kind = "Content-Type: application/vnd.pypi.simple.v1+json"
    while connection.recv(65536):
        connection.sendall(head(kind, f"Content-Length: {len(page)}") + page)


def always_500(connection: socket.socket) -> None:
    while connection.recv(65536):
        connection.sendall(head("Content-Length: 0", status="500 Internal Server Error"))


def speaks_plain_http(connection: socket.socket) -> None:
    """For ``tls=False``: an http server on the https port."""
    connection.recv(65536)
    connection.sendall(head("Content-Length: 0"))
