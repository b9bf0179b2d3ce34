"""Help is pip's, and tells safepip's own options where they count."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cli.conftest import Shell
from safepip.cli.own_help import LOCK_HELP, OWN_COMMAND_HELP, OWN_COMMANDS_HELP, OWN_HELP
from safepip.pipcompat import own
from safepip.pipcompat.own_lock import LOCK_NAMES


@pytest.mark.parametrize("argv", [("install", "--help"), ("download", "-h"), ("help", "install")])
def test_help_of_a_guarded_command_ends_with_our_own_options(shell: Shell, argv: tuple[str, ...]) -> None:
    ended = shell.safepip(*argv)

    assert ended.code == 0
    assert "--require-hashes" in ended.out
    assert ended.out.endswith(OWN_HELP)


def test_help_of_other_commands_is_pips_alone(shell: Shell) -> None:
    assert "safepip" not in shell.safepip("list", "--help").out


@pytest.mark.parametrize("text", [OWN_HELP, LOCK_HELP, OWN_COMMANDS_HELP, *OWN_COMMAND_HELP.values()])
def test_help_fits_a_terminal_of_80_columns(text: str) -> None:
    assert [line for line in text.splitlines() if len(line) > 79] == []


def test_every_own_option_is_told() -> None:
    for option in own._EVERYWHERE | own._COMMANDS | own._GUARDED:
        assert f"\n  {option} " in OWN_HELP


@pytest.mark.parametrize("argv", [("--help",), ("help",), ()])
def test_general_help_lists_our_own_commands_after_pips(shell: Shell, argv: tuple[str, ...]) -> None:
    ended = shell.safepip(*argv)

    assert ended.code == 0
    assert "\n  install   " in ended.out
    assert ended.out.endswith(OWN_COMMANDS_HELP)


@pytest.mark.parametrize("command", sorted(own.OWN_COMMANDS))
def test_every_own_command_is_told_and_has_help(shell: Shell, command: str) -> None:
    assert f"\n  {command} " in OWN_COMMANDS_HELP
    assert shell.safepip(command, "--help").out == OWN_COMMAND_HELP[command]
    for option in own.OWN_COMMANDS[command]:
        assert option in OWN_COMMAND_HELP[command]


@pytest.mark.parametrize("command", sorted(own.OWN_COMMANDS))
def test_a_reader_who_goes_away_is_no_bug(command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    asked = [sys.executable, "-m", "safepip", command, "--help"]
    ended = subprocess.run(asked, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)

    assert (ended.returncode, ended.stderr) == (120, "ERROR: Pipe to stdout was broken\n")


def test_help_of_lock_tells_its_own_options_too(shell: Shell) -> None:
    ended = shell.safepip("lock", "--help")

    assert ended.code == 0
    assert ended.out.endswith(OWN_HELP + LOCK_HELP)
    for option in LOCK_NAMES:
        assert f"\n  {option} " in LOCK_HELP
