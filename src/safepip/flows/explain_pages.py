"""The pages of settings and rules, from what is in force."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from safepip.core.explained import ErrorPage, RulePage, SettingPage
from safepip.core.finding import Finding
from safepip.core.origin import Layer, Sourced
from safepip.core.references import REFERENCES
from safepip.flows.explain_variables import said_by_variables
from safepip.flows.explain_words import OptionWord, PolicyWord
from safepip.pipcompat.environ import PREFIX
from safepip.pipcompat.option import Option
from safepip.pipcompat.options import COMMANDS
from safepip.pipcompat.own import GUARDED
from safepip.pipcompat.roles import Role, treatment
from safepip.policy.keys import HASH_MODES, LEVELS, LOCAL_BUILDS, SCALARS, TLS_ENVIRONMENT, UNLISTED, Key
from safepip.policy.schema import Policy
from safepip.rules import registry

if TYPE_CHECKING:
    from safepip.flows.explain_settings import InForce
    from safepip.flows.surroundings import Surroundings
    from safepip.policy.schema import Exemption, PolicyFile

T = TypeVar("T")

_ROLES = {
    Role.DECIDE: "decided",
    Role.FORWARD: "forwarded",
    Role.NEUTRAL: "neutral",
    Role.REFUSE: "refused",
}
_WORDS: Mapping[str, Mapping[str, object]] = {
    "hash_mode": HASH_MODES,
    "local_builds": LOCAL_BUILDS,
    "tls_environment": TLS_ENVIRONMENT,
    "unlisted": UNLISTED,
}
"""By attribute of the policy: the words that its values are written with."""
_PIPS_DEFAULT = re.compile(r" \(default:? [^()]*\)$")
"""What pip's help says of a default that is shown apart."""
_LEVEL_WORDS: Mapping[object, str] = {level: word for word, level in LEVELS.items()}
_DEFAULTS = Policy()


def option_page(word: OptionWord, known: InForce, around: Surroundings) -> SettingPage:
    """One option of pip: the value in force, what it shadows, and what safepip does with it."""
    option = word.option
    said = known.config.items(option.dest) or said_by_variables(option.dest, known, around)
    effective = known.config.effective(option.dest)
    default = _default(option, around)
    treated = treatment(option.name, word.command)
    as_typed = treated.role is Role.FORWARD and word.command not in GUARDED
    return SettingPage(
        name=option.name,
        value=", ".join(one.value for one in said) if said else default,
        said=said,
        shadowed=tuple(Sourced(value=str(one.value), origin=one.origin) for one in effective.shadowed),
        default=default,
        role="passed" if as_typed else _ROLES[treated.role],
        reason=treated.reason,
        meaning=_PIPS_DEFAULT.sub("", option.help),
        spellings=tuple(_spellings(option, word.command)),
        page="reference/options.md",
        findings=_about(known.findings, *(name[2:] for name in option.names if name.startswith("--"))),
        also=word.also,
    )


def _about(findings: Iterable[Finding], *options: str) -> tuple[Finding, ...]:
    """The findings whose place is a value of one of these options."""
    return tuple(f for f in findings if (f.origin.key or "").rpartition(".")[2] in options)


def _default(option: Option, around: Surroundings) -> str:
    """In words, also where only the machine or pip knows it."""
    if option.dest == "index_url":
        return around.default_index_url
    if option.dest == "cache_dir":
        return around.own_cache_dir
    if option.action == "store_false":
        return "no"
    if option.default in (None, False, ()):
        return "no" if option.action == "store_true" else "none"
    return str(option.default)


def _spellings(option: Option, command: str) -> Iterator[str]:
    yield from option.names
    for name in option.names:
        if name.startswith("--"):
            yield PREFIX + name[2:].upper().replace("-", "_")
    section = "global" if all(option.dest in _dests(one) for one in ("install", command)) else command
    yield f"{section}.{option.name}"


def _dests(command: str) -> frozenset[str]:
    from safepip.pipcompat.table import options_of

    return frozenset(option.dest for option in options_of(command)) if command in COMMANDS else frozenset()


def policy_page(word: PolicyWord, known: InForce) -> SettingPage:
    """One key of the policy, or the level of a rule."""
    if word.key is None:
        return _level_page(word, known)
    key = word.key
    if not key.field:
        return _entry_page(word, key, known)
    current: Sourced[object] = getattr(known.policy, key.field)
    return SettingPage(
        name=key.path,
        value=value_text(key, current.value),
        said=_said(current, lambda value: value_text(key, value)),
        shadowed=tuple(_shadowed(current, _of_key(key, known.files), lambda v: value_text(key, v))),
        default=key.default.replace("`", ""),
        reason=_merging(key),
        meaning=key.meaning.replace("`", ""),
        spellings=(f"{key.name} under [{key.table}]",),
        page="reference/policy.md",
        findings=_named(known, key.path),
        also=word.also,
    )


def _of_key(key: Key, files: Iterable[PolicyFile]) -> Iterator[Sourced[object]]:
    return (said for file in files if (said := file.values.get(key.field)) is not None)


def _level_page(word: PolicyWord, known: InForce) -> SettingPage:
    rule = registry()[word.path.partition(".")[2]]
    current = known.policy.level(rule.id, rule.level)
    said = (one for file in known.files if (one := file.levels.get(rule.id)) is not None)
    return SettingPage(
        name=word.path,
        value=_LEVEL_WORDS[current.value],
        said=_said(current, _level_word),
        shadowed=tuple(_shadowed(current, said, _level_word)),
        default=_LEVEL_WORDS[rule.level],
        reason="a weaker layer may raise it, never lower it"
        if rule.exemptible
        else "nothing lowers it: this rule can be neither switched off nor exempted from",
        meaning=f"What becomes of a finding of the rule {rule.id}.",
        spellings=(f'"{rule.id}" under [rules]',),
        page=f"reference/rules/{rule.id}.md",
        findings=_named(known, word.path),
        also=word.also,
    )


def _entry_page(word: PolicyWord, key: Key, known: InForce) -> SettingPage:
    """A key of ``[[index]]`` or ``[[allow]]``: it belongs to its entry, so the entries are named."""
    entries = known.policy.indexes if key.table == "index" else known.policy.exemptions
    return SettingPage(
        name=key.path,
        value=f"one in each [[{key.table}]]",
        said=tuple(Sourced(value=_entry_name(entry), origin=entry.origin) for entry in entries),
        default=key.default.replace("`", ""),
        reason="it belongs to its entry",
        meaning=key.meaning.replace("`", ""),
        spellings=(f"{key.name} in an [[{key.table}]]",),
        page="reference/policy.md",
        also=word.also,
    )


def _entry_name(entry: object) -> str:
    return str(getattr(entry, "name", None) or getattr(entry, "rule", entry))


def _said(current: Sourced[T], text: Callable[[T], str]) -> tuple[Sourced[str], ...]:
    if current.origin.layer is Layer.DEFAULT:
        return ()
    return (Sourced(value=text(current.value), origin=current.origin),)


def _shadowed(
    current: Sourced[T], said: Iterable[Sourced[T]], text: Callable[[T], str]
) -> Iterator[Sourced[str]]:
    """What other files say of it, strongest first."""
    for one in said:
        if one.origin != current.origin:
            yield Sourced(value=text(one.value), origin=one.origin)


def _level_word(level: object) -> str:
    return _LEVEL_WORDS.get(level, str(level))


def _named(known: InForce, subject: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in known.findings if finding.subject == subject)


def _merging(key: Key) -> str:
    stricter = key.strictness.meaning if key.strictness else ""
    early = "; counts from an untrusted project file too, where it is stricter" if key.refuses else ""
    return f"a weaker layer may tighten it, never loosen it ({stricter}){early}"


def value_text(key: Key, value: object) -> str:
    """A value as a policy file would say it."""
    words = _WORDS.get(key.field, {})
    named = next((word for word, meant in words.items() if meant == value), None)
    if named is not None:
        return named
    if isinstance(value, timedelta):
        return _span(value)
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "none"
    return "none" if value is None else str(value)


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds and seconds % size == 0 and (unit != "week" or seconds > 604_800):
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} seconds" if seconds else "0 days"


def set_policy(known: InForce) -> Iterator[SettingPage]:
    """Every key of the policy that somebody set, levels of rules last."""
    for key in SCALARS:
        if getattr(known.policy, key.field).origin.layer is not Layer.DEFAULT:
            yield policy_page(PolicyWord(path=key.path, key=key), known)
    for rule in sorted(known.policy.levels):
        yield policy_page(PolicyWord(path=f"rules.{rule}", key=None), known)


def rule_page(rule_id: str, policy: Policy | None, also: tuple[str, ...] = ()) -> RulePage:
    """A rule's documentation, and what policy makes of it here; None: no policy could be read."""
    from safepip.rules.pages import sections

    rule = registry()[rule_id]
    title, texts = sections(rule)
    level = (policy or _DEFAULTS).level(rule_id, rule.level)
    return RulePage(
        rule=rule_id,
        title=title,
        severity=rule.severity.value,
        since=rule.since,
        level=Sourced(value=_LEVEL_WORDS[level.value], origin=level.origin),
        default_level=_LEVEL_WORDS[rule.level],
        exemptible=rule.exemptible,
        sections=tuple(texts.items()),
        exemptions=tuple(exemption_text(e) for e in (policy or _DEFAULTS).exemptions if e.rule == rule_id),
        page=f"reference/rules/{rule_id}.md",
        also=also,
    )


def error_page(reference: str, also: tuple[str, ...] = ()) -> ErrorPage:
    """A kind of error, from its row."""
    row = REFERENCES[reference]
    return ErrorPage(reference=reference, codes=row.codes, meaning=row.meaning, remedy=row.remedy, also=also)


def exemption_text(exemption: Exemption) -> Sourced[str]:
    """``fresh-release for acme-sdk>=2: first party (until 2027-03-01, owner)``."""
    subject = exemption.subject or (str(exemption.package) if exemption.package else "everything")
    until = f"until {exemption.expires}" if exemption.expires else ""
    closing = ", ".join(filter(None, (until, exemption.owner)))
    text = f"{exemption.rule} for {subject}{exemption.specifier or ''}: {exemption.reason}"
    return Sourced(value=f"{text} ({closing})" if closing else text, origin=exemption.origin)
