"""Subjects × rules → findings: what the policy makes of each, and which exemptions it used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from safepip.core.finding import Finding, Level
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
    findings = (
        finding
        for subject in judged
        if not (isinstance(subject, Setting) and not subject.in_effect)
        for rule in chosen
        if rule.subject is not None and isinstance(subject, rule.subject)
        for finding in rule.check(subject, told)
    )
    applied = (apply_policy(finding, told) for finding in findings)
    return tuple(finding for finding in applied if finding is not None)


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
    exemption = next((e for e in context.policy.exemptions if _covers(e, finding, version, context)), None)
    if exemption is not None:
        context.used.add(exemption)
        context.passed(finding, f"{exemption.origin} ({exemption.reason})")
        return None
    chosen = context.policy.levels.get(finding.rule)
    if chosen is None:
        return finding
    if chosen.value is Level.OFF:
        context.passed(finding, str(chosen.origin))
        return None
    level = chosen.value if chosen.value is Level.DENY else min(finding.level, chosen.value)
    return finding if level is finding.level else replace(finding, level=level, decided_by=str(chosen.origin))


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
                help="delete it",
            )


def _raised(finding: Finding, context: RuleContext) -> Finding:
    """A finding that nothing lowers; policy may still turn its warning into a refusal."""
    chosen = context.policy.levels.get(finding.rule)
    if chosen is None or chosen.value is not Level.DENY or finding.denies:
        return finding
    return replace(finding, level=Level.DENY, decided_by=str(chosen.origin))


def _covers(exemption: Exemption, finding: Finding, version: Version | None, context: RuleContext) -> bool:
    if exemption.rule != finding.rule or _expired(exemption, context):
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
    return exemption.package is None or any(exemption.package.matches(project) for project in projects)


def _name(exemption: Exemption) -> str | None:
    return str(exemption.package) if exemption.package else exemption.subject


def _hashed(subjects: Iterable[object]) -> frozenset[NormalizedName]:
    """Projects that a line gives a strong hash for, constraints included."""
    lines = (s for s in subjects if isinstance(s, RequirementLine) and s.requirement and s.hashes.strong)
    return frozenset(canonicalize_name(line.requirement.name) for line in lines if line.requirement)
