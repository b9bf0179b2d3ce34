"""What an earlier output says, whichever form it has, and what a new one would say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from packaging.pylock import (
    Package,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockValidationError,
)
from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.digest import Algorithm, Digest, DigestError, Digests
from safepip.core.errors import RequirementFileError
from safepip.core.index import FileEntry, Index
from safepip.core.locking import Answer
from safepip.core.origin import Layer, Origin, Place
from safepip.lock.hashed import NotHashed, read_hashed
from safepip.lock.read import read_lock
from safepip.lock.times import LockTimeError, in_utc
from safepip.lock.united import unite

_STRONG = frozenset({"sha256", "sha384", "sha512"})


class Format(Enum):
    """The two forms of a lock, as ``--format`` names them."""

    PYLOCK = "pylock"
    REQUIREMENTS = "requirements"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One version of a project as a lock has it.

    Attributes:
        version: None where the lock names none: folders, and URLs of a requirements file.
        digests: sha256 of the files that would do.
        place: what a direct requirement names: URL and commit, path; empty for one from an index.
        index: URL of its index; None where the lock does not say.
    """

    project: NormalizedName
    version: Version | None
    digests: frozenset[str] = frozenset()
    place: str = ""
    index: str | None = None


class Facts(NamedTuple):
    """What an index may say of a file or leave out, from one answer to the next."""

    size: int | None
    upload_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """A lock as a new one is compared with it.

    Attributes:
        pins: of what is installed.
        build_pins: of what builds need; a requirements file has none.
        files: digests by file name, for files of indexes; a requirements file names none.
        facts: size and upload time of these files, as far as the lock gives them.
        environments: for which it was made; None: a requirements file does not say.
        text: of a requirements file, whose comments are to be kept; empty otherwise.
    """

    pins: tuple[Pin, ...] = ()
    build_pins: tuple[Pin, ...] = ()
    files: Mapping[str, Digests] = field(default_factory=lambda: MappingProxyType({}))
    facts: Mapping[str, Facts] = field(default_factory=lambda: MappingProxyType({}))
    environments: frozenset[str] | None = None
    text: str = ""

    @property
    def versions(self) -> Mapping[NormalizedName, frozenset[Version]]:
        """What each project was locked to: several where environments differ."""
        return _versions(self.pins)

    @property
    def build_versions(self) -> Mapping[NormalizedName, frozenset[Version]]:
        """The same of what builds need."""
        return _versions(self.build_pins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Republished:
    """A file that has other bytes than when it was locked."""

    project: NormalizedName
    version: Version
    before: Digests
    now: FileEntry
    index: Index


def read_previous(data: bytes, form: Format, *, place: str) -> Previous:
    """Read an output that is to be made anew.

    Args:
        place: its path, for messages.

    Raises:
        RequirementFileError: it is no lock of that form.
    """
    return _of_lock(data, place) if form is Format.PYLOCK else _of_requirements(data, place)


def previous_of(output: Pylock | str) -> Previous:
    """What a new output says, to compare it with an earlier one: a lock, or the text of a requirements file.

    Raises:
        NotHashed, PylockValidationError, DigestError: it is none of ours.
    """
    return _of_text(output) if isinstance(output, str) else _of_pylock(output)


def republished(previous: Previous, answers: Iterable[Answer]) -> tuple[Republished, ...]:
    """Files of the answers that an earlier lock knows with other digests; sorted by file name."""
    united = unite(answers)
    found = {
        file.filename: Republished(
            project=entry.key.project,
            version=entry.key.version,
            before=previous.files[file.filename],
            now=file,
            index=entry.step.route.index,
        )
        for entry in (*united.packages, *united.build_packages)
        for file in entry.files.values()
        if file.filename in previous.files and previous.files[file.filename].conflicts_with(file.digests)
    }
    return tuple(found[name] for name in sorted(found))


def _versions(pins: Iterable[Pin]) -> dict[NormalizedName, frozenset[Version]]:
    found: defaultdict[NormalizedName, set[Version]] = defaultdict(set)
    for pin in pins:
        if pin.version is not None:
            found[pin.project].add(pin.version)
    return {project: frozenset(versions) for project, versions in found.items()}


# --- pylock.toml --------------------------------------------------------------------------------------


def _of_lock(data: bytes, place: str) -> Previous:
    try:
        return _of_pylock(read_lock(data, place=place, location=place, remote=False).pylock)
    except RequirementFileError as error:
        reason = error.message.removeprefix(f"Invalid pylock file {place!r}: ")
        raise _unreadable(place, reason, error.origin) from None
    except (PylockValidationError, DigestError, LockTimeError) as error:
        raise _unreadable(place, str(error), None) from None


def _of_pylock(pylock: Pylock) -> Previous:
    build_packages = _build_packages(pylock)
    files = [file for package in (*pylock.packages, *build_packages) for file in _files_of(package)]
    return Previous(
        pins=tuple(map(_pin_of, pylock.packages)),
        build_pins=tuple(map(_pin_of, build_packages)),
        files=MappingProxyType({file.filename: _strong(file) for file in files}),
        facts=MappingProxyType({file.filename: Facts(file.size, in_utc(file.upload_time)) for file in files}),
        environments=_environments(pylock),
    )


def _own(pylock: Pylock) -> Mapping[str, Any]:
    """``[tool.safepip]``; empty where it is missing, or no table."""
    own: Any = (pylock.tool or {}).get("safepip", {})
    return own if isinstance(own, Mapping) else {}


def _environments(pylock: Pylock) -> frozenset[str]:
    """For which environments safepip made it; none where another tool did."""
    names = _own(pylock).get("environments")
    return frozenset(map(str, names)) if isinstance(names, list) else frozenset()


def _build_packages(pylock: Pylock) -> Sequence[Package]:
    """``[[tool.safepip.build-packages]]``. Raises PylockValidationError."""
    listed = _own(pylock).get("build-packages", [])
    return Pylock.from_dict({"lock-version": "1.0", "created-by": "safepip", "packages": listed}).packages


def _pin_of(package: Package) -> Pin:
    digests = [file.hashes for file in _files_of(package)] or [
        package.archive.hashes if package.archive else {}
    ]
    return Pin(
        project=package.name,
        version=package.version,
        digests=frozenset(one["sha256"].lower() for one in digests if "sha256" in one),
        place=_place_of(package),
        index=package.index,
    )


def _place_of(package: Package) -> str:
    """Where a direct requirement comes from, in one text; empty for files of an index."""
    source = package.vcs or package.archive or package.directory
    if source is None:
        return ""
    url = None if isinstance(source, PackageDirectory) else source.url
    commit = f"@{source.commit_id}" if isinstance(source, PackageVcs) else ""
    subdirectory = f"#subdirectory={source.subdirectory}" if source.subdirectory else ""
    return f"{source.path or url}{commit}{subdirectory}"


def _files_of(package: Package) -> list[PackageWheel | PackageSdist]:
    return [*(package.wheels or ()), *([package.sdist] if package.sdist else ())]


def _strong(file: PackageWheel | PackageSdist) -> Digests:
    """Raises DigestError for a digest that is none."""
    return Digests.of(Digest.of(name, text) for name, text in file.hashes.items() if name in _STRONG)


# --- Requirements -------------------------------------------------------------------------------------


def _of_requirements(data: bytes, place: str) -> Previous:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(place, str(error), None) from None
    try:
        return _of_text(text)
    except NotHashed as error:
        raise _unreadable(place, str(error), _line(text, error.line, place)) from None


def _of_text(text: str) -> Previous:
    pins = [
        Pin(
            project=block.project,
            version=block.version,
            digests=frozenset(digest.hex for digest in block.digests if digest.algorithm is Algorithm.SHA256),
            place=block.url,
        )
        for block in read_hashed(text).blocks
    ]
    return Previous(pins=tuple(pins), text=text)


def _line(text: str, number: int, place: str) -> Origin:
    line = text.splitlines()[number - 1]
    return Origin(
        layer=Layer.PROJECT,
        kind=Place.FILE,
        place=place,
        line=number,
        column=1,
        length=len(line),
        text=line,
    )


def _unreadable(place: str, reason: str, origin: Origin | None) -> RequirementFileError:
    return RequirementFileError(
        f"{place} is no lock that safepip can read: {reason}",
        reference="lock-file",
        origin=origin,
        hint="delete it, or write to another file with -o",
    )
