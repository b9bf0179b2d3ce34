"""Everything that a lock names: each file of each package, for whichever environment it is meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.pylock import Package, Pylock, PylockValidationError

from safepip.core.errors import RequirementFileError
from safepip.core.positions import KeyPath
from safepip.lock.read import Lock, key_path
from safepip.lock.select import Chosen

_BUILD_PACKAGES: KeyPath = ("tool", "safepip", "build-packages")
"""What builds need, in the form of packages."""


def everything(lock: Lock) -> Iterator[Chosen]:
    """Every wheel, archive, directory and repository, in the order of the lock, build packages last.

    Raises:
        RequirementFileError: a build package that is none.
    """
    yield from _artifacts(lock.pylock.packages, ("packages",))
    yield from _artifacts(_build_packages(lock), _BUILD_PACKAGES)


def _artifacts(packages: Sequence[Package], table: KeyPath) -> Iterator[Chosen]:
    for place, package in enumerate(packages):
        path = (*table, place)
        for number, wheel in enumerate(package.wheels or ()):
            yield Chosen(package=package, artifact=wheel, path=(*path, "wheels", number), package_path=path)
        for key in ("sdist", "archive", "directory", "vcs"):
            if (artifact := getattr(package, key)) is not None:
                yield Chosen(package=package, artifact=artifact, path=(*path, key), package_path=path)


def _build_packages(lock: Lock) -> Sequence[Package]:
    """Read by the rules for packages, which packaging knows."""
    table: Any = lock.text.table
    for key in _BUILD_PACKAGES:
        table = table.get(key, {}) if isinstance(table, Mapping) else {}
    if table == {}:
        return ()
    try:
        return Pylock.from_dict({**_HEAD, "packages": table}).packages
    except PylockValidationError as error:
        below = key_path(error.context or "")[1:]
        raise _invalid(lock, error.message, (*_BUILD_PACKAGES, *below)) from None


_HEAD = {"lock-version": "1.0", "created-by": "safepip"}


def _invalid(lock: Lock, message: str, path: KeyPath) -> RequirementFileError:
    return lock.invalid(f"{'.'.join(map(str, _BUILD_PACKAGES))}: {message}", path)
