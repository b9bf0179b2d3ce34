"""Exemptions in whole runs: what they let pass, and what is said of those that nothing needed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from safepip.core.errors import ExitCode
from safepip.core.finding import Finding
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Step
from tests.fakes.scene import HOME, Scene

USER = f"{HOME}/.config/safepip/policy.toml"
ALLOW = '[[allow]]\nrule = "wheel-contents"\npackage = "{}"\nreason = "looked at"\n{}'


def scene(policy: str = "") -> Scene:
    """``demo`` 1.0, whose wheel has something wrong inside."""
    world = Scene({USER: policy} if policy else {})
    index = world.default_index()
    world.indexes.publish(index, "demo", "1.0")
    world.inside = _contents
    return world


def _contents(steps: Sequence[Step]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            rule="wheel-contents",
            message="files outside of the package",
            origin=Origin(layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=step.file.filename),
            subject=step.project,
        )
        for step in steps
    )


@pytest.mark.parametrize(
    "package, passes", [("demo", True), ("demo==1.0", True), ("demo>=2", False), ("other", False)]
)
def test_an_exemption_for_some_versions_reaches_into_wheels(package: str, passes: bool) -> None:
    world = scene(ALLOW.format(package, ""))
    ended = world.run("install", "demo")
    assert bool(world.applier.applied) is passes
    assert ended.code == (ExitCode.OK if passes else ExitCode.VERIFICATION)


def test_a_refusal_names_the_exemption_that_ended() -> None:
    ended = scene(ALLOW.format("demo", "expires = 2026-11-20\n")).run("install", "demo")
    assert ended.code == ExitCode.VERIFICATION
    assert f"{USER}:1:1" in ended.err
    assert "this exemption ended on 2026-11-20" in ended.err


def test_exemptions_that_ended_or_that_nothing_needed_are_said_with_their_places() -> None:
    policy = ALLOW.format("demo", "") + ALLOW.format("gone", "expires = 2026-11-20\n")
    policy += '[[allow]]\nrule = "yanked-release"\npackage = "demo"\nreason = "x"\n'
    policy += '[[allow]]\nrule = "yanked-release"\npackage = "another"\nreason = "x"\n'
    ended = scene(policy).run("install", "demo")
    assert ended.code == ExitCode.OK
    assert ended.err.count("warning[expired-allowance]") == 1
    assert f"--> {USER}:5:1" in ended.err
    assert ended.err.count("warning[unused-allowance]") == 1
    assert f"--> {USER}:10:1" in ended.err


def test_an_exemption_of_the_command_line_that_matches_nothing_is_said() -> None:
    world = scene(ALLOW.format("demo", ""))
    ended = world.run("install", "demo", "--allow", "fresh-release:dmeo", "--reason", "tested")
    assert ended.code == ExitCode.OK
    assert "warning[unused-allowance]" in ended.err
    assert "leave --allow out" in ended.err


def test_a_stronger_file_that_asks_for_the_warning_gets_it() -> None:
    world = scene(ALLOW.format("demo", ""))
    world.write("/etc/safepip/policy.toml", '[rules]\nwheel-contents = "warn"\n')
    ended = world.run("install", "demo")
    assert ended.code == ExitCode.OK
    assert "warning[wheel-contents]" in ended.err
    assert "not refused: looked at" in ended.err
