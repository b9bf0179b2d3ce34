"""This machine, as far as settings depend on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path


class Machine:
    """Implements :class:`safepip.flows.world.Surroundings`."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ = dict(os.environ if environ is None else environ)
        self.platform = sys.platform

    @cached_property
    def cwd(self) -> str:
        """The working directory as it was at the start."""
        return str(Path.cwd())

    @cached_property
    def home(self) -> str:
        return str(Path.home())

    @property
    def default_index_url(self) -> str:
        """The constant of pip itself; nothing else of pip is imported."""
        from pip._internal.models.index import PyPI

        return PyPI.simple_url

    @property
    def own_cache_dir(self) -> str:
        from platformdirs import user_cache_dir

        return user_cache_dir("safepip", appauthor=False)

    @property
    def machine_policy(self) -> str:
        from safepip.policy.discover import machine_path

        return machine_path(windows=sys.platform == "win32", program_data=self.environ.get("PROGRAMDATA"))

    @property
    def user_config_dir(self) -> str:
        from platformdirs import user_config_dir

        return user_config_dir("safepip", appauthor=False)

    def absolute(self, path: str) -> str:
        """Against the working directory, ``~`` expanded (pip's ``normalize_path`` without links)."""
        return os.path.normpath(Path(self.cwd, Path(path).expanduser()))

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def is_dir(self, path: str) -> bool:
        return Path(path).is_dir()

    def folder_of(self, path: str) -> str:
        return str(Path(self.absolute(path)).parent)
