"""What a command may cost: it loads nothing that only other commands, or other outcomes, need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.sdists import write_project
from support.wheels import make_wheel, wheel_filename

FORBIDDEN = {
    "httpx",
    "resolvelib",
    "rich",
    "truststore",
    "ssl",
    "platformdirs",
    "packaging",
    "tomllib",
    "subprocess",
    "email",
    "pip",
    "safepip.core.index",
    "safepip.core.plan",
    "safepip.policy",
    "safepip.resolve",
    "safepip.report",
    "safepip.io.http",
    "safepip.io.agent",
    "safepip.cli.wiring.world",
}
_PROBE = """
import sys, os
def stop(*arguments):
    print(chr(10).join(sorted(sys.modules)))
    sys.stdout.flush()
    os._exit(0)
os.execve = stop
from safepip.cli.main import main
main(sys.argv[1:])
"""


def loaded(*argv: str) -> set[str]:
    """Modules in a fresh interpreter when pip is about to take over."""
    run = subprocess.run(
        [sys.executable, "-c", _PROBE, *argv], capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stdout.split())


@pytest.mark.parametrize("argv", [("list",), ("--version",), ("show", "pip"), ("freeze",)])
def test_a_passed_through_command_loads_nothing_heavy(argv: tuple[str, ...]) -> None:
    modules = loaded(*argv)

    assert "safepip.flows.delegate" in modules
    assert modules & FORBIDDEN == set()


NEEDED_TO_INSTALL = {
    "packaging.pylock",
    "safepip.core.mirror",
    "httpx",
    "httpcore",
    "html",
    "rich",
    "sqlite3",
    "ssl",
    "truststore",
    "urllib.request",
    "safepip.io.apply",
    "safepip.io.http",
    "safepip.io.index",
    "safepip.io.store",
    "safepip.simpleapi",
    "safepip.verify",
}
_WHOLE_RUN = """
import sys
from safepip.cli.main import main
code = main(sys.argv[1:])
print(chr(10).join(sorted(sys.modules)))
sys.exit(code)
"""


def test_what_is_installed_already_needs_no_client_and_no_ready_pip(tmp_path: Path) -> None:
    """Without an applier, nobody tells the target's interpreter to load pip."""
    command = ["install", "--index-url", "https://index.example/simple", "packaging"]
    environ = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}

    run = subprocess.run(
        [sys.executable, "-c", _WHOLE_RUN, *command],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=environ,
        cwd=tmp_path,
    )

    assert "Requirement already satisfied: packaging" in run.stdout
    assert set(run.stdout.split()) & NEEDED_TO_INSTALL == set()


NEEDED_TO_BUILD = {
    "pyproject_hooks",
    "safepip.flows.build_requirements",
    "safepip.flows.build_room",
    "safepip.io.build",
    "safepip.io.build_backend",
    "safepip.io.build_process",
    "safepip.verify.sdist",
}


@pytest.mark.parametrize("builds", [False, True])
def test_a_run_that_builds_nothing_loads_nothing_that_builds(tmp_path: Path, builds: bool) -> None:
    (tmp_path / wheel_filename("demo")).write_bytes(make_wheel("demo"))
    folder = write_project(tmp_path / "demo", "demo")
    asked = str(folder) if builds else "demo"
    command = ["install", "--dry-run", "--no-index", "--find-links", str(tmp_path), asked]

    run = subprocess.run(
        [sys.executable, "-c", _WHOLE_RUN, *command],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull},
        cwd=tmp_path,
    )

    assert "Would install demo-1.0" in run.stdout
    assert set(run.stdout.split()) & NEEDED_TO_BUILD == (NEEDED_TO_BUILD if builds else set())


_INTERRUPTED = """
import os, sys
class CtrlC:
    def find_spec(self, name, *_):
        if name == os.environ["WHERE"]:
            raise {raised}
sys.meta_path.insert(0, CtrlC())
from safepip.__main__ import cli
cli()
"""


@pytest.mark.parametrize("where", ["safepip.cli.main", "safepip.cli.wiring.world", "safepip.flows.guard"])
@pytest.mark.parametrize(
    "raised",
    ["KeyboardInterrupt", "RuntimeError('of a class') from KeyboardInterrupt()", "RuntimeError('x')"],
)
def test_ctrl_c_while_modules_are_loaded_ends_calmly(tmp_path: Path, where: str, raised: str) -> None:
    """And what only looks like it is not taken for it."""
    run = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED.format(raised=raised), "install", "demo"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull, "WHERE": where},
        cwd=tmp_path,
    )

    calmly = "KeyboardInterrupt" in raised
    assert run.returncode == 1 if calmly else run.returncode
    assert (run.stderr == "ERROR: Operation cancelled by user\n") is calmly
