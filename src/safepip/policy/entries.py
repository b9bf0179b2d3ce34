"""The entries of ``[[index]]`` and ``[[allow]]``: one table each, with what it must and must not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from safepip.core.index import Index, IndexKind, Trust
from safepip.core.positions import KeyPath
from safepip.policy.document import Document
from safepip.policy.entry_keys import ALLOW, INDEX
from safepip.policy.key import Key
from safepip.policy.schema import BUILT_IN_URL, Exemption
from safepip.policy.values import BadValue

BUILT_IN_NAME = "pypi"
"""The index that needs no ``url``: the operator's own index-url, else pip's default."""


def read_value(document: Document, path: KeyPath, key: Key, value: object, directory: str) -> Any:
    """The value of one key, or None after remembering what is wrong with it."""
    try:
        return key.read(value, directory)
    except BadValue as error:
        at = path if error.index is None else (*path, error.index)
        document.refuse(at, f"{key.path} {error}")
        return None


def read_indexes(document: Document, entries: object, directory: str) -> tuple[Index, ...]:
    """The ``[[index]]`` tables, in order. Problems are remembered in the document."""
    found: list[Index] = []
    for path, entry in _tables(document, "index", entries):
        values = _read_entry(document, path, entry, INDEX, directory)
        if index := _index(document, path, values):
            found.append(index)
    _refuse_shared(document, found)
    return tuple(found)


def read_exemptions(
    document: Document, entries: object, directory: str, known_rules: Mapping[str, bool]
) -> tuple[Exemption, ...]:
    """The ``[[allow]]`` tables, in order. Problems are remembered in the document."""
    found: list[Exemption] = []
    for path, entry in _tables(document, "allow", entries):
        values = _read_entry(document, path, entry, ALLOW, directory)
        if exemption := _exemption(document, path, values, known_rules):
            found.append(exemption)
    return tuple(found)


def _tables(document: Document, name: str, entries: object) -> Iterator[tuple[KeyPath, Mapping[str, object]]]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        document.refuse((name,), f"{name} must be tables", hint=f"write [[{name}]], with two brackets")
        return
    for position, entry in enumerate(entries):
        yield (name, position), entry


def _read_entry(
    document: Document, path: KeyPath, entry: Mapping[str, object], keys: tuple[Key, ...], directory: str
) -> dict[str, Any]:
    """Values by key name; keys that are unknown or wrong are remembered and left out."""
    by_name = {key.name: key for key in keys}
    values: dict[str, Any] = {}
    for name, value in entry.items():
        if key := by_name.get(name):
            values[name] = read_value(document, (*path, name), key, value, directory)
        else:
            document.refuse_unknown((*path, name), by_name)
    return values


def _index(document: Document, path: KeyPath, values: Mapping[str, Any]) -> Index | None:
    name = values.get("name")
    if "name" not in values:
        document.refuse(path, "an [[index]] must have a name")
    if "url" not in values and name != BUILT_IN_NAME:
        document.refuse(path, "an [[index]] must have a url", hint=f"only {BUILT_IN_NAME!r} may leave it out")
    if name is None or ("url" in values and values["url"] is None):
        return None
    index = _build_index(document, path, values)
    _refuse_plaintext(document, path, index)
    _refuse_repeated(document, path, index)
    return index


def _build_index(document: Document, path: KeyPath, values: Mapping[str, Any]) -> Index:
    url, kind = values.get("url") or (BUILT_IN_URL, IndexKind.SIMPLE)
    hosts = values.get("file-hosts")
    return Index(
        name=values["name"],
        url=url,
        kind=kind,
        origin=document.origin(path),
        patterns=values.get("packages") or (),
        trust=Trust(ca_bundle=values.get("ca-bundle"), client_cert=values.get("client-cert")),
        file_hosts=None if hosts is None else frozenset(hosts),
        absent_statuses=frozenset(values.get("absent-status") or ()),
        mirror_of=values.get("mirror-of"),
        records_digests=bool(values.get("digests")),
        skip_unavailable=bool(values.get("unavailable")),
        min_age=values.get("min-age"),
        allows_plaintext=bool(values.get("unsafe-plaintext")),
        built_in="url" not in values,
    )


def _refuse_plaintext(document: Document, path: KeyPath, index: Index) -> None:
    if index.allows_plaintext and not index.url.is_loopback:
        document.refuse(
            (*path, "unsafe-plaintext"), "unsafe-plaintext is for a loopback address only, such as 127.0.0.1"
        )
    elif index.url.scheme == "http" and not index.allows_plaintext:
        hint = "write https://"
        if index.url.is_loopback:
            hint += ", or add unsafe-plaintext = true for this server of your own machine"
        document.refuse(
            (*path, "url"),
            "index URL uses http: anyone on the way can read and change what is installed",
            hint=hint,
        )


def _refuse_repeated(document: Document, path: KeyPath, index: Index) -> None:
    seen: set[tuple[str, bool]] = set()
    for position, pattern in enumerate(index.patterns):
        if pattern.key in seen:
            document.refuse((*path, "packages", position), f"pattern {pattern} stands here twice")
        seen.add(pattern.key)


def _refuse_shared(document: Document, indexes: list[Index]) -> None:
    """No name and no pattern on two indexes of one file: then nothing would say which one counts."""
    names: dict[str, Index] = {}
    patterns: dict[tuple[str, bool], Index] = {}
    for index in indexes:
        if (first := names.setdefault(index.name, index)) is not index:
            document.refuse_at(
                index.origin, f"index {index.name!r} is defined twice, first in line {first.origin.line}"
            )
        for pattern in index.patterns:
            if (first := patterns.setdefault(pattern.key, index)).name != index.name:
                document.refuse_at(
                    index.origin,
                    f"pattern {pattern} stands on two indexes, {first.name!r} (line {first.origin.line})"
                    f" and {index.name!r} (line {index.origin.line})",
                    hint="leave it on the one index that these names come from",
                )


def _exemption(
    document: Document, path: KeyPath, values: Mapping[str, Any], known_rules: Mapping[str, bool]
) -> Exemption | None:
    for name in ("rule", "reason"):
        if name not in values:
            document.refuse(path, f"an [[allow]] must have a {name}")
    rule, reason = values.get("rule"), values.get("reason")
    if rule is None or reason is None:
        return None
    if rule not in known_rules:
        document.refuse_unknown_word((*path, "rule"), rule, known_rules, what="rule")
        return None
    if not known_rules[rule]:
        document.refuse((*path, "rule"), f"nothing is exempt from {rule}")
        return None
    pattern, specifier = values.get("package") or (None, None)
    return Exemption(
        rule=rule,
        reason=reason,
        origin=document.origin(path),
        package=pattern,
        specifier=specifier,
        expires=values.get("expires"),
        owner=values.get("owner"),
    )
