"""Where a lock says that its files are: absolute URLs, paths resolved as pip resolves them.

Compare ``_package_dist_url`` and the functions after it in ``pip._internal.utils.pylock``; the words
are its own.
"""

from __future__ import annotations

import os.path
import re
from datetime import datetime
from pathlib import PurePath
from urllib.parse import unquote, urljoin, urlsplit

from packaging.pylock import PackageArchive, PackageDirectory, PackageSdist, PackageVcs, PackageWheel

from safepip.core.digest import Digest, DigestError, Digests
from safepip.core.errors import RequirementFileError
from safepip.core.origin import Sourced
from safepip.core.positions import KeyPath
from safepip.core.subjects import LockedFile
from safepip.lock.read import Lock
from safepip.lock.select import Chosen
from safepip.lock.times import LockTimeError, in_utc

_FILENAME = re.compile(r"[A-Za-z0-9._+!~-]+\Z")
_SUBDIRECTORY = re.compile(r"(?!\.{1,2}(/|\Z))[\w. +~-]+(/(?!\.{1,2}(/|\Z))[\w. +~-]+)*/?\Z")
_URL = re.compile(r"(http|https|file):", re.IGNORECASE)
_ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
"""Those whose digests are checked; one of another algorithm neither counts nor harms."""


def locked_file(lock: Lock, chosen: Chosen) -> LockedFile:
    """The file that was chosen, with everything the lock says about it.

    Raises:
        RequirementFileError: a place that a lock from there may not name, a digest that is none, or
            a file name that is none.
    """
    artifact = chosen.artifact
    if isinstance(artifact, PackageVcs | PackageDirectory):
        return LockedFile(
            project=chosen.package.name,
            lock=lock.place,
            remote=lock.remote,
            filename="",
            url=source_url(lock, chosen),
            origin=lock.text.origin(chosen.path),
        )
    index = chosen.package.index
    return LockedFile(
        project=chosen.package.name,
        lock=lock.place,
        remote=lock.remote,
        filename=_filename(lock, chosen),
        url=source_url(lock, chosen),
        origin=lock.text.origin(chosen.path),
        digests=_digests(lock, artifact, chosen.path),
        size=artifact.size,
        upload_time=_upload_time(lock, artifact.upload_time, chosen.path),
        index=None
        if index is None
        else Sourced(value=index, origin=lock.text.origin((*chosen.package_path, "index"))),
    )


def source_url(lock: Lock, chosen: Chosen) -> str:
    """The URL of a file, directory or repository; that of a repository begins with its system.

    Raises:
        RequirementFileError: as :func:`locked_file`.
    """
    match chosen.artifact:
        case PackageVcs() as vcs:
            url = f"{vcs.type}+{_url(lock, vcs.path, vcs.url, chosen.path)}@{vcs.commit_id}"
            if "#" in url:
                # Whatever follows it is no part of the address: the commit id would be, and another one count.
                raise lock.invalid("a repository has neither fragment nor '#' in its commit id", chosen.path)
            return _in_subdirectory(lock, url, vcs.subdirectory, chosen.path)
        case PackageDirectory() as directory:
            return _directory(lock, directory, chosen.path)
        case PackageArchive() as archive:
            url = _url(lock, archive.path, archive.url, chosen.path)
            return _in_subdirectory(lock, url, archive.subdirectory, chosen.path)
        case file:
            return _url(lock, file.path, file.url, chosen.path)


def _directory(lock: Lock, directory: PackageDirectory, path: KeyPath) -> str:
    if lock.remote:
        raise _wrong(lock, f"Directory entries are not supported in remote pylock.toml {lock.place!r}", path)
    url = _url(lock, directory.path, None, path)
    _check_inside(lock, directory.subdirectory, path)
    return f"{url.rstrip('/')}/{directory.subdirectory}" if directory.subdirectory else url


def _in_subdirectory(lock: Lock, url: str, subdirectory: str | None, path: KeyPath) -> str:
    if not subdirectory:
        return url
    _check_inside(lock, subdirectory, path)
    if "#" in url:
        raise _wrong(
            lock,
            f"Package URL {url!r} cannot contain fragments in combination with subdirectory field "
            f"(in {lock.place!r})",
            path,
        )
    return f"{url}#subdirectory={subdirectory}"


def _check_inside(lock: Lock, subdirectory: str | None, path: KeyPath) -> None:
    """pip takes any, and it ends up in a URL, where ``&`` begins another word."""
    if subdirectory and not _SUBDIRECTORY.match(subdirectory):
        raise lock.invalid(f"{subdirectory!r} is no folder inside of it", (*path, "subdirectory"))


def _url(lock: Lock, path: str | None, url: str | None, place: KeyPath) -> str:
    """What ``path`` names, else ``url``; packaging has made sure that one of them is there."""
    if path is None:
        return url or ""
    if "\0" in path:
        raise lock.invalid(f"{path!r} is no path", (*place, "path"))
    beside_url = bool(_URL.match(lock.location))
    if PurePath(path).is_absolute():
        if beside_url:
            raise _wrong(
                lock,
                "Absolute paths are not supported in pylock files obtained from a URL: "
                f"{path!r} in {lock.place!r}",
                (*place, "path"),
            )
        return PurePath(os.path.normpath(path)).as_uri()
    if beside_url:
        return _joined(lock, path, (*place, "path"))
    return PurePath(os.path.normpath(PurePath(lock.location).parent / path)).as_uri()


def _joined(lock: Lock, path: str, place: KeyPath) -> str:
    base = urlsplit(lock.location)
    try:
        joined = urljoin(lock.location, path)
        target = urlsplit(joined)
    except ValueError as error:
        raise _wrong(lock, f"Path {path!r} in pylock file is no path: {error}", place) from None
    if (target.scheme, target.netloc) != (base.scheme, base.netloc):
        raise _wrong(
            lock,
            f"Path {path!r} in pylock file obtained from a URL resolves outside its location: {lock.place!r}",
            place,
        )
    return joined


def _filename(lock: Lock, chosen: Chosen) -> str:
    """The name by which the file is known, which names no other place."""
    artifact = chosen.artifact
    if isinstance(artifact, PackageWheel | PackageSdist):
        name = artifact.filename
    else:
        name = unquote(urlsplit(source_url(lock, chosen)).path.rpartition("/")[2])
    if not _FILENAME.match(name):
        raise lock.invalid(f"{name!r} is no file name", chosen.path)
    return name


def _digests(lock: Lock, file: PackageArchive | PackageWheel | PackageSdist, path: KeyPath) -> Digests:
    found = []
    for algorithm, digits in file.hashes.items():
        if algorithm.lower() in _ALGORITHMS:
            try:
                found.append(Digest.of(algorithm, digits))
            except DigestError as error:
                raise lock.invalid(str(error), (*path, "hashes", algorithm)) from None
    try:
        return Digests.of(found)
    except DigestError as error:
        raise lock.invalid(str(error), (*path, "hashes")) from None


def _upload_time(lock: Lock, moment: datetime | None, path: KeyPath) -> datetime | None:
    try:
        return in_utc(moment)
    except LockTimeError as error:
        raise lock.invalid(str(error), (*path, "upload-time")) from None


def _wrong(lock: Lock, message: str, path: KeyPath) -> RequirementFileError:
    return RequirementFileError(message, reference="lock-file", origin=lock.text.origin(path))
