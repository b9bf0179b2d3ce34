"""What one key of a policy file is, and the JSON schemas that many of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safepip.policy.strictness import Strictness
    from safepip.policy.values import Reader

STRING: Mapping[str, object] = {"type": "string", "minLength": 1}
STRINGS: Mapping[str, object] = {"type": "array", "items": STRING}
BOOLEAN: Mapping[str, object] = {"type": "boolean"}
DURATION: Mapping[str, object] = {"type": "string", "pattern": "^[0-9]{1,6} (second|minute|hour|day|week)s?$"}


def one_of(words: Mapping[str, object]) -> Mapping[str, object]:
    """The schema of a value that is one of a few words."""
    return {"enum": list(words)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    Attributes:
        path: table and key with a dot: ``hashes.mode``; for array tables ``index.url``.
        read: from the TOML value to ours.
        schema: JSON schema of the TOML value.
        meaning: for the reference page; Markdown.
        default: for the reference page; TOML, or words.
        field: attribute of :class:`~safepip.policy.schema.Policy`; empty for keys of array tables.
        strictness: how layers merge; None for keys of array tables, which belong to their entry.
        refuses: whether tightening it can only turn an answer into a refusal, so that it counts
            even from a project file that nobody has trusted yet.
    """

    path: str
    read: Reader
    schema: Mapping[str, object]
    meaning: str
    default: str
    field: str = ""
    strictness: Strictness | None = None
    refuses: bool = False

    @property
    def table(self) -> str:
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        return self.path.partition(".")[2]
