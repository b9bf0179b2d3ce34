"""What the ``[project]`` table of a ``pyproject.toml`` says outright that the project needs (PEP 621).

pip has this from the project's build; a table that says everything needs none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.errors import RequirementFileError
from safepip.core.origin import Origin, Sourced
from safepip.core.toml import TomlError, TomlText
from safepip.pipcompat.dependency import parse_dependency

if TYPE_CHECKING:
    from safepip.core.subjects import RequirementLine

_TABLE, _EXTRAS = "project", "optional-dependencies"
_MOST = 10_000
"""Requirements of one project: twenty extras that each name the next one twice are a million."""


class Files(Protocol):
    """What is asked of the disk; :class:`safepip.core.ports.Files` has it."""

    def read_bytes(self, path: str) -> bytes:
        """Raises OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What a project says about itself.

    Attributes:
        name: as written.
        requires_python: specifier text with its place; None: nothing is said.
        dependencies: of the project and of the extras that were asked for, each at its line.
    """

    name: str
    requires_python: Sourced[str] | None
    dependencies: tuple[RequirementLine, ...]


def read_project(path: Sourced[str], extras: Iterable[str], files: Files) -> Project:
    """Read what the project needs.

    Args:
        path: of the ``pyproject.toml``.
        extras: whose requirements are wanted too.

    Raises:
        RequirementFileError: it cannot be read, leaves to its build what is asked for, or lacks an extra.
    """
    table = _ProjectTable(path.value, _load(path, files))
    wanted = [canonicalize_name(extra) for extra in extras]
    return Project(
        name=table.name,
        requires_python=table.requires_python,
        dependencies=tuple(table.dependencies(wanted, path.origin)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a requirement was reached: where that counts, and through which extras."""

    marker: Marker | None
    extras: tuple[NormalizedName, ...]


class _ProjectTable:
    """The ``[project]`` table of one file. Unfolded once."""

    def __init__(self, path: str, text: TomlText) -> None:
        self._path, self._text = path, text
        self._count = 0
        self._seen: set[tuple[NormalizedName, str]] = set()
        table = text.table.get(_TABLE)
        if not isinstance(table, Mapping):
            raise self._left_to_build(f"{path} has no [project] table that says what it needs", ())
        self._table: Mapping[str, Any] = table
        name = table.get("name")
        if not isinstance(name, str):
            raise self._wrong("name", "a text")
        self.name = name

    @property
    def requires_python(self) -> Sourced[str] | None:
        said = self._table.get("requires-python")
        if said is None:
            return None
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            SpecifierSet(said)
        except (InvalidSpecifier, AttributeError, TypeError):
            raise self._wrong("requires-python", "a version specifier") from None
        return Sourced(value=said, origin=self._text.origin((_TABLE, "requires-python")))

    def dependencies(self, extras: Sequence[NormalizedName], asked: Origin) -> Iterator[RequirementLine]:
        """Of the project itself, then of each extra. Raises RequirementFileError."""
        self._check_static("dependencies")
        way = _Way(marker=None, extras=())
        yield from self._members((_TABLE, "dependencies"), self._table.get("dependencies", []), way)
        for extra in extras:
            yield from self._extra(extra, asked, way)

    def _extra(self, extra: NormalizedName, asked: Origin, way: _Way) -> Iterator[RequirementLine]:
        """What an extra needs; what it would bring in a circle, it brings without one."""
        self._check_static(_EXTRAS)
        tables = self._table.get(_EXTRAS, {})
        if not isinstance(tables, Mapping):
            raise self._wrong(_EXTRAS, "a table")
        written = next((name for name in tables if canonicalize_name(name) == extra), None)
        if written is None:
            known = ", ".join(sorted(tables)) or "none"
            raise RequirementFileError(
                f"{self._path} has no extra {extra!r}",
                reference="project-table",
                origin=asked,
                hint=f"ask for one that is there: {known}",
            )
        if extra not in way.extras and (extra, str(way.marker)) not in self._seen:
            self._seen.add((extra, str(way.marker)))
            further = replace(way, extras=(*way.extras, extra))
            yield from self._members((_TABLE, _EXTRAS, written), tables[written], further)

    def _members(self, place: tuple[str, ...], texts: object, way: _Way) -> Iterator[RequirementLine]:
        if not isinstance(texts, list):
            raise self._wrong(".".join(place[1:]), "a list of requirements")
        for number, text in enumerate(texts):
            origin = self._text.origin((*place, number))
            if not isinstance(text, str):
                raise self._wrong(".".join(place[1:]), "a list of requirements", origin)
            self._count += 1
            if self._count > _MOST:
                raise self._wrong(
                    _EXTRAS, f"of less than {_MOST:,} requirements when they are unfolded", origin
                )
            yield from self._meant(_both(parse_dependency(text, origin), way.marker), way)

    def _meant(self, line: RequirementLine, way: _Way) -> Iterator[RequirementLine]:
        """The line; where it names extras of this very project, what these need."""
        requirement = line.requirement
        own = requirement is not None and canonicalize_name(requirement.name) == canonicalize_name(self.name)
        if requirement is None or not own:
            yield line
            return
        for extra in sorted(requirement.extras):
            further = replace(way, marker=requirement.marker)
            yield from self._extra(canonicalize_name(extra), line.origin, further)

    def _check_static(self, key: str) -> None:
        """Raise where only a build could say it."""
        dynamic = self._table.get("dynamic", [])
        if not isinstance(dynamic, list):
            raise self._wrong("dynamic", "a list of keys")
        if key in dynamic:
            raise self._left_to_build(
                f"{self._path} leaves {key} to its build (dynamic), so the file does not say what it needs",
                (_TABLE, "dynamic", dynamic.index(key)),
            )

    def _left_to_build(self, message: str, place: tuple[str | int, ...]) -> RequirementFileError:
        folder = self._path.removesuffix("pyproject.toml").rstrip("/\\") or "."
        return RequirementFileError(
            message,
            reference="project-table",
            origin=self._text.origin(place),
            hint=f"let the build say it, which runs the project's code: safepip lock {folder}",
        )

    def _wrong(self, key: str, what: str, origin: Origin | None = None) -> RequirementFileError:
        return RequirementFileError(
            f"{_TABLE}.{key} in {self._path} is not {what}",
            reference="project-table",
            origin=origin or self._text.origin((_TABLE, *key.split("."))),
            hint="see the specification of pyproject.toml",
        )


def _both(line: RequirementLine, marker: Marker | None) -> RequirementLine:
    """The line where a marker holds, besides its own."""
    requirement = line.requirement
    if marker is None or requirement is None:
        return line
    from packaging.requirements import Requirement

    narrowed = Requirement(str(requirement))
    own = requirement.marker
    narrowed.marker = marker if own is None else Marker(f"({own}) and ({marker})")
    return replace(line, requirement=narrowed, text=str(narrowed))


def _load(path: Sourced[str], files: Files) -> TomlText:
    try:
        return TomlText(files.read_bytes(path.value).decode(), place=path.value)
    except OSError as error:
        message, origin = f"{path.value} cannot be read: {error.strerror or error}", path.origin
    except TomlError as error:
        message, origin = f"{path.value} is no TOML: {error.message}", error.origin
    except UnicodeDecodeError as error:
        message, origin = f"{path.value} is no UTF-8: {error}", path.origin
    raise RequirementFileError(
        message, reference="project-table", origin=origin, hint="name a pyproject.toml that can be read"
    )
