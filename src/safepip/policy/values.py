"""From a TOML value to the value a key means. Nothing is coerced: ``5`` is never ``"5"``.

Every function takes the value and the folder of the policy file, and raises :class:`BadValue`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import PurePath
from typing import TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from safepip.core.environment_name import EnvironmentName, EnvironmentNameError, read_environment_names
from safepip.core.index import IndexKind
from safepip.core.project import InvalidName, Pattern
from safepip.core.url import Url, UrlError
from safepip.policy.urls import check_url_pattern

E = TypeVar("E", bound=Enum)
T = TypeVar("T")

Reader = Callable[[object, str], object]

_DURATION = re.compile(r"(\d{1,6}) (second|minute|hour|day|week)s?\Z", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\Z", re.ASCII)
_PACKAGE = re.compile(r"(?P<pattern>[A-Za-z0-9._*-]+)\s*(?P<specifier>[<>=!~].*)?\Z", re.ASCII)
_KINDS: Mapping[type, str] = {
    bool: "a boolean",
    str: "a string",
    int: "an integer",
    float: "a number",
    list: "a list",
    dict: "a table",
    datetime: "a date with a time",
    date: "a date",
}


class BadValue(ValueError):
    """The value is not what the key takes.

    Attributes:
        index: which element of a list is meant; None: the value itself.
    """

    def __init__(self, message: str, *, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


def _expect(value: object, kind: type[T]) -> T:
    if type(value) is not kind:  # bool is an int and datetime a date, and neither is meant
        raise BadValue(f"must be {_KINDS[kind]}, not {_KINDS.get(type(value), 'a time')}")
    return value


def text(value: object, _directory: str) -> str:
    """A string with something in it."""
    found = _expect(value, str)
    if not found.strip():
        raise BadValue("must not be empty")
    return found


def flag(value: object, _directory: str) -> bool:
    return _expect(value, bool)


def path(value: object, directory: str) -> str:
    """A path; a relative one counts from the policy file's folder."""
    found = text(value, directory)
    if "\0" in found:
        raise BadValue("is not a path")
    return str(PurePath(directory, found))


def choice(words: Mapping[str, T]) -> Callable[[object, str], T]:
    """One of a few words."""

    def read(value: object, _directory: str) -> T:
        found = _expect(value, str)
        if found not in words:
            raise BadValue(f"must be one of {', '.join(words)}, not {found!r}")
        return words[found]

    return read


def duration(value: object, _directory: str) -> timedelta:
    """``"1 day"``, ``"12 hours"``, ``"2 weeks"``."""
    found = _DURATION.match(_expect(value, str))
    if not found:
        raise BadValue('must be a number and a unit, such as "1 day", "12 hours" or "2 weeks"')
    return timedelta(**{f"{found[2]}s": int(found[1])})


def day(value: object, _directory: str) -> date:
    """A TOML date, without a time."""
    return _expect(value, date)


def each(read: Callable[[object, str], T]) -> Callable[[object, str], tuple[T, ...]]:
    """A list, every element read the same way."""

    def read_all(value: object, directory: str) -> tuple[T, ...]:
        found: list[T] = []
        for index, element in enumerate(_expect(value, list)):
            try:
                found.append(read(element, directory))
            except BadValue as error:
                raise BadValue(f"element {index + 1} {error}", index=index) from None
        return tuple(found)

    return read_all


def pattern(value: object, directory: str) -> Pattern:
    try:
        return Pattern.parse(text(value, directory))
    except InvalidName:
        raise BadValue(f'must be a project name, a prefix such as "acme-*", or "*", not {value!r}') from None


def package(value: object, directory: str) -> tuple[Pattern, SpecifierSet | None]:
    """``acme``, ``acme-*`` or ``acme>=1.2``: a pattern and, maybe, versions."""
    found = _PACKAGE.match(text(value, directory).strip())
    if not found:
        raise BadValue(f"must be a project name or pattern with an optional version specifier, not {value!r}")
    try:
        specifier = SpecifierSet(found["specifier"]) if found["specifier"] else None
    except InvalidSpecifier:
        raise BadValue(f"has an unreadable version specifier: {found['specifier']!r}") from None
    return pattern(found["pattern"], directory), specifier


def url_pattern(value: object, directory: str) -> str:
    """A whole URL, or one that ends in ``/*``."""
    found = text(value, directory)
    try:
        check_url_pattern(found)
    except UrlError as error:
        raise BadValue(str(error)) from None
    return found


def index_name(value: object, directory: str) -> str:
    found = text(value, directory)
    if not _NAME.match(found):
        raise BadValue("must consist of letters, digits, '.', '_' and '-'")
    return found


def index_url(value: object, directory: str) -> tuple[Url, IndexKind]:
    """An absolute ``https:`` URL, or ``http:`` (judged later), or ``file:``; never with userinfo.

    One that ends in ``.html`` is a page of links, as ``--find-links`` names it.
    """
    try:
        url = Url.parse(text(value, directory))
    except UrlError as error:
        raise BadValue(str(error)) from None
    if url.scheme not in {"https", "http", "file"}:
        raise BadValue(f"must begin with https://, not {url.scheme}:")
    if url.credentials is not None:
        raise BadValue("must not carry a user name or password; put them into netrc or a keyring")
    if url.query or url.fragment:
        raise BadValue("must have neither a query nor a fragment")
    trimmed = url.path.rstrip("/") or "/"
    kind = IndexKind.LOCAL_SIMPLE if url.scheme == "file" else IndexKind.SIMPLE
    if trimmed.lower().endswith((".html", ".htm")):
        kind = IndexKind.LOCAL_FOLDER if url.scheme == "file" else IndexKind.LINKS
    return Url(scheme=url.scheme, host=url.host, port=url.port, path=trimmed), kind


def environments(value: object, directory: str) -> tuple[EnvironmentName, ...]:
    """Names of environments that can be in one lock."""
    try:
        return read_environment_names(each(text)(value, directory))
    except EnvironmentNameError as error:
        number = error.position + 1
        raise BadValue(f"element {number}: {error} ({error.hint})", index=error.position) from None


def host(value: object, directory: str) -> str:
    """``host`` or ``host:port``, in canonical form."""
    found = text(value, directory)
    try:
        url = Url.parse(f"https://{found}")
    except UrlError as error:
        raise BadValue(f"must be a host or host:port: {error}") from None
    if "@" in found or "/" in found or url.query or url.fragment:
        raise BadValue(f"must be a host or host:port, not {found!r}")
    return url.netloc


def status(value: object, _directory: str) -> int:
    """A client error that may stand for "not here"; a server error never does."""
    found = _expect(value, int)
    if not 400 <= found <= 499:
        raise BadValue("must be an HTTP status from 400 to 499: any other is no answer")
    return found
