"""What tells one merged policy from another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from safepip.core.origin import BUILT_IN, Layer
from safepip.policy.fingerprint import fingerprint
from safepip.policy.schema import Exemption, Policy, PolicySource

SOURCE = PolicySource(path="/etc/policy.toml", layer=Layer.MACHINE, sha256="ab" * 32)
EXEMPTION = Exemption(rule="yanked-release", reason="known", origin=BUILT_IN)
POLICY = Policy(sources=(SOURCE,), exemptions=(EXEMPTION,))


def test_defaults_have_none() -> None:
    assert fingerprint(Policy()) == ""


def test_a_digest_is_named_with_its_algorithm() -> None:
    name, _, digits = fingerprint(POLICY).partition(":")
    assert (name, len(digits)) == ("sha256", 64)


@pytest.mark.parametrize(
    "other",
    [
        replace(POLICY, sources=(replace(SOURCE, sha256="cd" * 32),)),
        replace(POLICY, sources=(replace(SOURCE, layer=Layer.USER),)),
        replace(POLICY, sources=(replace(SOURCE, trusted=False),)),
        replace(POLICY, sources=(SOURCE, SOURCE)),
        replace(POLICY, exemptions=()),
        replace(POLICY, exemptions=(replace(EXEMPTION, reason="other"),)),
        replace(POLICY, exemptions=(replace(EXEMPTION, expires=date(2027, 1, 1)),)),
    ],
)
def test_whatever_may_change_a_decision_changes_it(other: Policy) -> None:
    assert fingerprint(other) != fingerprint(POLICY)


def test_the_same_files_elsewhere_are_the_same_policy() -> None:
    moved = replace(POLICY, sources=(replace(SOURCE, path="/srv/policy.toml"),))

    assert fingerprint(moved) == fingerprint(POLICY)
