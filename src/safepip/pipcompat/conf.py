"""pip's configuration files: text to values with lines and columns.

``configparser`` forgets where a value stood, so the format is read here a second time; a property
test holds the two readings together. What follows from the values is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.pipcompat.written import ConfigFile, ConfigKind, Written, normalize_key

DEFAULT_SECTION = "DEFAULT"
_SECTION = re.compile(r"\[(?P<name>.+)\]")
_KEY = re.compile(r"(?P<key>.*?)\s*(?:[=:]\s*(?P<value>.*))\Z")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(slots=True)
class _Reading:
    """The state of one pass over a file, as configparser keeps it."""

    place: str
    layer: Layer
    sections: dict[str, dict[str, list[Sourced[str]]]] = field(default_factory=dict)
    defaults: dict[str, list[Sourced[str]]] = field(default_factory=dict)
    name: str | None = None
    key: str | None = None
    indent: int = 0
    """Of the line that began the current value or section."""

    @property
    def values(self) -> dict[str, list[Sourced[str]]]:
        """The current section."""
        return self.defaults if self.name == DEFAULT_SECTION else self.sections[self.name or ""]


def parse(
    text: str, place: str, layer: Layer = Layer.OPERATOR, kind: ConfigKind = ConfigKind.USER
) -> ConfigFile:
    """Read one file.

    Args:
        text: decoded; a byte order mark is an error, as it is for pip.
        place: the path, as messages shall name it.

    Raises:
        ConfigurationError: a line that is no setting, a key or section that stands twice, or a
            setting before the first section. pip refuses the same files.
    """
    reading = _Reading(place, layer)
    for number, line in enumerate(_lines(text), start=1):
        _read_line(reading, line, number)
    return ConfigFile(place=place, kind=kind, layer=layer, written=tuple(_written(reading)))


def _lines(text: str) -> list[str]:
    """Lines as a text file gives them (universal newlines), without the one behind the last end."""
    lines = _LINE_END.split(text)
    return lines[:-1] if not lines[-1] else lines


def _read_line(reading: _Reading, line: str, number: int) -> None:
    value = line.strip()
    if value.startswith(("#", ";")):
        return
    if not value:
        if reading.name is not None and reading.key is not None:
            reading.values[reading.key].append(_sourced(reading, line, number, "", 0))
        return
    indent = len(line) - len(line.lstrip())
    if reading.name is not None and reading.key is not None and indent > reading.indent:
        reading.values[reading.key].append(_sourced(reading, line, number, value, indent))
        return
    reading.indent = indent
    if section := _SECTION.match(value):
        _begin_section(reading, section["name"], line, number)
    else:
        _begin_value(reading, value, line, number)


def _begin_section(reading: _Reading, name: str, line: str, number: int) -> None:
    if name != DEFAULT_SECTION:
        if name in reading.sections:
            raise _error(reading, line, number, f"section {name!r} already exists", "merge the two sections")
        reading.sections[name] = {}
    reading.name, reading.key = name, None


def _begin_value(reading: _Reading, value: str, line: str, number: int) -> None:
    if reading.name is None:
        raise _error(reading, line, number, "file contains no section headers", "begin with [global]")
    match = _KEY.match(value)
    if match is None or not match["key"]:
        raise _error(reading, line, number, "a line that is neither a section nor KEY = VALUE", None)
    key = normalize_key(match["key"].rstrip())
    if key in reading.values:
        message = f"option {key!r} in section {reading.name!r} already exists"
        raise _error(reading, line, number, message, "keep one of them")
    indent = len(line) - len(line.lstrip())
    reading.key = key
    first = _sourced(reading, line, number, match["value"].strip(), indent + match.start("value"))
    reading.values[key] = [first]


def _sourced(reading: _Reading, line: str, number: int, value: str, start: int) -> Sourced[str]:
    return Sourced(value=value, origin=_origin(reading, line, number, start, len(value)))


def _origin(reading: _Reading, line: str, number: int, start: int | None, length: int | None) -> Origin:
    return Origin(
        layer=reading.layer,
        kind=Place.FILE,
        place=reading.place,
        line=number,
        column=None if start is None else start + 1,
        length=length,
        text=line,
        key=None if reading.key is None else f"{reading.name}.{reading.key}",
    )


def _error(reading: _Reading, line: str, number: int, message: str, hint: str | None) -> ConfigurationError:
    return ConfigurationError(
        f"Configuration file could not be loaded: {message}",
        reference="pip-configuration",
        origin=_origin(reading, line, number, None, None),
        hint=hint,
    )


def _written(reading: _Reading) -> Iterator[Written]:
    for name, own in reading.sections.items():
        # As configparser's items(): a default keeps its place in the order where a section sets it.
        for key, pieces in ({**reading.defaults, **own}).items():
            yield Written(
                section=name,
                # pip normalises once while reading and once more while storing.
                key=normalize_key(key),
                text="\n".join(piece.value for piece in pieces).rstrip(),
                pieces=tuple(pieces),
            )
