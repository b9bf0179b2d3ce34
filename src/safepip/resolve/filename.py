"""File names of wheels and archives, split without building what nobody looks at.

Accepts exactly what pip does: for wheels ``packaging.utils.parse_wheel_filename``, for archives
``pip._internal.index.package_finder._extract_version_from_fragment``.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

WHEEL = ".whl"
ARCHIVES = frozenset(
    {".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma"}
)
BuildTag = tuple[()] | tuple[int, str]

_NAME = re.compile(r"[\w.]+\Z")
_BUILD = re.compile(r"(\d+)(.*)", re.ASCII)


class Texts:
    """Names and versions of file names, each distinct text parsed once."""

    def __init__(self) -> None:
        self._names: dict[str, NormalizedName] = {}
        self._versions: dict[str, Version | None] = {}

    def project(self, text: str) -> NormalizedName:
        name = self._names.get(text)
        if name is None:
            name = self._names[text] = canonicalize_name(text)
        return name

    def version(self, text: str) -> Version | None:
        """None where the text is no PEP 440 version."""
        if text not in self._versions:
            try:
                self._versions[text] = Version(text)
            except InvalidVersion:
                self._versions[text] = None
        return self._versions[text]


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelName:
    """The parts of a wheel's file name, the version and the tags still text."""

    name: str
    version: str
    build: BuildTag
    tags: str


def split_wheel(filename: str) -> WheelName | None:
    """None where the parts are not those of a wheel; version and tags are not judged yet."""
    dashes = filename.count("-")
    if not filename.endswith(WHEEL) or dashes not in {4, 5}:
        return None
    parts = filename[: -len(WHEEL)].split("-", dashes - 2)
    name = parts[0]
    if "__" in name or _NAME.match(name) is None:
        return None
    build: BuildTag = ()
    if dashes == 5:
        match = _BUILD.match(parts[2])
        if match is None:
            return None
        build = (int(match[1]), match[2])
    return WheelName(name=name, version=parts[1], build=build, tags=parts[-1])


def tags_of(filename: str) -> str:
    """The tags in a wheel's file name: what follows the third dash from the end. Of another name, anything."""
    dash = filename.rfind("-", 0, filename.rfind("-", 0, filename.rfind("-")))
    return filename[dash + 1 : -len(WHEEL)]


def split_extension(filename: str) -> tuple[str, str]:
    """Like ``os.path.splitext``, with ``.tar`` kept in the extension."""
    base, extension = posixpath.splitext(filename)
    if base.lower().endswith(".tar"):
        return base[:-4], base[-4:] + extension
    return base, extension


def archive_version(stem: str, project: NormalizedName, texts: Texts) -> str | None:
    """Version text of an archive's name without extension; None where it is another project's.

    Name and version are separated by the first dash before which the project's name stands.
    """
    dash = stem.find("-")
    while dash != -1:
        if texts.project(stem[:dash]) == project:
            return stem[dash + 1 :] or None
        dash = stem.find("-", dash + 1)
    return None
