"""Whether a source archive may be unpacked, and what it says about itself without being run.

Only the list of members is judged here; :mod:`safepip.io.build_unpack` reads and writes. The rules are
those of PEP 721 (``tarfile``'s data filter) and stricter: every member lies in one top folder
(PEP 625), and nothing that is written can be reached through a link.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from enum import Enum

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.limits import Limits

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DRIVE = re.compile(r"[a-z]:", re.IGNORECASE)
_STATIC_SINCE = Version("2.2")
"""Core metadata version from which fields not named by ``Dynamic`` are final (PEP 643)."""
_NEEDED = frozenset({"name", "version", "requires-dist", "requires-python", "provides-extra"})
_RATIO_FROM_BYTES = 64 << 20
"""Below this a ratio proves nothing: test data of real projects is all zeros now and then."""


class BadSdist(ValueError):
    """The archive may not be unpacked; the message says why, as the end of "the archive …"."""

    def __init__(self, why: str, member: str = "") -> None:
        super().__init__(why)
        self.member = member


class Kind(Enum):
    """What a member becomes on disk."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    OTHER = "device, pipe or other special file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member as its archive describes it.

    Attributes:
        size: unpacked, in bytes.
        target: of a link, as written; empty for anything else.
    """

    name: str
    kind: Kind
    size: int = 0
    target: str = ""


def normal_name(name: str) -> str:
    """The name without the ``./`` that some writers put in front, and a folder's last slash."""
    return name.removeprefix("./").rstrip("/")


def link_place(entry: Entry) -> str:
    """Where a link leads, as a name inside the archive. A hard link names a member, a symbolic one a path."""
    if entry.kind is Kind.HARDLINK:
        return normal_name(entry.target)
    return posixpath.normpath(posixpath.join(posixpath.dirname(normal_name(entry.name)), entry.target))


def check_entries(entries: Iterable[Entry], packed_bytes: int, limits: Limits) -> str:
    """The archive's one top folder. Raises BadSdist."""
    kinds: dict[str, Kind] = {}
    links: list[Entry] = []
    unpacked = 0
    for entry in entries:
        name = normal_name(entry.name)
        if name in {"", "."} and entry.kind is Kind.FOLDER:
            continue
        _check_name(name)
        unpacked += _checked_size(entry, limits)
        if kinds.setdefault(name, entry.kind) is not entry.kind:
            raise BadSdist("has two members of one name", name)
        if entry.kind in {Kind.SYMLINK, Kind.HARDLINK}:
            links.append(entry)
        if len(kinds) > limits.sdist_entries_max:
            raise BadSdist(f"has more than {limits.sdist_entries_max} members")
    _check_sum(unpacked, packed_bytes, limits)
    _check_ways(kinds)
    top = _top(kinds)
    for link in links:
        _check_link(link, kinds, top)
    return top


def _check_name(name: str) -> None:
    if "\\" in name or _CONTROL.search(name):
        raise BadSdist("has names with backslashes or control characters", name)
    if name.startswith("/") or _DRIVE.match(name):
        raise BadSdist("has absolute names", name)
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise BadSdist("has names with '..', '.' or empty parts", name)


def _checked_size(entry: Entry, limits: Limits) -> int:
    if entry.kind is Kind.OTHER:
        raise BadSdist("has devices, pipes or other special files", entry.name)
    if not 0 <= entry.size <= limits.sdist_unpacked_max_bytes:
        raise BadSdist("has a member of a size that nobody means", entry.name)
    return entry.size


def _check_sum(unpacked: int, packed_bytes: int, limits: Limits) -> None:
    if unpacked > limits.sdist_unpacked_max_bytes:
        raise BadSdist(f"unpacks to more than {limits.sdist_unpacked_max_bytes} bytes")
    if unpacked > max(_RATIO_FROM_BYTES, packed_bytes * limits.sdist_ratio_max):
        raise BadSdist(f"unpacks to more than {limits.sdist_ratio_max} times its size: a bomb")


def _check_ways(kinds: Mapping[str, Kind]) -> None:
    """No member lies below one that is no folder."""
    for name in kinds:
        above = posixpath.dirname(name)
        while above:
            if kinds.get(above, Kind.FOLDER) is not Kind.FOLDER:
                raise BadSdist(f"has members below a {kinds[above].value}", name)
            above = posixpath.dirname(above)


def _top(kinds: Mapping[str, Kind]) -> str:
    tops = {name.partition("/")[0] for name in kinds}
    if len(tops) != 1:
        raise BadSdist(f"has {len(tops)} top folders, not one", " ".join(sorted(tops)[:3]))
    (top,) = tops
    if kinds.get(top, Kind.FOLDER) is not Kind.FOLDER:
        raise BadSdist("has no top folder", top)
    return top


def _check_link(link: Entry, kinds: Mapping[str, Kind], top: str) -> None:
    """It stays in the top folder, and no link leads through another one."""
    place = link_place(link)
    inside = place == top or place.startswith(f"{top}/")
    if posixpath.isabs(link.target) or "\\" in link.target or _DRIVE.match(link.target) or not inside:
        raise BadSdist("has links that lead out of it", link.name)
    if link.kind is Kind.HARDLINK and kinds.get(place) is not Kind.FILE:
        raise BadSdist("has hard links to what is no file of it", link.name)
    steps = place.split("/")
    ways = ("/".join(steps[: count + 1]) for count in range(len(steps)))
    backwards = ".." in _after_first_name(link.target)
    if backwards or any(kinds.get(way) is Kind.SYMLINK for way in ways):
        raise BadSdist("has links that lead through other links", link.name)


def _after_first_name(target: str) -> list[str]:
    """The parts of a link's target from the first that is a name on."""
    parts = [part for part in target.split("/") if part not in {"", "."}]
    count = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
    return parts[count:]


def is_static(pkg_info: bytes) -> bool:
    """Whether no build can change what a source distribution's PKG-INFO says of it (PEP 643)."""
    fields = BytesHeaderParser().parsebytes(pkg_info)
    try:
        version = Version(fields.get("Metadata-Version", ""))
    except InvalidVersion:
        return False
    dynamic = {str(name).strip().lower() for name in fields.get_all("Dynamic", [])}
    return version >= _STATIC_SINCE and not dynamic & _NEEDED


def is_another(pkg_info: bytes, project: NormalizedName, version: Version) -> bool:
    """Whether PKG-INFO plainly names another project or version; no build is to find that out by running it.

    What says neither, or no version that can be read, is left to the build.
    """
    fields = BytesHeaderParser().parsebytes(pkg_info)
    names, versions = fields.get_all("Name", []), fields.get_all("Version", [])
    if len(names) != 1 or len(versions) != 1:
        return False
    try:
        said = Version(str(versions[0]).strip())
    except InvalidVersion:
        return False
    return canonicalize_name(str(names[0]).strip()) != project or said != version
