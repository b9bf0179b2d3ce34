"""Exemptions for one run, asked for on the command line (``--allow RULE[:SUBJECT] --reason TEXT``)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from safepip.core.errors import Refused, UsageError
from safepip.core.finding import Finding, Level, Location
from safepip.core.origin import Layer, Origin
from safepip.policy.schema import Exemption, PolicyFile
from safepip.policy.tighten import counts_at_once
from safepip.policy.values import BadValue, package


class Asked(Protocol):
    """One ``--allow``; :class:`safepip.pipcompat.own.Allowance`."""

    @property
    def rule(self) -> str: ...

    @property
    def subject(self) -> str | None:
        """None where the rule is allowed altogether."""

    @property
    def origin(self) -> Origin: ...


def exemptions_for_this_run(
    asked: Sequence[Asked], reason: str, policy_files: Sequence[PolicyFile], known_rules: Mapping[str, bool]
) -> tuple[Exemption, ...]:
    """What the command line exempts.

    Args:
        known_rules: every rule id, and whether anything may be exempt from it.

    Raises:
        UsageError: no such rule.
        Refused: nothing is exempt from the rule, or a policy file has the last word on it; all at once.
    """
    for one in asked:
        if one.rule not in known_rules:
            raise _unknown(one, known_rules)
    refused = [finding for one in asked for finding in _objections(one, policy_files, known_rules)]
    if refused:
        raise Refused(refused)
    return tuple(replace(_exemption(one, reason), leaves=_leaves(one.rule, policy_files)) for one in asked)


def _objections(
    one: Asked, policy_files: Sequence[PolicyFile], known_rules: Mapping[str, bool]
) -> Iterator[Finding]:
    if not known_rules[one.rule]:
        yield _refusal(
            one, f"nothing is exempt from {one.rule}", "leave --allow out, and mend what was found"
        )
        return
    for file in policy_files:
        level = file.levels.get(one.rule)
        if level is not None and _binds(file, one.rule, level.value):
            yield _refusal(
                one,
                f"--allow {one.rule} asks for less than a policy file demands",
                "change that policy, or write the exemption into it",
                decided_by=level.origin,
            )


def _binds(file: PolicyFile, rule: str, level: Level) -> bool:
    """Whether the command line may not go below what this file says.

    A stronger file's word is a floor. A weaker one may refuse more, and the command line speaks for the
    same person as ``--policy``.
    """
    source = file.source
    if source.layer < Layer.OPERATOR:
        return level is not Level.OFF
    weaker = source.layer > Layer.OPERATOR and level is Level.DENY
    return weaker and (source.trusted or counts_at_once(rule, level))


def _leaves(rule: str, policy_files: Sequence[PolicyFile]) -> Level:
    """A weaker file that asks for the warning gets it: it may refuse more, so also warn more."""
    weaker = (file for file in policy_files if file.source.trusted and file.source.layer > Layer.OPERATOR)
    asks = any((level := file.levels.get(rule)) and level.value is Level.WARN for file in weaker)
    return Level.WARN if asks else Level.OFF


def _refusal(one: Asked, message: str, instruction: str, *, decided_by: Origin | None = None) -> Finding:
    return Finding(
        rule="policy-loosened",
        message=message,
        origin=one.origin,
        subject=one.rule,
        help=instruction,
        decided_by="safepip's default" if decided_by is None else str(decided_by),
        related=() if decided_by is None else (Location(origin=decided_by, label="in force"),),
    )


def _exemption(one: Asked, reason: str) -> Exemption:
    """A subject that reads like a project, maybe with versions, is one; any other is taken word for word."""
    if one.subject is None:
        return Exemption(rule=one.rule, reason=reason, origin=one.origin)
    try:
        pattern, specifier = package(one.subject, "")
    except BadValue:
        return Exemption(rule=one.rule, reason=reason, origin=one.origin, subject=one.subject)
    return Exemption(rule=one.rule, reason=reason, origin=one.origin, package=pattern, specifier=specifier)


def _unknown(one: Asked, known_rules: Mapping[str, bool]) -> UsageError:
    nearest = difflib.get_close_matches(one.rule, known_rules, n=1)
    return UsageError(
        f"option --allow: there is no rule {one.rule!r}",
        reference="usage",
        origin=one.origin,
        hint=f"did you mean {nearest[0]!r}?" if nearest else "a finding names its rule in brackets",
    )
