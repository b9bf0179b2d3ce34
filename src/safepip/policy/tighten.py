"""Policy files of all layers → one policy that is at least as strict as each of them.

A key that a stronger layer sets is a floor. A key that nobody set has safepip's default, which any
trusted layer may set either way. A project file that nobody has trusted yet may only turn answers
into refusals; the rest of it is set aside and listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from shlex import quote
from types import MappingProxyType
from typing import Any

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Finding, Level, Severity
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.policy import wording
from safepip.policy.bounds import loosened
from safepip.policy.document import REFERENCE, clipped
from safepip.policy.exempting import merge_exemptions
from safepip.policy.join import join_indexes
from safepip.policy.keys import SCALARS, Key
from safepip.policy.schema import Policy, PolicyFile, PolicySource, Unlisted
from safepip.policy.strictness import FIXED, Strictness

CHOOSES_VERSIONS = frozenset({"file-host", "fresh-release", "sdist-build", "yanked-release"})
"""Rules whose refusal makes the resolver take another version instead: no word on them counts from
an untrusted file."""
_MOST_NOTES = 12
"""How much of what is set aside a finding lists; ``policy show`` lists all of it."""
_LISTED = Origin(
    layer=Layer.DEFAULT, kind=Place.DEFAULT, place="safepip's default once an [[index]] is listed"
)
_DEFAULTS = Policy()


class _Merge:
    """One merge: the files strongest first, what was set aside of each, and what was found.

    Attributes:
        ordered: trusted files by layer, then untrusted ones.
        aside: by ``id`` of an untrusted file: what it would change if it were trusted.
    """

    def __init__(self, policy_files: Sequence[PolicyFile]) -> None:
        self.ordered = sorted(policy_files, key=lambda file: (not file.source.trusted, file.source.layer))
        self.trusted = [file for file in self.ordered if file.source.trusted]
        self.findings: list[Finding] = []
        self.aside = {id(file): list(_never_counts(file)) for file in self.ordered if not file.source.trusted}

    def key(self, key: Key) -> Sourced[object]:
        """The strictest explicit value, strongest layer first; the default where nobody set one.

        Raises ConfigurationError where two files of one layer contradict each other.
        """
        current: Sourced[object] | None = None
        for file in self.ordered:
            wanted = file.values.get(key.field)
            if wanted is None:
                continue
            self._compare(key, wanted, current, trusted=file.source.trusted)
            strict = key.strictness or FIXED
            would = wanted if current is None else _met(strict, current, wanted)
            if file.source.trusted:
                current = would
                continue
            floor = current or self._default(key)
            counts = _met(strict, floor, wanted) if key.refuses else floor
            # A cool-down that is set counts for more than the same one by default: for every index.
            if key.field == "min_age" or not strict.same(counts.value, would.value):
                self.aside[id(file)].append(wording.statement(key, wanted.value))
            if not strict.same(counts.value, floor.value):
                current = counts
        return current or self._default(key)

    def _default(self, key: Key) -> Sourced[object]:
        """What holds where nobody said anything. Listing an index is what denies the others."""
        if key.field == "unlisted" and any(file.indexes for file in self.trusted):
            return Sourced(value=Unlisted.DENY, origin=_LISTED)
        default: Sourced[object] = getattr(_DEFAULTS, key.field)
        return default

    def _compare(
        self, key: Key, wanted: Sourced[object], current: Sourced[object] | None, *, trusted: bool
    ) -> None:
        """Tell, or refuse, a value that is looser than the one that an earlier file set."""
        strict = key.strictness or FIXED
        if current is None or strict.same(strict.meet(current.value, wanted.value), wanted.value):
            return
        if trusted and strict is FIXED and current.origin.layer is wanted.origin.layer:
            raise ConfigurationError(
                f"{key.path} has another value in {current.origin}, and neither file is stronger",
                reference=REFERENCE,
                origin=wanted.origin,
                hint="say it in one of the two",
            )
        self.findings.append(loosened(key.path, wanted.origin, current.origin))

    def levels(self) -> dict[str, Sourced[Level]]:
        """The highest level that any file gives each rule."""
        levels: dict[str, Sourced[Level]] = {}
        for file in self.ordered:
            for rule, wanted in file.levels.items():
                current = levels.get(rule)
                if current is not None and wanted.value < current.value:
                    self.findings.append(loosened(f"rules.{rule}", wanted.origin, current.origin))
                if current is not None and wanted.value <= current.value:
                    continue
                if file.source.trusted or counts_at_once(rule, wanted.value):
                    levels[rule] = wanted
                else:
                    self.aside[id(file)].append(f'rules.{rule} = "{wording.level(wanted.value)}"')
        return levels

    def sources(self) -> tuple[PolicySource, ...]:
        """Each file with what was set aside of it."""
        return tuple(
            replace(file.source, set_aside=tuple(self.aside.get(id(file), ()))) for file in self.ordered
        )


def merge(policy_files: Sequence[PolicyFile]) -> tuple[Policy, tuple[Finding, ...]]:
    """One policy from all files, and a finding for each attempt to loosen a stronger layer.

    Raises:
        ConfigurationError: two files that contradict each other.
    """
    merging = _Merge(policy_files)
    values: dict[str, Sourced[Any]] = {key.field: merging.key(key) for key in SCALARS}
    levels = merging.levels()
    exemptions, exemption_findings = merge_exemptions(merging.trusted, merging.ordered, counts_at_once)
    indexes, index_findings = join_indexes(merging.trusted)
    sources = merging.sources()
    policy = replace(
        _DEFAULTS,
        indexes=indexes,
        levels=MappingProxyType(levels),
        exemptions=exemptions,
        sources=sources,
        **values,
    )
    untrusted = (_untrusted(source) for source in sources if source.set_aside)
    return policy, (*merging.findings, *exemption_findings, *index_findings, *untrusted)


def counts_at_once(rule: str, level: Level) -> bool:
    """Whether an untrusted file's word about a rule counts: it can only turn an answer into a refusal."""
    return level is Level.DENY and rule not in CHOOSES_VERSIONS


def _met(strict: Strictness, floor: Sourced[object], wanted: Sourced[object]) -> Sourced[object]:
    """The floor, or what is stricter than it, with whoever made it so."""
    met = strict.meet(floor.value, wanted.value)
    return floor if strict.same(met, floor.value) else Sourced(value=met, origin=wanted.origin)


def _never_counts(file: PolicyFile) -> Iterator[str]:
    """What an untrusted file can never bring in."""
    yield from (wording.entry("index", wording.index_entry(index)) for index in file.indexes)
    yield from (wording.entry("allow", wording.allow_entry(exemption)) for exemption in file.exemptions)


def _untrusted(source: PolicySource) -> Finding:
    more = len(source.set_aside) - _MOST_NOTES
    return Finding(
        rule="untrusted-policy",
        message=f"this folder's policy is not trusted{_why(source)}: of what it says, only refusals are in force",
        origin=Origin(layer=source.layer, kind=Place.FILE, place=source.path),
        level=Level.WARN,
        subject=source.path,
        help=f"read it; if you agree: safepip policy trust (or, for one command, --policy {quote(source.path)})",
        notes=(
            *(f"set aside: {clipped(what)}" for what in source.set_aside[:_MOST_NOTES]),
            *([f"and {more} more, which safepip policy show lists"] if more > 0 else ()),
        ),
        severity=Severity.LOW,
    )


def _why(source: PolicySource) -> str:
    return f" ({source.doubt})" if source.doubt else " yet"
