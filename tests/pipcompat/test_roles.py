"""No option of any command is without a decision."""

from __future__ import annotations

import pytest

from safepip.pipcompat import roles, table
from safepip.pipcompat.options import COMMANDS
from safepip.pipcompat.own import GUARDED
from safepip.pipcompat.roles import Role, treatment

OTHERS = [command for command in COMMANDS if command not in GUARDED]


def options_of(commands: list[str]) -> set[str]:
    return {option.name for command in commands for option in table.options_of(command)}


def test_every_option_has_a_treatment_and_no_treatment_is_left_over():
    assert set(roles.TREATMENTS) == options_of(sorted(GUARDED))
    assert set(roles.ELSEWHERE) == options_of(OTHERS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_says_who_acts_on_it_and_why(command: str):
    for option in table.options_of(command):
        assert treatment(option.name, command).reason


@pytest.mark.parametrize("command", OTHERS)
def test_what_one_command_says_of_its_own_is_an_option_of_it_and_differs(command: str):
    own = roles._OF_COMMANDS.get(command, {})
    assert set(own) <= options_of([command])
    assert all(own[name] != roles.ELSEWHERE[name] for name in own)


@pytest.mark.parametrize("command", COMMANDS)
def test_where_to_look_and_whom_to_trust_is_never_forwarded(command: str):
    steering = {
        "cert", "client-cert", "extra-index-url", "find-links", "index", "index-url", "keyring-provider",
        "no-index", "no-proxy-env", "no-require-hashes", "proxy", "python", "trusted-host", "use-deprecated",
    }  # fmt: skip
    for name in steering & options_of([command]):
        assert treatment(name, command).role is not Role.FORWARD


@pytest.mark.parametrize("command", ["index", "list", "uninstall"])
def test_what_is_forwarded_can_be_written_anew(command: str):
    """Of a callback option pip's value is an object, which no text can be made of."""
    for option in table.options_of(command):
        if treatment(option.name, command).role is Role.FORWARD:
            assert option.action != "callback"


def test_an_unknown_option_is_an_error():
    for command in ("install", "list"):
        with pytest.raises(KeyError):
            treatment("trusted-hosts", command)
