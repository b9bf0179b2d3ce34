"""One requirement as pip reads it: a name, a URL, a version control address or a path.

Follows ``parse_req_from_line`` and ``parse_editable`` of ``pip._internal.req.constructors``. The
disk is asked through callables, and only what pip would ask.
"""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from pathlib import PurePath
from typing import NoReturn

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement

from safepip.core.digest import Digest
from safepip.core.origin import Origin
from safepip.core.specifier import read_requirement
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.pipcompat.address import ALL_VCS, VCS_SCHEMES, is_archive, is_url, looks_like_path, scheme_of
from safepip.pipcompat.requirement_parts import (
    Parts,
    PathQuestion,
    Reading,
    check_wheel_name,
    from_address,
    from_url,
    hashes_of,
    parsed_marker,
    requirement_of,
    split_extras,
)

_CONSTRAINT = "write the name and the versions that it may have, such as NAME<2"


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
        Refused: a URL of which pip would take one of two meanings.
    """
    reading = Reading(
        text=text, origin=origin, from_file=from_file, is_dir=is_dir, exists=exists, constraint=constraint
    )
    parts = _parse_editable(reading) if editable else _parse_line(reading)
    _check_constraint(reading, parts, editable=editable)
    return RequirementLine(
        text=text,
        kind=parts.kind,
        requirement=parts.requirement,
        origin=origin,
        target=parts.target,
        constraint=constraint,
        editable=editable,
        hashes=hashes_of(reading, parts, hash_options),
        hash_options=tuple(hash_options),
        config_settings=tuple(config_settings),
        from_file=from_file,
        extras=parts.extras,
        marker=parts.marker,
    )


def _parse_line(reading: Reading) -> Parts:
    name, marker = _split_marker(reading)
    if is_url(name):
        return from_url(reading, name, marker)
    path, extras = split_extras(reading, os.path.normpath(name))
    if (target := _path_target(reading, name, path)) is not None:
        return _from_path(reading, target, extras, marker)
    requirement = requirement_of(reading, name)
    if marker is not None:
        requirement.marker = marker
    if requirement.url:
        return from_address(reading, requirement)
    return Parts(kind=RequirementKind.NAMED, requirement=requirement, extras=frozenset(requirement.extras))


def _split_marker(reading: Reading) -> tuple[str, Marker | None]:
    """Pip cuts at the first semicolon; in a URL a space must follow it."""
    name, _, marker = reading.text.partition("; " if is_url(reading.text) else ";")
    name, marker = name.strip(), marker.strip()
    if not marker:
        return name, None
    try:
        return name, parsed_marker(marker)
    except InvalidMarker as error:
        reading.fail(f"Invalid requirement: {name!r}: {error}", "correct what stands behind the semicolon")


def _path_target(reading: Reading, name: str, path: str) -> str | None:
    """The path, if pip would take the requirement for one."""
    if looks_like_path(name) and reading.is_dir(path):
        if any(reading.exists(str(PurePath(path, file))) for file in ("pyproject.toml", "setup.py")):
            return path
        reading.fail(
            f"Directory {name!r} is not installable. Neither 'setup.py' nor 'pyproject.toml' found.",
            "name the folder that has one of them",
        )
    if not is_archive(path):
        return None
    if reading.exists(path) and not reading.is_dir(path):
        return path
    before, at, _ = name.partition("@")
    if at and not looks_like_path(before):
        return None
    if reading.constraint:
        return path  # unnamed, so refused whether it is there or not
    return reading.fail(
        f"Could not install packages due to an OSError: [Errno 2] No such file or directory: {path!r}",
        "the requirement looks like a file name, but there is no such file",
    )


def _from_path(reading: Reading, path: str, extras: frozenset[str], marker: Marker | None) -> Parts:
    named = path.lower().endswith(".whl")
    if named:
        check_wheel_name(reading, PurePath(path).name)
    return Parts(kind=RequirementKind.PATH, target=path, extras=extras, marker=marker, named=named)


def _parse_editable(reading: Reading) -> Parts:
    try:
        requirement = read_requirement(reading.text)
    except InvalidRequirement:
        requirement = None
    if requirement is not None and requirement.url:
        parts = from_address(reading, requirement)
        return parts if parts.kind is not RequirementKind.URL else _no_editable(reading)
    path, extras = split_extras(reading, reading.text)
    if reading.is_dir(path):
        return Parts(kind=RequirementKind.PATH, target=os.path.normpath(path), extras=extras)
    url = reading.text
    for system in VCS_SCHEMES:
        if url.lower().startswith(f"{system}:"):
            url = f"{system}+{url}"
    if path.lower().startswith("file:"):
        parts = from_url(reading, path, None)
        return Parts(
            kind=parts.kind, requirement=parts.requirement, target=parts.target, url=path, extras=extras
        )
    if scheme_of(url) not in ALL_VCS:
        return _no_editable(reading)
    parts = from_url(reading, url, None)
    if parts.requirement is None:
        reading.fail(
            f"Could not detect requirement name for '{reading.text}', "
            "please specify one with your_package_name @ URL",
            f"write NAME @ {url}",
        )
    return parts


def _no_editable(reading: Reading) -> NoReturn:
    reading.fail(
        f"{reading.text} is not a valid editable requirement. It should either be a path to a local project "
        f"or a VCS URL (beginning with {', '.join(ALL_VCS)}).",
        "name a folder that exists, or write NAME @ git+https://…",
    )


def _check_constraint(reading: Reading, parts: Parts, *, editable: bool) -> None:
    """As pip (``InstallRequirement``, ``check_invalid_constraint_type``), in its words and its order."""
    if not reading.constraint:
        return
    if editable:
        reading.fail("Editable requirements are not allowed as constraints", _CONSTRAINT)
    if not parts.named:
        reading.fail("Unnamed requirements are not allowed as constraints", _CONSTRAINT)
    if parts.extras:
        reading.fail("Constraints cannot have extras", _CONSTRAINT)
