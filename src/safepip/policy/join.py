"""The ``[[index]]`` tables of all trusted files as one list, without a contradiction in it.

Files add indexes and patterns. What one file says of an index or of a name, no weaker file changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypeVar

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Finding
from safepip.core.index import Index, Trust
from safepip.core.origin import Layer
from safepip.core.project import Pattern
from safepip.policy.bounds import bounded_by_files
from safepip.policy.document import REFERENCE
from safepip.policy.schema import PolicyFile
from safepip.policy.urls import same_index

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


def join_indexes(trusted: Sequence[PolicyFile]) -> tuple[tuple[Index, ...], tuple[Finding, ...]]:
    """Indexes in the order they are first named, strongest layer first.

    Args:
        trusted: strongest first.

    Raises:
        ConfigurationError: one index described in two ways, one URL under two names, or one pattern on
            two indexes.
    """
    joined: dict[str, Index] = {}
    findings: list[Finding] = []
    for file in trusted:
        for index in file.indexes:
            known = joined.get(index.name)
            joined[index.name] = index if known is None else _joined(known, index)
    _refuse_two_names(tuple(joined.values()))
    _refuse_contested(trusted)
    _refuse_bad_mirrors(joined)
    bounded = (bounded_by_files(index, trusted, findings) for index in joined.values())
    return tuple(bounded), tuple(findings)


def _joined(known: Index, other: Index) -> Index:
    for attribute, key in _MUST_EQUAL.items():
        if getattr(known, attribute) != getattr(other, attribute):
            raise _contradiction(known, other, key)
    hosts = _only(known, other, known.file_hosts, other.file_hosts, "file-hosts")
    return replace(
        known,
        patterns=tuple({pattern.key: pattern for pattern in (*other.patterns, *known.patterns)}.values()),
        trust=Trust(
            ca_bundle=_only(known, other, known.trust.ca_bundle, other.trust.ca_bundle, "ca-bundle"),
            client_cert=_only(known, other, known.trust.client_cert, other.trust.client_cert, "client-cert"),
        ),
        file_hosts=hosts,
    )


def _only(known: Index, other: Index, one: T | None, two: T | None, key: str) -> T | None:
    """The value that was given, if one was; two different ones contradict each other."""
    if one is not None and two is not None and one != two:
        raise _contradiction(known, other, key)
    return two if one is None else one


def _refuse_two_names(joined: tuple[Index, ...]) -> None:
    """One URL has one name: under two, the patterns of one of them would count for nothing."""
    for index, other in combinations(joined, 2):
        if index.kind is other.kind and same_index(index.url, other.url):
            raise ConfigurationError(
                f"index {other.name!r} has the URL of {index.name!r} in {index.origin}",
                reference=REFERENCE,
                origin=other.origin,
                hint="list it once, with all its packages",
            )


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
