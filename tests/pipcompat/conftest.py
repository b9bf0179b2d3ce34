from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest


class Oracle(Protocol):
    def __call__(self, ask: str, **question: Any) -> dict[str, Any]: ...


@contextmanager
def answering(script: str) -> Iterator[Callable[..., dict[str, Any]]]:
    """A program of this folder in one child process: a question a line, an answer a line."""
    with subprocess.Popen(
        [sys.executable, "-X", "utf8", str(Path(__file__).with_name(script))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def ask(**question: Any) -> dict[str, Any]:
            child.stdin.write(json.dumps(question) + "\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())

        yield ask
        child.stdin.close()


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """The real pip in one child process; see pip_oracle.py."""
    with answering("pip_oracle.py") as answer:
        yield lambda ask, **question: answer(ask=ask, **question)
