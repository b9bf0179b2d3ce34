"""The ``[[index]]`` tables of all trusted files as one list, without a contradiction in it.

Files add indexes and patterns. What one file says of an index or of a name, no weaker file changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_Claim = tuple[Pattern, Index, Layer]
"""A pattern, the index that it stands on, and whose word that is."""

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
    _refuse_foreign_mirrors(trusted)
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
    claims: dict[tuple[str, bool], list[_Claim]] = {}
    for file in trusted:
        for index in file.indexes:
            for pattern in index.patterns:
                for claimed, owner, layer in _claims_on(pattern, claims):
                    counts = claimed.key == pattern.key or file.source.layer > layer
                    if owner.name != index.name and counts:
                        raise _contested(pattern, index, claimed, owner)
                claims.setdefault(pattern.key, []).append((pattern, index, file.source.layer))


def _claims_on(pattern: Pattern, claims: Mapping[tuple[str, bool], Sequence[_Claim]]) -> Iterator[_Claim]:
    """Those of the same pattern, and of the prefixes that cover it, ``*`` aside. Lists may be long."""
    prefixes = ((pattern.prefix[:length], False) for length in range(1, len(pattern.prefix) + 1))
    for key in dict.fromkeys((pattern.key, *prefixes)):
        yield from claims.get(key, ())


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


def _refuse_foreign_mirrors(trusted: Sequence[PolicyFile]) -> None:
    """No weaker file lists a mirror of a stronger file's index: its files would pass for that index's."""
    first: dict[str, tuple[Index, Layer]] = {}
    for file in trusted:
        for index in file.indexes:
            first.setdefault(index.name, (index, file.source.layer))
    for index, layer in first.values():
        original, stronger = first[index.mirror_of] if index.mirror_of else (index, layer)
        if stronger < layer:
            raise ConfigurationError(
                f"index {index.name!r} would add its files to those of {original.name!r},"
                f" which a stronger policy lists in {original.origin}",
                reference=REFERENCE,
                origin=index.origin,
                hint="list the mirror in the stronger policy, or leave mirror-of out",
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
