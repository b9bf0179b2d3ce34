"""Which files of a lock are for this environment: packaging's answer, with the place of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from packaging.markers import Environment, UndefinedComparison, UndefinedEnvironmentName
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    PylockSelectError,
)
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.errors import RequirementFileError
from safepip.core.positions import KeyPath
from safepip.lock.read import Lock, key_path
from safepip.lock.selectors import Selectors

Artifact = PackageVcs | PackageDirectory | PackageArchive | PackageWheel | PackageSdist
_PACKAGE = re.compile(r"packages\[\d+\]")
_EXTRA = re.compile(r"\bextra\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One package, and the one of its files that fits.

    Attributes:
        path: of the file's table in the lock.
        package_path: of the package's.
    """

    package: Package
    artifact: Artifact
    path: KeyPath
    package_path: KeyPath


def undeclared(lock: Lock, selectors: Selectors) -> Iterator[tuple[str, str, Collection[str]]]:
    """Extras and groups that are asked for and that the lock does not have: kind, name, those it has."""
    extras, groups = lock.pylock.extras or (), lock.pylock.dependency_groups or ()
    for kind, asked, known in (("extra", selectors.extras, extras), ("group", selectors.groups, groups)):
        names = {canonicalize_name(name) for name in known}
        for name in sorted(asked):
            if canonicalize_name(name) not in names:
                yield kind, name, sorted(known)


def select(
    lock: Lock,
    selectors: Selectors,
    *,
    markers: Mapping[str, str],
    tags: Sequence[Tag],
    prefers_sdist: Callable[[NormalizedName], bool],
) -> list[Chosen]:
    """The files to install, in the order of the lock.

    Raises:
        RequirementFileError: the lock is not for this environment, in pip's words.
    """
    groups = {canonicalize_name(name) for name in selectors.groups}
    if selectors.default_groups:
        groups.update(canonicalize_name(name) for name in lock.pylock.default_groups or ())
    try:
        chosen = list(
            lock.pylock.select(
                environment=cast("Environment", dict(markers)),
                tags=tags,
                extras=selectors.extras,
                dependency_groups=groups,
                prefer_sdist_predicate=prefers_sdist,
            )
        )
    except PylockSelectError as error:
        raise _unselectable(lock, error) from None
    except (UndefinedComparison, UndefinedEnvironmentName) as error:
        # A lock has "extras" and "dependency_groups" where metadata has "extra" (PEP 751).
        raise _unselectable(lock, error, _asking_about(lock, _EXTRA)) from None
    places = {id(package): place for place, package in enumerate(lock.pylock.packages)}
    return [_chosen(package, artifact, places[id(package)]) for package, artifact in chosen]


def _chosen(package: Package, artifact: Artifact, place: int) -> Chosen:
    path: KeyPath = ("packages", place)
    below: KeyPath
    match artifact:
        case PackageWheel():
            wheels = package.wheels or ()
            below = ("wheels", next(number for number, one in enumerate(wheels) if one is artifact))
        case PackageSdist():
            below = ("sdist",)
        case PackageArchive():
            below = ("archive",)
        case PackageDirectory():
            below = ("directory",)
        case PackageVcs():
            below = ("vcs",)
    return Chosen(package=package, artifact=artifact, path=(*path, *below), package_path=path)


def _asking_about(lock: Lock, word: re.Pattern[str]) -> KeyPath:
    """The first marker in which the word stands; the lock itself where none has it."""
    packages = enumerate(lock.pylock.packages)
    found = (place for place, package in packages if package.marker and word.search(str(package.marker)))
    return next((("packages", place, "marker") for place in found), ())


def _unselectable(lock: Lock, error: Exception, path: KeyPath = ()) -> RequirementFileError:
    message = str(error)
    place = _PACKAGE.search(message)
    path = key_path(place[0]) if place else path
    if not path and "environments" in message:
        path = ("environments",)
    elif not path and "Python version" in message:
        path = ("requires-python",)
    return RequirementFileError(
        f"Cannot select requirements from pylock file {lock.place!r}: {message}",  # noqa: S608 - pip's words, no SQL
        reference="lock-file",
        origin=lock.text.origin(path),
    )
