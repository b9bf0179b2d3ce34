"""``safepip cache``: pip's words over safepip's own store of verified files, built wheels and index pages.

pip's own cache is left alone: nothing that safepip installs comes from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from fnmatch import fnmatch
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ExitCode
from safepip.flows.guard import guard

if TYPE_CHECKING:
    from safepip.core.kept import KeptFile
    from safepip.core.ports import KeptFiles
    from safepip.flows.presenter import Presenter
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions

EVERYTHING = "*"
_METADATA = ".metadata"
"""What the store adds to a wheel's name for its metadata (PEP 658)."""


def cache(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Tell or remove what is kept below the cache folder in force.

    Raises:
        CommandError: no cache folder, no such action, or arguments it does not take; in pip's words.
    """
    with closing(world.target(own.python)) as target:
        guarded = guard(invocation, own, world, target, installs=False)
    folder = guarded.transport.cache_dir
    if folder is None:
        raise CommandError("pip cache commands can not function since cache is disabled.")
    words = [argument.value for argument in invocation.arguments]
    list_format = str(guarded.config.value("list_format"))
    act(words, CacheFolder(folder, world.kept(folder), world.show, list_format))
    return ExitCode.OK


class CacheFolder:
    """The actions of ``cache`` on one folder."""

    def __init__(self, folder: str, kept: KeptFiles, show: Presenter, list_format: str) -> None:
        self._folder = folder
        self._kept = kept
        self._show = show
        self._list_format = list_format

    def dir(self, words: Sequence[str]) -> None:
        """Where it is."""
        _takes(words, at_most=0)
        self._show.kept_in(self._folder)

    def info(self, words: Sequence[str]) -> None:
        """How much of what there is."""
        _takes(words, at_most=0)
        self._show.kept_summary(self._kept.everything())

    def list(self, words: Sequence[str]) -> None:
        """The wheels that match."""
        _takes(words, at_most=1)
        wheels = [file for file in self._kept.everything().of_projects if file.is_wheel]
        pattern = words[0] if words else EVERYTHING
        self._show.kept_listed([wheel for wheel in wheels if matches(wheel, pattern)], self._list_format)

    def remove(self, words: Sequence[str]) -> None:
        """The wheels that match, each with its metadata; ``*`` stands for everything."""
        _takes(words, at_most=1)
        if not words:
            raise CommandError("Please provide a pattern")
        kept = self._kept.everything()
        if words[0] == EVERYTHING:
            chosen = [*kept.of_projects, *kept.pages]
        else:
            chosen = [file for file in kept.of_projects if matches(file, words[0])]
        self._show.kept_removed(self._kept.remove(chosen), words[0])

    def purge(self, words: Sequence[str]) -> None:
        """Everything."""
        _takes(words, at_most=0)
        self.remove([EVERYTHING])


_ACTIONS: Mapping[str, Callable[[CacheFolder, Sequence[str]], None]] = MappingProxyType(
    {
        "dir": CacheFolder.dir,
        "info": CacheFolder.info,
        "list": CacheFolder.list,
        "purge": CacheFolder.purge,
        "remove": CacheFolder.remove,
    }
)


def act(words: Sequence[str], folder: CacheFolder) -> None:
    """Do what the words after ``cache`` say. Raises CommandError in pip's words."""
    if not words or words[0] not in _ACTIONS:
        raise CommandError(f"Need an action ({', '.join(sorted(_ACTIONS))}) to perform.")
    _ACTIONS[words[0]](folder, words[1:])


def matches(file: KeptFile, pattern: str) -> bool:
    """As pip: a pattern with a hyphen names at least a version, any other a whole name.

    A wheel's metadata goes with the wheel.
    """
    return fnmatch(
        file.path.name.removesuffix(_METADATA), pattern + ("*.whl" if "-" in pattern else "-*.whl")
    )


def _takes(words: Sequence[str], *, at_most: int) -> None:
    if len(words) > at_most:
        raise CommandError("Too many arguments")
