"""Everything that a lock names: each file of each package, for whichever environment it is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.pylock import Package

from safepip.core.positions import KeyPath
from safepip.lock.build_tables import BUILD_PACKAGES, BuildTables
from safepip.lock.read import Lock
from safepip.lock.select import Chosen


def everything(lock: Lock) -> Iterator[Chosen]:
    """Every wheel, archive, directory and repository, in the order of the lock, build packages last.

    Raises:
        RequirementFileError: a build package that is none.
    """
    yield from _artifacts(lock.pylock.packages, ("packages",))
    yield from _artifacts(BuildTables(lock).packages, BUILD_PACKAGES)


def _artifacts(packages: Sequence[Package], table: KeyPath) -> Iterator[Chosen]:
    for place, package in enumerate(packages):
        path = (*table, place)
        for number, wheel in enumerate(package.wheels or ()):
            yield Chosen(package=package, artifact=wheel, path=(*path, "wheels", number), package_path=path)
        for key in ("sdist", "archive", "directory", "vcs"):
            if (artifact := getattr(package, key)) is not None:
                yield Chosen(package=package, artifact=artifact, path=(*path, key), package_path=path)
