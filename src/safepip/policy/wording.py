"""A value of the policy as the file would say it: the way back from :mod:`safepip.policy.values`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from safepip.policy.keys import LEVELS, Key

if TYPE_CHECKING:
    from safepip.core.finding import Level
    from safepip.core.index import Index
    from safepip.policy.schema import Exemption

_UNITS = (("week", 7 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
_LEVEL_WORDS = {level: word for word, level in LEVELS.items()}


def plain(key: Key, value: object) -> str | bool | list[str] | None:
    """The value as TOML or JSON would hold it; None where the key has none."""
    words = key.schema.get("enum")
    if isinstance(words, list):
        return next(str(word) for word in words if key.read(word, "") == value)
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if value is None or isinstance(value, bool) else str(value)


def duration(span: timedelta) -> str:
    """In the largest unit that leaves no rest: ``2 weeks``, ``36 hours``, ``0 days``."""
    seconds = int(span.total_seconds())
    if seconds == 0:
        return "0 days"
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def level(value: Level) -> str:
    """``off``, ``warn``, ``deny``."""
    return _LEVEL_WORDS[value]


def toml(value: object) -> str:
    """A string, boolean or list of strings in TOML. JSON's escapes are TOML's, lone surrogates aside."""
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def statement(key: Key, value: object) -> str:
    """``hashes.mode = "index"``."""
    said = plain(key, value)
    return f"{key.path} = {'none' if said is None else toml(said)}"


def index_entry(index: Index) -> Mapping[str, object]:
    """What an ``[[index]]`` says, by key; only what it says. Paths are absolute by now."""
    said: dict[str, object] = {
        "name": index.name,
        "url": None if index.built_in else str(index.url),
        "packages": [str(pattern) for pattern in index.patterns],
        "ca-bundle": index.trust.ca_bundle,
        "client-cert": index.trust.client_cert,
        "file-hosts": None if index.file_hosts is None else sorted(index.file_hosts),
        "absent-status": sorted(index.absent_statuses),
        "mirror-of": index.mirror_of,
        "digests": "record" if index.records_digests else None,
        "unavailable": "skip" if index.skip_unavailable else None,
        "min-age": None if index.min_age is None else duration(index.min_age),
        "unsafe-plaintext": index.allows_plaintext or None,
    }
    kept_empty = {"file-hosts"}
    return {
        key: value for key, value in said.items() if value is not None and (value != [] or key in kept_empty)
    }


def allow_entry(exemption: Exemption) -> Mapping[str, object]:
    """What an ``[[allow]]`` says, by key; only what it says."""
    package = None if exemption.package is None else f"{exemption.package}{exemption.specifier or ''}"
    said = {
        "rule": exemption.rule,
        "package": package,
        "subject": exemption.subject,
        "reason": exemption.reason,
        "owner": exemption.owner,
        "expires": None if exemption.expires is None else exemption.expires.isoformat(),
    }
    return {key: value for key, value in said.items() if value is not None}


def entry(table: str, said: Mapping[str, object]) -> str:
    """``[[index]] name = "corp", url = "https://…"``, on one line and whole: it is what trust is given to."""
    return f"[[{table}]] " + ", ".join(f"{key} = {toml(value)}" for key, value in said.items())
