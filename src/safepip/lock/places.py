"""How a lock names what it holds: URLs without secrets, paths from the folder of the lock."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import PurePath

from safepip.core.errors import CommandError
from safepip.core.index import Index
from safepip.core.origin import Origin, Place
from safepip.core.plan import Asker
from safepip.core.url import Url, UrlError

_CODE = (".toml", ".py")
"""Endings of files that hold requirements among other things; pip names the rest with ``-r``."""


def plain_url(text: str, *, what: str) -> str:
    """The URL as a lock has it: without credentials and fragment.

    Args:
        what: the file or project, for the message.

    Raises:
        CommandError: nobody can read it.
    """
    try:
        return Url.parse(text).for_request
    except UrlError as error:
        raise inexpressible(
            f"the URL of {what} cannot be read: it {error}", "correct it where it is written"
        ) from None


def repository_url(text: str) -> str:
    """The URL of a repository without secrets; the name that SSH logs in with is none (PEP 610)."""
    url = Url.parse(text)
    if url.scheme == "ssh" and url.credentials is not None:
        return f"ssh://{url.credentials.username}@{url.netloc}{url.path}"
    return url.for_request


def index_url(index: Index) -> str | None:
    """The URL of an index that others can ask; None for a folder, and for what only stands for an index."""
    return None if index.direct or index.kind.local else replace(index.url, fragment="").without_secrets


def local_path(url: str) -> str | None:
    """The path that a ``file:`` URL names; None for every other URL.

    Raises:
        CommandError: one of another machine, which only Windows has paths for.
    """
    if not url.lower().startswith("file:"):
        return None
    place = Url.parse(url.partition("#")[0])
    if place.host not in {"", "localhost"} and os.name != "nt":
        raise inexpressible(f"{url} names a file of another machine", "copy it beside the lock")
    return place.local_path


def from_folder(path: str, base: str) -> str:
    """The path from a folder, with slashes; absolute where the two share no more than a root.

    Args:
        path, base: absolute.
    """
    path, base = os.path.normpath(path), os.path.normpath(base)
    if PurePath(path).anchor != PurePath(base).anchor or not _shared(path, base):
        return PurePath(path).as_posix()
    return PurePath(os.path.relpath(path, base)).as_posix()


def asked_by(asker: Asker, base: str) -> str | None:
    """Who asked, as a lock says it: a project's name, a file, the command line. None: nobody to name."""
    if asker.project is not None:
        return asker.project
    return None if asker.origin is None else _written(asker.origin, base)


def inexpressible(message: str, hint: str) -> CommandError:
    """The failure for something that the output has no words for."""
    return CommandError(message, reference="lock-format", hint=hint)


def _written(origin: Origin, base: str) -> str | None:
    match origin.kind:
        case Place.FILE:
            place = _file(origin.place, base)
            return place if place.endswith(_CODE) else f"-r {place}"
        case Place.ENVIRONMENT:
            return f"${origin.place}"
        case Place.ARGUMENT:
            return "the command line"
        case _:
            return None


def _file(place: str, base: str) -> str:
    """A path as somebody wrote it, unless that is where it lies on this machine; a URL without query and secrets."""
    if PurePath(place).is_absolute():
        return from_folder(place, base)
    if "://" not in place:
        return PurePath(place).as_posix()
    try:
        return replace(Url.parse(place), query="").for_request
    except UrlError:
        return place.rpartition("@")[2]


def _shared(path: str, base: str) -> bool:
    return len(PurePath(os.path.commonpath([path, base])).parts) > 1
