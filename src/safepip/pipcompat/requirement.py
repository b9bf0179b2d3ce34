"""One requirement as pip reads it: a name, a URL, a version control address or a path.

Follows ``parse_req_from_line`` and ``parse_editable`` of ``pip._internal.req.constructors``. The
disk is asked through callables, and only what pip would ask.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from safepip.core.digest import AcceptableDigests, Digest
from safepip.core.errors import CommandError, RequirementFileError
from safepip.core.origin import Origin
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.pipcompat.address import (
    ALL_VCS,
    VCS_SCHEMES,
    is_archive,
    is_url,
    local_path,
    looks_like_path,
    scheme_of,
)
from safepip.pipcompat.fragment import FragmentError, acceptable, read_fragment

PathQuestion = Callable[[str], bool]

_EXTRAS = re.compile(r"(?P<path>.+)(?P<extras>\[[^\]]+\])\Z", re.DOTALL)
_OPERATORS = ("~=", "==", "!=", "<=", ">=", "<", ">")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """What one requirement is read with."""

    text: str
    origin: Origin
    from_file: bool
    is_dir: PathQuestion
    exists: PathQuestion

    def fail(self, message: str, hint: str | None = None) -> NoReturn:
        """Pip's exit 1, whoever wrote the requirement."""
        error = RequirementFileError if self.from_file else CommandError
        raise error(message, reference="invalid-requirement", origin=self.origin, hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    kind: RequirementKind
    requirement: Requirement | None = None
    target: str | None = None
    url: str = ""
    """The address with its fragment; empty for names and paths without one."""
    extras: frozenset[str] = frozenset()
    marker: Marker | None = None
    named: bool = True
    """Whether pip could tell the project's name."""


def parse_requirement(
    text: str,
    origin: Origin,
    *,
    editable: bool = False,
    constraint: bool = False,
    hash_options: Sequence[Digest] = (),
    config_settings: Sequence[str] = (),
    from_file: bool = False,
    is_dir: PathQuestion,
    exists: PathQuestion,
) -> RequirementLine:
    """Classify one requirement: ``text`` without options, variables expanded.

    ``is_dir`` and ``exists`` answer for relative paths against the working directory, as pip does.

    Raises:
        RequirementFileError, CommandError: invalid, in pip's words (exit 1); which, ``from_file`` says.
    """
    reader = _Reader(text=text, origin=origin, from_file=from_file, is_dir=is_dir, exists=exists)
    if editable and constraint:
        reader.fail("Editable requirements are not allowed as constraints")
    parts = _parse_editable(reader) if editable else _parse_line(reader)
    if constraint:
        _check_constraint(reader, parts)
    return RequirementLine(
        text=text,
        kind=parts.kind,
        requirement=parts.requirement,
        origin=origin,
        target=parts.target,
        constraint=constraint,
        editable=editable,
        hashes=_hashes(reader, parts, hash_options),
        hash_options=tuple(hash_options),
        config_settings=tuple(config_settings),
        from_file=from_file,
        extras=parts.extras,
        marker=parts.marker,
    )


def _hashes(reader: _Reader, parts: _Parts, hash_options: Sequence[Digest]) -> AcceptableDigests:
    """What ``--hash`` and the fragment accept together."""
    try:
        return acceptable(read_fragment(parts.url), hash_options)
    except FragmentError as error:
        reader.fail(f"Invalid requirement: {reader.text!r}: {error}", error.hint)


def _parse_line(reader: _Reader) -> _Parts:
    name, marker = _split_marker(reader)
    if is_url(name):
        return _from_url(reader, name, marker)
    path, extras = _split_extras(reader, os.path.normpath(name))
    if (target := _path_target(reader, name, path)) is not None:
        return _from_path(reader, target, extras, marker)
    requirement = _requirement(reader, name)
    if marker is not None:
        requirement.marker = marker
    if requirement.url:
        return _from_address(reader, requirement)
    return _Parts(kind=RequirementKind.NAMED, requirement=requirement, extras=frozenset(requirement.extras))


def _split_marker(reader: _Reader) -> tuple[str, Marker | None]:
    """Pip cuts at the first semicolon; in a URL a space must follow it."""
    name, _, marker = reader.text.partition("; " if is_url(reader.text) else ";")
    name, marker = name.strip(), marker.strip()
    if not marker:
        return name, None
    try:
        return name, Marker(marker)
    except InvalidMarker as error:
        reader.fail(f"Invalid requirement: {name!r}: {error}")


def _split_extras(reader: _Reader, path: str) -> tuple[str, frozenset[str]]:
    match = _EXTRAS.match(path)
    if match is None:
        return path, frozenset()
    try:
        extras = Requirement("placeholder" + match["extras"].lower()).extras
    except InvalidRequirement as error:
        reader.fail(f"Invalid requirement: {reader.text!r}: {error}")
    return match["path"].rstrip(), frozenset(extras)


def _path_target(reader: _Reader, name: str, path: str) -> str | None:
    """The path, if pip would take the requirement for one."""
    if looks_like_path(name) and reader.is_dir(path):
        if any(reader.exists(str(PurePath(path, file))) for file in ("pyproject.toml", "setup.py")):
            return path
        reader.fail(f"Directory {name!r} is not installable. Neither 'setup.py' nor 'pyproject.toml' found.")
    if not is_archive(path):
        return None
    if reader.exists(path) and not reader.is_dir(path):
        return path
    before, at, _ = name.partition("@")
    if at and not looks_like_path(before):
        return None
    return reader.fail(
        f"Could not install packages due to an OSError: [Errno 2] No such file or directory: {path!r}",
        "the requirement looks like a file name, but there is no such file",
    )


def _from_path(reader: _Reader, path: str, extras: frozenset[str], marker: Marker | None) -> _Parts:
    named = path.lower().endswith(".whl")
    if named:
        _check_wheel_name(reader, PurePath(path).name)
    return _Parts(kind=RequirementKind.PATH, target=path, extras=extras, marker=marker, named=named)


def _from_url(reader: _Reader, url: str, marker: Marker | None) -> _Parts:
    """A bare address; its name is only known where ``#egg=`` or a wheel's file name tells it."""
    fragment = _fragment(reader, url)
    wheel = urlsplit(url).path.lower().endswith(".whl")
    if wheel:
        _check_wheel_name(reader, unquote(urlsplit(url).path).rpartition("/")[2])
    kind, target = _address(reader, url)
    return _Parts(
        kind=kind,
        requirement=None if wheel or fragment is None else _requirement(reader, fragment),
        target=target,
        url=url,
        marker=marker,
        named=wheel or fragment is not None,
    )


def _from_address(reader: _Reader, requirement: Requirement) -> _Parts:
    """``name @ address``."""
    url = requirement.url or ""
    _fragment(reader, url)
    kind, target = _address(reader, url)
    return _Parts(
        kind=kind, requirement=requirement, target=target, url=url, extras=frozenset(requirement.extras)
    )


def _fragment(reader: _Reader, url: str) -> str | None:
    try:
        return read_fragment(url).egg
    except FragmentError as error:
        reader.fail(f"Invalid requirement: {reader.text!r}: {error}", error.hint)


def _address(reader: _Reader, url: str) -> tuple[RequirementKind, str]:
    """What kind of address this is; for a ``file:`` URL the path."""
    scheme = scheme_of(url)
    if scheme in ALL_VCS:
        return RequirementKind.VCS, url
    if scheme != "file":
        return RequirementKind.URL, url
    try:
        return RequirementKind.PATH, local_path(url)
    except ValueError as error:
        reader.fail(str(error))


def _check_wheel_name(reader: _Reader, filename: str) -> None:
    try:
        parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        reader.fail(str(error))


def _requirement(reader: _Reader, text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        reader.fail(f"Invalid requirement: {text!r}: {error}", _hint(reader, text))


def _hint(reader: _Reader, text: str) -> str | None:
    """Pip's guess at what was meant."""
    if os.path.sep in text:
        if not reader.exists(text):
            return f"It looks like a path. File '{text}' does not exist."
        return "It looks like a path. The path does exist. A requirements file is named with -r."
    if "=" in text and not any(operator in text for operator in _OPERATORS):
        return "= is not a valid operator. Did you mean == ?"
    return None


def _parse_editable(reader: _Reader) -> _Parts:
    try:
        requirement = Requirement(reader.text)
    except InvalidRequirement:
        requirement = None
    if requirement is not None and requirement.url:
        parts = _from_address(reader, requirement)
        return parts if parts.kind is not RequirementKind.URL else _no_editable(reader)
    path, extras = _split_extras(reader, reader.text)
    if reader.is_dir(path):
        return _Parts(kind=RequirementKind.PATH, target=os.path.normpath(path), extras=extras)
    url = reader.text
    for system in VCS_SCHEMES:
        if url.lower().startswith(f"{system}:"):
            url = f"{system}+{url}"
    if path.lower().startswith("file:"):
        parts = _from_url(reader, path, None)
        return _Parts(
            kind=parts.kind, requirement=parts.requirement, target=parts.target, url=path, extras=extras
        )
    if scheme_of(url) not in ALL_VCS:
        return _no_editable(reader)
    parts = _from_url(reader, url, None)
    if parts.requirement is None:
        reader.fail(
            f"Could not detect requirement name for '{reader.text}', "
            "please specify one with your_package_name @ URL"
        )
    return parts


def _no_editable(reader: _Reader) -> NoReturn:
    reader.fail(
        f"{reader.text} is not a valid editable requirement. It should either be a path to a local project "
        f"or a VCS URL (beginning with {', '.join(ALL_VCS)})."
    )


def _check_constraint(reader: _Reader, parts: _Parts) -> None:
    if not parts.named:
        reader.fail("Unnamed requirements are not allowed as constraints")
    if parts.extras:
        reader.fail("Constraints cannot have extras")
