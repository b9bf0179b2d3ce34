"""Facts of the project that no linter knows."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = ["httpx", "resolvelib", "rich", "tomli_w", "truststore", "packaging.metadata", "pip._internal.cli"]
PIN = re.compile(r"^([a-z0-9-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def tracked_texts() -> list[Path]:
    """Every text file that a clone would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / line for line in listed.stdout.splitlines() if not line.startswith(".venv/")]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:1024]]


def test_no_file_spells_a_registry_host_or_a_path_of_some_machine():
    from pip._internal.models.index import PyPI

    hosts = [PyPI.netloc, PyPI.file_storage_domain, "/" + "root/", str(ROOT) + "/"]
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked_texts()
        for host in hosts
        if host in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert found == []


@pytest.mark.parametrize("lock", ["dev", "integration"])
def test_every_line_of_a_lock_is_pinned_and_hashed(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    pinned = {name for name, _, _ in PIN.findall(text)}
    named = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    assert pinned == named
    assert len(pinned) > 20


def test_the_development_lock_satisfies_every_dependency_of_safepip():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "requirements" / "dev.txt").read_text()
    locked = {name: version for name, version, _ in PIN.findall(text)}
    wanted = [Requirement(line) for line in project["dependencies"]]
    unmet = [str(r) for r in wanted if not r.specifier.contains(locked.get(canonicalize_name(r.name), "0"))]
    assert unmet == []


def probe(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["safepip", "safepip.cli.main", "safepip.cli.commands"])
def test_starting_up_loads_nothing_heavy(module):
    code = f"import sys, {module}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    assert probe(code) == ""


@pytest.mark.parametrize("arguments", [["list"], ["--version"], ["show", "packaging"], ["help", "install"]])
def test_a_command_that_asks_no_index_loads_nothing_heavy(arguments):
    command = [sys.executable, "-X", "importtime", "-m", "safepip", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "safepip.cli.main" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert done.stdout


def test_the_version_is_the_one_of_the_package():
    from importlib.metadata import version

    import safepip

    assert version("safepip") == safepip.__version__
