"""What ``-r`` and ``--group`` name: requirement files, lock files, projects. Nothing is read yet."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError
from safepip.core.origin import Origin, Sourced
from safepip.lock.selectors import Selectors
from safepip.pipcompat.callbacks import is_remote
from safepip.pipcompat.sourcename import lock_name, project_name, split_group

if TYPE_CHECKING:
    from safepip.flows.surroundings import Surroundings
    from safepip.flows.world import Options

_RESTRICTING = ("python_version", "platforms", "abis", "implementation")


@dataclass(slots=True, kw_only=True)
class LockRequest:
    """One lock, and all that is asked of it.

    Attributes:
        location: path or URL as it was named first.
        origin: who named it first.
        asked: who asks for each extra and group, by its name.
    """

    location: str
    origin: Origin
    selectors: Selectors = field(default_factory=Selectors)
    asked: dict[str, Origin] = field(default_factory=dict)

    def add(self, said: Sourced[str], extras: Iterable[str], group: str | None) -> None:
        """Ask for more of it. A lock named by ``-r``, which has no group, brings its default groups."""
        known = self.selectors
        self.selectors = Selectors(
            extras=known.extras.union(extras),
            groups=known.groups if group is None else known.groups | {group},
            default_groups=known.default_groups or group is None,
        )
        for name in (*extras, *([] if group is None else [group])):
            self.asked.setdefault(name, said.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRequest:
    """The dependencies of one project, as its ``pyproject.toml`` has them, with those of its extras."""

    location: Sourced[str]
    extras: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is to be read, in pip's order. As in pip a lock that is named twice is read once.

    Attributes:
        files: requirement files, locks and, where a command reads them, projects.
        groups: ``[path:]name`` of groups in ``pyproject.toml``.
    """

    files: tuple[Sourced[str] | LockRequest | ProjectRequest, ...]
    groups: tuple[Sourced[str], ...]

    @property
    def locks(self) -> tuple[LockRequest, ...]:
        return tuple(one for one in self.files if isinstance(one, LockRequest))


def collect_sources(
    requirements: Sequence[Sourced[str]],
    groups: Sequence[Sourced[str]],
    around: Surroundings,
    *,
    projects: bool = False,
) -> Sources:
    """Tell locks from requirement files and projects. Raises RequirementFileError for bad extras.

    Args:
        projects: whether ``-r pyproject.toml`` stands for what the project needs; pip takes it for a
            requirement file.
    """
    locks: dict[tuple[str, str], LockRequest] = {}
    files: list[Sourced[str] | LockRequest | ProjectRequest] = []
    grouped: list[Sourced[str]] = []
    for said, source, group in _named(requirements, groups):
        name = lock_name(source)
        if name is None and group is not None:
            grouped.append(said)
            continue
        if name is None:
            files.append((projects and _project(said)) or said)
            continue
        key = _identity(name.location, around)
        if key not in locks:
            locks[key] = LockRequest(location=name.location, origin=said.origin)
            files.append(locks[key])
        locks[key].add(said, name.extras, group)
    return Sources(files=tuple(files), groups=tuple(grouped))


def check_sources(sources: Sources, config: Options) -> None:
    """Raise CommandError, in pip's words, where an option does not go with what is to be read."""
    if config.value("only_dependencies"):
        conflicts = list(_conflicts(config))
        if conflicts:
            *first, last = conflicts
            named = ", ".join([*first, f"or {last}"] if first else [last])
            raise CommandError(
                f"Cannot use '--only-dependencies' in combination with {named}. If this is unexpected, please "
                "refer to the user guide:\n\n"
                "    https://pip.pypa.io/en/stable/user_guide/#installing-only-dependencies"
            )
    if config.items("build_constraints") and config.value("build_isolation") is False:
        raise CommandError("--build-constraint cannot be used with --no-build-isolation.")
    if sources.locks and any(config.value(dest) for dest in _RESTRICTING):
        raise CommandError(
            "Platform and interpreter constraints using --python-version, --platform, --abi, or "
            "--implementation, are not supported when selecting requirements from "
            f"{sources.locks[0].location!r}"
        )


def _project(said: Sourced[str]) -> ProjectRequest | None:
    name = project_name(said)
    if name is None:
        return None
    location = Sourced(value=name.location, origin=said.origin)
    return ProjectRequest(location=location, extras=tuple(sorted(name.extras)))


def _named(
    requirements: Sequence[Sourced[str]], groups: Sequence[Sourced[str]]
) -> Iterator[tuple[Sourced[str], Sourced[str], str | None]]:
    """What was said, the file that it names, and the group; None for a requirement file."""
    for said in requirements:
        yield said, said, None
    for said in groups:
        path, group = split_group(said.value)
        yield said, Sourced(value=path, origin=said.origin), group


def _conflicts(config: Options) -> Iterator[str]:
    """Compare ``check_only_deps_option_does_not_conflict``."""
    if config.value("ignore_dependencies"):
        yield "'--no-deps'"
    if config.items("requirements"):
        yield "'--requirement'"
    if config.items("requirements_from_scripts"):
        yield "'--requirements-from-script'"
    if config.items("dependency_groups"):
        yield "'--group'"


def _identity(location: str, around: Surroundings) -> tuple[str, str]:
    """Two names of one file, with one folder for its relative paths, are one lock."""
    if is_remote(location):
        return ("", location)
    folder = os.path.dirname(location)  # noqa: PTH120 - as pip cuts it, whatever Path would make of it
    return (around.absolute(folder or "."), around.absolute(location))
