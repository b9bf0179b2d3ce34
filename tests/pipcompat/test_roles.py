"""No option of a guarded command is without a decision."""

from __future__ import annotations

import pytest

from safepip.pipcompat import roles, table
from safepip.pipcompat.own import GUARDED
from safepip.pipcompat.roles import Role, treatment


def guarded_options() -> set[str]:
    return {option.name for command in GUARDED for option in table.options_of(command)}


def test_every_option_has_a_treatment_and_no_treatment_is_left_over():
    assert set(roles.TREATMENTS) == guarded_options()


def test_what_takes_protection_away_is_never_forwarded():
    for name in (
        "trusted-host",
        "use-deprecated",
        "index-url",
        "no-require-hashes",
        "cert",
        "proxy",
        "python",
    ):
        assert treatment(name).role is not Role.FORWARD
    assert treatment("target").role is Role.FORWARD


def test_an_unknown_option_is_an_error():
    with pytest.raises(KeyError):
        treatment("trusted-hosts")
