"""Levels, exemptions, and the registry of rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.finding import Finding, Level
from safepip.core.origin import BUILT_IN, Sourced
from safepip.core.project import Pattern
from safepip.core.subjects import Setting
from safepip.policy.schema import Exemption
from safepip.rules import known_rules, registry
from safepip.rules.engine import apply_policy, judge, judge_unknown, review_allowances

from .subjects import ARGUMENT, NOW, PIP_CONF, VARIABLE, context, line, setting


def finding(
    rule: str = "fresh-release", subject: str | None = "acme-sdk", level: Level = Level.DENY
) -> Finding:
    return Finding(rule=rule, message="m", origin=PIP_CONF, subject=subject, level=level)


def allow(rule: str = "fresh-release", **more: str) -> str:
    lines = [f'rule = "{rule}"', 'reason = "ours"', *(f"{key} = {value}" for key, value in more.items())]
    return "[[allow]]\n" + "\n".join(lines) + "\n"


def levels(rule: str, word: str) -> str:
    return f'[rules]\n{rule} = "{word}"\n'


@pytest.mark.parametrize(
    "word, made, given",
    [
        ("deny", Level.WARN, Level.DENY),
        ("deny", Level.DENY, Level.DENY),
        ("warn", Level.DENY, Level.WARN),
        ("warn", Level.WARN, Level.WARN),
        ("off", Level.DENY, None),
    ],
)
def test_level_of_the_policy_counts(word: str, made: Level, given: Level | None) -> None:
    found = apply_policy(finding(level=made), context(levels("fresh-release", word)))
    assert (found.level if found else None) is given


def test_the_deciding_line_is_named() -> None:
    found = apply_policy(finding(level=Level.WARN), context(levels("fresh-release", "deny")))
    assert found is not None
    assert found.decided_by == "safepip.toml:2:17"


def test_without_a_word_of_policy_the_finding_stays() -> None:
    assert apply_policy(finding(), context()) == finding()


@pytest.mark.parametrize(
    "package, subject, passes",
    [
        ('"acme-sdk"', "Acme_SDK", True),
        ('"acme-*"', "acme-sdk", True),
        ('"acme"', "acme-sdk", False),
        ('"acme-sdk"', None, False),
        ('"acme-sdk"', "https://nexus.example/acme-sdk", False),
        ('"acme-sdk>=2"', "acme-sdk==2.1", True),
        ('"acme-sdk>=2"', "acme-sdk==1.9", False),
        ('"acme-sdk>=2"', "acme-sdk==3.0rc1", True),
        ('"acme-sdk>=2"', "acme-sdk", False),
        ('"acme-sdk>=2"', "acme-sdk==x", False),
    ],
)
def test_exemption_covers_its_package_and_nothing_else(
    package: str, subject: str | None, passes: bool
) -> None:
    told = context(allow(package=package))
    assert (apply_policy(finding(subject=subject), told) is None) is passes
    assert bool(told.used) is passes


def test_exemption_with_versions_is_held_against_the_version_given() -> None:
    told = context(allow(package='"acme-sdk<2"'))
    assert apply_policy(finding(), told, version=Version("1.0")) is None
    assert apply_policy(finding(), told, version=Version("2.0")) is not None


def test_exemption_covers_its_rule_only() -> None:
    assert apply_policy(finding("yanked-release"), context(allow("fresh-release"))) is not None
    assert apply_policy(finding("yanked-release"), context(allow("yanked-release"))) is None


@pytest.mark.parametrize("day, passes", [("2026-11-20", False), ("2026-11-21", True), ("2026-11-22", True)])
def test_exemption_holds_through_its_last_day(day: str, passes: bool) -> None:
    assert (apply_policy(finding(), context(allow(expires=day))) is None) is passes


@pytest.mark.parametrize("rule", sorted(rule for rule, exemptible in known_rules().items() if not exemptible))
def test_nothing_switches_off_what_is_never_switched_off(rule: str) -> None:
    """Even a policy that did not come through the reader."""
    told = context()
    forged = replace(
        told.policy,
        levels=MappingProxyType({rule: Sourced(value=Level.OFF, origin=BUILT_IN)}),
        exemptions=(Exemption(rule=rule, reason="x", origin=BUILT_IN),),
    )
    for found in (finding(rule), finding(rule, level=Level.WARN)):
        assert apply_policy(found, replace(told, policy=forged)) == found


def test_a_warning_of_such_a_rule_may_be_raised() -> None:
    host = setting("trusted-host", "mirror.example", VARIABLE)
    (found,) = judge([host], context(levels("trusted-host", "deny")))
    assert found.denies


def test_a_finding_of_an_unknown_rule_stays_as_it_is() -> None:
    assert apply_policy(finding("no-such-rule", level=Level.DENY), context()) == finding("no-such-rule")


def test_shadowed_settings_have_no_effect_and_no_finding() -> None:
    bad = setting("index-url", "http://mirror.example/simple")
    assert judge([bad], context())
    assert judge([replace(bad, in_effect=False)], context()) == ()


def test_rules_judge_only_their_own_subjects() -> None:
    asked: list[object] = []

    class Spy(type(registry()["trusted-host"])):  # type: ignore[misc]
        def check(self, subject: Setting, context: object):  # type: ignore[no-untyped-def]
            asked.append(subject)
            return iter(())

    one, other = setting("pre", "true"), line("flask")
    judge([one, other], context(), [Spy()])
    assert asked == [one]


def reviewed(
    text: str, *projects: str, used: bool = False, now: datetime = NOW
) -> list[tuple[str, str | None]]:
    told = replace(context(text), now=now)
    if used:
        apply_policy(finding(), told)
    found = review_allowances(told, [canonicalize_name(project) for project in projects])
    return [(item.rule, item.subject) for item in found]


def test_an_exemption_that_was_needed_is_fine() -> None:
    assert reviewed(allow(package='"acme-*"'), "acme-sdk", used=True) == []


def test_an_exemption_that_let_nothing_pass_is_told() -> None:
    assert reviewed(allow(package='"acme-*"'), "acme-sdk") == [("unused-allowance", "acme-*")]
    assert reviewed(allow()) == [("unused-allowance", None)]


def test_an_exemption_for_a_project_of_another_command_is_not() -> None:
    assert reviewed(allow(package='"acme-*"'), "flask") == []


def test_an_expired_exemption_is_told_even_where_it_concerns_nothing() -> None:
    assert reviewed(allow(package='"acme"', expires="2026-11-20"), "flask") == [("expired-allowance", "acme")]
    assert reviewed(allow(package='"acme"', expires="2026-11-21"), "flask") == []


def test_one_use_counts_for_the_whole_run() -> None:
    told = context(allow("unhashed-requirement", package='"flask"'))
    assert judge([line("flask")], told, [registry()["unhashed-requirement"]]) == ()
    assert len(told.used) == 1


def test_unknown_keys_of_files_are_a_warning() -> None:
    unknown = [setting("index-ulr", "https://nexus.example", PIP_CONF, in_effect=False)]
    (found,) = judge_unknown(unknown, context())
    assert (found.rule, found.level, found.subject) == ("unknown-option", Level.WARN, "index-ulr")
    assert judge_unknown(unknown, context(levels("unknown-option", "off"))) == ()
    assert judge_unknown([], context()) == ()


def test_an_exemption_may_leave_a_warning() -> None:
    told = context(allow("startup-hook"))
    softened = tuple(replace(one, leaves=Level.WARN) for one in told.policy.exemptions)
    told = replace(told, policy=replace(told.policy, exemptions=softened))
    found = apply_policy(finding("startup-hook"), told)
    assert found is not None
    assert found.level is Level.WARN
    assert found.notes == ("not refused: ours (safepip.toml:1:1); another policy file asks for the warning",)
    assert told.used == set(softened)


def test_the_exemption_that_lets_more_pass_is_the_one_that_counts() -> None:
    told = context(allow(package='"acme-*"') + allow(package='"acme-sdk"'))
    first, second = told.policy.exemptions
    softened = (replace(first, leaves=Level.WARN), second)
    told = replace(told, policy=replace(told.policy, exemptions=softened))
    assert apply_policy(finding(), told) is None
    assert told.used == {second}


def test_a_refusal_shows_the_exemption_that_ended() -> None:
    found = apply_policy(finding(), context(allow(expires="2026-11-20")))
    assert found is not None
    (place,) = found.related
    assert (place.origin.line, place.label) == (1, "this exemption ended on 2026-11-20")


def test_an_exemption_from_a_rule_that_is_off_is_not_used() -> None:
    told = context(levels("fresh-release", "off") + allow())
    assert apply_policy(finding(), told) is None
    assert not told.used


@pytest.mark.parametrize(
    "specifier, version, passes",
    [
        (">=2", "2.0.dev1", False),
        (">=2", "2.1a1", True),
        ("==2.0", "2.0+local.1", True),
        ("===2.0", "2.0+local.1", False),
        ("~=2.1", "2.9rc1", True),
        ("!=2.0", "2.0.post1", True),
        ("<2", "2.0rc1", False),
    ],
)
def test_versions_of_an_exemption_are_those_of_the_specification(
    specifier: str, version: str, passes: bool
) -> None:
    told = context(allow(package=f'"acme-sdk{specifier}"'))
    assert (apply_policy(finding(), told, version=Version(version)) is None) is passes


@pytest.mark.parametrize("subject", ["Acme.SDK", "acme_sdk", "ACME--sdk"])
def test_names_are_compared_normalised(subject: str) -> None:
    assert apply_policy(finding(subject=subject), context(allow(package='"acme-sdk"'))) is None


@pytest.mark.parametrize("subject", ["https://acme-x.example/", "./acme-x", "acme-x.example:8443", "", None])
def test_what_is_no_project_name_is_no_package(subject: str | None) -> None:
    told = context(allow(package='"acme-*"'))
    assert apply_policy(finding(subject=subject), told) is not None


def test_an_exemption_of_the_command_line_that_nothing_needed_is_told_whatever_it_names() -> None:
    told = context()
    typed = Exemption(rule="fresh-release", reason="x", origin=ARGUMENT, package=Pattern.parse("acme-skd"))
    told = replace(told, policy=replace(told.policy, exemptions=(typed,)))
    (found,) = review_allowances(told, [canonicalize_name("acme-sdk")])
    assert (found.rule, found.subject, found.help) == ("unused-allowance", "acme-skd", "leave --allow out")
