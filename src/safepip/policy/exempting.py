"""The ``[[allow]]`` tables of all trusted files, as far as no other file speaks against them.

A file that gives the rule a level, and exempts nothing from it that covers the same, has a word that
stands: ``deny`` ends the exemption, ``warn`` leaves a warning of what it lets pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from safepip.core.finding import Finding, Level
from safepip.core.origin import Sourced
from safepip.policy.bounds import loosened
from safepip.policy.schema import Exemption, PolicyFile
from safepip.policy.strictness import pattern_covers

CountsAtOnce = Callable[[str, Level], bool]
"""Whether an untrusted file's level for a rule counts."""


def merge_exemptions(
    trusted: Iterable[PolicyFile], ordered: Sequence[PolicyFile], counts_at_once: CountsAtOnce
) -> tuple[tuple[Exemption, ...], tuple[Finding, ...]]:
    """The exemptions that hold, and a finding for each that asks for less than a stronger file."""
    kept: list[Exemption] = []
    findings: list[Finding] = []
    for file in trusted:
        for exemption in file.exemptions:
            others = (other for other in ordered if other is not file)
            word = _strictest_word(exemption, others, counts_at_once)
            if word is not None and word.origin.layer <= file.source.layer:
                findings.append(loosened(f"allow {exemption.rule}", exemption.origin, word.origin))
            if word is None:
                kept.append(exemption)
            elif word.value is not Level.DENY:
                kept.append(replace(exemption, leaves=word.value))
    return tuple(kept), tuple(findings)


def _strictest_word(
    exemption: Exemption, others: Iterable[PolicyFile], counts_at_once: CountsAtOnce
) -> Sourced[Level] | None:
    """What the strictest of the other files says of the rule; None where none asks for anything."""
    strictest: Sourced[Level] | None = None
    for file in others:
        word = file.levels.get(exemption.rule)
        if word is None or word.value is Level.OFF or any(_covers(own, exemption) for own in file.exemptions):
            continue
        if not file.source.trusted and not counts_at_once(exemption.rule, word.value):
            continue
        if strictest is None or word.value > strictest.value:
            strictest = word
    return strictest


def _covers(wide: Exemption, narrow: Exemption) -> bool:
    """Whether everything that the one lets pass, the other does too. In doubt not."""
    if wide.rule != narrow.rule or (wide.specifier is not None and wide.specifier != narrow.specifier):
        return False
    if wide.expires is not None and (narrow.expires is None or narrow.expires > wide.expires):
        return False
    if wide.package is None:
        return True
    return narrow.package is not None and pattern_covers(wide.package, narrow.package)
