"""One entry of a lock in the form of the standard (``[[packages]]``, PEP 751)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from packaging.markers import Marker
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
)
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from safepip.core.build import Commit, Source
from safepip.core.digest import Digests
from safepip.core.index import FileEntry
from safepip.core.plan import Step
from safepip.lock.places import (
    asked_by,
    from_folder,
    index_url,
    inexpressible,
    local_path,
    plain_url,
    repository_url,
)
from safepip.lock.united import Entry, Key, United

_SDISTS = (".tar.gz", ".zip")


class Writer:
    """Writes entries of one list, which are told apart by as little as will do.

    Args:
        united: the whole answer.
        entries: the list that these belong to: what is installed, or what builds need.
        base: absolute path of the lock's folder.
    """

    def __init__(self, united: United, entries: Sequence[Entry], *, base: str) -> None:
        self._united, self._entries, self._base = united, entries, base
        self._of_name = Counter(entry.key.project for entry in entries)
        self._of_version = Counter(entry.key[:2] for entry in entries)

    def packages(self) -> list[Package]:
        """Raises CommandError for what the standard has no words for."""
        return [self._package(entry) for entry in self._entries]

    def _package(self, entry: Entry) -> Package:
        marker = self._united.marker(entry)
        common: dict[str, Any] = {
            "name": entry.key.project,
            "marker": None if marker is None else Marker(marker),
            "dependencies": self._dependencies(entry),
            "tool": self._tool(entry),
        }
        if entry.index is None:
            return Package(**common, **direct(entry.step, self._base))
        return Package(
            **common,
            version=entry.key.version,
            requires_python=self._requires_python(entry),
            index=index_url(entry.index),
            sdist=_sdist(entry, self._base),
            wheels=_wheels(entry, self._base) or None,
        )

    def _requires_python(self, entry: Entry) -> SpecifierSet | None:
        """What all its files say, if it holds where the entry was chosen (an option may have overruled it)."""
        said = {file.requires_python or "" for file in entry.files.values()}
        text = said.pop()
        if said or not text:
            return None
        try:
            specifier = SpecifierSet(text)
        except InvalidSpecifier:
            return None
        targets = [self._united.environments.targets[number] for number in entry.numbers]
        versions = [target.environment.markers["python_full_version"] for target in targets]
        return (
            specifier if all(specifier.contains(version, prereleases=True) for version in versions) else None
        )

    def _dependencies(self, entry: Entry) -> list[Mapping[str, Any]] | None:
        """What it needs, by as much as tells one entry from all others; None where there is no telling."""
        if any(self._of_version[key[:2]] > 1 for key in entry.needs):
            return None
        return [self._name(key) for key in sorted(entry.needs)] or None

    def _name(self, key: Key) -> dict[str, Any]:
        name = {"name": str(key.project)}
        return name if self._of_name[key.project] == 1 else name | {"version": str(key.version)}

    def _tool(self, entry: Entry) -> dict[str, Any] | None:
        """Who asked, and what building it needs. No installer has to know."""
        via = who_asked(entry, self._base)
        builds = sorted(set().union(*entry.builds.values()))
        said: dict[str, Any] = {}
        if via:
            said["via"] = via
        if builds:
            said["build-requires"] = [self._build_requirement(entry, key) for key in builds]
        return {"safepip": said} if said else None

    def _build_requirement(self, entry: Entry, key: Key) -> dict[str, str]:
        marker = self._united.build_marker(entry, key)
        said = {"name": str(key.project), "version": str(key.version)}
        return said if marker is None else said | {"marker": marker}


def who_asked(entry: Entry, base: str) -> list[str]:
    """Projects, files, the command line; sorted."""
    said = {asked_by(asker, base) for asker in entry.askers} | set(entry.builders)
    return sorted(one for one in said if one is not None)


def direct(step: Step, base: str) -> dict[str, Any]:
    """The one place of a direct requirement, by the key that it stands under.

    Raises:
        CommandError: an archive without a digest that proves anything.
    """
    source = step.source
    if source is not None and source.vcs is not None:
        return {"vcs": _repository(source, source.vcs)}
    if source is not None and source.directory:
        return {"directory": _directory(source, base)}
    # An archive cannot change, and so cannot what it says its version is.
    return {"archive": _archive(step, base), "version": step.version}


def direct_digests(step: Step) -> Digests:
    """Those of a direct requirement's archive."""
    return step.file.digests or (Digests() if step.source is None else step.source.digests)


def hashes(digests: Digests, what: str) -> dict[str, str]:
    """The strong ones, by algorithm. Raises CommandError where there is none."""
    found = {digest.algorithm.value: digest.hex for digest in digests.strong}
    if not found:
        raise inexpressible(
            f"{what} has no sha256, so it cannot be locked", "give it one with --hash, or in its URL"
        )
    return found


def _directory(source: Source, base: str) -> PackageDirectory:
    path = local_path(source.url)
    if path is None:
        raise inexpressible(f"{source.url} is no folder of this machine", "name it by its path")
    return PackageDirectory(
        path=from_folder(path, base),
        editable=source.editable or None,
        subdirectory=source.subdirectory or None,
    )


def _repository(source: Source, commit: Commit) -> PackageVcs:
    return PackageVcs(
        type=commit.system,
        url=repository_url(source.url),
        requested_revision=commit.requested or None,
        commit_id=commit.id,
        subdirectory=source.subdirectory or None,
    )


def _archive(step: Step, base: str) -> PackageArchive:
    url = step.file.url if step.source is None else step.source.url
    where = _where(url, base, step.name)
    subdirectory = "" if step.source is None else step.source.subdirectory
    return PackageArchive(
        url=where.get("url"),
        path=where.get("path"),
        size=step.file.size,
        hashes=hashes(direct_digests(step), step.name),
        subdirectory=subdirectory or None,
    )


def _wheels(entry: Entry, base: str) -> list[PackageWheel]:
    names = sorted(name for name in entry.files if name.endswith(".whl"))
    return [PackageWheel(**_file(entry.files[name], base)) for name in names]


def _sdist(entry: Entry, base: str) -> PackageSdist | None:
    """The source archive; of two in different forms the chosen one, else the one that standards know (PEP 625)."""
    sources = [file for name, file in entry.files.items() if not name.endswith(".whl")]
    if not sources:
        return None
    file = min(sources, key=lambda file: _unusual(file, entry.step))
    if not file.filename.endswith(_SDISTS):
        raise inexpressible(
            f"{file.filename} is in a form that no lock file may name (PEP 751)",
            "ask for a version that has a .tar.gz or a wheel",
        )
    return PackageSdist(**_file(file, base))


def _unusual(file: FileEntry, step: Step) -> tuple[bool, bool, str]:
    return (file.filename != step.file.filename, not file.filename.endswith(".tar.gz"), file.filename)


def _file(file: FileEntry, base: str) -> dict[str, Any]:
    time = file.upload_time
    return {
        "name": file.filename,
        "upload_time": None if time is None else time.astimezone(UTC),
        **_where(file.url, base, file.filename),
        "size": file.size,
        "hashes": hashes(file.digests, file.filename),
    }


def _where(url: str, base: str, what: str) -> dict[str, str]:
    path = local_path(url)
    return {"url": plain_url(url, what=what)} if path is None else {"path": from_folder(path, base)}
