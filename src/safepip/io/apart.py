"""safepip goes on with the modules that it began with, whatever is put in their place meanwhile."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path


def stand_apart(names: Iterable[str], private: Path) -> None:
    """Copy packages and modules, and load from the copies what is not loaded yet.

    Args:
        names: top-level packages, or modules with their suffix, that are about to be replaced.
        private: an empty folder that stays until this process ends.

    Raises:
        OSError: there is no room for the copies.
    """
    moved = dict(_copied(name, private) for name in names if _standing(name))
    for module in list(sys.modules.values()):
        path = getattr(module, "__path__", None)
        if isinstance(path, list):
            module.__path__ = [_moved(folder, moved) for folder in path]
    sys.path.insert(0, str(private))
    importlib.invalidate_caches()


def _standing(name: str) -> str | None:
    """Where Python finds it; None where it does not."""
    places = (os.path.join(entry, name) for entry in sys.path if entry)
    return next((place for place in places if os.path.exists(place)), None)


def _copied(name: str, private: Path) -> tuple[str, str]:
    """The place of a package or module, and that of its copy."""
    place, copy = str(_standing(name)), str(private / name)
    if os.path.isdir(place):
        shutil.copytree(place, copy, symlinks=True)
    else:
        shutil.copyfile(place, copy)
    return place, copy


def _moved(folder: str, moved: dict[str, str]) -> str:
    for place, copy in moved.items():
        if folder == place or folder.startswith(place + os.sep):
            return copy + folder.removeprefix(place)
    return folder
