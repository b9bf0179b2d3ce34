"""The user's hashes from several lines, together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from types import MappingProxyType

from safepip.core.digest import AcceptableDigests
from safepip.core.index import FileEntry

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


def hash_matches(file: FileEntry, acceptable: AcceptableDigests) -> bool:
    """Whether the page's digests name a file the user listed, and contradict none.

    A digest that the page does not give is checked when the bytes come.
    """
    known = file.digests.by_algorithm
    if not acceptable or acceptable.accepts(file.digests) is False:
        return False
    return any(algorithm in known for algorithm in acceptable.by_algorithm)
