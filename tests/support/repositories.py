"""Git repositories made to order, and an HTTPS server on loopback that serves them.

>>> with GitServer(folder) as server:  # doctest: +SKIP
...     demo = Repository.make(folder / "demo.git")
...     commit = demo.commit({"a.txt": "a"})
...     server.url("demo.git")  # "https://localhost:PORT/demo.git"
"""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from tests.support import certificates
from tests.support.certificates import Certificate

_IDENTITY = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@git.example",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@git.example",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository."""

    path: Path

    @classmethod
    def make(cls, path: Path, *, object_format: str = "sha1") -> Self:
        """An empty one whose branch is ``main``."""
        made = cls(path)
        path.mkdir(parents=True)
        made.git("init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}")
        made.git("config", "uploadpack.allowFilter", "true")
        return made

    def git(self, *arguments: str, stdin: bytes = b"", **variables: str) -> str:
        """What git prints. Raises CalledProcessError."""
        environ = {"PATH": os.environ["PATH"], "GIT_DIR": str(self.path), **_IDENTITY, **variables}
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environ, input=stdin, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(self, files: Mapping[str, str | bytes], *, branch: str = "main", tag: str = "") -> str:
        """A commit on a branch that holds exactly these files; its id.

        A name that ends in ``@`` is a symbolic link, one that ends in ``+`` a submodule (a commit's id).
        """
        return self.commit_entries(
            [_entry(self, name, content) for name, content in files.items()], branch, tag
        )

    def commit_entries(self, entries: list[tuple[str, str, str]], branch: str = "main", tag: str = "") -> str:
        """The same of (mode, object id, path), whatever they are."""
        index = str(self.path / "test-index")
        Path(index).unlink(missing_ok=True)
        lines = "".join(f"{mode} {name}\t{path}\0" for mode, name, path in entries)
        self.git("update-index", "-z", "--index-info", stdin=lines.encode(), GIT_INDEX_FILE=index)
        return self.commit_tree(self.git("write-tree", GIT_INDEX_FILE=index), branch, tag)

    def commit_tree(self, tree: str, branch: str = "main", tag: str = "") -> str:
        """A commit of a tree that is there already."""
        with contextlib.suppress(subprocess.CalledProcessError):
            before = self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
            made = self.git("commit-tree", tree, "-p", before, "-m", "test")
            self.git("update-ref", f"refs/heads/{branch}", made)
            if tag:
                self.git("tag", tag, made)
            return made
        made = self.git("commit-tree", tree, "-m", "test")
        self.git("update-ref", f"refs/heads/{branch}", made)
        if tag:
            self.git("tag", tag, made)
        return made

    def blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def tree(self, *entries: tuple[str, str, bytes]) -> str:
        """A tree object as written: (mode, id, name), checked by nobody."""
        content = b"".join(
            mode.encode() + b" " + name + b"\0" + bytes.fromhex(blob) for mode, blob, name in entries
        )
        return self.git("hash-object", "-w", "--literally", "-t", "tree", "--stdin", stdin=content)


def _entry(repository: Repository, name: str, content: str | bytes) -> tuple[str, str, str]:
    data = content.encode() if isinstance(content, str) else content
    if name.endswith("@"):
        return "120000", repository.blob(data), name[:-1]
    if name.endswith("+"):
        return "160000", data.decode(), name[:-1]
    return "100644", repository.blob(data), name


class GitServer:
    """Serves every bare repository of a folder by git's own CGI program, over HTTPS.

    Attributes:
        dumb: whether it serves plain files; ``newest_protocol``: else whether it speaks more than git of 2010.
        credentials: ``(user, password)`` that every request needs; None: none.
        answers: status, Location and body to answer for paths that begin so.
        requests: ``METHOD PATH`` and the Authorization header of all requests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        credentials: tuple[str, str] | None = None,
        certificate: Certificate = Certificate.GOOD,
        dumb: bool = False,
        newest_protocol: bool = True,
    ) -> None:
        self.folder = folder
        self.credentials = credentials
        self.dumb = dumb
        self.newest_protocol = newest_protocol
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.stopping = threading.Event()
        self._context = certificates.server_context(certificate)
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    ca_path = property(lambda self: certificates.ca_path())

    @property
    def netloc(self) -> str:
        return f"localhost:{self._server.server_address[1]}"

    def url(self, path: str) -> str:
        return f"https://{self.netloc}/{path}"

    def requirement(self, path: str, commit: str, name: str = "demo") -> str:
        """``name @ git+https://…@commit``."""
        return f"{name} @ git+{self.url(path)}@{commit}"

    def allowing(self, rest: str = "") -> str:
        """A policy that admits the whole server."""
        return f'[vcs]\nallow = ["git+https://{self.netloc}/*"]\n{rest}'

    @property
    def context(self) -> ssl.SSLContext:
        return self._context

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, git: GitServer) -> None:
        self.git = git
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            connection = self.git.context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        try:
            super().finish_request(connection, client_address)
        finally:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        git = self.server.git
        git.requests.append((f"{self.command} {self.path}", self.headers.get("Authorization")))
        crafted = next((answer for path, answer in git.answers.items() if self.path.startswith(path)), None)
        if crafted is not None:
            self._answer(*crafted)
        elif git.credentials and self.headers.get("Authorization") != _basic(git.credentials):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="test"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif git.dumb:
            self._plain_file()
        else:
            self._run_backend()

    do_POST = do_GET  # noqa: N815 - http.server calls it so

    def _answer(self, status: int, location: str, body: bytes) -> None:
        if status == 0:
            self.server.git.stopping.wait(30)
            return
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _plain_file(self) -> None:
        path = self.server.git.folder / unquote(self.path.partition("?")[0]).lstrip("/")
        found = path.is_file()
        self._answer(200 if found else 404, "", path.read_bytes() if found else b"")

    def _run_backend(self) -> None:
        path, _, query = self.path.partition("?")
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_PROJECT_ROOT": str(self.server.git.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", "") if self.server.git.newest_protocol else "",
        }
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"], env=environ, input=body, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode("latin-1").split("\r\n") if line]
        said = {name: text for name, _, text in lines}
        said["Content-Length"] = str(len(content))
        self.send_response(int(said.pop("Status", "200").split()[0]))
        for name, text in said.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Nothing: the log is :attr:`GitServer.requests`."""


def _basic(credentials: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(credentials).encode()).decode()
