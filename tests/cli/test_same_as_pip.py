"""After safepip an environment is, file by file, what pip itself leaves; and stdout ends with the same lines.

Each case runs once with each of them, on equal scratch folders, against one HTTPS index.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.conftest import publish, trusting
from support.environments import comparable, interpreter
from support.sdists import make_sdist, sdist_filename, write_project
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

RICH: dict[str, object] = {
    "data": {
        "scripts/run-tool": "#!python\nprint('run')\n",
        "scripts/plain.sh": "#!/bin/sh\n",
        "data/share/tool/doc.txt": "doc",
        "headers/tool.h": "int x;\n",
        "platlib/tool_native.py": "z = 3\n",
    },
    "entry_points": {"console_scripts": {"tool": "tool:main"}, "gui_scripts": {"toolw": "tool:main"}},
    "extras": ["fast", "Very.Fast"],
    "requires": ["lib>=1", "speed; extra == 'fast'", "lib<3; extra == 'very-fast'"],
}
TOOL_1 = RICH | {
    "files": {"tool/__init__.py": "x = 1\n", "tool/old/gone.py": "y = 2\n", "tool/text.txt": "1"}
}
TOOL_2 = RICH | {"files": {"tool/__init__.py": "x = 2\n", "tool/new.py": "y = 2\n", "tool/text.txt": "2"}}
LIB_SHA256 = hashlib.sha256(make_wheel("lib", "2.0")).hexdigest()


@pytest.fixture(scope="module")
def packages() -> Iterator[IndexServer]:
    with IndexServer() as server:
        publish(server, "tool", "1.0", **TOOL_1)
        publish(server, "tool", "2.0", **TOOL_2)
        publish(server, "lib", "1.0")
        publish(server, "lib", "2.0")
        publish(server, "speed")
        publish(
            server, "Space.One", files={"space/one/__init__.py": ""}, data={"headers/one.h": "int one;\n"}
        )
        publish(server, "space-two", files={"space/two.py": "", "space/sub/data.json": "{}"})
        publish(server, "broken", files={"broken/__init__.py": "def f(:\n", "broken/fine.py": "x = 1\n"})
        yield server


@dataclass
class Side:
    """One of two equal folders, with an environment, a project, a home and a user base in it."""

    folder: Path
    program: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        return interpreter(self.folder / "env")

    def run(self, *arguments: str) -> tuple[int, list[str]]:
        """Exit code, and pip's closing lines on stdout."""
        command = [sys.executable, "-m", *self.program, "--python", str(self.python), *arguments]
        ended = subprocess.run(
            [part.replace("{here}", str(self.folder)) for part in command],
            cwd=self.folder / "project",
            env={**os.environ, **self._environ(), **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode != 70, ended.stderr
        return ended.returncode, [
            line.replace(str(self.folder), "<here>") for line in ended.stdout.splitlines() if _closes(line)
        ]

    def _environ(self) -> dict[str, str]:
        return {
            "PYTHONUSERBASE": str(self.folder / "user"),
            "XDG_CACHE_HOME": str(self.folder.parent / f"{self.program[0]}-cache"),
            "PIP_NO_CACHE_DIR": "1" if self.program[0] == "pip" else "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "SAFEPIP_POLICY": str(self.folder / "policy.toml"),
        }


def _closes(line: str) -> bool:
    return line.startswith(("Successfully ", "Requirement already ", "Would install "))


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What both sides start from."""
    folder = tmp_path_factory.mktemp("blank") / "side"
    venv.create(folder / "env", with_pip=False, symlinks=True)
    for name in ("project", "wheels", "user"):
        (folder / name).mkdir()
    for name in ("solo-1.0", "lib-2.0"):
        wheel = make_wheel(*name.split("-"))
        (folder / "wheels" / wheel_filename(*name.split("-"))).write_bytes(wheel)
    write_project(folder / "project" / "code", "my-code", requires=["lib; extra == 'more'"], extras=["more"])
    write_project(folder / "project" / "broken", "broken", at_build="raise SystemExit(1)")
    (folder / "sources").mkdir()
    (folder / "sources" / sdist_filename("old")).write_bytes(make_sdist("old", requires=["lib"]))
    (folder / "policy.toml").write_text('[builds]\nsdists = ["*"]\n')
    return folder


@pytest.fixture
def sides(blank: Path, tmp_path: Path) -> tuple[Side, Side]:
    for name in ("ours", "pips"):
        shutil.copytree(blank, tmp_path / name, symlinks=True)
    return Side(tmp_path / "ours", ("safepip",)), Side(tmp_path / "pips", ("pip",))


def assert_same_trees(ours: Side, pips: Side) -> None:
    left, right = (
        {name.replace(str(side.folder)[1:], "<here>"): kept for name, kept in comparable(side.folder).items()}
        for side in (ours, pips)
    )
    assert sorted(left) == sorted(right)
    assert {name: (left[name], right[name]) for name in left if left[name] != right[name]} == {}


CASES: dict[str, list[str]] = {
    "extras": ["install tool[fast]"],
    "extras, spelled otherwise": ["install Tool[FAST,very_fast]"],
    "namespace packages": ["install SPACE.one Space_Two"],
    "nothing to do": ["install tool", "install tool lib"],
    "asked for later": ["install tool", "install lib"],
    "upgrade": ["install tool==1.0 lib==1.0", "install -U tool"],
    "upgrade of dependencies": ["install tool lib==1.0", "install -U --upgrade-strategy eager tool"],
    "downgrade": ["install tool", "install tool<2"],
    "forced": ["install tool", "install --force-reinstall tool"],
    "forced alone": ["install tool", "install --force-reinstall --no-deps tool"],
    "alone": ["install --no-deps tool"],
    "not compiled": ["install --no-compile tool"],
    "module that does not compile": ["install broken"],
    "target": ["install --target out tool"],
    "target that has it": ["install -t out tool==1.0", "install -t out tool==2.0"],
    "target with upgrade": ["install -t out tool==1.0 space.one", "install -U -t out tool space-two"],
    "target elsewhere": ["install --no-deps --target {here}/a/b/c lib"],
    "prefix": ["install --prefix {here}/usr tool"],
    "root": ["install --root {here}/image tool", "install lib"],
    "wheel in a folder": ["install ../wheels/solo-1.0-py3-none-any.whl"],
    "wheel again": ["install {here}/wheels/solo-1.0-py3-none-any.whl"] * 2,
    "wheel as file URL": ["install file://{here}/wheels/solo-1.0-py3-none-any.whl"],
    "named file URL": ["install solo@file://{here}/wheels/solo-1.0-py3-none-any.whl"],
    "URL": ["install {files}/lib-2.0-py3-none-any.whl#sha256={lib}"],
    "named URL": ["install tool lib@{files}/lib-2.0-py3-none-any.whl#sha256={lib}"],
    "URL after index": ["install lib==2.0", "install {files}/lib-2.0-py3-none-any.whl#sha256={lib}"],
    "index after URL": ["install {files}/lib-2.0-py3-none-any.whl#sha256={lib}", "install lib tool"],
    "folder": ["install ./code"],
    "folder with extras": ["install ./code[more]"],
    "folder as file URL": ["install file://{here}/project/code"],
    "named folder": ["install my_code@file://{here}/project/code"],
    "folder again": ["install ./code", "install ./code"],
    "editable": ["install -e ./code"],
    "editable with extras": ["install -e code[more]"],
    "editable after folder": ["install ./code", "install -e code", "install ./code"],
    "editable removed": ["install -e ./code", "uninstall -y my-code"],
    "folder tried only": ["install --dry-run ./code[more]"],
    "folder without isolation": ["install --no-build-isolation ./code"],
    "folder to a target": ["install -t out ./code"],
    "folder that does not build": ["install lib ./broken"],
    "source archive": ["install --no-index --find-links ../wheels ../sources/old-1.0.tar.gz"],
    "source archive again": ["install ../sources/old-1.0.tar.gz"] * 2,
    "source in a folder": ["install --no-index --find-links ../wheels --find-links ../sources old"],
    "source, downloaded": ["download -d out --no-index --find-links ../wheels --find-links ../sources old"],
    "folder, downloaded": ["download -d out ./code lib"],
    "wheels": ["wheel -w out --no-index --find-links ../wheels --find-links ../sources old ./code"],
    "wheel of an editable": ["wheel -w out -e ./code"],
    "tried only": ["install --dry-run tool[fast]"],
    "quiet": ["install -q tool", "install -qq lib"],
    "folder of wheels": ["install --no-index --find-links ../wheels solo"],
    "not there": ["install nothere"],
    "in conflict": ["install tool lib>=3"],
    "removed": ["install tool", "uninstall -y tool"],
}

# Two versions stay side by side; pip then prints the one that it happens to find first.
TWO_VERSIONS: dict[str, list[str]] = {
    "ignored": ["install tool==1.0", "install -I tool"],
    "prefix twice": ["install --prefix {here}/usr tool==1.0", "install --prefix {here}/usr tool==2.0"],
}


def run_both(sides: tuple[Side, Side], packages: IndexServer, step: str) -> list[tuple[int, list[str]]]:
    command, *words = step.format(here="{here}", files=f"{packages.origin}/files", lib=LIB_SHA256).split()
    where = (
        trusting(packages)
        if command in {"install", "download", "wheel"} and "--no-index" not in words
        else ()
    )
    return [side.run(command, *where, *words) for side in sides]


@pytest.mark.parametrize("steps", CASES.values(), ids=CASES.keys())
def test_outcome_is_pips(sides: tuple[Side, Side], packages: IndexServer, steps: list[str]) -> None:
    for step in steps:
        ours, pips = run_both(sides, packages, step)
        assert ours == pips
    assert_same_trees(*sides)


@pytest.mark.parametrize("steps", TWO_VERSIONS.values(), ids=TWO_VERSIONS.keys())
def test_what_was_installed_is_said_where_two_versions_stay(
    sides: tuple[Side, Side], packages: IndexServer, steps: list[str]
) -> None:
    for step in steps:
        ours, pips = run_both(sides, packages, step)
        assert ours[0] == pips[0] == 0
    assert ours[1] == ["Successfully installed lib-2.0 tool-2.0"]
    assert_same_trees(*sides)
