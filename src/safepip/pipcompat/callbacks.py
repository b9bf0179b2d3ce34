"""What the values of pip's callback options mean (``pip._internal.cli.cmdoptions._handle_*``).

Each reader takes one value as text and gives one piece; :mod:`safepip.pipcompat.effective` puts
the pieces of all sources together. Errors are in pip's words.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import PurePath
from types import MappingProxyType

from safepip.core.errors import CommandError, UsageError
from safepip.pipcompat.option import Option

Piece = str | bool | tuple[int, ...] | tuple[str, str] | datetime | timedelta | None
"""What one value of a callback option contributes."""

STRONG_HASHES = ("sha256", "sha384", "sha512")
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})
_MOST_DAYS = 700_000
_DAYS = re.compile(r"^P(\d+)D$", re.ASCII)
_PYLOCK = re.compile(r"^pylock\.([^.]+)\.toml$")
_EXTRAS = re.compile(r"^(.+)(\[[^\]]+\])$")


def truth(text: str) -> bool:
    """A truth value in pip's words (``strtobool``). Raises ValueError."""
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError(f"invalid truth value {lowered!r}")


def read_value(option: Option, spelled: str, text: str | None) -> Piece:
    """One value of a callback option.

    Args:
        spelled: the option as optparse resolved it, such as ``-C`` or ``--config-settings``.
        text: None for an option that takes no value on the command line.

    Raises:
        UsageError, CommandError: pip refuses the value.
    """
    return _READERS[option.callback or ""](option, spelled, text or "")


def is_lock_name(path: str) -> bool:
    """Whether pip would read a path or URL as a lock file (``pylock.toml``, ``pylock.NAME.toml``)."""
    without_extras = _EXTRAS.sub(r"\1", path).rstrip()
    name = _last_part(without_extras)
    return name == "pylock.toml" or bool(_PYLOCK.match(name))


def _last_part(path: str) -> str:
    """Last part of a path, or of a URL without query and fragment."""
    if not is_remote(path):
        return PurePath(path).name
    return re.split(r"[?#]", path.partition(":")[2], maxsplit=1)[0].rstrip("/").rpartition("/")[2]


def is_remote(path: str) -> bool:
    """Whether pip reads this as a URL (``http:``, ``https:``, ``file:`` in any case)."""
    return path.lower().startswith(("http:", "https:", "file:"))


def _names(words: str) -> Callable[[Option, str, str], Piece]:
    def read(option: Option, spelled: str, text: str) -> str:
        del option, spelled
        if text.startswith("-"):
            raise CommandError(f"{words} option requires 1 argument.")
        return text

    return read


def _no_cache_dir(option: Option, spelled: str, text: str) -> bool:
    """False whatever is said, as pip has it; only nonsense is an error."""
    del spelled
    if text:
        try:
            truth(text)
        except ValueError as error:
            raise _option_error(option, str(error)) from None
    return False


def _group(option: Option, spelled: str, text: str) -> tuple[str, str]:
    """Path and name; without a path ``pyproject.toml``."""
    del spelled
    path, colon, name = text.rpartition(":")
    if not colon:
        return ("pyproject.toml", name)
    if _last_part(path) != "pyproject.toml" and (is_remote(path) or not is_lock_name(path)):
        raise _option_error(option, "group paths use local 'pyproject.toml' or 'pylock.toml' files")
    return (path, name)


def _config_settings(option: Option, spelled: str, text: str) -> tuple[str, str]:
    del option
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"Arguments to {spelled} must be of the form KEY=VAL", reference="usage")
    return (key, value)


def _hash(option: Option, spelled: str, text: str) -> tuple[str, str]:
    del option
    algorithm, colon, digits = text.partition(":")
    if not colon:
        raise UsageError(
            f"Arguments to {spelled} must be a hash name followed by a value, like --hash=sha256:abcde...",
            reference="usage",
        )
    if algorithm not in STRONG_HASHES:
        raise UsageError(
            f"Allowed hash algorithms for {spelled} are {', '.join(STRONG_HASHES)}.", reference="usage"
        )
    return (algorithm, digits)


def _python_version(option: Option, spelled: str, text: str) -> tuple[int, ...] | None:
    """``3.11`` and ``311`` alike; None for an empty value."""
    del spelled
    if not text:
        return None
    parts = text.split(".")
    problem = "at most three version parts are allowed" if len(parts) > 3 else None
    if len(parts) == 1 and len(text) > 1:
        parts = [text[0], text[1:]]
    if problem is None:
        try:
            return tuple(int(part) for part in parts)
        except ValueError:
            problem = "each version part must be an integer"
    raise _option_error(option, f"invalid --python-version value: {text!r}: {problem}")


def _uploaded_prior_to(option: Option, spelled: str, text: str) -> datetime | timedelta:
    """A moment (local time where the text gives no offset), or an age in days."""
    del spelled
    try:
        if days := _DAYS.match(text):
            return _age(int(days[1]))
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else moment.astimezone()
    except (ValueError, OverflowError) as error:  # the local zone may leave the calendar
        raise _option_error(
            option,
            f"invalid value: {text!r}: {error}. Expected an ISO 8601 datetime string (e.g., '2023-01-01' or "
            "'2023-01-01T00:00:00Z') or a duration in days (e.g., 'P3D')",
        ) from None


def _age(days: int) -> timedelta:
    """Raises OverflowError where no date lies that far back; there pip ends with a traceback."""
    if days > _MOST_DAYS:
        raise OverflowError("that is before the first year")
    return timedelta(days=days)


def _path(option: Option, spelled: str, text: str) -> str:
    del option, spelled
    return text


def _option_error(option: Option, message: str) -> UsageError:
    """As ``raise_option_error``: the names of the option in front, filled to 70 columns."""
    text = f"{'/'.join(option.names)} error: {message}"
    return UsageError(textwrap.fill(" ".join(text.split())), reference="usage")


_READERS: Mapping[str, Callable[[Option, str, str], Piece]] = MappingProxyType(
    {
        "no_binary": _names("--no-binary / --only-binary"),
        "only_binary": _names("--no-binary / --only-binary"),
        "all_releases": _names("--all-releases / --only-final"),
        "only_final": _names("--all-releases / --only-final"),
        "refresh_package": _names("--refresh-package"),
        "no_cache_dir": _no_cache_dir,
        "dependency_group": _group,
        "config_settings": _config_settings,
        "merge_hash": _hash,
        "python_version": _python_version,
        "uploaded_prior_to": _uploaded_prior_to,
        "src": _path,
    }
)
"""Every handler in the table; a test holds this to the generated options."""
