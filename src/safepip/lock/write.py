"""The bytes of a ``pylock.toml``. The only module that writes TOML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.pylock import Pylock

HEADER = "# Made by `safepip lock`; make it again rather than change it.\n"


def pylock_bytes(pylock: Pylock) -> bytes:
    """The same lock gives the same bytes.

    Raises:
        packaging.pylock.PylockValidationError: it is no lock by the standard.
    """
    import tomli_w  # not needed by those who only read locks

    pylock.validate()
    return (HEADER + "\n" + tomli_w.dumps(_readable(pylock.to_dict()))).encode()


def _readable(table: Mapping[str, Any]) -> dict[str, Any]:
    """With markers in single quotes, which need no backslashes in TOML."""
    return {key: _readable_value(key, value) for key, value in table.items()}


def _readable_value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _readable(value)
    if key == "marker":
        return _requoted(value)
    if isinstance(value, list | tuple):
        if key == "environments":
            return [_requoted(one) for one in value]
        return [_readable(one) if isinstance(one, Mapping) else one for one in value]
    return value


def _requoted(marker: str) -> str:
    return marker if "'" in marker else marker.replace('"', "'")
