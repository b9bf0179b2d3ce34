"""Servers for a session, environments for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.environments import Target, make_target
from integration.servers import Devpi, Nginx, Site, StaticIndex, free_port, pypiserver
from tests.support.certificates import ca_path
from tests.support.wheels import make_wheel, wheel_filename

NO_TEST_PASSED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One nginx with everything behind it.

    Attributes:
        public: the index where most things are; ``demo`` needs ``helper>=1``, and ``shared`` is on
            ``corp`` too, with other bytes and a higher version here.
        corp: the private index, behind basic authentication; the only one with ``acme-core``.
        mutual: the public index again, for those who show a client certificate.
        plain: the public index again over http; its log must stay empty.
        files: the host that the public index's links point to.
        broken: the public index, but its ``demo`` page answers 500, ``helper`` is sent on to http, ``shared``
        to another host, and ``extra-part`` elsewhere on the same one.
        devpi, weak, strong: devpi's private index; pypiserver giving md5; pypiserver giving sha256.
    """

    nginx: Nginx
    public: Site
    corp: Site
    mutual: Site
    plain: Site
    files: Site
    broken: Site
    devpi: Site
    weak: Site
    strong: Site
    public_index: StaticIndex


def publish(index: StaticIndex, name: str, version: str = "1.0", **spec: object) -> Path:
    """Make a wheel and publish it."""
    return index.add(make_wheel(name, version, **spec), wheel_filename(name, version))


def fill_public(index: StaticIndex) -> None:
    publish(index, "helper", "0.9")
    publish(index, "helper", "1.2", data={"data/share/helper/note.txt": "note\n"})
    entry_points = {"console_scripts": {"demo": "demo:main"}}
    demo = {"demo/__init__.py": "def main():\n    print('demo runs')\n", "demo/py.typed": ""}
    requires = ["helper>=1", "extra-part; extra == 'more'"]
    publish(index, "demo", "1.0", requires=requires, extras=["more"], files=demo, entry_points=entry_points)
    publish(index, "demo", "2.0", requires=requires, extras=["more"], files=demo, entry_points=entry_points)
    publish(index, "extra-part")
    publish(index, "shared", "99.0")
    publish(index, "tampered").write_bytes(
        make_wheel("tampered", files={"tampered/__init__.py": "evil = 1\n"})
    )


def broken_pages(public: Site, plain: Site) -> str:
    """nginx's words for an index that fails in three ways; what it does to ``extra-part`` is fine."""
    return f"""
        location = /simple/demo/ {{ return 500; }}
        location = /simple/helper/ {{ return 302 {plain.url}/helper/; }}
        location = /simple/shared/ {{ return 302 {public.url}/shared/; }}
        location = /simple/extra-part/ {{ return 302 /moved/extra-part/; }}
        location /moved/ {{ rewrite ^/moved/(?<rest>.*)$ /simple/$rest$page last; }}"""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("servers")
    files = Site(root=folder / "public")
    public_index = StaticIndex(root=folder / "public", files_url=f"{files.origin}/files")
    corp = Site(root=folder / "corp", password=True)
    corp_index = StaticIndex(root=folder / "corp", files_url=f"{corp.origin}/files")
    fill_public(public_index)
    publish(corp_index, "shared", "1.0", files={"shared/__init__.py": "ours = True\n"})
    publish(corp_index, "acme-core", requires=["helper"])
    packages = folder / "packages"
    packages.mkdir()
    (packages / wheel_filename("served", "3.0")).write_bytes(make_wheel("served", "3.0"))
    devpi_port = free_port()
    with (
        pypiserver(folder / "weak", packages, digests="md5") as weak,
        pypiserver(folder / "strong", packages) as strong,
        Devpi(folder / "devpi", f"https://localhost:{devpi_port}") as devpi,
    ):
        devpi.upload(make_wheel("inside", "4.0"), wheel_filename("inside", "4.0"))
        sites = {
            "public": Site(root=folder / "public"),
            "corp": corp,
            "mutual": Site(root=folder / "public", client_certificate=True),
            "plain": Site(root=folder / "public", plaintext=True),
            "files": files,
            "devpi": Site(proxy=devpi.url, port=devpi_port),
            "weak": Site(proxy=weak),
            "strong": Site(proxy=strong),
        }
        sites["broken"] = Site(
            root=folder / "public", directives=broken_pages(sites["public"], sites["plain"])
        )
        with Nginx(folder / "nginx", *sites.values()) as nginx:
            yield World(nginx=nginx, public_index=public_index, **sites)


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Target]:
    """Makes environments by name."""
    return lambda name: make_target(tmp_path / name, ca_path())


@pytest.fixture
def target(make: Callable[[str], Target]) -> Target:
    return make("target")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A run in which nothing passed is a failed run, even if all was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    is_worker = hasattr(session.config, "workerinput")
    if exitstatus == pytest.ExitCode.OK and not is_worker and reporter and not reporter.stats.get("passed"):
        session.exitstatus = NO_TEST_PASSED
