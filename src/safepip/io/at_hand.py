"""Small looks at the disk for commands that pip applies as they are, which can afford no ``pathlib``."""

from __future__ import annotations

import os
from collections.abc import Iterable


def home() -> str:
    """The user's home folder, as pip finds it."""
    return os.path.expanduser("~")


def prefix_of(python: str) -> str:
    """``sys.prefix`` of the environment whose interpreter stands here, told by the place alone."""
    folder = os.path.dirname(python)
    return os.path.dirname(folder) if os.path.basename(folder) in {"bin", "Scripts"} else folder


def contents(paths: Iterable[str]) -> list[tuple[str, bytes]]:
    """Those of the files that are there and can be read, with what is in them."""
    found = []
    for path in paths:
        try:
            with open(path, "rb") as stream:
                found.append((path, stream.read()))
        except OSError:
            continue
    return found
