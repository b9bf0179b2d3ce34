"""Policy files of all layers → one policy that is at least as strict as each of them.

A key that a stronger layer sets is a floor. A key that nobody set has safepip's default, which any
trusted layer may set either way. A project file that nobody has trusted yet may only turn answers
into refusals; the rest of it is set aside and listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from safepip.core.finding import Finding, Level, Severity
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.policy.join import join_indexes, loosened
from safepip.policy.keys import LEVELS, SCALARS, Key
from safepip.policy.schema import Exemption, Policy, PolicyFile, PolicySource, Unlisted
from safepip.policy.strictness import FIXED

CHOOSES_VERSIONS = frozenset({"file-host", "fresh-release", "sdist-build", "yanked-release"})
"""Rules whose refusal makes the resolver take another version instead: no word on them counts from
an untrusted file."""
_LISTED = Origin(
    layer=Layer.DEFAULT, kind=Place.DEFAULT, place="safepip's default once an [[index]] is listed"
)
_DEFAULTS = Policy()
_WORDS = {level: word for word, level in LEVELS.items()}


def merge(policy_files: Sequence[PolicyFile]) -> tuple[Policy, tuple[Finding, ...]]:
    """One policy from all files, and a finding for each attempt to loosen a stronger layer.

    Raises:
        ConfigurationError: two files that contradict each other about an index.
    """
    ordered = sorted(policy_files, key=lambda file: (not file.source.trusted, file.source.layer))
    trusted = [file for file in ordered if file.source.trusted]
    aside = {id(file): list(_set_aside(file)) for file in ordered if not file.source.trusted}
    findings: list[Finding] = []
    values: dict[str, Sourced[Any]] = {
        key.field: _merge_key(key, ordered, aside, findings) for key in SCALARS
    }
    levels = _merge_levels(ordered, aside, findings)
    exemptions = _merge_exemptions(trusted, ordered, findings)
    indexes, index_findings = join_indexes(trusted)
    if indexes and values["unlisted"].origin.layer is Layer.DEFAULT:
        values["unlisted"] = Sourced(value=Unlisted.DENY, origin=_LISTED)
    sources = tuple(replace(f.source, set_aside=tuple(aside.get(id(f), ()))) for f in ordered)
    findings += [*index_findings, *(_untrusted(source) for source in sources if source.set_aside)]
    policy = replace(
        _DEFAULTS,
        indexes=indexes,
        levels=MappingProxyType(levels),
        exemptions=exemptions,
        sources=sources,
        **values,
    )
    return policy, tuple(findings)


def _merge_key(
    key: Key, ordered: Iterable[PolicyFile], aside: Mapping[int, list[str]], findings: list[Finding]
) -> Sourced[object]:
    """The strictest explicit value, strongest layer first; the default where nobody set one."""
    default: Sourced[object] = getattr(_DEFAULTS, key.field)
    strict = key.strictness or FIXED
    current: Sourced[object] | None = None
    for file in ordered:
        wanted, trusted = file.values.get(key.field), file.source.trusted
        if wanted is None:
            continue
        if not trusted and not key.refuses:
            aside[id(file)].append(key.path)
        elif trusted and current is None:
            current = wanted
        else:
            floor = current or default
            met = strict.meet(floor.value, wanted.value)
            if not strict.same(met, wanted.value):
                findings += [loosened(key.path, wanted.origin, floor.origin)] if current else []
                aside.get(id(file), []).append(key.path)
            if not strict.same(met, floor.value):
                current = Sourced(value=met, origin=wanted.origin)
    return current or default


def _merge_levels(
    ordered: Iterable[PolicyFile], aside: Mapping[int, list[str]], findings: list[Finding]
) -> dict[str, Sourced[Level]]:
    levels: dict[str, Sourced[Level]] = {}
    for file in ordered:
        for rule, wanted in file.levels.items():
            current = levels.get(rule)
            if current is not None and wanted.value < current.value:
                findings.append(loosened(f"rules.{rule}", wanted.origin, current.origin))
            refuses = wanted.value is Level.DENY and rule not in CHOOSES_VERSIONS
            if not file.source.trusted and not refuses:
                aside[id(file)].append(f'rules.{rule} = "{_WORDS[wanted.value]}"')
            elif current is None or wanted.value > current.value:
                levels[rule] = wanted
    return levels


def _merge_exemptions(
    trusted: Iterable[PolicyFile], ordered: Sequence[PolicyFile], findings: list[Finding]
) -> tuple[Exemption, ...]:
    """Exemptions of trusted files, except where another file says ``deny`` of the same rule."""
    kept: list[Exemption] = []
    for file in trusted:
        for exemption in file.exemptions:
            denial = _denial(exemption, file, ordered)
            if denial is None:
                kept.append(exemption)
            elif denial.layer <= file.source.layer:
                findings.append(loosened(f"allow {exemption.rule}", exemption.origin, denial))
    return tuple(kept)


def _denial(exemption: Exemption, own: PolicyFile, ordered: Iterable[PolicyFile]) -> Origin | None:
    for file in ordered:
        if file is own or (not file.source.trusted and exemption.rule in CHOOSES_VERSIONS):
            continue
        level = file.levels.get(exemption.rule)
        if level is not None and level.value is Level.DENY:
            return level.origin
    return None


def _set_aside(file: PolicyFile) -> Iterator[str]:
    """What an untrusted file can never bring in, in words."""
    yield from (f"index {index.name}" for index in file.indexes)
    yield from (f"allow {exemption.rule}" for exemption in file.exemptions)


def _untrusted(source: PolicySource) -> Finding:
    return Finding(
        rule="untrusted-policy",
        message="this folder's policy is not trusted yet: of what it says, only refusals are in force",
        origin=Origin(layer=source.layer, kind=Place.FILE, place=source.path),
        level=Level.WARN,
        subject=source.path,
        help=f"read it, then name it: --policy {source.path} (or SAFEPIP_POLICY={source.path})",
        notes=tuple(f"set aside: {what}" for what in source.set_aside),
        severity=Severity.LOW,
    )
