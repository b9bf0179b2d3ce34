"""What a policy says, as a digest: the same for two texts that say the same.

Comments, layout and the order of keys play no part; of a ``pyproject.toml`` only its own table does, so
that other edits of that file do not take trust away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def content_digest(table: Mapping[str, object]) -> str:
    """``sha256:…`` of a TOML table."""
    return "sha256:" + hashlib.sha256(json.dumps(_typed(table), ensure_ascii=True).encode()).hexdigest()


def _typed(value: object) -> list[object]:
    """The value with the name of its type: the date 2027-03-01 is not the text ``2027-03-01``."""
    kind = type(value).__name__
    if isinstance(value, Mapping):
        return ["table", [[key, _typed(value[key])] for key in sorted(value)]]
    if isinstance(value, list):
        return [kind, [_typed(item) for item in value]]
    return [kind, str(value)]
