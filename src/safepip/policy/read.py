"""The text of a policy file → what it says. Strict: what is not understood is refused, with its line."""

from __future__ import annotations

import hashlib
import tomllib
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Level
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.policy.content import content_digest
from safepip.policy.document import PYPROJECT_TABLE, REFERENCE, Document, refuse_deep_keys
from safepip.policy.entries import read_exemptions, read_indexes, read_value
from safepip.policy.keys import LATER, LEVELS, SCALARS, TABLES
from safepip.policy.schema import PolicyFile, PolicySource


def parse(
    text: bytes | str,
    *,
    place: str,
    layer: Layer,
    directory: str,
    known_rules: Mapping[str, bool],
    table: Sequence[str] = (),
    trusted: bool = True,
) -> PolicyFile:
    """Read one policy file.

    Args:
        text: the file; bytes must be UTF-8.
        place: its path, as messages show it.
        layer: whose word it is.
        directory: folder that relative paths in it count from.
        known_rules: every rule id, and whether it may be switched off or exempted.
        table: where the policy stands in the file; :data:`~safepip.policy.document.PYPROJECT_TABLE` for ``pyproject.toml``.
        trusted: False for a project file that was found by walking.

    Raises:
        ConfigurationError: no TOML, an unknown key, a value that the key does not take, or a
            contradiction; every problem of the file at once.
    """
    raw = text.encode() if isinstance(text, str) else text
    document = Document(_decoded(raw, place, layer), place=place, layer=layer, table=table)
    _refuse_unknown_tables(document)
    values = MappingProxyType(_read_scalars(document, directory))
    levels = MappingProxyType(_read_levels(document, known_rules))
    indexes = read_indexes(document, document.table.get("index", []), directory)
    exemptions = read_exemptions(document, document.table.get("allow", []), directory, known_rules)
    document.finish()
    sha256 = hashlib.sha256(raw).hexdigest()
    content = content_digest(document.table)
    source = PolicySource(path=place, layer=layer, sha256=sha256, content=content, trusted=trusted)
    return PolicyFile(source=source, values=values, levels=levels, indexes=indexes, exemptions=exemptions)


def has_policy(text: bytes, *, place: str, table: Sequence[str] = PYPROJECT_TABLE) -> bool:
    """Whether a ``pyproject.toml`` holds a policy.

    Raises:
        ConfigurationError: it cannot be read although it mentions safepip, so nobody can know.
    """
    if table[-1].encode() not in text and b"\\" not in text:  # an escape may stand for any letter
        return False
    try:
        refuse_deep_keys(text.decode())
        found: object = tomllib.loads(text.decode())
    except (ValueError, RecursionError):
        if b"safepip" not in text:
            return False
        raise ConfigurationError(
            "cannot be read as TOML, and may hold a policy under [tool.safepip]",
            reference=REFERENCE,
            origin=Origin(layer=Layer.PROJECT, kind=Place.FILE, place=place),
            hint="mend the file; a policy that cannot be read is never skipped",
        ) from None
    for key in table:
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return True


def _decoded(raw: bytes, place: str, layer: Layer) -> str:
    if raw.startswith(BOM_UTF8):
        raise ConfigurationError(
            "begins with a byte order mark, which TOML does not have",
            reference=REFERENCE,
            origin=Origin(layer=layer, kind=Place.FILE, place=place, line=1),
            hint="save the file as UTF-8 without one",
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            "not UTF-8, as TOML must be",
            reference=REFERENCE,
            origin=Origin(layer=layer, kind=Place.FILE, place=place, line=line),
            hint="save the file as UTF-8",
        ) from None


def _refuse_unknown_tables(document: Document) -> None:
    for name in document.table:
        if name in LATER:
            document.refuse(
                (name,),
                f"[{name}] is not supported by this version of safepip",
                hint="delete it: a promise that is not kept would be worse than none",
                of_key=True,
            )
        elif name not in TABLES:
            document.refuse_unknown((name,), TABLES)


def _read_scalars(document: Document, directory: str) -> dict[str, Sourced[object]]:
    """The keys of the plain tables, by attribute of Policy."""
    values: dict[str, Sourced[object]] = {}
    for table in dict.fromkeys(key.table for key in SCALARS):
        by_name = {key.name: key for key in SCALARS if key.table == table}
        for name, value in _table(document, table).items():
            if (key := by_name.get(name)) is None:
                document.refuse_unknown((table, name), by_name)
                continue
            found = read_value(document, (table, name), key, value, directory)
            values[key.field] = Sourced(value=found, origin=document.origin((table, name)))
    return values


def _table(document: Document, name: str) -> Mapping[str, object]:
    found = document.table.get(name, {})
    if isinstance(found, dict):
        return found
    document.refuse((name,), f"{name} must be a table", hint=f"write [{name}] on a line of its own")
    return {}


def _read_levels(document: Document, known_rules: Mapping[str, bool]) -> dict[str, Sourced[Level]]:
    levels: dict[str, Sourced[Level]] = {}
    for rule, word in _table(document, "rules").items():
        path = ("rules", rule)
        if rule not in known_rules:
            document.refuse_unknown(path, known_rules, what="rule")
        elif not isinstance(word, str) or word not in LEVELS:
            document.refuse(path, f"level of {rule} must be one of {', '.join(LEVELS)}, not {word!r}")
        elif not known_rules[rule] and LEVELS[word] is not Level.DENY:
            document.refuse(path, f"{rule} is never switched off or lowered to a warning")
        else:
            levels[rule] = Sourced(value=LEVELS[word], origin=document.origin(path))
    return levels
