"""The keys of a lock file (PEP 751), to tell those that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from safepip.core.positions import KeyPath

Shape = Mapping[str, "Shape | None"]
"""Keys of a table; None where anything may stand below."""

_FILE: Shape = MappingProxyType(dict.fromkeys(("name", "upload-time", "url", "path", "size", "hashes")))
PACKAGE: Shape = MappingProxyType(
    {
        **dict.fromkeys(("name", "version", "marker", "requires-python", "dependencies", "index")),
        **dict.fromkeys(("attestation-identities", "tool")),
        "vcs": dict.fromkeys(("type", "url", "path", "requested-revision", "commit-id", "subdirectory")),
        "directory": dict.fromkeys(("path", "editable", "subdirectory")),
        "archive": dict.fromkeys(("url", "path", "size", "upload-time", "hashes", "subdirectory")),
        "sdist": _FILE,
        "wheels": _FILE,
    }
)
_LOCK: Shape = MappingProxyType(
    {
        **dict.fromkeys(("lock-version", "environments", "requires-python", "created-by", "tool")),
        **dict.fromkeys(("extras", "dependency-groups", "default-groups")),
        "packages": PACKAGE,
    }
)


def unknown_keys(table: Mapping[str, Any]) -> Iterator[KeyPath]:
    """The path of each key that the standard does not know, in the order of the lock."""
    return unknown_in(table, _LOCK, ())


def unknown_in(table: Mapping[str, Any], shape: Shape, path: KeyPath) -> Iterator[KeyPath]:
    """The same of a table that stands at ``path`` and should look like ``shape``."""
    for key, value in table.items():
        if key not in shape:
            yield (*path, key)
            continue
        below = shape[key]
        if below is not None:
            for inner, inner_path in _tables(value, (*path, key)):
                yield from unknown_in(inner, below, inner_path)


def _tables(value: object, path: KeyPath) -> Iterator[tuple[Mapping[str, Any], KeyPath]]:
    """The table itself, or each of an array of them."""
    if isinstance(value, Mapping):
        yield value, path
    elif isinstance(value, list):
        for place, one in enumerate(value):
            if isinstance(one, Mapping):
                yield one, (*path, place)
