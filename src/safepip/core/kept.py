"""What safepip keeps between runs: verified files and index pages, as ``cache`` speaks of them."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from safepip.core.value import value

BUILT = "built"
"""The folder of the store that holds built wheels."""


class SaveOutcome(Enum):
    """What became of a file that was to be saved."""

    NEW = "new"
    ALREADY_THERE = "already there"
    """With the very same bytes."""
    REPLACED = "replaced"
    """Something else had its name."""


@value
class Saved:
    """A file where ``download`` or ``wheel`` puts it; ``path`` is absolute."""

    path: str
    outcome: SaveOutcome = SaveOutcome.NEW


@value
class KeptFile:
    """One file that safepip itself wrote; ``size`` in bytes, 0 for a link (it is never followed)."""

    path: Path
    size: int

    @property
    def is_wheel(self) -> bool:
        return self.path.suffix == ".whl"


@value
class Kept:
    """Everything that is kept, at one moment.

    Attributes:
        files: verified files, the metadata of wheels, and downloads that were cut off long ago.
        pages: index pages; they only ever save bytes, never decide.
        built: wheels that were built from sources.
    """

    files_folder: Path
    pages_folder: Path
    built_folder: Path
    files: tuple[KeptFile, ...] = ()
    pages: tuple[KeptFile, ...] = ()
    built: tuple[KeptFile, ...] = ()

    @property
    def of_projects(self) -> tuple[KeptFile, ...]:
        """What belongs to one project or another."""
        return (*self.files, *self.built)


@value
class Removal:
    """What is gone: number of files, their bytes, number of folders that became empty."""

    files: int
    size: int
    folders: int
