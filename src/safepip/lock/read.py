"""From the bytes of a ``pylock.toml`` to what it says; what packaging drops in silence is kept.

packaging validates types, required keys and file names. The words of failures are pip's
(``pip._internal.utils.pylock``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError
from packaging.version import InvalidVersion, Version

from safepip.core.errors import RequirementFileError
from safepip.core.finding import Finding, Level, Severity
from safepip.core.origin import Layer, Origin, Place
from safepip.core.positions import KeyPath
from safepip.core.specifier import endless_number
from safepip.core.toml import TomlError, TomlText
from safepip.lock.keys import unknown_keys

_KNOWN = Version("1.0")
_DEEPEST = len(("packages", 0, "wheels", 0))
"""Locks have tens of thousands of files, each of which the tools write in one line."""
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
"""One step of a place as packaging writes it, such as ``packages[3].wheels[0].hashes``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock that is valid by the standard; whether policy lets it be used is not judged yet.

    Attributes:
        place: path or URL as it was named, without credentials.
        location: absolute path or URL that its relative paths are resolved against.
        remote: whether it came over the network.
        version: as written; :attr:`pylock` may know a later one as the latest that it knows.
    """

    place: str
    location: str
    remote: bool
    version: Version
    pylock: Pylock
    text: TomlText

    def invalid(self, message: str, path: KeyPath) -> RequirementFileError:
        """The failure for something that makes the lock unusable."""
        return _invalid(self.place, message, self.text.origin(path))


def read_lock(data: bytes, *, place: str, location: str, remote: bool) -> Lock:
    """Read a lock.

    Raises:
        RequirementFileError: no TOML, no lock, or one of a later standard.
    """
    try:
        written = data.decode()
        _check_numbers(written, place)
        text = TomlText(written, place=place, deepest=_DEEPEST)
    except UnicodeDecodeError as error:
        raise RequirementFileError(
            f"Error reading pylock file {place!r}: {error}", reference="lock-file"
        ) from None
    except TomlError as error:
        raise _invalid(place, error.message, error.origin) from None
    version, table = _with_known_minor(text.table)
    try:
        pylock = Pylock.from_dict(table)
    except PylockUnsupportedVersionError as error:
        raise _invalid(
            place, str(error), text.origin(("lock-version",)), "a newer safepip may know it"
        ) from None
    except PylockValidationError as error:
        raise _invalid(place, str(error), text.origin(key_path(error.context or ""))) from None
    return Lock(
        place=place,
        location=location,
        remote=remote,
        version=version or pylock.lock_version,
        pylock=pylock,
        text=text,
    )


def oddities(lock: Lock) -> Iterator[Finding]:
    """What is passed over, and might have been meant to count."""
    if lock.version > _KNOWN:
        yield Finding(
            rule="lock-version",
            message=f"the lock is written by version {lock.version} of the standard, and {_KNOWN} is known here",
            origin=lock.text.origin(("lock-version",)),
            level=Level.WARN,
            subject=lock.place,
            help="what the newer version adds has no effect; a newer safepip may know it",
            severity=Severity.LOW,
        )
    for path in unknown_keys(lock.text.table):
        yield Finding(
            rule="lock-unknown-key",
            message=f"{path[-1]} is no key of a lock file, and has no effect",
            origin=lock.text.origin(path, of_key=True),
            level=Level.WARN,
            subject=lock.place,
            help="correct it if it is misspelled; what is meant for a tool stands in a tool table",
            severity=Severity.LOW,
        )


def key_path(place: str) -> KeyPath:
    """``packages[3].wheels[0]`` as keys from the root."""
    return tuple(int(index) if index else name for name, index in _STEP.findall(place))


def _with_known_minor(table: Mapping[str, Any]) -> tuple[Version | None, Mapping[str, Any]]:
    """A later minor version is one to warn of (PEP 751); packaging would write that to the log.

    Returns the version as written, None where packaging is to say what is wrong with it.
    """
    written = table.get("lock-version")
    try:
        version = Version(written) if isinstance(written, str) else None
    except InvalidVersion:
        return None, table
    if version is None or not _KNOWN < version < Version("2"):
        return None, table
    return version, {**table, "lock-version": str(_KNOWN)}


def _check_numbers(text: str, place: str) -> None:
    """Raise where packaging would give up, in the middle of a version or of the name of a file."""
    at = endless_number(text)
    if at is not None:
        line = text.count("\n", 0, at) + 1
        origin = Origin(layer=Layer.PROJECT, kind=Place.FILE, place=place, line=line)
        raise _invalid(place, "it has a number of more than a thousand digits", origin)


def _invalid(place: str, message: str, origin: Origin, hint: str | None = None) -> RequirementFileError:
    return RequirementFileError(
        f"Invalid pylock file {place!r}: {message}", reference="lock-file", origin=origin, hint=hint
    )
