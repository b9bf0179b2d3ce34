"""Exemptions in whole runs: what they let pass, and what is said of those that nothing needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from safepip.core.errors import ExitCode
from tests.fakes.scene import HOME, Scene
from tests.support.wheels import make_wheel

USER = f"{HOME}/.config/safepip/policy.toml"
DENY = '[rules]\nstartup-hook = "deny"\n'
ALLOW = '[[allow]]\nrule = "startup-hook"\npackage = "{}"\nreason = "looked at"\n{}'


@pytest.fixture
def world(tmp_path: Path) -> Scene:
    """``demo`` 1.0, whose wheel runs code whenever Python starts."""
    scene = Scene()
    scene.folder = tmp_path
    index = scene.default_index()
    scene.indexes.publish(
        index, "demo", "1.0", content=make_wheel("demo", "1.0", files={"demo.pth": b"import demo\n"})
    )
    return scene


@pytest.mark.parametrize(
    "package, passes", [("demo", True), ("demo==1.0", True), ("demo>=2", False), ("other", False)]
)
def test_an_exemption_for_some_versions_reaches_into_wheels(world: Scene, package: str, passes: bool) -> None:
    world.write(USER, DENY + ALLOW.format(package, ""))
    ended = world.run("install", "demo")
    assert bool(world.applier.applied) is passes
    assert ended.code == (ExitCode.OK if passes else ExitCode.VERIFICATION)


def test_a_refusal_names_the_exemption_that_ended(world: Scene) -> None:
    world.write(USER, DENY + ALLOW.format("demo", "expires = 2026-11-20\n"))
    ended = world.run("install", "demo")
    assert ended.code == ExitCode.VERIFICATION
    assert f"{USER}:3:1" in ended.err
    assert "this exemption ended on 2026-11-20" in ended.err


def test_exemptions_that_ended_or_that_nothing_needed_are_said_with_their_places(world: Scene) -> None:
    policy = DENY + ALLOW.format("demo", "") + ALLOW.format("gone", "expires = 2026-11-20\n")
    policy += '[[allow]]\nrule = "yanked-release"\npackage = "demo"\nreason = "x"\n'
    policy += '[[allow]]\nrule = "yanked-release"\npackage = "another"\nreason = "x"\n'
    world.write(USER, policy)
    ended = world.run("install", "demo")
    assert ended.code == ExitCode.OK
    assert ended.err.count("warning[expired-allowance]") == 1
    assert f"--> {USER}:7:1" in ended.err
    assert ended.err.count("warning[unused-allowance]") == 1
    assert f"--> {USER}:12:1" in ended.err


def test_an_exemption_of_the_command_line_that_matches_nothing_is_said(world: Scene) -> None:
    world.write(USER, ALLOW.format("demo", ""))
    ended = world.run("install", "demo", "--allow", "fresh-release:dmeo", "--reason", "tested")
    assert ended.code == ExitCode.OK
    assert "warning[unused-allowance]" in ended.err
    assert "leave --allow out" in ended.err


def test_a_stronger_file_that_asks_for_the_warning_gets_it(world: Scene) -> None:
    world.write(USER, ALLOW.format("demo", ""))
    world.write("/etc/safepip/policy.toml", '[rules]\nstartup-hook = "warn"\n')
    ended = world.run("install", "demo")
    assert ended.code == ExitCode.OK
    assert "warning[startup-hook]" in ended.err
    assert "not refused: looked at" in ended.err
