"""The JSON schema of the policy file, from the table of its keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from safepip.policy.keys import ALLOW, INDEX, LEVELS, SCALARS, Key


def schema_text(rules: Mapping[str, bool]) -> str:
    """The JSON schema. ``rules``: every id, and whether it may be lowered or exempted."""
    properties: dict[str, object] = {}
    for table in dict.fromkeys(key.table for key in SCALARS):
        properties[table] = _object(_properties([key for key in SCALARS if key.table == table]))
    properties["index"] = _array(_object(_properties(INDEX), required=["name"]))
    properties["rules"] = _object({rule: _levels(lowers) for rule, lowers in rules.items()})
    exemptible = {"enum": [rule for rule, exempts in rules.items() if exempts]}
    properties["allow"] = _array(
        _object({**_properties(ALLOW), "rule": exemptible}, required=["rule", "reason"])
    )
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "safepip policy",
        **_object(properties),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _levels(lowers: bool) -> Mapping[str, object]:
    return {"enum": list(LEVELS) if lowers else ["deny"]}


def _properties(keys: Iterable[Key]) -> dict[str, object]:
    return {key.name: {**key.schema, "description": key.meaning} for key in keys}


def _object(properties: Mapping[str, object], *, required: list[str] | None = None) -> Mapping[str, object]:
    table = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**table, "required": required} if required else table


def _array(items: Mapping[str, object]) -> Mapping[str, object]:
    return {"type": "array", "items": items}
