"""Which project a file belongs to, where no page says so: folders and pages of links."""

from __future__ import annotations

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz",
             ".tar.lzma", ".tar")  # fmt: skip
"""What pip takes for a wheel or source archive (``pip._internal.utils.filetypes``)."""


def is_archive(filename: str) -> bool:
    """Whether the name is a wheel's or a source archive's."""
    return filename.lower().endswith(_ARCHIVES)


def belongs_to(filename: str, project: NormalizedName) -> bool:
    """Whether the file may be one of the project's. Names of source archives are ambiguous
    (``foo-1.0-1.tar.gz``), so more than one project may claim one; who reads the version decides.
    """
    suffix = next((s for s in _ARCHIVES if filename.lower().endswith(s)), None)
    if suffix is None:
        return False
    stem = filename[: -len(suffix)]
    if suffix == ".whl":
        return canonicalize_name(stem.partition("-")[0]) == project
    return any(
        canonicalize_name(stem[:position]) == project for position, char in enumerate(stem) if char == "-"
    )


def version_of(filename: str, project: NormalizedName) -> Version | None:
    """The version of one of the project's files, by the names of standards; None for anything else."""
    try:
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        name, version = parse(filename)[:2]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
    return version if name == project else None
