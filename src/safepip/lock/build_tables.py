"""What a lock says that builds of its packages need: safepip's own tables in it.

Another installer may pass them over. ``[packages.tool.safepip] build-requires`` names, for a package that
is built, everything that its build environment holds; ``[[tool.safepip.build-packages]]`` has the files, in
the form of ``[[packages]]`` (PEP 751), which packaging reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.pylock import Package, Pylock, PylockValidationError
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.finding import Finding, Level, Severity
from safepip.core.origin import Origin
from safepip.core.positions import KeyPath
from safepip.core.toml import TomlText
from safepip.lock.keys import PACKAGE, Shape, unknown_in
from safepip.lock.read import Lock, key_path

_VERSION = 1
_OWN: KeyPath = ("tool", "safepip")
BUILD_PACKAGES: KeyPath = (*_OWN, "build-packages")
_OWN_OF_PACKAGE: Shape = {"via": None, "build-requires": dict.fromkeys(("name", "version", "marker"))}
_OWN_OF_LOCK: Shape = {**dict.fromkeys(("version", "policy", "environments")), "build-packages": PACKAGE}


class BuildTables:
    """The tables of one lock, read but for the lists of the packages that nobody builds.

    Attributes:
        packages: what builds need, as packages.

    Raises:
        RequirementFileError: they are of a version that nobody knows here, or are not in their form.
    """

    def __init__(self, lock: Lock) -> None:
        own = _table(lock, lock.text.table, ())
        version = own.get("version", _VERSION)
        if type(version) is not int or version != _VERSION:
            raise lock.invalid(
                f"tool.safepip has the version {version!r}, and {_VERSION} is known here", (*_OWN, "version")
            )
        self._lock = lock
        self._own = own
        self.packages = _read(lock, own.get("build-packages", []))
        self._paths: Mapping[int, KeyPath] = {
            id(package): (*table, place)
            for table, packages in ((("packages",), lock.pylock.packages), (BUILD_PACKAGES, self.packages))
            for place, package in enumerate(packages)
        }

    def oddities(self) -> Iterator[Finding]:
        """Keys in safepip's own tables that have no effect."""
        for path in self._unknown():
            yield Finding(
                rule="lock-unknown-key",
                message=f"{path[-1]} is no key that safepip writes there, and has no effect",
                origin=self._lock.text.origin(path, of_key=True),
                level=Level.WARN,
                subject=self._lock.place,
                help="lock again with this safepip; a newer one may know it",
                severity=Severity.LOW,
            )

    def needed_by(self, package: Package, markers: Mapping[str, str]) -> Lock | None:
        """What a build of a package needs, as a lock of its own; None where nothing is said about it.

        Args:
            markers: of the environment that it is built for.

        Raises:
            RequirementFileError: the list is not in its form, or names what the lock does not hold.
        """
        path = self._paths[id(package)]
        own = _table(self._lock, {"tool": package.tool or {}}, path)
        if "build-requires" not in own:
            return None
        path = (*path, *_OWN, "build-requires")
        if not isinstance(own["build-requires"], list):
            raise self._lock.invalid("build-requires is no list", path)
        places = [
            place
            for number, one in enumerate(own["build-requires"])
            for place in self._named(one, (*path, number), markers)
        ]
        packages = [self.packages[place] for place in places]
        return replace(
            self._lock,
            pylock=Pylock(lock_version=Version("1.0"), created_by="safepip", packages=packages),
            text=_Elsewhere(self._lock.text, places),
        )

    def _named(self, one: object, path: KeyPath, markers: Mapping[str, str]) -> Iterator[int]:
        """The places of the build packages that an entry means; several where they differ in their markers."""
        known = ("name", "version", "marker")
        if not isinstance(one, Mapping) or not all(isinstance(one.get(key, ""), str) for key in known):
            raise self._lock.invalid("an entry of build-requires is a table of texts", path)
        try:
            name, version = canonicalize_name(one["name"]), Version(one["version"])
            meant = "marker" not in one or Marker(one["marker"]).evaluate(markers, context="lock_file")
        except KeyError as error:
            raise self._lock.invalid(f"an entry of build-requires has no {error.args[0]}", path) from None
        except (InvalidVersion, InvalidMarker, UndefinedComparison, UndefinedEnvironmentName) as error:
            raise self._lock.invalid(str(error).partition("\n")[0], path) from None
        if not meant:
            return
        found = [
            place
            for place, package in enumerate(self.packages)
            if package.name == name and package.version == version
        ]
        if not found:
            raise self._lock.invalid(f"build-packages has no {name} {version}", path)
        yield from found

    def _unknown(self) -> Iterator[KeyPath]:
        yield from unknown_in(self._own, _OWN_OF_LOCK, _OWN)
        for package in (*self._lock.pylock.packages, *self.packages):
            if package.tool and "safepip" in package.tool:
                path = self._paths[id(package)]
                table = _table(self._lock, {"tool": package.tool}, path)
                yield from unknown_in(table, _OWN_OF_PACKAGE, (*path, *_OWN))


class _Elsewhere(TomlText):
    """Places of a build's packages, as if they were a lock's own: they stand in another table of it.

    Args:
        places: for each of the packages, its number in ``build-packages``.
    """

    def __init__(self, whole: TomlText, places: Sequence[int]) -> None:
        self.table = whole.table
        self._whole, self._numbers = whole, places

    def origin(self, path: KeyPath, *, of_key: bool = False) -> Origin:
        """See :class:`~safepip.core.toml.TomlText`."""
        if len(path) > 1 and path[0] == "packages" and isinstance(path[1], int):
            path = (*BUILD_PACKAGES, self._numbers[path[1]], *path[2:])
        return self._whole.origin(path, of_key=of_key)


def _table(lock: Lock, above: Mapping[str, Any], path: KeyPath) -> Mapping[str, Any]:
    """``tool.safepip`` of a table; empty where there is none."""
    tool = above.get("tool", {})
    own = tool.get("safepip", {}) if isinstance(tool, Mapping) else {}
    if not isinstance(own, Mapping):
        raise lock.invalid("tool.safepip is no table", (*path, *_OWN))
    return own


def _read(lock: Lock, packages: object) -> Sequence[Package]:
    if packages == []:
        return ()
    whole = {"lock-version": "1.0", "created-by": "safepip", "packages": packages}
    try:
        return Pylock.from_dict(whole).packages
    except PylockValidationError as error:
        below = key_path(error.context or "")[1:]
        raise lock.invalid(
            f"tool.safepip.build-packages: {error.message}", (*BUILD_PACKAGES, *below)
        ) from None
