"""This machine, as far as settings depend on it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from safepip.core.errors import CommandError

_MOST_LINKS = 40
"""As Linux: a chain that is longer cannot be read either."""


class Machine:
    """Implements :class:`safepip.flows.world.Surroundings`."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ = dict(os.environ if environ is None else environ)
        self.platform = sys.platform

    @property
    def text_encoding(self) -> str:
        if sys.flags.utf8_mode:
            return "utf-8"
        import locale

        return locale.getencoding()

    @cached_property
    def cwd(self) -> str:
        """The working directory as it was at the start. Raises CommandError where it has been removed."""
        try:
            return str(Path.cwd())
        except FileNotFoundError:
            raise CommandError("The folder you are executing pip from can no longer be found.") from None

    @property
    def cwd_to_show(self) -> str:
        """The same for messages; empty where it has been removed."""
        try:
            return self.cwd
        except CommandError:
            return ""

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

        return self._own_folder(user_config_dir("safepip", appauthor=False), ".config")

    @property
    def user_data_dir(self) -> str:
        from platformdirs import user_data_dir

        return self._own_folder(user_data_dir("safepip", appauthor=False), ".local/share")

    def _own_folder(self, folder: str, below_home: str) -> str:
        """An ``XDG_*`` variable with a relative path would let any working directory speak for the user; the
        XDG base directory specification has such a path ignored.
        """
        return folder if Path(folder).is_absolute() else str(Path(self.home, below_home, "safepip"))

    @property
    def is_superuser(self) -> bool:
        return sys.platform not in {"win32", "cygwin"} and os.getuid() == 0

    def absolute(self, path: str) -> str:
        """Against the working directory, ``~`` expanded (pip's ``normalize_path`` without links)."""
        return os.path.normpath(Path(self.cwd, Path(path).expanduser()))

    def exists(self, path: str) -> bool:
        return os.path.exists(path)  # noqa: PTH110 - pathlib's raises where a name is too long to be one

    def is_dir(self, path: str) -> bool:
        return os.path.isdir(path)  # noqa: PTH112 - see exists

    def stands(self, path: str) -> bool:
        """See the port."""
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def changeable_by(self, path: str) -> str | None:
        """See the port. The file, what a link leads to, and the folders of both are looked at."""
        if sys.platform == "win32":
            return None
        chain = [*_links(Path(path)), Path(path).resolve()]
        places = dict.fromkeys(place for link in chain for place in (link, link.parent))
        return next(filter(None, map(_others, places)), None)

    def stranger(self, path: str) -> str | None:
        """See the port."""
        if sys.platform == "win32":
            return None
        owner = Path(path).lstat().st_uid
        return None if owner in {0, os.geteuid(), Path(self.cwd).stat().st_uid} else f"user {owner}"

    def one_name(self, path: str) -> str:
        """See the port."""
        place = Path(self.absolute(path))
        return os.path.normcase(Path(os.path.realpath(place.parent), place.name))

    def folder_of(self, path: str) -> str:
        return str(Path(self.absolute(path)).parent)


def _links(path: Path) -> Iterator[Path]:
    """The path, and every link that it leads through."""
    for _ in range(_MOST_LINKS):
        yield path
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()


def _others(place: Path) -> str | None:
    """Who else may write here; in a sticky folder nobody may replace what is another's."""
    facts = place.stat()
    if facts.st_uid not in {0, os.geteuid()}:
        return f"user {facts.st_uid}, who owns {place},"
    if stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX:
        return None
    if facts.st_mode & stat.S_IWOTH:
        return f"everybody, by the permissions of {place},"
    return f"group {facts.st_gid}, by the permissions of {place}," if facts.st_mode & stat.S_IWGRP else None
