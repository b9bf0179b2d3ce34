"""No option of a guarded command is accepted and then forgotten.

The commands run for real, in this process, and whatever they ask of pip's options in force is noted.
An option that nobody asks about is either refused, or stands in the table as one that cannot change
anything, with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.conftest import Shell, trusting
from safepip.cli.machine import Machine
from safepip.cli.main import main
from safepip.core.finding import Level
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Plan
from safepip.core.subjects import Setting
from safepip.flows.applying import apply_options
from safepip.flows.settings import read_settings
from safepip.pipcompat import table
from safepip.pipcompat.argv import parse
from safepip.pipcompat.effective import EffectiveConfig, merge
from safepip.pipcompat.option import Option
from safepip.pipcompat.roles import Role, treatment
from safepip.policy.schema import Policy
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge
from support.server import IndexServer

COMMANDS = ("install", "download", "wheel")
BY_COMMAND_LINE = {"isolated", "python"}
"""Read off the command line itself, before there is anything in force."""
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ARGUMENT = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line")
VARIABLE = Origin(layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place="PIP_X")
FILE = Origin(layer=Layer.PROJECT, kind=Place.FILE, place="requirements.txt")


def options(role: Role) -> Iterator[tuple[str, Option]]:
    for command in COMMANDS:
        for option in table.options_of(command):
            if treatment(option.name).role is role:
                yield command, option


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, shell: Shell, index: IndexServer) -> Callable[[str], set[str]]:
    """What one run of a command asks of the options, by pip's ``dest``."""

    def run(command: str) -> set[str]:
        noted: set[str] = set()
        for name in ("value", "items", "origin"):
            method = getattr(EffectiveConfig, name)

            def noting(config: EffectiveConfig, dest: str, method: Callable[..., object] = method) -> object:
                noted.add(dest)
                return method(config, dest)

            monkeypatch.setattr(EffectiveConfig, name, noting)
        monkeypatch.chdir(shell.folder)
        code = main(["--python", str(shell.python), command, "--no-cache-dir", "lib", *trusting(index)])
        assert code == 0
        monkeypatch.undo()
        return noted

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_asked_for_unless_it_can_change_nothing(
    asked: Callable[[str], set[str]], command: str
) -> None:
    noted = asked(command)
    decided = (Role.DECIDE, Role.FORWARD)
    forgotten = {
        option.name
        for option in table.options_of(command)
        if treatment(option.name).role in decided and option.dest not in noted
    }
    assert forgotten <= BY_COMMAND_LINE


@pytest.mark.parametrize("command", COMMANDS)
def test_what_can_change_nothing_is_not_asked_for(asked: Callable[[str], set[str]], command: str) -> None:
    neutral = {o.dest for o in table.options_of(command) if treatment(o.name).role is Role.NEUTRAL}
    assert not neutral & asked(command)


@pytest.mark.parametrize(
    ("origin", "level"), [(ARGUMENT, Level.DENY), (FILE, Level.DENY), (VARIABLE, Level.WARN)]
)
@pytest.mark.parametrize("name", sorted({option.name for _, option in options(Role.REFUSE)}))
def test_what_takes_protection_away_is_refused_whoever_sets_it(
    name: str, origin: Origin, level: Level
) -> None:
    (option,) = {option for _, option in options(Role.REFUSE) if option.name == name}
    context = RuleContext(policy=Policy(), now=NOW)
    for value in option.choices or ("value",):
        setting = Setting(option=name, value=value, origin=origin, in_requirement_file=origin is FILE)
        assert [finding.level for finding in judge([setting], context)] == [level]


FORWARDED = {option.name: option for command, option in options(Role.FORWARD) if command == "install"}


@pytest.mark.parametrize("name", sorted(FORWARDED))
def test_every_forwarded_option_reaches_the_pip_that_applies(name: str, tmp_path: Path) -> None:
    option = FORWARDED[name]
    value = [f"--{name}={option.choices[-1] if option.choices else tmp_path / 'there'}"]
    invocation = parse(["install", *(value if option.takes_value else [f"--{name}"]), "lib"])
    settings = read_settings(merge(invocation, (), (), now=NOW))

    given = apply_options(settings, Plan(steps=()), World())

    if name == "no-color":
        assert given.no_color
    elif name == "compile":
        assert "--no-compile" not in given.arguments
    else:
        assert f"--{name}" in given.arguments
        assert not option.takes_value or any(
            each in given.arguments for each in (*option.choices[-1:], str(tmp_path / "there"))
        )


class World:
    """As much of the world as writing arguments needs."""

    around = Machine(dict(os.environ))
