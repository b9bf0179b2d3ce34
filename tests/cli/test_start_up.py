"""What a passed-through command may cost: it loads nothing that only guarded commands need."""

from __future__ import annotations

import subprocess
import sys

import pytest

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


@pytest.mark.parametrize(
    "argv", [("list",), ("--version",), ("show", "pip"), ("freeze",), ("install", "--help")]
)
def test_a_passed_through_command_loads_nothing_heavy(argv: tuple[str, ...]) -> None:
    modules = loaded(*argv)

    assert "safepip.flows.delegate" in modules
    assert modules & FORBIDDEN == set()
