"""Nothing that policy has not admitted runs: every command meets packages that give the alarm."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest

from cli.conftest import Ended, Shell, trusting
from safepip.cli.commands import TREATMENTS, Treatment
from safepip.pipcompat.own import OWN_COMMANDS
from support.repositories import GitServer
from support.sdists import make_sdist, sdist_filename, write_project
from support.server import IndexServer
from support.traps import NOTHING_LOCAL, TRAPS, Traps, admits
from support.wheels import make_wheel, wheel_filename

GUARDED = (
    "install",
    "install --dry-run",
    "install --explain",
    "install --upgrade --report report.json",
    "install --target there",
    "download",
    "download --pre -d there",
    "wheel",
    "lock",
    "lock --check",
    "lock --format requirements",
    "lock --environment windows-amd64-cp313,linux-aarch64-cp312",
)
"""Command lines that take what a trap asks for."""
OTHERS: Mapping[str, int] = {
    "index versions demo": 0,
    "search demo": 1,
    "cache list": 0,
    "cache purge": 0,
    "uninstall -y -r local.txt": 0,
    "list": 0,
    "list --outdated": 0,
    "show demo": 0,
    "freeze -r local.txt": 0,
    "inspect": 0,
    "check": 0,
    "config list": 0,
    "hash demo-1.0.tar.gz": 0,
    "debug": 0,
    "completion --bash": 0,
    "help install": 0,
    "explain demo": 0,
    "explain": 0,
    "mirror --to there pylock.toml": 0,
    "policy init --output new.toml": 0,
    "policy show": 0,
    "sync pylock.toml": 10,
    "sync --dry-run pylock.toml": 10,
    "sync --explain pylock.toml": 10,
}
"""Every other command with its exit code, in a project that is a trap itself."""
PAIRS = [
    pytest.param(trap, line, id=f"{line}: {trap}")
    for (t, trap), (k, line) in product(enumerate(TRAPS), enumerate(GUARDED))
    if (line == "install" or (t + k) % 4 == 0) and not (line.startswith("download") and "editable" in trap)
]
"""A quarter of all pairs: each trap meets three or four of the lines, each line four of the traps. pip downloads no editable."""
REFUSED: Mapping[str, tuple[str, int]] = {
    "a wrong hash": ("demo==1.0 --hash sha256:" + "0" * 64, 13),
    "other bytes than the page promised": ("changed", 13),
    "a source of another name inside": ("impostor", 13),
    "a line without a hash": ("-r half.txt", 10),
    "no hash where all need one": ("--require-hashes demo", 10),
    "a second index that has the name too": ("--extra-index-url {rival} demo", 10),
    "a host without verification": ("--trusted-host localhost demo", 10),
    "an index in the clear": ("--extra-index-url http://index.example/simple demo", 10),
    "a quarantined project": ("quarantined", 10),
    "a URL in metadata": ("linked", 10),
    "a branch of a repository": ("{branch}", 10),
    "a folder where all need a hash": ("--require-hashes ./mine", 10),
}
"""What stops an installation of admitted code before any of it runs, and the exit code."""


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traps]:
    folder = tmp_path_factory.mktemp("traps")
    with IndexServer() as index, GitServer(folder / "repositories") as git:
        yield Traps(index, git, folder / "alarms")


@pytest.fixture(scope="module")
def rival() -> Iterator[IndexServer]:
    """Another index that has other bytes under the name ``demo``."""
    with IndexServer() as server:
        server.add_file(make_sdist("demo"), sdist_filename("demo"))
        yield server


@pytest.fixture(autouse=True)
def silence(traps: Traps) -> None:
    traps.alarms.unlink(missing_ok=True)


def run(shell: Shell, traps: Traps, policy: str, *words: str, **variables: str) -> Ended:
    """A command under a policy, with the traps' index as the operator's own."""
    environ = {
        "PIP_INDEX_URL": traps.index.url,
        "PIP_CERT": traps.index.ca_path,
        "SAFEPIP_POLICY": str(shell.write("../policy.toml", policy)),
        **variables,
    }
    return shell.safepip(*words, environ=environ)


def lay_out(shell: Shell, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = shell.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def start(python: Path) -> None:
    """Start the environment's interpreter, as anybody does who uses what was installed."""
    subprocess.run([python, "-c", ""], capture_output=True, check=False)


# --- What nobody admitted -----------------------------------------------------------------------------


@pytest.mark.parametrize("trap, line", PAIRS)
def test_what_nobody_admitted_does_not_run(shell: Shell, traps: Traps, trap: str, line: str) -> None:
    asked = TRAPS[trap](traps)
    lay_out(shell, asked.files)

    ended = run(shell, traps, asked.policy, *line.split(), *asked.words)

    assert traps.ran(ended.out, ended.err) == set()
    assert ended.code in asked.ends, ended.err
    assert shell.installed() == set()
    start(shell.python)
    assert traps.ran() == set()


@pytest.mark.parametrize("trap", TRAPS)
def test_what_is_admitted_runs_so_that_every_trap_is_one(shell: Shell, traps: Traps, trap: str) -> None:
    asked = TRAPS[trap](traps)
    lay_out(shell, asked.files)

    ended = run(shell, traps, asked.admitting, "install", *asked.words)

    start(shell.python)
    assert len(traps.ran(ended.out, ended.err)) == 1, ended.err


def test_every_line_lets_what_is_admitted_run_that_has_to(shell: Shell, traps: Traps) -> None:
    """Else a line could be safe only because it is misspelt."""
    asked = TRAPS["source of a dependency"](traps)

    def runs(line: str) -> bool:
        traps.alarms.unlink(missing_ok=True)
        ended = run(shell, traps, asked.admitting, *line.split(), "--no-cache-dir", *asked.words)
        return traps.ran(ended.out, ended.err) == {"demo"}

    assert [line for line in GUARDED if not runs(line)] == []


# --- The other commands -------------------------------------------------------------------------------


@pytest.fixture
def trapped(shell: Shell, traps: Traps) -> Shell:
    """A project folder that is a trap, modules called as tools call theirs, and ``demo`` installed earlier."""
    modules = ("pip", "setup", "sitecustomize", "keyring", "backend", "conftest")
    lay_out(shell, traps.project("mine"))
    lay_out(shell, {f"{name}.py": traps.alarm(name) for name in modules})
    lay_out(shell, {"local.txt": "-e .\n./mine\ndemo\n", **traps.below("mine")})
    lay_out(shell, {"demo-1.0.tar.gz": traps.source("demo"), "pylock.toml": traps.locked("demo")})
    site = next(shell.python.parent.parent.glob("lib/python*/site-packages"))
    (site / "demo-0.5.dist-info").mkdir()
    (site / "demo-0.5.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 0.5\n")
    (site / "demo-0.5.dist-info" / "RECORD").write_text(
        "demo-0.5.dist-info/METADATA,,\ndemo-0.5.dist-info/RECORD,,\n"
    )
    return shell


@pytest.mark.parametrize("line", OTHERS)
def test_no_other_command_runs_anything(trapped: Shell, traps: Traps, line: str) -> None:
    ended = run(trapped, traps, NOTHING_LOCAL, *line.split())

    assert traps.ran(ended.out, ended.err) == set()
    assert ended.code == OTHERS[line], ended.err


@pytest.mark.parametrize("line", ["sync pylock.toml", "sync --dry-run pylock.toml"])
def test_what_is_admitted_runs_there_too(trapped: Shell, traps: Traps, line: str) -> None:
    ended = run(trapped, traps, admits("demo"), *line.split())

    assert traps.ran(ended.out, ended.err) == {"demo"}, ended.err


def test_no_command_is_left_out() -> None:
    assert {line.split()[0] for line in (*GUARDED, *OTHERS)} == set(TREATMENTS) | set(OWN_COMMANDS)


def test_every_command_that_takes_requirements_meets_the_traps() -> None:
    guarded = {name for name, treatment in TREATMENTS.items() if treatment is Treatment.GUARDED}

    assert {line.split()[0] for line in GUARDED} == guarded


# --- Installations that are refused -------------------------------------------------------------------


@pytest.mark.parametrize("why", REFUSED)
def test_nothing_admitted_runs_where_the_installation_is_refused(
    shell: Shell, traps: Traps, rival: IndexServer, why: str
) -> None:
    line, code = REFUSED[why]
    lay_out(shell, {"half.txt": "demo==1.0\n" + traps.hashed("final"), **traps.below("mine")})
    policy = traps.git.allowing(admits("*"))
    branch = traps.git.requirement("repo.git", "main", "repo").replace(" ", "")

    ended = run(shell, traps, policy, "install", *line.format(rival=rival.url, branch=branch).split())

    assert traps.ran(ended.out, ended.err) == set()
    assert (ended.code, shell.installed()) == (code, set()), ended.err


@pytest.mark.parametrize("variable", ["PIP_REQUIRE_HASHES", "PIP_CONFIG_FILE"])
def test_nor_where_the_operators_settings_ask_for_hashes(shell: Shell, traps: Traps, variable: str) -> None:
    file = shell.write("pip.conf", "[global]\nrequire-hashes = yes\n")
    value = {"PIP_REQUIRE_HASHES": "1", "PIP_CONFIG_FILE": str(file)}[variable]

    ended = run(shell, traps, admits("*"), "install", "demo", **{variable: value})

    assert (ended.code, traps.ran(ended.out, ended.err)) == (10, set()), ended.err
    assert "demo has no hash" in ended.err


# --- Versions that exist only as sources --------------------------------------------------------------

CHOOSING = [line for line in GUARDED if line != "lock --check"]


@pytest.fixture
def newer(shell: Shell, traps: Traps) -> Iterator[IndexServer]:
    """``demo`` and ``tool``, of both of which the newer version is a source, ``top`` and ``mine``, which need them."""
    with IndexServer() as server:
        for name in ("demo", "tool"):
            server.add_wheel(make_wheel(name), wheel_filename(name))
            server.add_file(traps.source(name, version="2.0"), sdist_filename(name, "2.0"))
        server.add_wheel(make_wheel("top", requires=["demo"]), wheel_filename("top"))
        write_project(shell.folder / "mine", "mine", needs=["tool"])
        yield server


@pytest.mark.parametrize("asked", ["demo", "top"])
@pytest.mark.parametrize("line", CHOOSING)
def test_a_version_that_is_passed_over_is_said(
    shell: Shell, newer: IndexServer, traps: Traps, line: str, asked: str
) -> None:
    ended = shell.safepip(*line.split(), asked, *trusting(newer))

    assert (ended.code, traps.ran(ended.out, ended.err)) == (0, set()), ended.err
    assert "demo 2.0 passed over: only a source distribution" in ended.err


def test_so_is_one_that_a_build_would_need(shell: Shell, newer: IndexServer, traps: Traps) -> None:
    ended = shell.safepip("install", "./mine", *trusting(newer))

    assert (ended.code, traps.ran(ended.out, ended.err)) == (0, set()), ended.err
    assert "tool 2.0 passed over: only a source distribution" in ended.err


def test_a_question_for_versions_passes_none_over(shell: Shell, newer: IndexServer) -> None:
    ended = shell.safepip("index", "versions", "demo", *trusting(newer))

    assert (ended.code, ended.out.splitlines()[:2]) == (0, ["demo (2.0)", "Available versions: 2.0, 1.0"])
