"""Dependency groups, scripts and locks: the same is installed, and the same is said, as by pip itself.

Each case runs once with each of them, on equal scratch folders, against one HTTPS index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cli.conftest import publish, trusting
from cli.test_same_as_pip import Side, assert_same_trees, blank, sides
from support.locks import lock, package
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

__all__ = ["blank", "sides"]

TOOL: dict[str, object] = {"requires": ["lib>=1", "speed; extra == 'fast'"], "extras": ["fast"]}
PYPROJECT = """\
[dependency-groups]
dev = ["Tool[fast]", {include-group = "Pins"}]
pins = ["lib<2", "nothere; python_version < '3'"]
empty = []
circle = [{include-group = "circle"}]
broken = ["lib>>1"]
"""
SCRIPT = """\
# /// script
# requires-python = "{python}"
# dependencies = ["tool", "lib==1.0"]
# ///
"""


@pytest.fixture(scope="module")
def packages() -> Iterator[IndexServer]:
    with IndexServer() as server:
        publish(server, "tool", **TOOL)
        publish(server, "lib", "1.0")
        publish(server, "lib", "2.0")
        publish(server, "speed")
        yield server


def files(server: IndexServer) -> dict[str, str]:
    tool = package(server, "tool", **TOOL)
    lib, new = package(server, "lib"), package(server, "lib", "2.0")
    speed = package(server, "speed", keys="marker = \"'fast' in extras or 'dev' in dependency_groups\"")
    chosen = 'extras = ["fast"]\ndependency-groups = ["dev"]\ndefault-groups = ["main"]\n'
    grouped = package(server, "lib", keys="marker = \"'main' in dependency_groups\"")
    archive = f'\n[[packages]]\nname = "lib"\narchive = {{{lib.partition("url")[2].splitlines()[0].replace(" =", "url =", 1)}, {lib.partition("hashes")[2].splitlines()[0].replace(" =", "hashes =", 1)}}}\n'
    return {
        "pyproject.toml": PYPROJECT,
        "sub/pyproject.toml": PYPROJECT,
        "script.py": SCRIPT.format(python=">=3.9"),
        "future.py": SCRIPT.format(python=">=3.99"),
        "none.py": "import tool\n",
        "pylock.toml": lock(tool, new),
        "pylock.old.toml": lock(tool, lib),
        "pylock.chosen.toml": lock(tool, grouped, speed, head=chosen),
        "pylock.archive.toml": lock(tool, archive),
        "pylock.future.toml": lock(tool, new, head='requires-python = ">=3.99"\n'),
        "pylock.version.toml": lock(tool, new).replace('"1.0"', '"2.0"', 1),
        "pylock.broken.toml": "lock-version = ",
        "pylock.elsewhere.toml": lock(tool, new, head="environments = [\"sys_platform == 'amiga'\"]\n"),
        "pylock.twice.toml": lock(tool, lib, new),
        "pylock.path.toml": lock(lib.replace(f'url = "{server.origin}/files/', 'path = "../wheels/')),
        "requirements.txt": "-r pylock.toml\n",
        "constraints.txt": "lib<2\n",
    }


@pytest.fixture
def both(sides: tuple[Side, Side], packages: IndexServer) -> tuple[Side, Side]:
    for side in sides:
        for name, text in files(packages).items():
            path = side.folder / "project" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (side.folder / "wheels" / wheel_filename("lib")).write_bytes(make_wheel("lib"))
    return sides


INSTALLED: dict[str, list[str]] = {
    "group": ["--group dev"],
    "group by path, spelled otherwise": ["--group {here}/project/sub/pyproject.toml:DEV"],
    "several groups": ["--group pins --group sub/pyproject.toml:dev"],
    "empty group": ["--group empty"],
    "group beside a name": ["--group pins tool"],
    "group under a constraint": ["--group dev -c constraints.txt"],
    "group twice": ["--group dev", "--group dev"],
    "script": ["--requirements-from-script script.py"],
    "script for another Python, all the same": [
        "--requirements-from-script future.py --ignore-requires-python"
    ],
    "script and group": ["--requirements-from-script script.py --group pins"],
    "lock": ["-r pylock.toml"],
    "lock by its path": ["-r {here}/project/pylock.toml"],
    "lock by its URL": ["-r file://{here}/project/pylock.toml"],
    "lock twice": ["-r pylock.toml", "-r pylock.toml"],
    "lock after another": ["-r pylock.toml", "-r pylock.old.toml"],
    "lock under what is installed": ["lib==1.0", "-r pylock.toml"],
    "lock with an extra": ["-r pylock.chosen.toml[fast]"],
    "lock with its default group": ["-r pylock.chosen.toml"],
    "lock with a group": ["--group pylock.chosen.toml:dev lib==1.0 --no-deps --no-require-hashes"],
    "lock with both": ["-r pylock.chosen.toml[Fast] --group pylock.chosen.toml:dev"],
    "lock without dependencies": ["-r pylock.toml --no-deps"],
    "lock, forced": ["-r pylock.toml", "-r pylock.toml --force-reinstall"],
    "lock under a constraint that fits": ["-r pylock.old.toml -c constraints.txt"],
    "lock with an archive": ["-r pylock.archive.toml"],
    "lock with a path": ["-r pylock.path.toml"],
    "lock with a path, no index": ["-r pylock.path.toml --no-index"],
    "lock, tried only": ["-r pylock.toml --dry-run"],
    "lock into a folder": ["-r pylock.toml --target out"],
    "archive by path": ["../wheels/lib-1.0-py3-none-any.whl tool"],
}


@pytest.mark.parametrize("steps", INSTALLED.values(), ids=INSTALLED.keys())
def test_the_same_is_installed(both: tuple[Side, Side], packages: IndexServer, steps: list[str]) -> None:
    for step in steps:
        ours, pips = (side.run("install", *trusting(packages), *step.split()) for side in both)
        assert ours == pips
        assert ours[0] == 0
    assert_same_trees(*both)


def test_the_same_is_downloaded(both: tuple[Side, Side], packages: IndexServer) -> None:
    for words in ("-r pylock.toml", "--group pins", "--requirements-from-script script.py"):
        found = [side.run("download", *trusting(packages), "-d", "out", *words.split())[0] for side in both]
        assert found == [0, 0]
    assert_same_trees(*both)


FAILED = {
    "group that is not there": "--group nope",
    "project without groups": "--group nothere/pyproject.toml:dev",
    "circular group": "--group circle",
    "broken group": "--group broken",
    "script for another Python": "--requirements-from-script future.py",
    "script without a block": "--requirements-from-script none.py",
    "missing script": "--requirements-from-script nope.py",
    "two scripts": "--requirements-from-script script.py --requirements-from-script script.py",
    "missing lock": "-r pylock.nope.toml",
    "broken lock": "-r pylock.broken.toml",
    "lock of a later standard": "-r pylock.version.toml",
    "lock for another Python": "-r pylock.future.toml",
    "lock for another system": "-r pylock.elsewhere.toml",
    "lock with a project twice": "-r pylock.twice.toml",
    "lock without the wheels": "-r pylock.toml --no-binary lib",
    "two locks of one project": "-r pylock.toml -r pylock.old.toml",
    "lock against a name": "-r pylock.toml lib<2",
    "lock for another platform": "-r pylock.toml --platform win32 --only-binary :all: -t out",
    "only dependencies of files": "--only-deps -r requirements.txt",
    "only dependencies of all": "--only-deps --no-deps -r a.txt --requirements-from-script b --group c",
    "missing build constraint": "--build-constraint nope.txt lib",
    "build constraint without isolation": "--build-constraint constraints.txt --no-build-isolation lib",
}


@pytest.mark.parametrize("words", FAILED.values(), ids=FAILED.keys())
def test_the_same_failure_is_said(both: tuple[Side, Side], packages: IndexServer, words: str) -> None:
    (our_code, our_words), (pip_code, pip_words) = (errors(side, packages, words) for side in both)
    assert our_code == pip_code != 0
    for line in pip_words:
        assert line in our_words


def errors(side: Side, packages: IndexServer, words: str) -> tuple[int, list[str]]:
    """Exit code, and what stderr says as an error, white space aside, paths left out."""
    ended = subprocess.run(
        [sys.executable, "-m", *side.program, "--python", str(side.python), "install", *trusting(packages), *words.split()],
        cwd=side.folder / "project",
        env={**os.environ, **side._environ()},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    said = ended.stderr.replace(str(side.folder), "<here>").replace("ERROR: ", "")
    lines = [re.sub(r"\s+", " ", line).strip() for line in said.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("WARNING", "Usage", "hint:"))]
    return ended.returncode, kept
