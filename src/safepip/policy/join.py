"""The ``[[index]]`` tables of all trusted files as one list, without a contradiction in it.

Files add indexes and patterns. What one file says of an index or of a name, no weaker file changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Finding, Level, Location, Severity
from safepip.core.index import Index, Trust
from safepip.core.origin import Layer, Origin
from safepip.core.project import Pattern
from safepip.policy.document import REFERENCE
from safepip.policy.schema import PolicyFile

T = TypeVar("T")

_MUST_EQUAL = {
    "url": "url",
    "kind": "url",
    "absent_statuses": "absent-status",
    "mirror_of": "mirror-of",
    "records_digests": "digests",
    "skip_unavailable": "unavailable",
    "allows_plaintext": "unsafe-plaintext",
}
"""Attributes that decide what an index is or forgive it something: attribute → key."""


def loosened(what: str, weaker: Origin, stronger: Origin) -> Finding:
    """A weaker file asked for less; the stronger word stays."""
    return Finding(
        rule="policy-loosened",
        message=f"{what} asks for less than a stronger policy file demands; the stronger one stays in force",
        origin=weaker,
        level=Level.WARN,
        subject=what,
        help="delete the line, or change the stronger policy",
        decided_by=str(stronger),
        related=(Location(origin=stronger, label="in force"),),
        severity=Severity.MEDIUM,
    )


def join_indexes(trusted: Sequence[PolicyFile]) -> tuple[tuple[Index, ...], tuple[Finding, ...]]:
    """Indexes in the order they are first named, strongest layer first.

    Args:
        trusted: strongest first.

    Raises:
        ConfigurationError: one index described in two ways, or one pattern on two indexes.
    """
    joined: dict[str, Index] = {}
    findings: list[Finding] = []
    for file in trusted:
        for index in file.indexes:
            bounded = _bounded(index, trusted, findings)
            known = joined.get(index.name)
            joined[index.name] = bounded if known is None else _joined(known, bounded, findings)
    _refuse_contested(trusted)
    _refuse_bad_mirrors(joined)
    return tuple(joined.values()), tuple(findings)


def _bounded(index: Index, trusted: Iterable[PolicyFile], findings: list[Finding]) -> Index:
    """The index's own cool-down, unless a stronger layer demands more of every index."""
    for file in trusted:
        demanded = file.values.get("min_age")
        if index.min_age is None or demanded is None or file.source.layer >= index.origin.layer:
            continue
        if isinstance(demanded.value, timedelta) and index.min_age < demanded.value:
            findings.append(loosened(f"min-age of index {index.name}", index.origin, demanded.origin))
            return replace(index, min_age=None)
    return index


def _joined(known: Index, other: Index, findings: list[Finding]) -> Index:
    for attribute, key in _MUST_EQUAL.items():
        if getattr(known, attribute) != getattr(other, attribute):
            raise _contradiction(known, other, key)
    if other.min_age is not None and known.min_age is not None and other.min_age < known.min_age:
        findings.append(loosened(f"min-age of index {other.name}", other.origin, known.origin))
    ages = [age for age in (known.min_age, other.min_age) if age is not None]
    hosts = _only(known, other, known.file_hosts, other.file_hosts, "file-hosts")
    return replace(
        known,
        patterns=tuple({pattern.key: pattern for pattern in (*other.patterns, *known.patterns)}.values()),
        trust=Trust(
            ca_bundle=_only(known, other, known.trust.ca_bundle, other.trust.ca_bundle, "ca-bundle"),
            client_cert=_only(known, other, known.trust.client_cert, other.trust.client_cert, "client-cert"),
        ),
        file_hosts=hosts,
        min_age=max(ages, default=None),
    )


def _only(known: Index, other: Index, one: T | None, two: T | None, key: str) -> T | None:
    """The value that was given, if one was; two different ones contradict each other."""
    if one is not None and two is not None and one != two:
        raise _contradiction(known, other, key)
    return two if one is None else one


def _refuse_contested(trusted: Iterable[PolicyFile]) -> None:
    """No pattern on two indexes; no weaker file takes names out of a stronger file's pattern.

    ``*`` stands for "everything else", so a weaker file may still name something more exactly.
    """
    claims: list[tuple[Pattern, Index, Layer]] = []
    for file in trusted:
        for index in file.indexes:
            for pattern in index.patterns:
                for claimed, owner, layer in claims:
                    if owner.name != index.name and _contests(pattern, claimed, file.source.layer > layer):
                        raise _contested(pattern, index, claimed, owner)
                claims.append((pattern, index, file.source.layer))


def _contests(pattern: Pattern, claimed: Pattern, weaker: bool) -> bool:
    if pattern.key == claimed.key:
        return True
    return weaker and not claimed.exact and claimed.prefix != "" and pattern.prefix.startswith(claimed.prefix)


def _refuse_bad_mirrors(joined: dict[str, Index]) -> None:
    for index in joined.values():
        if index.mirror_of is None:
            continue
        original = joined.get(index.mirror_of)
        if original is None or original.mirror_of is not None or original is index:
            raise ConfigurationError(
                f"index {index.name!r} mirrors {index.mirror_of!r}, which is no listed index of its own",
                reference=REFERENCE,
                origin=index.origin,
                hint=f'list it: [[index]] name = "{index.mirror_of}"',
            )


def _contradiction(known: Index, other: Index, key: str) -> ConfigurationError:
    return ConfigurationError(
        f"index {other.name!r} has another {key} here than in {known.origin}",
        reference=REFERENCE,
        origin=other.origin,
        hint="say the same in both files, or give the index another name",
    )


def _contested(pattern: Pattern, index: Index, claimed: Pattern, owner: Index) -> ConfigurationError:
    return ConfigurationError(
        f"pattern {pattern} of index {index.name!r} names what {claimed} of {owner.name!r} in {owner.origin} claims",
        reference=REFERENCE,
        origin=index.origin,
        hint="a name comes from one index only: leave the pattern where the names come from",
    )
