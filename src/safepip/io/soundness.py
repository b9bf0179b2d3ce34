"""Whether what is installed may stand for something that has a hash.

Metadata alone proves nothing: a folder called ``demo-1.0.dist-info`` is made in a moment, and satisfies
pip. What counts here has a RECORD that lists its own metadata by digest, and every file that it lists is
there in its size. That does not prove that the bytes are those that were once verified (whoever could
change them could change RECORD too), but it tells an installation from a look-alike, and from one that
has been edited or damaged, at the price of asking for sizes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from packaging.utils import NormalizedName

from safepip.core.ports import Environment, InstalledDistribution
from safepip.io.installed import metadata_folders, name_of


def vouched_for(environment: Environment) -> Environment:
    """The environment as if whatever is not as its RECORD says were not installed. Looks when asked."""
    return replace(environment, installed=_Vouched(environment.installed))


class _Vouched(Mapping[NormalizedName, InstalledDistribution]):
    """A view that leaves out what nothing vouches for."""

    def __init__(self, installed: Mapping[NormalizedName, InstalledDistribution]) -> None:
        self._installed = installed
        self._known: dict[NormalizedName, bool] = {}

    def __getitem__(self, project: NormalizedName) -> InstalledDistribution:
        distribution = self._installed[project]
        if project not in self._known:
            self._known[project] = is_as_recorded(distribution)
        if not self._known[project]:
            raise KeyError(project)
        return distribution

    def __iter__(self) -> Iterator[NormalizedName]:
        return (project for project in self._installed if project in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def is_as_recorded(distribution: InstalledDistribution) -> bool:
    """Whether its RECORD lists its metadata by digest, and all that it lists is there in its size."""
    folder = _metadata_folder(distribution)
    try:
        rows = _rows(folder / "RECORD") if folder else []
    except (OSError, csv.Error):
        return False
    if folder is None or not _lists_metadata(rows, folder.name, distribution.metadata):
        return False
    return all(_is_there(os.path.join(distribution.location, row[0]), row[2]) for row in rows if row[2])


def _metadata_folder(distribution: InstalledDistribution) -> Path | None:
    written = Path(
        distribution.location,
        f"{distribution.project.replace('-', '_')}-{distribution.version_text}.dist-info",
    )
    if written.is_dir():
        return written
    folders = metadata_folders(distribution.location)
    return next((folder for folder in folders if name_of(folder) == distribution.project), None)


def _rows(record: Path) -> list[list[str]]:
    with record.open(newline="", encoding="utf-8", errors="surrogateescape") as stream:
        return [[*row, "", ""][:3] for row in csv.reader(stream) if row]


def _lists_metadata(rows: list[list[str]], folder: str, metadata: bytes) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(metadata).digest()).rstrip(b"=").decode()
    return any(path == f"{folder}/METADATA" and listed == f"sha256={digest}" for path, listed, _ in rows)


def _is_there(path: str, size: str) -> bool:
    try:
        return os.stat(path).st_size == int(size)
    except (OSError, ValueError):
        return False
