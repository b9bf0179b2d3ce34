"""The user's hashes from several lines, together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from types import MappingProxyType

from safepip.core.digest import AcceptableDigests

NO_HASHES = AcceptableDigests()


def both(one: AcceptableDigests, other: AcceptableDigests) -> AcceptableDigests:
    """What both accept; one that names nothing has no say.

    Where pip drops an algorithm that only one of them names, here it goes on counting.
    """
    if not one or not other:
        return one or other
    merged = dict(one.by_algorithm)
    for algorithm, digests in other.by_algorithm.items():
        merged[algorithm] = merged[algorithm] & digests if algorithm in merged else digests
    return AcceptableDigests(MappingProxyType(merged))


def all_of(hashes: Iterable[AcceptableDigests]) -> AcceptableDigests:
    """What every one of them accepts."""
    return reduce(both, hashes, NO_HASHES)
