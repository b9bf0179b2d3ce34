"""Dependency groups of a ``pyproject.toml`` (PEP 735), each requirement with its line.

What a group means, and whether it is one, is packaging's answer (``packaging.dependency_groups``); the
words around it are pip's (``pip._internal.req.req_dependency_group``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from packaging.utils import canonicalize_name

from safepip.core.errors import RequirementFileError
from safepip.core.origin import Origin, Sourced
from safepip.core.toml import TomlError, TomlText
from safepip.pipcompat.dependency import parse_dependency
from safepip.pipcompat.sourcename import split_group

if TYPE_CHECKING:
    from packaging.dependency_groups import DependencyGroupResolver

    from safepip.core.subjects import RequirementLine

_TABLE = "dependency-groups"
_MOST, _DEEPEST = 10_000, 100
"""Requirements of one group, and groups inside each other: thirty that each include the next one twice
are a thousand million requirements."""


class Files(Protocol):
    """What is asked of the disk; :class:`safepip.core.ports.Files` has it."""

    def read_bytes(self, path: str) -> bytes:
        """Raises OSError."""


def read_groups(asked: Sequence[Sourced[str]], files: Files) -> Iterator[RequirementLine]:
    """The requirements of each group that is asked for, in order.

    Args:
        asked: ``[path:]name`` of groups in ``pyproject.toml`` files.

    Raises:
        RequirementFileError: a file or group that cannot be read, in pip's words.
    """
    projects: dict[str, _Project] = {}
    for one in asked:
        path, _ = split_group(one.value)
        if path not in projects:
            projects[path] = _Project(path, one.origin, files)
    for one in asked:
        path, name = split_group(one.value)
        yield from projects[path].group(name)


class _Project:
    """The groups of one file."""

    def __init__(self, path: str, asked: Origin, files: Files) -> None:
        self._path = path
        self._text = _load(path, asked, files)
        self._names: dict[str, str] = {}
        self._resolver = self._checked()

    def group(self, name: str) -> Iterator[RequirementLine]:
        self._check_size(name)
        try:
            self._resolver.resolve(name)
        except ExceptionGroup as errors:
            problems = "; ".join(str(error) for error in errors.exceptions)
            raise _error(
                f"[{_TABLE}] resolution failed for '{name}' from '{self._path}': {problems}",
                self._text.origin((_TABLE, self._names.get(canonicalize_name(name), name))),
            ) from None
        except RecursionError:
            raise _error(
                f"a marker in the dependency group '{name}' from '{self._path}' is nested too deeply",
                self._text.origin((_TABLE, self._names.get(canonicalize_name(name), name))),
            ) from None
        yield from self._members(name)

    def _check_size(self, name: str) -> None:
        """Raise RequirementFileError before a group is written out that would take the memory."""
        if self._size(canonicalize_name(name), {}) > _MOST:
            raise _error(
                f"the dependency group '{name}' from '{self._path}' has more than {_MOST:,} requirements, or "
                f"more than {_DEEPEST} groups inside each other",
                self._text.origin((_TABLE, self._names.get(canonicalize_name(name), name))),
            )

    def _size(self, name: str, known: dict[str, int], depth: int = 0) -> int:
        """How many requirements a group brings; what is none, or goes round in a circle, brings none."""
        if depth > _DEEPEST:
            return _MOST + 1
        if name not in known:
            known[name] = 0
            written = self._text.table[_TABLE].get(self._names.get(name))
            members = written if isinstance(written, list) else ()
            known[name] = sum(
                self._size(canonicalize_name(str(member.get("include-group"))), known, depth + 1)
                if isinstance(member, Mapping)
                else 1
                for member in members
            )
        return known[name]

    def _members(self, name: str) -> Iterator[RequirementLine]:
        """Every string of the group and of those it includes, where it stands. No cycles any more."""
        from packaging.dependency_groups import DependencyGroupInclude

        written = self._names[canonicalize_name(name)]
        for place, member in enumerate(self._resolver.lookup(name)):
            if isinstance(member, DependencyGroupInclude):
                yield from self._members(member.include_group)
            else:
                yield parse_dependency(str(member), self._text.origin((_TABLE, written, place)))

    def _checked(self) -> DependencyGroupResolver:
        from packaging.dependency_groups import DependencyGroupResolver

        if _TABLE not in self._text.table:
            raise _error(
                f"[{_TABLE}] table was missing from '{self._path}'. Cannot resolve '--group' option.",
                self._text.origin(()),
            )
        groups = self._text.table[_TABLE]
        if not isinstance(groups, Mapping):
            raise _error(
                f"[{_TABLE}] table was malformed in {self._path}. Cannot resolve '--group' option.",
                self._text.origin((_TABLE,)),
            )
        self._names = {canonicalize_name(name): name for name in groups}
        try:
            return DependencyGroupResolver(groups)
        except ExceptionGroup as errors:
            problems = "; ".join(str(error) for error in errors.exceptions)
            raise _error(
                f"[{_TABLE}] data was invalid in {self._path}: {problems}", self._text.origin((_TABLE,))
            ) from None


def _load(path: str, asked: Origin, files: Files) -> TomlText:
    try:
        return TomlText(files.read_bytes(path).decode(), place=path)
    except FileNotFoundError:
        raise _error(f"{path} not found. Cannot resolve '--group' option.", asked) from None
    except OSError as error:
        raise _error(f"Error reading {path}: {error}", asked) from None
    except TomlError as error:
        raise _error(f"Error parsing {path}: {error.message}", error.origin) from None
    except UnicodeDecodeError as error:
        raise _error(f"Error parsing {path}: {error}", asked) from None


def _error(message: str, origin: Origin) -> RequirementFileError:
    return RequirementFileError(message, reference="dependency-group", origin=origin)
