"""What a requirement is made of: a name, an address, extras, a marker. The pieces, each as pip reads it.

The disk is asked through callables, and only what pip would ask.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from safepip.core.digest import AcceptableDigests, Digest
from safepip.core.errors import CommandError, Refused, RequirementFileError
from safepip.core.finding import Finding
from safepip.core.origin import Origin
from safepip.core.specifier import read_marker, read_requirement
from safepip.core.subjects import RequirementKind
from safepip.pipcompat.address import ALL_VCS, local_path, scheme_of
from safepip.pipcompat.fragment import AmbiguousUrlError, FragmentError, acceptable, read_fragment

PathQuestion = Callable[[str], bool]

_FORMS = "write NAME, NAME==VERSION, NAME @ URL, or a path that exists"
_OPERATORS = ("~=", "==", "!=", "<=", ">=", "<", ">")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One requirement, and what it is read with."""

    text: str
    origin: Origin
    from_file: bool
    is_dir: PathQuestion
    exists: PathQuestion
    constraint: bool = False

    def fail(self, message: str, hint: str | None = None) -> NoReturn:
        """Pip's exit 1, whoever wrote the requirement."""
        error = RequirementFileError if self.from_file else CommandError
        raise error(message, reference="invalid-requirement", origin=self.origin, hint=hint or _FORMS)

    def misread(self, error: FragmentError) -> NoReturn:
        """What pip cannot read either fails; what it reads as one of two things is refused."""
        if not isinstance(error, AmbiguousUrlError):
            self.fail(f"Invalid requirement: {self.text!r}: {error}", error.hint)
        finding = Finding(
            rule="ambiguous-url",
            message=str(error),
            origin=self.origin,
            help=error.hint,
            decided_by="safepip's default (no setting allows it)",
        )
        raise Refused([finding]) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What was read; names are those of :class:`safepip.core.subjects.RequirementLine`.

    Attributes:
        url: the address with its fragment; empty for names and paths without one.
        named: whether pip could tell the project's name.
    """

    kind: RequirementKind
    requirement: Requirement | None = None
    target: str | None = None
    url: str = ""
    extras: frozenset[str] = frozenset()
    marker: Marker | None = None
    named: bool = True


def hashes_of(reading: Reading, parts: Parts, hash_options: Sequence[Digest]) -> AcceptableDigests:
    """What ``--hash`` and the fragment accept together."""
    try:
        return acceptable(read_fragment(parts.url), hash_options)
    except FragmentError as error:
        reading.misread(error)


@lru_cache(maxsize=256)
def parsed_marker(text: str) -> Marker:
    """Lock files repeat a few markers many times. Raises InvalidMarker."""
    return read_marker(text)


def split_extras(reading: Reading, path: str) -> tuple[str, frozenset[str]]:
    """Pip cuts at the last bracket that opens (``_strip_extras``)."""
    start = path.rfind("[", 1, len(path) - 2)
    if start < 0 or path.find("]", start) != len(path) - 1:
        return path, frozenset()
    try:
        extras = Requirement("placeholder" + path[start:].lower()).extras
    except InvalidRequirement as error:
        reading.fail(f"Invalid requirement: {reading.text!r}: {error}")
    return path[:start].rstrip(), frozenset(extras)


def from_url(reading: Reading, url: str, marker: Marker | None) -> Parts:
    """A bare address; its name is only known where ``#egg=`` or a wheel's file name tells it."""
    fragment = _fragment(reading, url)
    wheel = urlsplit(url).path.lower().endswith(".whl")
    if wheel:
        check_wheel_name(reading, unquote(urlsplit(url).path).rpartition("/")[2])
    kind, target = _address(reading, url)
    return Parts(
        kind=kind,
        requirement=None if wheel or fragment is None else requirement_of(reading, fragment),
        target=target,
        url=url,
        marker=marker,
        named=wheel or fragment is not None,
    )


def from_address(reading: Reading, requirement: Requirement) -> Parts:
    """``name @ address``."""
    url = requirement.url or ""
    _fragment(reading, url)
    kind, target = _address(reading, url)
    return Parts(
        kind=kind, requirement=requirement, target=target, url=url, extras=frozenset(requirement.extras)
    )


def _fragment(reading: Reading, url: str) -> str | None:
    try:
        return read_fragment(url).egg
    except FragmentError as error:
        reading.misread(error)


def _address(reading: Reading, url: str) -> tuple[RequirementKind, str]:
    """What kind of address this is; for a ``file:`` URL the path."""
    scheme = scheme_of(url)
    if scheme in ALL_VCS:
        return RequirementKind.VCS, url
    if scheme != "file":
        return RequirementKind.URL, url
    try:
        return RequirementKind.PATH, local_path(url)
    except ValueError as error:
        reading.fail(str(error))


def check_wheel_name(reading: Reading, filename: str) -> None:
    try:
        parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        reading.fail(str(error))


def requirement_of(reading: Reading, text: str) -> Requirement:
    try:
        return read_requirement(text)
    except InvalidRequirement as error:
        reading.fail(f"Invalid requirement: {text!r}: {error}", _hint(reading, text))


def _hint(reading: Reading, text: str) -> str | None:
    """Pip's guess at what was meant."""
    if os.path.sep in text:
        if not reading.exists(text):
            return f"It looks like a path. File '{text}' does not exist."
        return "It looks like a path. The path does exist. A requirements file is named with -r."
    if "=" in text and not any(operator in text for operator in _OPERATORS):
        return "= is not a valid operator. Did you mean == ?"
    return None
