"""What is known of source code before any of it runs, and what a build of it gives."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.digest import AcceptableDigests, Digests
from safepip.core.errors import BuildError
from safepip.core.index import FileEntry, Index, WheelMetadata
from safepip.core.origin import Origin
from safepip.core.specifier import read_requirement
from safepip.core.value import value

LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
LEGACY_REQUIRES = ("setuptools>=40.8.0",)
"""What pip takes where ``pyproject.toml`` names no backend (``pip._internal.pyproject``)."""


@value
class Commit:
    """One commit of a repository.

    Attributes:
        system: ``git``.
        requested: the revision as somebody wrote it.
        id: all digits of the commit id, in lower case.
        names: sha256 over the tags and branches that its build sees, with what they point to: some projects
            tell their version by them. Empty: not known yet.
    """

    system: str
    requested: str
    id: str
    names: str = ""


@value
class Source:
    """Code that a wheel is built from.

    Attributes:
        url: of the folder, archive or repository, without fragment, revision or secrets, as
            ``direct_url.json`` has it.
        directory: whether it is a folder of the user's.
        editable: whether the wheel only leads to the folder (PEP 660).
        subdirectory: of the project inside an archive or repository; empty: its top folder.
        vcs: the commit of the repository; None: it is none.
        digests: of the archive, once it has been read; a folder has none.
        settings: ``KEY=VALUE`` texts of ``--config-settings``, in order.
    """

    url: str
    directory: bool = False
    editable: bool = False
    subdirectory: str = ""
    digests: Digests = Digests()
    settings: tuple[str, ...] = ()
    vcs: Commit | None = None

    @property
    def is_archive(self) -> bool:
        """Whether it is one file, which is fetched and has a digest."""
        return not self.directory and self.vcs is None


def origin_of(source: Source) -> dict[str, Any]:
    """Where it came from, in the form of PEP 610."""
    if source.directory:
        return {"url": source.url, "dir_info": {"editable": True} if source.editable else {}}
    subdirectory = {"subdirectory": source.subdirectory} if source.subdirectory else {}
    if commit := source.vcs:
        revision = {"commit_id": commit.id, "requested_revision": commit.requested, "vcs": commit.system}
        return {"url": source.url, "vcs_info": revision} | subdirectory
    archive: dict[str, Any] = {}
    if sha256 := source.digests.sha256:
        archive = {"hash": f"sha256={sha256}", "hashes": {"sha256": sha256}}
    return {"url": source.url, "archive_info": archive} | subdirectory


@value
class Described:
    """A source that the user named, once its own code has said what it is."""

    source: Source
    file: FileEntry
    metadata: WheelMetadata


@value
class Job:
    """A source distribution that an index lists, and who asked for it.

    Attributes:
        name: as messages call it, with its version.
        acceptable: the user's own hashes for it.
        from_file: whether a requirement file brought it in, itself or through others.
        asked: the requirement's place; None for a dependency's.
    """

    name: str
    project: NormalizedName
    version: Version
    index: Index
    file: FileEntry
    source: Source
    acceptable: AcceptableDigests = AcceptableDigests()
    from_file: bool = False
    asked: Origin | None = None


@value
class BuiltWheel:
    """A wheel that a backend wrote, now or in an earlier run; nothing about it has been judged.

    Attributes:
        lacked: what of the isolation the system did not give when it was built, in words.
    """

    path: Path
    digests: Digests
    size: int
    lacked: tuple[str, ...] = ()


@value
class BuildSystem:
    """``[build-system]`` of ``pyproject.toml`` (PEP 517, 518).

    Attributes:
        requires: requirement texts.
        backend: import path of the backend object.
        backend_path: folders inside the source that it is imported from.
        checked: what has to be there although ``requires`` may not say so.
    """

    requires: tuple[str, ...] = LEGACY_REQUIRES
    backend: str = LEGACY_BACKEND
    backend_path: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()


def read_build_system(content: bytes | None, name: str) -> BuildSystem:
    """What ``pyproject.toml`` says, read and not run; None stands for no such file.

    Args:
        name: of the requirement, for messages.

    Raises:
        BuildError: it does not say it in the form of PEP 518; the words are pip's.
    """
    table = _table(content, name)
    if table is None:
        return BuildSystem()
    backend = table.get("build-backend")
    return BuildSystem(
        requires=_requires(table, name),
        backend=LEGACY_BACKEND if backend is None else str(backend),
        backend_path=tuple(map(str, _strings(table.get("backend-path", []), "backend-path", name))),
        # Who names no backend means setuptools, and pip holds him to asking for it.
        checked=LEGACY_REQUIRES if backend is None else (),
    )


def _table(content: bytes | None, name: str) -> Mapping[str, Any] | None:
    if content is None:
        return None
    try:
        table = tomllib.loads(content.decode()).get("build-system")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BuildError(
            f"{name} has a pyproject.toml that cannot be read: {error}", reference="invalid-pyproject-toml"
        ) from None
    if table is not None and not isinstance(table, dict):
        raise _invalid(name, "Its build-system is not a table.")
    return table


def _requires(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    if "requires" not in table:
        raise BuildError(
            f"Can not process {name}",
            reference="missing-pyproject-build-system-requires",
            notes=(
                "This package has an invalid pyproject.toml file.",
                "The [build-system] table is missing the mandatory `requires` key.",
            ),
            hint="see PEP 518 for the detailed specification",
        )
    requires = _strings(table["requires"], "build-system.requires", name)
    for text in requires:
        try:
            read_requirement(text)
        except InvalidRequirement:
            raise _invalid(name, f"It contains an invalid requirement: {text!r}") from None
    return requires


def _strings(found: object, key: str, name: str) -> tuple[str, ...]:
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return tuple(found)
    raise _invalid(name, "It is not a list of strings.", key)


def _invalid(name: str, reason: str, key: str = "build-system.requires") -> BuildError:
    return BuildError(
        f"Can not process {name}",
        reference="invalid-pyproject-build-system-requires",
        notes=(f"This package has an invalid `{key}` key in pyproject.toml.", reason),
        hint="see PEP 518 for the detailed specification",
    )


def config_settings(texts: tuple[str, ...]) -> dict[str, str | list[str]]:
    """``KEY=VALUE`` texts as backends get them: a key given twice becomes a list (pip's ``-C``)."""
    found: dict[str, str | list[str]] = {}
    for text in texts:
        key, _, said = text.partition("=")
        before = found.get(key)
        if before is None:
            found[key] = said
        elif isinstance(before, list):
            before.append(said)
        else:
            found[key] = [before, said]
    return found
