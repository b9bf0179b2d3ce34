"""What may be asked of a lock."""

from __future__ import annotations

from safepip.core.value import value


@value
class Selectors:
    """What is asked of one lock, however often it is named.

    Attributes:
        extras, groups: names as somebody wrote them.
        default_groups: whether the lock's default groups belong to it.
    """

    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    default_groups: bool = False
