from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest


class Oracle(Protocol):
    def __call__(self, ask: str, **question: Any) -> dict[str, Any]: ...


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """The real pip in one child process; see pip_oracle.py."""
    with subprocess.Popen(
        [sys.executable, "-X", "utf8", str(Path(__file__).with_name("pip_oracle.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def ask(ask: str, **question: Any) -> dict[str, Any]:
            child.stdin.write(json.dumps({"ask": ask, **question}) + "\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())

        yield ask
        child.stdin.close()
