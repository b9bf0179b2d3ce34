"""The environments that a lock is for, in one order, and markers for any of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from packaging.markers import Marker
from packaging.version import Version

from safepip.core.locking import LockTarget
from safepip.lock.markers import Numbers, Term, cover, equalities, terms


class Environments:
    """Targets by their place in the order of their names.

    Attributes:
        targets: in that order.
        all: the place of every one.
    """

    def __init__(self, targets: Iterable[LockTarget]) -> None:
        self.targets = tuple(sorted(targets, key=lambda target: (target.name, target.marker)))
        self.all: Numbers = frozenset(range(len(self.targets)))
        self._markers = [Marker(target.marker) for target in self.targets]
        self._known: dict[Numbers, str | None] = {}

    @property
    def markers(self) -> tuple[Marker, ...]:
        """What ``environments`` of a lock lists: each once, for one may stand for several targets."""
        return tuple(dict.fromkeys(self._markers))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(target.name for target in self.targets)

    def expression(self, wanted: Numbers) -> str | None:
        """A marker that is true in the wanted environments and false in the others.

        None where markers cannot tell these from those (two targets differ only in their tags).
        """
        if wanted not in self._known:
            self._known[wanted] = self._expression(wanted)
        return self._known[wanted]

    def alike(self, wanted: Numbers) -> tuple[str, str]:
        """Names of one environment of the wanted ones and one of the others that no marker tells apart."""
        pairs = [(here, there) for here in sorted(wanted) for there in sorted(self.all - wanted)]
        here, there = next((pair for pair in pairs if self._overlap(*pair)), pairs[0])
        return self.targets[here].name, self.targets[there].name

    def _overlap(self, one: int, other: int) -> bool:
        return other in self._own[one].numbers or one in self._own[other].numbers

    @property
    def requires_python(self) -> str | None:
        """The least Python that all of them need; None where their markers do not say."""
        least = []
        for marker in self.markers:
            fixed = equalities(str(marker)) or {}
            version = fixed.get("python_version") or fixed.get("python_full_version")
            if version is None:
                return None
            least.append(Version(version))
        return f">={min(least)}" if least else None

    @cached_property
    def _terms(self) -> list[Term]:
        fixed = [equalities(str(marker)) for marker in self._markers]
        return terms([one for one in fixed if one is not None]) if None not in fixed else []

    @cached_property
    def _own(self) -> list[Term]:
        """Each target's own marker, as it is."""
        texts = [f"({marker})" if " or " in str(marker) else str(marker) for marker in self._markers]
        return [
            Term(comparisons=(text,), numbers=self._true_in(marker))
            for text, marker in zip(texts, self._markers, strict=True)
        ]

    def _expression(self, wanted: Numbers) -> str | None:
        for candidates in (self._terms, self._own):
            found = cover(wanted, candidates)
            if found is not None and self._is_exact(text := _any_of(found), wanted):
                return text
        return None

    def _is_exact(self, text: str, wanted: Numbers) -> bool:
        return self._true_in(Marker(text)) == wanted

    def _true_in(self, marker: Marker) -> Numbers:
        return frozenset(
            number
            for number, target in enumerate(self.targets)
            if marker.evaluate(dict(target.environment.markers), context="requirement")
        )


def _any_of(found: Sequence[Term]) -> str:
    if len(found) == 1:
        return found[0].text
    parts = (f"({term.text})" if " and " in term.text else term.text for term in found)
    return " or ".join(dict.fromkeys(parts))
