"""Short markers for some of a lock's environments: true in those, and false in its others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain, product
from math import prod
from operator import and_

from packaging.version import InvalidVersion, Version

Numbers = frozenset[int]
"""Environments, by their place in the list."""

_EQUALITY = re.compile(r'(\w+) == "([^"*]*)"')
_VERSIONS = frozenset({"python_version", "python_full_version"})
_MOST_TERMS = 20_000
"""More than a matrix of a hundred environments takes. Beyond it markers are right, but not short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Comparisons joined by ``and``.

    Attributes:
        comparisons: each ``variable == "value"``; none: always true.
        numbers: the environments where all of them are true.
    """

    comparisons: tuple[str, ...]
    numbers: Numbers

    @property
    def text(self) -> str:
        return " and ".join(self.comparisons)

    def __and__(self, other: Term) -> Term:
        return Term(comparisons=(*self.comparisons, *other.comparisons), numbers=self.numbers & other.numbers)


def equalities(marker: str) -> Mapping[str, str] | None:
    """The variables that it fixes, where it is nothing but ``variable == "value"`` joined by ``and``.

    Args:
        marker: as packaging writes it.
    """
    pairs = [_EQUALITY.fullmatch(part) for part in marker.split(" and ")]
    fixed = {pair[1]: pair[2] for pair in pairs if pair}
    return fixed if len(fixed) == len(pairs) else None


def terms(environments: Sequence[Mapping[str, str]]) -> list[Term]:
    """Every conjunction worth writing; of those that are true in the same environments the shortest.

    What it says is so wherever one of the environments' own markers is true, not only where they
    were locked: the comparisons are of variables that these markers fix.

    Args:
        environments: the variables that each fixes, the same ones in all.
    """
    names = sorted(set(chain.from_iterable(environments)))
    if any(set(names) != set(environment) for environment in environments):
        return []
    everywhere = Term(comparisons=(), numbers=frozenset(range(len(environments))))
    choices = [
        [everywhere, *_comparisons(name, [environment[name] for environment in environments])]
        for name in names
    ]
    if prod(map(len, choices)) > _MOST_TERMS:
        return []
    shortest: dict[Numbers, Term] = {}
    for parts in product(*choices):
        term = reduce(and_, parts, everywhere)
        known = shortest.get(term.numbers)
        if term.comparisons and term.numbers and (known is None or _length(term) < _length(known)):
            shortest[term.numbers] = term
    return sorted(shortest.values(), key=_length)


def cover(wanted: Numbers, candidates: Sequence[Term]) -> tuple[Term, ...] | None:
    """Terms that together are true exactly in the wanted environments: the widest first. None: there are none."""
    fitting = [term for term in candidates if term.numbers <= wanted]
    chosen: list[Term] = []
    missing = wanted
    while missing:
        widest = max(fitting, key=lambda term: len(term.numbers & missing), default=None)
        if widest is None or not widest.numbers & missing:
            return None
        chosen.append(widest)
        missing -= widest.numbers
    return tuple(sorted(chosen, key=lambda term: term.text))


def _length(term: Term) -> tuple[int, int, str]:
    return (len(term.comparisons), len(term.text), term.text)


def _comparisons(name: str, values: Sequence[str]) -> list[Term]:
    """Ways to tell environments apart by one variable, for each outcome the plainest."""
    found: dict[Numbers, Term] = {}
    for comparisons, true_for in _ways(name, sorted(set(values))):
        numbers = frozenset(number for number, value in enumerate(values) if value in true_for)
        found.setdefault(numbers, Term(comparisons=comparisons, numbers=numbers))
    return [term for numbers, term in found.items() if 0 < len(numbers) < len(values)]


def _ways(name: str, values: list[str]) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """Comparisons, and the values that they are true for; plainer ones first."""
    for value in values:
        yield (f'{name} == "{value}"',), frozenset({value})
    if name in _VERSIONS and _sort_as_versions(values):
        for start in range(1, len(values)):
            yield (f'{name} < "{values[start]}"',), frozenset(values[:start])
            yield (f'{name} >= "{values[start]}"',), frozenset(values[start:])
        for start in range(1, len(values)):
            for end in range(start + 1, len(values)):
                bounds = (f'{name} >= "{values[start]}"', f'{name} < "{values[end]}"')
                yield bounds, frozenset(values[start:end])
    for value in values:
        yield (f'{name} != "{value}"',), frozenset(values) - {value}


def _sort_as_versions(values: list[str]) -> bool:
    """Whether they are versions, which have an order; they are in it then."""
    try:
        values.sort(key=Version)
    except InvalidVersion:
        return False
    return True
