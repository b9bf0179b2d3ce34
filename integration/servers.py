"""Real index servers on loopback, started and stopped by the tests that use them.

nginx shows TLS from a private authority in front of everything; devpi and pypiserver speak plain
http behind it. All are context managers: when one is entered it answers, when it is left its
processes are gone.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import http.client
import io
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from packaging.utils import canonicalize_name

from tests.support.certificates import authority, ca_path

START_SECONDS = 60.0
USER, PASSWORD = "reader", "s3cret-Passw0rd"
JSON_TYPE = "application/vnd.pypi.simple.v1+json"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: Sequence[str], port: int, log: Path, **extra: str) -> Iterator[None]:
    """Run a server until the block ends; the block begins when its port accepts."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **extra})
        try:
            _wait(process, port, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start: {log.read_text(errors='replace')[-2000:]}")


# --- Static content ------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class StaticIndex:
    """A folder that a web server can serve as a simple index: pages in both formats, files, sidecars.

    Attributes:
        root: the folder; pages lie below ``simple/``, files below ``files/``.
        files_url: what links to files begin with.
        digests: name of the digest that pages give; empty: none.
        sidecars: whether metadata sidecars are offered.
    """

    root: Path
    files_url: str
    digests: str = "sha256"
    sidecars: bool = True
    projects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, content: bytes, filename: str, **fields: object) -> Path:
        """Publish a wheel and write its project's pages anew; returns the file's path."""
        path = self.root / "files" / filename
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        entry: dict[str, Any] = {
            "filename": filename,
            "url": f"{self.files_url}/{filename}",
            "size": len(content),
        }
        entry["hashes"] = (
            {self.digests: hashlib.new(self.digests, content).hexdigest()} if self.digests else {}
        )
        if self.sidecars:
            sidecar = metadata(content)
            path.with_name(f"{filename}.metadata").write_bytes(sidecar)
            entry["core-metadata"] = {"sha256": hashlib.sha256(sidecar).hexdigest()}
        project = canonicalize_name(filename.partition("-")[0])
        self.projects.setdefault(project, []).append(entry | fields)
        self._write(project)
        return path

    def mention(self, project: str, filename: str, sha256: str, requires_python: str | None) -> None:
        """List a file on its project's page without having it, to make pages as long as real ones."""
        entry: dict[str, Any] = {"filename": filename, "url": f"{self.files_url}/{filename}"}
        entry["hashes"] = {"sha256": sha256}
        if requires_python:
            entry["requires-python"] = requires_python
        self.projects.setdefault(project, []).append(entry)

    def _write(self, project: str) -> None:
        folder = self.root / "simple" / project
        folder.mkdir(parents=True, exist_ok=True)
        files = self.projects[project]
        page = {"meta": {"api-version": "1.1"}, "name": project, "files": files, "versions": []}
        (folder / "index.v1_json").write_text(json.dumps(page))
        anchors = "\n".join(_anchor(entry) for entry in files)
        (folder / "index.html").write_text(f"<!DOCTYPE html>\n<html><body>\n{anchors}\n</body></html>\n")


def metadata(wheel: bytes) -> bytes:
    """METADATA of a wheel; those of packages that it carries inside lie deeper and do not count."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        depth_one = [name for name in archive.namelist() if name.count("/") == 1]
        (member,) = [name for name in depth_one if name.endswith(".dist-info/METADATA")]
        return archive.read(member)


def _anchor(entry: Mapping[str, Any]) -> str:
    fragment = "".join(f"#{name}={value}" for name, value in entry["hashes"].items())
    attributes = ""
    if sidecar := entry.get("core-metadata"):
        attributes = f' data-core-metadata="sha256={sidecar["sha256"]}"'
    if requires := entry.get("requires-python"):
        attributes += f' data-requires-python="{html.escape(str(requires))}"'
    return f'<a href="{entry["url"]}{fragment}"{attributes}>{entry["filename"]}</a><br>'


# --- nginx ---------------------------------------------------------------------------------------

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    types {{ text/html html; application/octet-stream whl; }}
    default_type application/octet-stream;
    sendfile on; tcp_nopush on; keepalive_requests 100000;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:1m;
    map $http_accept $page {{ default index.html; "~application/vnd.pypi.simple.v1.json" index.v1_json; }}
{servers}
}}
"""
STATIC = """\
        root {root};
        location ~ "^/simple/[^/]+/$" {{ rewrite ^ $uri$page last; }}
        add_header Vary Accept;
        location ~ "/index.v1_json$" {{ internal; types {{ }} default_type application/vnd.pypi.simple.v1+json; }}
        location ~ "/index.html$" {{ internal; }}
        location / {{ }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One virtual host of nginx, on a port of its own.

    Attributes:
        root: folder of a :class:`StaticIndex`; or
        proxy: URL of a plain http server behind.
        password: basic authentication with :data:`USER` and :data:`PASSWORD`.
        client_certificate: demand one of the test authority.
        plaintext: http, which nobody should ever ask.
        directives: further lines, such as ``location = /x { return 500; }``.
    """

    root: Path | None = None
    proxy: str = ""
    password: bool = False
    client_certificate: bool = False
    plaintext: bool = False
    directives: str = ""
    port: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        return f"{'http' if self.plaintext else 'https'}://localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/simple"

    def with_password(self, user: str = USER, password: str = PASSWORD) -> str:
        """The index URL with user and password in it."""
        return f"https://{user}:{password}@localhost:{self.port}/simple"

    def rendered(self, folder: Path) -> str:
        lines = [f"    server {{ listen 127.0.0.1:{self.port}{'' if self.plaintext else ' ssl'};"]
        lines.append(f"        server_name localhost; access_log {folder}/{self.port}.log;")
        if self.password:
            lines.append(f"        auth_basic index; auth_basic_user_file {folder}/users;")
        if self.client_certificate:
            lines.append(f"        ssl_verify_client on; ssl_client_certificate {ca_path()};")
        lines.append(self.directives)
        if self.proxy:
            forward = f"proxy_pass {self.proxy}; proxy_set_header Host $http_host;"
            forward += ' proxy_set_header X-Forwarded-Proto https; proxy_set_header Authorization "";'
            lines.append(f"        location / {{ {forward} }}")
        else:
            lines.append(STATIC.format(root=self.root))
        return "\n".join([*lines, "    }"])


class Nginx:
    """nginx with the given sites."""

    def __init__(self, folder: Path, *sites: Site) -> None:
        self.folder, self.sites = folder, sites

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        leaf = authority().issue_cert("localhost", "127.0.0.1")
        leaf.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "server.pem"))
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        servers = "\n".join(site.rendered(self.folder) for site in self.sites)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self.folder, servers=servers))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        command = [
            program,
            "-p",
            str(self.folder),
            "-e",
            str(self.folder / "error.log"),
            "-c",
            str(configuration),
        ]
        self._running = running(command, self.sites[0].port, self.folder / "output.log")
        self._running.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._running.__exit__(None, None, None)

    def asked(self, site: Site) -> list[str]:
        """Request lines the site has seen so far, such as ``GET /simple/demo/ HTTP/1.1``."""
        log = self.folder / f"{site.port}.log"
        return [line.split('"')[1] for line in log.read_text().splitlines()] if log.exists() else []


# --- pypiserver and devpi ------------------------------------------------------------------------


def server_program(name: str) -> str:
    """A program of the environment that ``make integration`` fills with servers."""
    # Absolute: what is started may be started elsewhere.
    folder = Path(os.environ.get("SAFEPIP_SERVERS", ".cache/integration-servers")).absolute()
    program = folder / "bin" / name
    if not program.exists():
        raise RuntimeError(f"{program} is missing: run `make integration`")
    return str(program)


@contextlib.contextmanager
def pypiserver(folder: Path, packages: Path, *, digests: str = "sha256") -> Iterator[str]:
    """pypiserver over a folder of wheels; yields its plain http URL."""
    port = free_port()
    options = ["-i", "127.0.0.1", "-p", str(port), "--disable-fallback", "--hash-algo", digests]
    options += ["-P", ".", "-a", ".", "--backend", "simple-dir"]
    folder.mkdir(parents=True, exist_ok=True)
    command = [server_program("pypi-server"), "run", *options, str(packages)]
    with running(command, port, folder / "output.log"):
        yield f"http://127.0.0.1:{port}"


class Devpi:
    """devpi with one private index, ``corp/private``.

    Args:
        outside: origin under which clients see it: what its links begin with.
        mirrors: URL of another simple index, which ``corp/mirror`` passes on and ``corp/private`` then
            inherits from; empty: it inherits from nothing.
    """

    def __init__(self, folder: Path, outside: str, *, mirrors: str = "") -> None:
        self.folder, self.outside, self.mirrors = folder, outside, mirrors
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        state = str(self.folder / "state")
        initialise = [
            server_program("devpi-init"),
            "--serverdir",
            state,
            "--no-root-pypi",
            "--root-passwd",
            PASSWORD,
        ]
        subprocess.run(initialise, check=True, capture_output=True)
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--outside-url", self.outside]
        options += [] if self.mirrors else ["--offline-mode"]
        command = [server_program("devpi-server"), "--serverdir", state, *options]
        trust = {name: ca_path() for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
        self._running = running(command, self.port, self.folder / "output.log", **trust)
        self._running.__enter__()
        self._create_index()
        return self

    def __exit__(self, *details: object) -> None:
        self._running.__exit__(None, None, None)

    def _create_index(self) -> None:
        self._login("root")
        self._put("/corp", {"password": PASSWORD})
        self._login("corp")
        if self.mirrors:
            mirror = {"type": "mirror", "mirror_url": f"{self.mirrors}/", "mirror_no_project_list": True}
            self._put("/corp/mirror", {**mirror, "volatile": True})
        bases = ["corp/mirror"] if self.mirrors else []
        self._put("/corp/private", {"type": "stage", "bases": bases, "volatile": True})

    def _login(self, user: str) -> None:
        body = json.dumps({"user": user, "password": PASSWORD}).encode()
        answer = self._request("POST", "/+login", body, {"Content-Type": "application/json"})
        token = json.loads(answer)["result"]["password"]
        self._auth = {"X-Devpi-Auth": base64.b64encode(f"{user}:{token}".encode()).decode()}

    def _put(self, path: str, value: Mapping[str, object]) -> None:
        kind = {"Content-Type": "application/json", **self._auth}
        self._request("PUT", path, json.dumps(value).encode(), kind)

    def upload(self, content: bytes, filename: str) -> None:
        """Publish a wheel as ``twine`` would."""
        project, version = filename.split("-")[:2]
        fields = {":action": "file_upload", "name": project, "version": version, "filetype": "bdist_wheel"}
        boundary = "safepip-boundary"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{filename}"\r\n\r\n'
        )
        body = b"".join([*parts, head.encode(), content, f"\r\n--{boundary}--\r\n".encode()])
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        self._request("POST", "/corp/private/", body, {**kind, **self._auth})

    def _request(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"devpi: {method} {path}: {response.status} {content[:300]!r}")
        return content


def trusting_context() -> ssl.SSLContext:
    """A client's TLS context that knows the test authority and nothing else."""
    return ssl.create_default_context(cafile=ca_path())
