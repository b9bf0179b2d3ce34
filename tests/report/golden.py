"""Rendered output against files in ``tests/golden``; ``GOLDEN=update`` writes them anew, for review in the diff."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """Compare with ``tests/golden/<name>``, byte for byte."""
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "update":
        path.write_bytes(text.encode())
    assert path.exists(), f"{path} is missing: run with GOLDEN=update and look at what it wrote"
    assert text == path.read_bytes().decode()
