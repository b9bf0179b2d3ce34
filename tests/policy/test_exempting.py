"""Exemptions: of files, of the command line, and what none of them reaches."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from safepip.core.errors import ConfigurationError, Refused, UsageError
from safepip.core.finding import Level
from safepip.core.origin import Layer
from safepip.pipcompat.argv import split_own
from safepip.policy.allowing import exemptions_for_this_run
from safepip.policy.schema import Exemption, PolicyFile
from safepip.policy.tighten import CHOOSES_VERSIONS, merge
from safepip.resolve import admit
from safepip.rules import known_rules

from .support import untrusted, written

NEVER = {
    "plaintext-index", "plaintext-link", "trusted-host", "tls-failure", "hash-mismatch", "weak-digest",
    "path-escape", "record-mismatch", "metadata-mismatch",
}  # fmt: skip
"""What no word of anybody lets pass."""
KNOWN = known_rules()
FIXED = sorted(rule for rule, exemptible in KNOWN.items() if not exemptible)


def allowed(argument: str, *files: PolicyFile) -> Exemption:
    own, _ = split_own(["--allow", argument, "--reason", "looked at", "install", "x"])
    (exemption,) = exemptions_for_this_run(own.allow, "looked at", files, KNOWN)
    return exemption


def levels(rule: str, word: str, layer: Layer = Layer.USER) -> PolicyFile:
    return written(f'[rules]\n{rule} = "{word}"\n', layer)


def allow(rule: str = "fresh-release", **more: str) -> str:
    lines = [f'rule = "{rule}"', 'reason = "ours"', *(f"{key} = {value}" for key, value in more.items())]
    return "[[allow]]\n" + "\n".join(lines) + "\n"


def held(*files: PolicyFile) -> list[tuple[str, str, Level]]:
    """Rule, package and what is left of a finding, of every exemption that holds."""
    policy, _ = merge(files)
    return [(e.rule, str(e.package or "*"), e.leaves) for e in policy.exemptions]


# What is never exempt --------------------------------------------------------------------------


def test_what_is_never_exempt_is_at_least_this() -> None:
    assert set(FIXED) >= NEVER


@pytest.mark.parametrize("rule", FIXED)
def test_no_file_lowers_or_exempts_what_is_never_exempt(rule: str) -> None:
    for text in (allow(rule), f'[rules]\n{rule} = "off"', f'[rules]\n{rule} = "warn"'):
        with pytest.raises(ConfigurationError, match=r"nothing is exempt|never switched off"):
            written(text)
    assert written(f'[rules]\n{rule} = "deny"').levels[rule].value is Level.DENY


@pytest.mark.parametrize("rule", FIXED)
@pytest.mark.parametrize("subject", ["", ":acme"])
def test_no_command_line_exempts_what_is_never_exempt(rule: str, subject: str) -> None:
    with pytest.raises(Refused) as caught:
        allowed(rule + subject)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.origin.line) == ("policy-loosened", 2)
    assert finding.help


@pytest.mark.parametrize("rule", sorted(set(KNOWN) - set(FIXED)))
def test_everything_else_can_be_exempted(rule: str) -> None:
    assert allowed(rule).rule == rule
    assert written(allow(rule)).exemptions[0].rule == rule


def test_no_stranger_speaks_of_a_rule_that_has_the_resolver_pass_files_over() -> None:
    """A new rule there would let an untrusted folder choose another version."""
    named = set(re.findall(r'rule="([a-z-]+)"', Path(admit.__file__).read_text("utf-8")))
    assert {"fresh-release", "yanked-release"} <= named
    assert {rule for rule in named if KNOWN[rule]} | {"sdist-build"} == CHOOSES_VERSIONS


# The command line --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word, layer, passes",
    [
        ("deny", Layer.MACHINE, False),
        ("warn", Layer.USER, False),
        ("off", Layer.MACHINE, True),
        ("deny", Layer.OPERATOR, True),
        ("deny", Layer.PROJECT, False),
        ("warn", Layer.PROJECT, True),
    ],
)
def test_a_stronger_file_that_names_the_rule_forbids_exemptions(
    word: str, layer: Layer, passes: bool
) -> None:
    file = levels("fresh-release", word, layer)
    if passes:
        assert allowed("fresh-release:acme", file).rule == "fresh-release"
    else:
        with pytest.raises(Refused) as caught:
            allowed("fresh-release:acme", file)
        (finding,) = caught.value.findings
        assert finding.related[0].origin.line == 2


def test_a_weaker_file_that_asks_for_the_warning_gets_it() -> None:
    assert allowed("fresh-release", levels("fresh-release", "warn", Layer.PROJECT)).leaves is Level.WARN
    assert allowed("fresh-release", levels("fresh-release", "warn", Layer.OPERATOR)).leaves is Level.OFF


def test_a_strangers_denial_counts_where_it_chooses_no_version() -> None:
    assert allowed("fresh-release", untrusted('[rules]\nfresh-release = "deny"'))
    with pytest.raises(Refused):
        allowed("direct-url", untrusted('[rules]\ndirect-url = "deny"'))


@pytest.mark.parametrize(
    "text, package, specifier, subject",
    [
        ("fresh-release:Acme_SDK", "Acme_SDK", None, None),
        ("fresh-release:acme-*", "acme-*", None, None),
        ("fresh-release:acme==2.0rc1", "acme", "==2.0rc1", None),
        ("unlisted-index:https://x.example/simple", None, None, "https://x.example/simple"),
        ("fresh-release", None, None, None),
    ],
)
def test_the_subject_is_a_package_or_taken_word_for_word(
    text: str, package: str | None, specifier: str | None, subject: str | None
) -> None:
    found = allowed(text)
    assert (found.package and str(found.package)) == package
    assert (found.specifier and str(found.specifier)) == specifier
    assert found.subject == subject
    assert found.reason == "looked at"


def test_no_reason_no_exemption() -> None:
    with pytest.raises(UsageError, match="--reason"):
        split_own(["--allow", "fresh-release", "install", "x"])
    with pytest.raises(ConfigurationError, match="must have a reason"):
        written('[[allow]]\nrule = "fresh-release"\n')
    with pytest.raises(ConfigurationError, match="must not be empty"):
        written('[[allow]]\nrule = "fresh-release"\nreason = " "\n')


def test_a_rule_that_nobody_knows_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        allowed("fresh-relase")
    assert caught.value.hint == "did you mean 'fresh-release'?"


# Files ---------------------------------------------------------------------------------------------


def test_every_key_of_an_exemption_is_read() -> None:
    text = allow(package='"Acme_*>=2,<3"', owner='"me"', expires="2027-03-01")
    (found,) = written(text).exemptions
    assert (str(found.package), str(found.specifier)) == ("Acme_*", "<3,>=2")
    assert (found.reason, found.owner, found.expires) == ("ours", "me", date(2027, 3, 1))


def test_what_both_files_allow_holds() -> None:
    """Each of them denies the rule and exempts one package; alone, each lets that package pass."""
    deny = '[rules]\nfresh-release = "deny"\n'
    machine = written(deny + allow(package='"acme-*"'), Layer.MACHINE)
    user = written(deny + allow(package='"acme-sdk"'), Layer.USER)
    assert held(machine, user) == [("fresh-release", "acme-sdk", Level.OFF)]


@pytest.mark.parametrize(
    "wide",
    [
        allow(package='"acme"', expires="2026-12-01"),
        allow(package='"acme>=2"'),
        allow(package='"acme-sdk"'),
        allow("yanked-release", package='"acme"'),
    ],
)
def test_what_another_file_allows_for_less_does_not_hold(wide: str) -> None:
    machine = written('[rules]\nfresh-release = "deny"\n' + wide, Layer.MACHINE)
    user = written(allow(package='"acme"', expires="2027-01-01"), Layer.USER)
    policy, findings = merge([machine, user])
    assert not [e for e in policy.exemptions if e.origin.place == "user.toml"]
    assert [finding.rule for finding in findings] == ["policy-loosened"]


@pytest.mark.parametrize("layers", [(Layer.MACHINE, Layer.USER), (Layer.USER, Layer.MACHINE)])
def test_where_another_file_asks_for_a_warning_it_is_left(layers: tuple[Layer, Layer]) -> None:
    warns, exempts = layers
    files = levels("startup-hook", "warn", warns), written(allow("startup-hook"), exempts)
    assert held(*files) == [("startup-hook", "*", Level.WARN)]
    _, findings = merge(files)
    assert bool(findings) is (warns is Layer.MACHINE)
