"""Subjects × rules → findings: what the policy makes of each, and which exemptions it used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.finding import Finding, Level, Location
from safepip.core.origin import Place
from safepip.core.project import InvalidName, project_name
from safepip.core.subjects import RequirementLine, Setting
from safepip.policy.schema import Exemption
from safepip.rules import registry
from safepip.rules.base import Rule, RuleContext


def judge(
    subjects: Iterable[object], context: RuleContext, rules: Iterable[Rule[Any]] | None = None
) -> tuple[Finding, ...]:
    """What the rules say about the subjects, after levels and exemptions.

    Settings that a stronger one shadows have no effect and are passed over.

    Args:
        rules: None: all of them.
    """
    judged = tuple(subjects)
    told = replace(context, hashed=context.hashed | _hashed(judged))
    chosen = tuple(registry().values() if rules is None else rules)
    concerned = {kind: _concerned(chosen, kind) for kind in {type(subject) for subject in judged}}
    findings = (
        finding
        for subject in judged
        if not (isinstance(subject, Setting) and not subject.in_effect)
        for rule in concerned[type(subject)]
        for finding in rule.check(subject, told)
    )
    applied = (apply_policy(finding, told) for finding in findings)
    return tuple(finding for finding in applied if finding is not None)


def _concerned(rules: Iterable[Rule[Any]], kind: type) -> tuple[Rule[Any], ...]:
    """The rules that look at such a subject."""
    return tuple(rule for rule in rules if rule.subject is not None and issubclass(kind, rule.subject))


def judge_unknown(settings: Iterable[Setting], context: RuleContext) -> tuple[Finding, ...]:
    """What is said about keys of files and variables that pip does not know, and so ignores."""
    rule = registry()["unknown-option"]
    applied = (apply_policy(finding, context) for s in settings for finding in rule.check(s, context))
    return tuple(finding for finding in applied if finding is not None)


def apply_policy(finding: Finding, context: RuleContext, *, version: Version | None = None) -> Finding | None:
    """The finding at the level that policy gives it; None where policy lets it pass.

    Args:
        version: version of the subject, for exemptions that name versions. Without it, a subject
            written ``name==version`` says the same.
    """
    rule = registry().get(finding.rule)
    if rule is None or not rule.exemptible:
        return _raised(finding, context)
    levelled = _levelled(finding, context)
    if levelled is None:
        return None
    covering = [e for e in context.policy.exemptions if _covers(e, finding, version)]
    holding = [exemption for exemption in covering if not _expired(exemption, context)]
    if not holding:
        return _with_expired(levelled, covering)
    exemption = min(holding, key=lambda one: one.leaves)
    context.used.add(exemption)
    if exemption.leaves is Level.WARN:
        return replace(levelled, level=Level.WARN, notes=(*levelled.notes, _exempted(exemption)))
    context.passed(finding, f"{exemption.origin} ({exemption.reason})")
    return None


def _levelled(finding: Finding, context: RuleContext) -> Finding | None:
    """The finding at the level of ``[rules]``; None where that is off."""
    chosen = context.policy.levels.get(finding.rule)
    if chosen is None:
        return finding
    if chosen.value is Level.OFF:
        context.passed(finding, str(chosen.origin))
        return None
    level = chosen.value if chosen.value is Level.DENY else min(finding.level, chosen.value)
    return finding if level is finding.level else replace(finding, level=level, decided_by=str(chosen.origin))


def _exempted(exemption: Exemption) -> str:
    """Why this is no more than a warning."""
    return f"not refused: {exemption.reason} ({exemption.origin}); another policy file asks for the warning"


def _with_expired(finding: Finding, expired: Iterable[Exemption]) -> Finding:
    """The finding, with each exemption that would have covered it, had it not ended."""
    ended = tuple(
        Location(origin=exemption.origin, label=f"this exemption ended on {exemption.expires}")
        for exemption in expired
    )
    return replace(finding, related=(*finding.related, *ended)) if ended else finding


def review_allowances(context: RuleContext, projects: Collection[NormalizedName]) -> tuple[Finding, ...]:
    """Exemptions that have run out, or that let nothing pass. Call it once, when all is judged.

    Args:
        projects: every project this run looked at. An exemption for any other project may well be
            needed by another command, so nothing is said about it.
    """
    return tuple(_review(context, projects))


def _review(context: RuleContext, projects: Collection[NormalizedName]) -> Iterator[Finding]:
    rules = registry()
    for exemption in context.policy.exemptions:
        if _expired(exemption, context):
            yield rules["expired-allowance"].finding(
                f"the exemption from {exemption.rule} ended on {exemption.expires}",
                exemption.origin,
                subject=_name(exemption),
                help="delete it, or renew its date after looking at the reason again",
            )
        elif exemption not in context.used and _concerns(exemption, projects):
            yield rules["unused-allowance"].finding(
                f"the exemption from {exemption.rule} lets nothing pass that would not pass without it",
                exemption.origin,
                subject=_name(exemption),
                help="leave --allow out" if exemption.origin.kind is Place.ARGUMENT else "delete it",
            )


def _raised(finding: Finding, context: RuleContext) -> Finding:
    """A finding that nothing lowers; policy may still turn its warning into a refusal."""
    chosen = context.policy.levels.get(finding.rule)
    if chosen is None or chosen.value is not Level.DENY or finding.denies:
        return finding
    return replace(finding, level=Level.DENY, decided_by=str(chosen.origin))


def _covers(exemption: Exemption, finding: Finding, version: Version | None) -> bool:
    """Whether the exemption is about this finding, expired or not.

    A subject that is no project name, such as a URL, is no package's; without a known version, an
    exemption for some versions covers nothing. A specifier counts pre-releases like any version: whoever
    writes ``>=2`` here speaks of what may pass, not of what to choose.
    """
    if exemption.rule != finding.rule:
        return False
    if exemption.subject is not None:
        return exemption.subject == finding.subject
    if exemption.package is None:
        return True
    name, _, written = (finding.subject or "").partition("==")
    try:
        matches = exemption.package.matches(project_name(name))
    except InvalidName:
        return False
    if exemption.specifier is None:
        return matches
    known = version or _version(written)
    return matches and known is not None and exemption.specifier.contains(known, prereleases=True)


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _expired(exemption: Exemption, context: RuleContext) -> bool:
    return exemption.expires is not None and context.now.date() > exemption.expires


def _concerns(exemption: Exemption, projects: Collection[NormalizedName]) -> bool:
    """Whether this run could have needed it; one of the command line is for this run and no other."""
    if exemption.package is None or exemption.origin.kind is Place.ARGUMENT:
        return True
    return any(exemption.package.matches(project) for project in projects)


def _name(exemption: Exemption) -> str | None:
    return str(exemption.package) if exemption.package else exemption.subject


def _hashed(subjects: Iterable[object]) -> frozenset[NormalizedName]:
    """Projects that a line gives a strong hash for, constraints included."""
    lines = (s for s in subjects if isinstance(s, RequirementLine) and s.requirement and s.hashes.strong)
    return frozenset(canonicalize_name(line.requirement.name) for line in lines if line.requirement)
