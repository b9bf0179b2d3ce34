"""Where policy files are looked for. Pure: whoever calls says what exists.

Order is strength: machine, user, named (``--policy``, ``SAFEPIP_POLICY``), project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os.path import normpath
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place
from safepip.policy.document import PYPROJECT_TABLE, REFERENCE

PROJECT_FILE = "safepip.toml"
PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLocation:
    """A policy file to read.

    Attributes:
        path: absolute, or as the user named it.
        layer: whose word it is.
        table: where the policy stands in the file; empty: the whole file.
        trusted: False for a project file that was found by walking.
        required: whether it is an error if it does not exist (the user named it). The others
            existed when they were looked for: one that cannot be read is an error all the same.
    """

    path: str
    layer: Layer
    table: tuple[str, ...] = ()
    trusted: bool = True
    required: bool = False


def machine_path(*, windows: bool, program_data: str | None = None) -> str:
    """Where the machine's policy stands. ``program_data`` is the folder that Windows names so."""
    if windows:
        return str(PureWindowsPath(program_data or r"C:\ProgramData", "safepip", "policy.toml"))
    return str(PurePosixPath("/etc/safepip/policy.toml"))


def locate(
    *,
    machine: str,
    user_config_dir: str,
    working_directory: str,
    named: Sequence[str] = (),
    exists: Callable[[str], bool],
    has_policy: Callable[[str], bool],
) -> tuple[PolicyLocation, ...]:
    """Every policy file that takes part, strongest first.

    Args:
        machine: see :func:`machine_path`.
        user_config_dir: safepip's folder in the user's configuration; ``policy.toml`` is looked for in it.
        working_directory: absolute; the walk for a project file begins here.
        named: what ``--policy`` and ``SAFEPIP_POLICY`` name; all of them count.
        exists: whether a path exists.
        has_policy: whether a ``pyproject.toml`` at this path holds a policy; may raise ConfigurationError.

    Raises:
        ConfigurationError: two policies stand in the same project folder.
    """
    found: list[PolicyLocation] = []
    if exists(machine):
        found.append(PolicyLocation(path=machine, layer=Layer.MACHINE))
    user = str(PurePath(user_config_dir, "policy.toml"))
    if exists(user):
        found.append(PolicyLocation(path=user, layer=Layer.USER))
    found += [
        PolicyLocation(path=path, layer=Layer.OPERATOR, table=table_of(path), required=True)
        for path in dict.fromkeys(named)
    ]
    project = nearest_project(working_directory, exists=exists, has_policy=has_policy)
    taken = {normpath(PurePath(working_directory, location.path)) for location in found}
    if project is not None and project.path not in taken:
        found.append(project)
    return tuple(found)


def nearest_project(
    working_directory: str, *, exists: Callable[[str], bool], has_policy: Callable[[str], bool]
) -> PolicyLocation | None:
    """The nearest project policy from the working directory up to the repository root, or None.

    Raises:
        ConfigurationError: ``safepip.toml`` and ``[tool.safepip]`` stand in the same folder.
    """
    for folder in _upwards(working_directory, exists):
        own, shared = str(folder / PROJECT_FILE), str(folder / PYPROJECT)
        in_shared = exists(shared) and has_policy(shared)
        if exists(own):
            if in_shared:
                raise _ambiguous(own, shared)
            return PolicyLocation(path=own, layer=Layer.PROJECT, trusted=False)
        if in_shared:
            return PolicyLocation(path=shared, layer=Layer.PROJECT, table=PYPROJECT_TABLE, trusted=False)
    return None


def _upwards(working_directory: str, exists: Callable[[str], bool]) -> Iterator[PurePath]:
    """The folder and its parents, the last one being the repository's root if there is one."""
    start = PurePath(working_directory)
    for folder in (start, *start.parents):
        yield folder
        if exists(str(folder / ".git")):
            return


def table_of(path: str) -> tuple[str, ...]:
    """Where a policy stands in a file of this name."""
    return PYPROJECT_TABLE if PurePath(path).name == PYPROJECT else ()


def _ambiguous(own: str, shared: str) -> ConfigurationError:
    return ConfigurationError(
        f"two policies in one folder: this file, and [tool.safepip] in {PurePath(shared).name}",
        reference=REFERENCE,
        origin=Origin(layer=Layer.PROJECT, kind=Place.FILE, place=own),
        hint="keep one of them",
    )
