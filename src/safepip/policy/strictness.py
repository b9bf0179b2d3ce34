"""How two values of one key are merged so that the result is at least as strict as both.

Each :class:`Strictness` is one row of the table that :mod:`safepip.policy.keys` refers to. ``meet``
is commutative, associative and idempotent up to the order of lists (except for FIXED, which has no
order); tests hold it to that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from safepip.core.project import Pattern
from safepip.policy.schema import TlsEnvironment
from safepip.policy.urls import covered_by, meet_url_patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """One kind of key.

    Attributes:
        meaning: what is stricter, for the reference page.
        meet: the loosest value that is at least as strict as both.
        same: whether two values allow the same.
    """

    meaning: str
    meet: Callable[[Any, Any], Any]
    same: Callable[[Any, Any], bool] = lambda one, other: bool(one == other)


def _meet_patterns(one: tuple[Pattern, ...], other: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
    """Two name patterns either nest or share nothing."""
    inside = [p for p in one if any(pattern_covers(q, p) for q in other)]
    outside = [q for q in other if any(pattern_covers(p, q) for p in one)]
    return tuple({pattern.key: pattern for pattern in (*inside, *outside)}.values())


def pattern_covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether every name that ``narrow`` matches is matched by ``wide`` too."""
    if wide.exact:
        return wide.key == narrow.key
    return narrow.prefix.startswith(wide.prefix)


def _same_patterns(one: tuple[Pattern, ...], other: tuple[Pattern, ...]) -> bool:
    """Whether both match the same names; ``["*", "acme"]`` is ``["*"]``."""
    return all(any(pattern_covers(q, p) for q in other) for p in one) and all(
        any(pattern_covers(p, q) for p in one) for q in other
    )


def _same_urls(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether both admit the same URLs."""
    return len(covered_by(other, one)) == len(one) and len(covered_by(one, other)) == len(other)


def _stricter_environment(one: TlsEnvironment, other: TlsEnvironment) -> TlsEnvironment:
    return TlsEnvironment.IGNORE if TlsEnvironment.IGNORE in {one, other} else TlsEnvironment.HONOUR


HIGHER = Strictness(meaning="the longer is stricter", meet=max)
FALSE = Strictness(meaning='"deny" is stricter', meet=lambda one, other: one and other)
PATTERNS = Strictness(meaning="fewer names are stricter", meet=_meet_patterns, same=_same_patterns)
URLS = Strictness(
    meaning="fewer URLs are stricter",
    meet=meet_url_patterns,
    same=_same_urls,
)
IGNORE = Strictness(meaning='"ignore" is stricter', meet=_stricter_environment)
FIXED = Strictness(
    meaning="the strongest layer that sets it decides",
    meet=lambda one, _other: one,
)
"""Values that have no order, such as paths: a weaker layer's other value never counts."""
