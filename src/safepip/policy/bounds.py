"""What general keys of any file mean for one index, and the word that a looser one gets.

An index's own cool-down or CA bundle takes the place of the general one *of its own file*. In another
file, the general key is a word about every index that the file says nothing else of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Finding, Level, Location, Severity
from safepip.policy.document import REFERENCE

if TYPE_CHECKING:
    from safepip.core.index import Index
    from safepip.core.origin import Layer, Origin
    from safepip.policy.schema import PolicyFile


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """What one file says about one attribute of an index; ``own`` if its ``[[index]]`` entry says it."""

    value: object
    origin: Origin
    layer: Layer
    own: bool


def loosened(what: str, weaker: Origin, stronger: Origin) -> Finding:
    """A weaker file asked for less, or for something else; the stronger word stays."""
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


def bounded_by_files(index: Index, trusted: Sequence[PolicyFile], findings: list[Finding]) -> Index:
    """The index with the longest cool-down and the strongest bundle that any file asks for it.

    Args:
        trusted: strongest first.
        findings: gets one for each entry that asks for less.

    Raises:
        ConfigurationError: two files of one layer name different bundles for it.
    """
    bundle = _bundle(index, trusted, findings)
    age = _min_age(index, trusted, findings)
    return replace(index, min_age=age, trust=replace(index.trust, ca_bundle=bundle))


def _min_age(index: Index, trusted: Sequence[PolicyFile], findings: list[Finding]) -> timedelta | None:
    words = [word for file in trusted if (word := _word(file, index, "min_age"))]
    ages = [word.value for word in words if isinstance(word.value, timedelta)]
    if not any(word.own for word in words):
        return None
    for word in words:
        longer = next((other for other in words if _is_shorter(word, other)), None)
        if word.own and longer is not None:
            findings.append(loosened(f"min-age of index {index.name}", word.origin, longer.origin))
    return max(ages)


def _is_shorter(word: _Word, other: _Word) -> bool:
    """Whether another file that is no weaker asks for longer."""
    if not isinstance(word.value, timedelta) or not isinstance(other.value, timedelta):
        return False
    return word.value < other.value and other.layer <= word.layer


def _bundle(index: Index, trusted: Sequence[PolicyFile], findings: list[Finding]) -> str | None:
    """The entry's bundle in force; None where a general one is, or none."""
    words = [word for file in trusted if (word := _word(file, index, "ca_bundle"))]
    for word in words[1:]:
        first = words[0]
        if word.value == first.value or not (word.own or first.own):
            continue
        if word.layer is first.layer:
            raise ConfigurationError(
                f"index {index.name!r} has another ca-bundle in {first.origin}, and neither file is stronger",
                reference=REFERENCE,
                origin=word.origin,
                hint="say it in one of the two",
            )
        if word.own:
            findings.append(loosened(f"ca-bundle of index {index.name}", word.origin, first.origin))
    return str(words[0].value) if words and words[0].own else None


def _word(file: PolicyFile, index: Index, attribute: str) -> _Word | None:
    """What the file says: in its own entry of the index, else under its general key."""
    entry = next((own for own in file.indexes if own.name == index.name), None)
    value = None if entry is None else entry.min_age if attribute == "min_age" else entry.trust.ca_bundle
    if entry is not None and value is not None:
        return _Word(value=value, origin=entry.origin, layer=file.source.layer, own=True)
    general = file.values.get(attribute)
    if general is None:
        return None
    return _Word(value=general.value, origin=general.origin, layer=file.source.layer, own=False)
