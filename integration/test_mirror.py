"""A mirror behind nginx, served as the how-to page says, and from disk: pip, uv and safepip install from it."""

from __future__ import annotations

import json
import re
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import World
from integration.environments import Outcome, Target
from integration.servers import JSON_TYPE, free_port, running, server_program, trusting_context
from tests.support.certificates import authority, ca_path
from tests.support.sdists import make_sdist, sdist_filename
from tests.support.wheels import make_wheel, sha256, wheel_filename

PAGE = Path(__file__).resolve().parent.parent / "docs/how-to/mirror.md"
NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{said}
}}
"""
LOCAL = "local-1.0+cpu.1-py3-none-any.whl"


def locked(world: World, *files: tuple[str, str, bytes], name: str) -> str:
    wheels = ", ".join(
        f'{{name = "{filename}", url = "{world.files.origin}/files/{filename}", hashes = {{sha256 = "{sha256(content)}"}},'
        f" size = {len(content)}, upload-time = 2025-01-02T03:04:05Z}}"
        for kind, filename, content in files
        if kind == "wheel"
    )
    sdists = "".join(
        f'sdist = {{name = "{filename}", url = "{world.files.origin}/files/{filename}", hashes = {{sha256 = "{sha256(content)}"}}}}\n'
        for kind, filename, content in files
        if kind == "sdist"
    )
    version = files[0][1].split("-")[1]
    return f'\n[[packages]]\nname = "{name}"\nversion = "{version}"\n{sdists}wheels = [{wheels}]\n'


@pytest.fixture(scope="module")
def mirror(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a mirror of ``app``, which needs ``base`` and ``local``; ``base`` has foreign wheels too."""
    app = make_wheel("app", requires=["base>=1", "local"], requires_python=">=3.8,<4")
    base, foreign = make_wheel("base"), make_wheel("base", tag="cp27-cp27m-win32")
    local = make_wheel("local", "1.0+cpu.1")
    packages = {
        "app": [("wheel", wheel_filename("app"), app)],
        "base": [
            ("wheel", wheel_filename("base"), base),
            ("wheel", wheel_filename("base", tag="cp27-cp27m-win32"), foreign),
            ("sdist", sdist_filename("base"), make_sdist("base")),
        ],
        "local": [("wheel", LOCAL, local)],
    }
    for files in packages.values():
        for _, filename, content in files:
            (world.public_index.root / "files" / filename).write_bytes(content)
    folder = tmp_path_factory.mktemp("mirrored")
    text = 'lock-version = "1.0"\ncreated-by = "hand"\n'
    text += "".join(locked(world, *files, name=name) for name, files in packages.items())
    (folder / "pylock.toml").write_text(text)
    target = Target(folder=Path(sys.prefix), home=folder, ca=ca_path())
    done = target.safepip("mirror", "--index-url", world.public.url, "--to", "mirror", "pylock.toml")
    assert done.exit_code == 0, done.said
    return folder / "mirror"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nginx's own folder."""
    return tmp_path_factory.mktemp("mirror-nginx")


@pytest.fixture(scope="module")
def url(mirror: Path, logs: Path) -> Iterator[str]:
    """The mirror's index behind nginx, with the very words of the page."""
    folder, port = logs, free_port()
    leaf = authority().issue_cert("localhost", "127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(folder / "packages.pem"))
    (said,) = re.findall(r"^```nginx\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    for written, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name packages.example", "server_name localhost"),
        ("packages.pem", f"{folder}/packages.pem"),
        ("root /srv/mirror", f"root {mirror}"),
    ):
        assert written in said
        said = said.replace(written, here)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, said=said))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    with running(command, port, folder / "output.log"):
        yield f"https://localhost:{port}/simple"


def uv(target: Target, *arguments: str) -> Outcome:
    command = [server_program("uv"), "pip", "install", "--python", target.python, "--no-cache", *arguments]
    return target.run(command, SSL_CERT_FILE=ca_path(), UV_NO_CONFIG="1")


def installed(target: Target) -> dict[str, str]:
    return {name: target.installed()[name] for name in ("app", "base", "local")}


ALL = {"app": "1.0", "base": "1.0", "local": "1.0+cpu.1"}


@pytest.fixture(params=["https", "file"])
def place(request: pytest.FixtureRequest, mirror: Path) -> str:
    served: str = request.getfixturevalue("url")
    return served if request.param == "https" else (mirror / "simple").as_uri()


def test_safepip_installs_from_it(place: str, target: Target) -> None:
    done = target.safepip("install", "--index-url", place, "app")
    assert (done.exit_code, installed(target)) == (0, ALL), done.said


def test_pip_installs_from_it(place: str, target: Target) -> None:
    done = target.pip("install", "--index-url", place, "app")
    assert (done.exit_code, installed(target)) == (0, ALL), done.said


def test_uv_installs_from_it(place: str, target: Target) -> None:
    done = uv(target, "--index-url", place, "app")
    assert (done.exit_code, installed(target)) == (0, ALL), done.said


def ask(url: str, accept: str) -> tuple[str, bytes]:
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, context=trusting_context(), timeout=30) as reply:
        return reply.headers["Content-Type"], reply.read()


@pytest.mark.parametrize("project", ["", "base/"])
def test_pages_are_negotiated(url: str, project: str) -> None:
    kind, body = ask(f"{url}/{project}", f"{JSON_TYPE}, text/html;q=0.1")
    assert (kind, json.loads(body)["meta"]) == (JSON_TYPE, {"api-version": "1.1"})
    kind, body = ask(f"{url}/{project}", "text/html")
    assert kind == "text/html"
    assert body.startswith(b"<!DOCTYPE html>")


def test_sidecars_and_files_are_served_as_they_are(url: str) -> None:
    kind, body = ask(f"{url}/local/local-1.0%2Bcpu.1-py3-none-any.whl.metadata", "*/*")
    assert kind == "application/octet-stream"
    assert b"Name: local" in body
    assert ask(f"{url}/base/{sdist_filename('base')}", "*/*")[1] == make_sdist("base")


def test_readers_use_the_sidecars(url: str, logs: Path, target: Target) -> None:
    """Metadata of a wheel comes without the wheel."""
    log = logs / "access.log"
    before = log.read_text().count(".whl.metadata")
    done = target.safepip("install", "--index-url", url, "--dry-run", "app")
    assert done.exit_code == 0, done.said
    assert log.read_text().count(".whl.metadata") > before
