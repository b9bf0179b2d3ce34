"""Write the hashed locks under requirements/ from the ``.in`` files beside them.

pip answers which versions (``--dry-run --report``) with local folders and config files left out; the
index's own pages answer with the sha256 of *every* file of each version, so that one lock serves
every platform with the same set of dependencies. The lock names no index: where files come from is the
machine's setting, what they are is the lock's.

    python -m tasks.lock_dev            rewrite all locks
    python -m tasks.lock_dev dev        rewrite one
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from packaging.requirements import Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
PAGE_SECONDS = 60
SHA256 = re.compile(r"sha256=([0-9a-f]{64})\Z")

HEADER = """\
# Written by tasks/lock_dev.py (make lock) from {source}; do not edit.
# Every file's sha256 of each version; install with: pip install --require-hashes -r {name}
"""


class _Links(HTMLParser):
    """The attributes of every anchor of a Simple API page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.anchors.append({"href": "", **dict(attrs)})


def page_links(text: str) -> list[dict[str, str | None]]:
    """Attributes of the page's anchors, ``href`` always among them."""
    links = _Links()
    links.feed(text)
    return links.anchors


def index_url() -> str:
    """The operator's ``index-url`` where pip's configuration sets one, else pip's default."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    configured = os.environ.get("PIP_INDEX_URL") or done.stdout.strip()
    if not configured:
        from pip._internal.models.index import PyPI

        configured = PyPI.simple_url
    if urlsplit(configured).scheme != "https":
        raise SystemExit("the index must be reached over https")
    return configured.rstrip("/") + "/"


def resolve(requirements: list[str], index: str) -> list[dict[str, Any]]:
    """pip's answer: one report entry for each distribution, by name."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in {"PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"}
    }
    environment["PIP_CONFIG_FILE"] = os.devnull
    arguments = ["install", "--dry-run", "--quiet", "--ignore-installed", "--only-binary", ":all:"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments, "--index-url", index, "--report", "-", *requirements],
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    entries: list[dict[str, Any]] = json.loads(done.stdout)["install"]
    return sorted(entries, key=lambda entry: canonicalize_name(entry["metadata"]["name"]))


def digests(project: str, version: Version, index: str) -> list[str]:
    """sha256 of every wheel and sdist of the version that the index lists, sorted."""
    page = urljoin(index, f"{project}/")
    request = urllib.request.Request(page, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=PAGE_SECONDS) as response:
        anchors = page_links(response.read().decode())
    found = set()
    for anchor in anchors:
        url, fragment = urldefrag(anchor["href"] or "")
        match = SHA256.search(fragment)
        if match and _version(unquote(url.rpartition("/")[2])) == version:
            found.add(match[1])
    if not found:
        raise SystemExit(f"{project} {version}: the index lists no sha256")
    return sorted(found)


def _version(filename: str) -> Version | None:
    """Version a file name carries, None for what is neither wheel nor sdist."""
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def asked_by(entries: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Name to the names of those that require it, markers not looked at."""
    result: dict[str, set[str]] = {}
    for entry in entries:
        metadata = entry["metadata"]
        for text in metadata.get("requires_dist", ()):
            wanted = canonicalize_name(Requirement(text).name)
            result.setdefault(wanted, set()).add(canonicalize_name(metadata["name"]))
    return {name: sorted(names) for name, names in result.items()}


def render(source: str, entries: list[dict[str, Any]], index: str) -> str:
    """The text of the lock: one block for each distribution, same input same bytes."""
    pins = [(canonicalize_name(e["metadata"]["name"]), Version(e["metadata"]["version"]), e) for e in entries]
    with ThreadPoolExecutor(4) as pool:
        hashes = list(pool.map(lambda pin: digests(pin[0], pin[1], index), pins))
    locked, wanted_by = {name for name, _, _ in pins}, asked_by(entries)
    blocks = [HEADER.format(source=source, name=source.replace(".in", ".txt"))]
    for (name, version, entry), found in zip(pins, hashes, strict=True):
        reasons = [who for who in wanted_by.get(name, ()) if who in locked]
        via = ", ".join([source, *reasons] if entry["requested"] else reasons)
        options = "".join(f" \\\n    --hash=sha256:{digest}" for digest in found)
        blocks.append(f"{name}=={version}{options}\n    # via {via}\n")
    return "".join(blocks)


def read_input(path: Path) -> list[str]:
    """Requirements of an ``.in`` file; those that hold safepip add its own from pyproject.toml."""
    lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    own: list[str] = []
    if path.stem in {"demo", "dev"}:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        own = project["dependencies"]
    return [*own, *filter(None, lines)]


def main(names: list[str]) -> int:
    index = index_url()
    for path in sorted(LOCKS.glob("*.in")):
        if names and path.stem not in names:
            continue
        source = f"requirements/{path.name}"
        text = render(source, resolve(read_input(path), index), index)
        path.with_suffix(".txt").write_text(text, encoding="utf-8")
        print(f"{path.with_suffix('.txt').relative_to(ROOT)}: {text.count('==')} distributions")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
