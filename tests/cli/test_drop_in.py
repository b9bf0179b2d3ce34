"""The same command line, given to pip and to safepip: exit code, stdout and warnings are pip's.

Of commands that fetch, stdout is compared by the lines that answer; pip's account of its progress is
safepip's own on stderr. ``tests/cli/test_same_as_pip.py`` compares what is left on disk.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.conftest import Shell, publish, trusting
from support.environments import interpreter
from support.server import IndexServer
from support.wheels import make_wheel, wheel_filename

ANSWERS = ("Successfully ", "Requirement already ", "Would install ", "Saved ", "  File was already ")
GUARDED = {"install", "download", "wheel"}
USAGE = 2
_MARK = re.compile(r"\s*(?:WARNING|ERROR|error(?:\[[a-z-]+\])?): ")
"""Before a warning or an error of pip's; safepip names the kind of some."""


@pytest.fixture(scope="module")
def packages() -> Iterator[IndexServer]:
    with IndexServer() as server:
        scripts = {"console_scripts": {"app": "app:main"}}
        publish(server, "app", "1.0", requires=["lib>=1"], entry_points=scripts)
        publish(server, "lib", "1.0")
        publish(server, "lib", "2.0")
        publish(server, "old-fashioned", "1.0", requires=["lib<2"])
        publish(server, "lonely", "1.0", requires=["nothere"])
        publish(server, "pre", "0.9")
        publish(server, "pre", "1.0a1")
        yield server


@dataclass
class Case:
    """Commands one after another in one folder.

    Attributes:
        steps: command lines; ``{here}`` is the folder, ``{index}`` names the index and its authority.
        in_base: on the interpreter that runs the tests, with a user base of its own, instead of a
            virtual environment. Nothing may be installed but ``--user`` or elsewhere.
        reads: files whose text, or whose facts if it is JSON, are compared in the end.
    """

    steps: list[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    in_base: bool = False
    reads: tuple[str, ...] = ()


CASES = {
    "quiet": Case(["install -q {index} lib==1.0", "install -qq {index} app", "install -qqq {index} lib==1.0"]),
    "nothing found": Case(["install {index} nothere", "install -qqq {index} lib==9", "download {index} lonely"]),
    "no bar": Case(["install --progress-bar off {index} lib", "install --progress-bar raw {index} app"]),
    "bar": Case(["install --progress-bar on {index} lib", "download --no-color --no-input {index} app"]),
    "unknown bar": Case(["install --progress-bar loud {index} lib"]),
    "report": Case(["install --dry-run --report r.json {index} app"], reads=("project/r.json",)),
    "report of what is done": Case(["install -q --report - {index} app lib==1.0"]),
    "report into no folder": Case(["install --report no/r.json --dry-run {index} app"]),
    "conflict": Case(["install -q {index} old-fashioned", "install {index} lib==2.0", "check"]),
    "conflict, quietly": Case(["install -q {index} old-fashioned", "install -qq {index} lib==2.0"]),
    "conflict, again": Case(
        [
            "install -q {index} old-fashioned",
            "install -q --no-warn-conflicts {index} lib==2.0",
            "install -q --force-reinstall {index} lib==2.0",
        ]
    ),
    "only dependencies": Case(
        ["install --only-deps {index} app", "install --only-deps --no-deps {index} app", "list"]
    ),
    "without dependencies": Case(["install --no-deps {index} app", "check", "inspect", "show -f app"]),
    "pre-releases": Case(["install {index} pre", "install --pre -U {index} pre", "freeze"]),
    "strategies": Case(["install --upgrade-strategy often {index} lib", "install -U {index} app lib<2"]),
    "restricted": Case(
        [
            "install --platform any {index} lib",
            "install --python-version 3.9 --only-binary :all: {index} lib",
            "install --python-version 3.9 --only-binary :all: --target out {index} lib",
            "download --abi none --no-deps {index} lib",
        ]
    ),
    "downloaded twice": Case(
        ["download -d d {index} lib", "download -d d {index} app", "wheel -w d {index} lib", "download -q -d d {index} lib"]
    ),
    "another file of the name": Case(
        [
            "download -q --no-index --find-links {here}/wheels solo",
            "download --no-index --find-links {here}/others --require-hashes -r {here}/others/hashed.txt",
        ]
    ),
    "user site in an environment": Case(["install --user {index} lib"]),
    "user site and elsewhere": Case(
        ["install --user --target out {index} lib", "install --user --prefix out {index} lib"]
    ),
    "user site": Case(
        [
            "install --user {index} app",
            "install --user {index} app",
            "list --user",
            "freeze --user",
            "uninstall -y app lib",
        ],
        environ={"PATH": os.defpath},
        in_base=True,
    ),
    "user site, unwarned": Case(
        ["install --user --no-warn-script-location --root-user-action ignore {index} app"],
        environ={"PATH": os.defpath},
        in_base=True,
    ),
    "elsewhere": Case(
        [
            "install --prefix {here}/prefix {index} app",
            "install --root {here}/root {index} app",
            "install --target {here}/target {index} app",
            "install --target {here}/target {index} lib==1.0",
            "install --target {here}/target --upgrade {index} lib==1.0",
            "install --target {here}/wheels/solo-1.0-py3-none-any.whl {index} lib",
        ],
        environ={"PATH": os.defpath},
        in_base=True,
    ),
    "virtual environment required": Case(
        [
            "install --target out {index} lib",
            "download {index} lib",
            "wheel {index} lib",
            "uninstall -y lib",
            "freeze -q",
            "check",
            "show nothere",
            "config get global.nothing",
        ],
        environ={"PIP_REQUIRE_VIRTUALENV": "1"},
        in_base=True,
    ),
    "virtual environment required and there": Case(
        ["--require-virtualenv install {index} lib", "uninstall -y lib --require-virtualenv"]
    ),
    "uninstall": Case(["install -q {index} app", "uninstall app", "freeze"], stdin="y\n"),
    "uninstall after all": Case(["install -q {index} app", "uninstall app lib", "freeze"], stdin="what\n\n"),
    "uninstall not": Case(["install -q {index} app", "uninstall app", "freeze"], stdin="n\n"),
    "uninstall, nobody there": Case(["install -q {index} app", "uninstall --no-input app", "freeze"]),
    "uninstall nothing": Case(["uninstall", "uninstall -y nothere", "uninstall -y -r nothere.txt"]),
    "what is there": Case(
        [
            "install -q {index} app",
            "list",
            "list --format json",
            "list --not-required -v",
            "freeze --all",
            "show -v app lib nothere",
            "inspect",
            "check",
        ]
    ),
    "no command": Case(["", "-q", "frobnicate", "instal", "help frobnicate", "--version"]),
    "help": Case(["help", "help show", "show --help", "--help"]),
    "usage": Case(["list --format nothing", "list --nothing", "install --nothing", "hash", "config", "cache nothing"]),
    "completion": Case(["completion --bash", "completion --zsh --fish", "completion"]),
    "digests": Case(["hash {here}/wheels/solo-1.0-py3-none-any.whl", "hash -a sha512 nothere.whl"]),
    "configuration": Case(["config list", "config get global.nothing", "config get nothing", "config debug"]),
    "requirements": Case(["install", "download", "wheel", "install -r nothere.txt", "install -c nothere.txt lib"]),
    "debug": Case(["debug"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What both sides start from."""
    folder = tmp_path_factory.mktemp("blank") / "side"
    venv.create(folder / "env", with_pip=False, symlinks=True)
    for name in ("project", "wheels", "others", "user", "home"):
        (folder / name).mkdir()
    filename = wheel_filename("solo", "1.0")
    (folder / "wheels" / filename).write_bytes(make_wheel("solo", "1.0"))
    (folder / "others" / filename).write_bytes(make_wheel("solo", "1.0", description="Another.\n"))
    digest = subprocess.run(
        [sys.executable, "-m", "pip", "hash", folder / "others" / filename], capture_output=True, check=True
    )
    option = digest.stdout.decode().splitlines()[1]
    (folder / "others/hashed.txt").write_text(f"solo==1.0 {option}\n", encoding="utf-8")
    return folder


@dataclass
class Said:
    """What a command ended with, free of what differs between two folders."""

    code: int
    out: list[str]
    warnings: list[str]


def run(program: str, side: Path, case: Case, step: str, packages: IndexServer) -> Said:
    # The tests' environment was made with the interpreter that its own leads to.
    python = os.path.realpath(sys.executable) if case.in_base else str(interpreter(side / "env"))
    words = step.replace("{index}", " ".join(trusting(packages))).replace("{here}", str(side)).split()
    ended = subprocess.run(
        [sys.executable, "-m", program, "--python", python, *words],
        cwd=side / "project",
        env={**os.environ, **_environ(side), **case.environ},
        input=case.stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 70, ended.stderr
    return _said(ended, side, answers=not GUARDED.isdisjoint(words) and "-" not in words)


def _environ(side: Path) -> dict[str, str]:
    return {
        "HOME": str(side / "home"),
        "PYTHONUSERBASE": str(side / "user"),
        "XDG_CACHE_HOME": str(side / "cache"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "COLUMNS": "400",
    }


def _said(ended: subprocess.CompletedProcess[str], side: Path, *, answers: bool) -> Said:
    def told(text: str) -> list[str]:
        plain = text.replace(str(side), "<here>")
        # pip names the program as it was started, safepip's pip as people call it.
        named = re.sub(r"\S*python\S* -m pip\b", "pip", plain)
        # What safepip adds to pip's help, and to its script for a shell, stands at the end.
        scripts = re.sub(r"^(complete|compdef) .* safepip\n\Z", "", named, flags=re.MULTILINE)
        return scripts.partition("\nsafepip's Own ")[0].splitlines()

    out = told(ended.stdout)
    if answers:
        out = [line for line in out if line.startswith(ANSWERS)]
    lines = told(ended.stderr)
    said = [line for line in lines if _MARK.match(line)]
    if ended.returncode == USAGE and not said:
        said = lines[-1:]  # pip's parser puts its usage before it, and no mark
    return Said(ended.returncode, out, [_MARK.sub("", line) for line in said])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_pip_and_safepip_say_the_same(case: Case, blank: Path, tmp_path: Path, packages: IndexServer) -> None:
    sides = {program: tmp_path / name for program, name in (("pip", "pips"), ("safepip", "ours"))}
    for side in sides.values():
        shutil.copytree(blank, side, symlinks=True)

    for step in case.steps:
        theirs, ours = (run(program, side, case, step, packages) for program, side in sides.items())
        assert ours == theirs, step
    for name in case.reads:
        theirs_read, ours_read = (json.loads((side / name).read_bytes()) for side in sides.values())
        assert ours_read == theirs_read


@pytest.mark.parametrize("quiet", ["-v", "-q", "-qqq"])
def test_a_log_tells_what_no_quietness_hides(shell: Shell, packages: IndexServer, quiet: str) -> None:
    ended = shell.safepip("install", quiet, "--log", "made/run.log", *trusting(packages), "app")

    lines = (shell.folder / "made/run.log").read_text(encoding="utf-8").splitlines()
    assert ended.code == 0, ended.err
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3} ", line) for line in lines)
    told = "\n".join(line.partition(" ")[2] for line in lines)
    for words in (
        "Resolving\n",
        "Downloading app-1.0-py3-none-any.whl",
        "Successfully installed app-1.0 lib-2.0",
    ):
        assert words in told


@pytest.mark.parametrize("program", ["pip", "safepip"])
def test_a_reader_that_went_away_ends_a_run_as_with_pip(blank: Path, program: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    ended = _dry_run(blank, program, writing)

    os.close(writing)
    assert ended.returncode == 120
    assert "ERROR: Pipe to stdout was broken" in ended.stderr.splitlines()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_behind_stdout_is_an_error_and_no_bug(blank: Path) -> None:
    """pip ends as if all had been said, with a traceback of its logging."""
    with Path("/dev/full").open("w") as full:
        ended = _dry_run(blank, "safepip", full.fileno())

    assert ended.returncode == 1
    assert (
        ended.stderr.splitlines()[-1] == "ERROR: standard output cannot be written: No space left on device"
    )


def _dry_run(side: Path, program: str, stdout: int) -> subprocess.CompletedProcess[str]:
    words = ["install", "--dry-run", "--no-index", "--find-links", str(side / "wheels"), "solo"]
    command = [sys.executable, "-m", program, "--python", str(interpreter(side / "env")), *words]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
