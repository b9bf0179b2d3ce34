"""The bytes of a ``pylock.toml``. The only module that writes TOML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.pylock import Pylock, PylockValidationError

from safepip.lock.places import inexpressible

HEADER = "# Made by `safepip lock`; make it again rather than change it.\n"


def pylock_bytes(pylock: Pylock) -> bytes:
    """The same lock gives the same bytes.

    Raises:
        CommandError: it would be no lock by the standard, such as for the name of a file in it.
    """
    import tomli_w  # not needed by those who only read locks

    try:
        pylock.validate()
    except PylockValidationError as error:
        raise inexpressible(
            f"the lock would be none by the standard: {error}", "leave that version out with a constraint"
        ) from None
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
