"""Whose package is it? Every state of a private and a public index, one test a cell, on real servers.

The private index lists the name, does not, is down, or answers 403; the public one lists it (with other
bytes and a higher version) or does not; a pattern, nothing, or a lock decides; the name is asked for
directly, needed by another project, or needed by a build.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from integration.conftest import publish
from integration.environments import Outcome, Target
from integration.servers import Nginx, Site, StaticIndex
from tests.support.wheels import sha256

PRIVATE = ("lists", "absent", "down", "forbids")
PUBLIC = ("lists", "absent")
DECIDES = ("pattern", "nothing", "lock")
ASKED = ("directly", "by another", "by a build")
PROJECT = "acme-core"
BACKEND = """\
import os, zipfile
import acme_core
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "built-1.0-py3-none-any.whl"
    files = {
        "built.py": "origin = %r\\n" % acme_core.origin,
        "built-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\n",
        "built-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    import base64, hashlib
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += "%s,sha256=%s,%d\\n" % (path, digest, len(text))
    files["built-1.0.dist-info/RECORD"] = record + "built-1.0.dist-info/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name
"""
PYPROJECT = """\
[build-system]
requires = ["acme-core"]
build-backend = "backend"
backend-path = ["."]
[project]
name = "built"
version = "1.0"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Every state of both indexes, by name."""

    nginx: Nginx
    private: dict[str, Site]
    public: dict[str, Site]
    files: dict[str, str]
    """sha256 by file name of what the private index has, and of ``app``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One state of the world."""

    private: str
    public: str
    decides: str
    asked: str

    def __str__(self) -> str:
        return f"private {self.private}, public {self.public}, {self.decides}, {self.asked}"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("matrix")
    roots = {name: folder / name for name in ("ours", "theirs", "only-app")}
    for root in roots.values():
        root.mkdir()
    private = {
        "lists": Site(root=roots["ours"]),
        "absent": Site(root=roots["ours"], directives="location ~ ^/simple/ { return 404; }"),
        "down": Site(root=roots["ours"]),
        "forbids": Site(root=roots["ours"], directives="location ~ ^/ { return 403; }"),
    }
    public = {"lists": Site(root=roots["theirs"]), "absent": Site(root=roots["only-app"])}
    ours = StaticIndex(root=roots["ours"], files_url=f"{private['lists'].origin}/files")
    made = [publish(ours, PROJECT, "1.0", files={"acme_core.py": "origin = 'private'\n"})]
    for name, site in public.items():
        index = StaticIndex(root=site.root or folder, files_url=f"{site.origin}/files")
        made.append(publish(index, "app", "1.0", requires=[PROJECT]))
        if name == "lists":
            publish(index, PROJECT, "99.0", files={"acme_core.py": "origin = 'public'\n"})
    running = [site for name, site in private.items() if name != "down"]
    with Nginx(folder / "nginx", *running, *public.values()) as nginx:
        digests = {path.name: sha256(path.read_bytes()) for path in made}
        yield Sites(nginx=nginx, private=private, public=public, files=digests)


def expected(cell: Cell) -> str:
    """What has to happen: ``private``, ``public``, or why not."""
    if cell.decides == "lock":
        return "private" if cell.private in {"lists", "absent"} else "silent"
    if cell.private in {"down", "forbids"}:
        return "silent"
    private, public = cell.private == "lists", cell.public == "lists" and cell.decides == "nothing"
    if private and public:
        return "ambiguous"
    return "private" if private else "public" if public else "not found"


EXITS = {"private": 0, "public": 0, "silent": 11, "not found": 1, "ambiguous": 10}
CELLS = [
    Cell(private=private, public=public, decides=decides, asked=asked)
    for private, public, decides, asked in product(PRIVATE, PUBLIC, DECIDES, ASKED)
]


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_the_name_comes_from_where_it_belongs_or_from_nowhere(
    sites: Sites, target: Target, tmp_path: Path, cell: Cell
) -> None:
    theirs = sites.public[cell.public]
    before = _names_heard(sites, theirs)
    asked_before = _names_heard(sites, sites.private[cell.private])

    done = run(sites, target, tmp_path / "project", cell)

    outcome = expected(cell)
    assert done.exit_code == EXITS[outcome], done.said
    assert _origin(target) == (outcome if outcome in {"private", "public"} else None), done.said
    if cell.decides != "nothing":
        assert _names_heard(sites, theirs) == before, "the public index heard a private name"
    if cell.decides == "lock":
        assert _names_heard(sites, sites.private[cell.private]) == asked_before, "a lock needs no index"


def run(sites: Sites, target: Target, folder: Path, cell: Cell) -> Outcome:
    """The command of one cell, in a folder of its own."""
    folder.mkdir()
    ours, theirs = sites.private[cell.private], sites.public[cell.public]
    what = {"directly": [PROJECT], "by another": ["app"], "by a build": ["."]}[cell.asked]
    if cell.asked == "by a build":
        (folder / "pyproject.toml").write_text(PYPROJECT)
        (folder / "backend.py").write_text(BACKEND)
    if cell.decides == "lock":
        (folder / "pylock.toml").write_text(locked(sites, ours, theirs, cell.asked))
        what = ["-r", "pylock.toml"]
    if cell.decides == "pattern":
        policy = folder.parent / "policy.toml"
        policy.write_text(
            f'[[index]]\nname = "corp"\nurl = "{ours.url}"\npackages = ["acme-*"]\n'
            f'[[index]]\nname = "everything"\nurl = "{theirs.url}"\npackages = ["*"]\n'
        )
        return target.safepip("install", *what, "--retries", "0", cwd=folder, SAFEPIP_POLICY=str(policy))
    places = ("--index-url", theirs.url, "--extra-index-url", ours.url)
    return target.safepip("install", *what, *places, "--retries", "0", cwd=folder)


def locked(sites: Sites, ours: Site, theirs: Site, asked: str) -> str:
    """A lock that says where the private project, and what needs it, come from."""
    head = 'lock-version = "1.0"\ncreated-by = "test"\n'
    if asked == "by a build":
        needs = f'[packages.tool.safepip]\nbuild-requires = [{{name = "{PROJECT}", version = "1.0"}}]\n'
        mine = f'[[packages]]\nname = "built"\ndirectory = {{path = "."}}\n{needs}'
        return head + mine + _entry(sites, PROJECT, ours, table="tool.safepip.build-packages")
    packages = _entry(sites, PROJECT, ours)
    return head + packages + (_entry(sites, "app", theirs) if asked == "by another" else "")


def _entry(sites: Sites, name: str, site: Site, table: str = "packages") -> str:
    file = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    wheel = (
        f'name = "{file}", url = "{site.origin}/files/{file}", hashes = {{sha256 = "{sites.files[file]}"}}'
    )
    keys = f'name = "{name}"\nversion = "1.0"\nindex = "{site.url}"\nwheels = [{{{wheel}}}]\n'
    return f"[[{table}]]\n{keys}"


def _origin(target: Target) -> str | None:
    """Which index the installed module says it comes from."""
    for module in ("acme_core", "built"):
        path = target.site_packages / f"{module}.py"
        if path.exists():
            return "private" if "private" in path.read_text() else "public"
    return None


def _names_heard(sites: Sites, site: Site) -> int:
    return sum(f"/simple/{PROJECT}/" in line for line in sites.nginx.asked(site))
