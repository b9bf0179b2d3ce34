"""What an environment is like that is not here: its markers, its tags, its name."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest
from packaging.markers import Marker, default_environment
from packaging.tags import parse_tag, sys_tags

from safepip.core.environment_name import nameable
from safepip.core.errors import ExitCode, UsageError
from safepip.core.locking import LockTarget
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.resolve.lock_targets import GLIBC, lock_target, lock_targets, target_of
from tests.resolve.asking import environment
from tests.resolve.locking import target


def said(name: str, number: int = 2) -> Sourced[str]:
    origin = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=number)
    return Sourced(value=name, origin=origin)


def fits(name: str, tags: str) -> bool:
    return bool(parse_tag(tags) & set(target(name).environment.tags))


EVERY = [lock_target(name) for name in nameable()]


def test_a_marker_is_true_in_its_environment_and_in_no_other_that_may_stand_beside_it() -> None:
    markers = {one.marker: Marker(one.marker) for one in EVERY}
    environments = {one.marker: dict(one.environment.markers) for one in EVERY}
    for text, marker in markers.items():
        true_in = [own for own, values in environments.items() if marker.evaluate(values)]
        assert true_in == [text]


def test_every_variable_of_markers_has_a_value() -> None:
    known = set(default_environment())
    assert all(set(one.environment.markers) == known for one in EVERY)


@pytest.mark.parametrize(
    "name,values",
    [
        ("windows-amd64-cp312", {"os_name": "nt", "sys_platform": "win32", "platform_machine": "AMD64"}),
        ("windows-arm64-cp312", {"platform_system": "Windows", "platform_machine": "ARM64"}),
        ("macos-arm64-cp312", {"sys_platform": "darwin", "platform_machine": "arm64", "platform_release": "22.0.0"}),
        ("linux-aarch64-cp312", {"platform_machine": "aarch64", "platform_release": "", "platform_version": ""}),
        ("linux-x86_64-pp311", {"implementation_name": "pypy", "platform_python_implementation": "PyPy"}),
        ("linux-x86_64-cp314t", {"implementation_name": "cpython", "python_version": "3.14"}),
    ],
)  # fmt: skip
def test_markers_are_those_of_such_a_machine(name: str, values: dict[str, str]) -> None:
    assert values.items() <= target(name).environment.markers.items()


@pytest.mark.parametrize(
    "name,tags",
    [
        ("linux-x86_64-cp311", "cp311-cp311-manylinux_2_28_x86_64"),
        ("linux-x86_64-cp311", "cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64"),
        ("linux-x86_64-cp311", "cp39-abi3-manylinux1_x86_64"),
        ("linux-x86_64-cp311", "py3-none-any"),
        ("linux-x86_64-cp311", "py2.py3-none-manylinux2010_x86_64"),
        ("linux-aarch64-cp314", "cp314-cp314-manylinux_2_27_aarch64"),
        ("musllinux-x86_64-cp312", "cp312-cp312-musllinux_1_1_x86_64"),
        ("macos-arm64-cp312", "cp312-cp312-macosx_11_0_arm64"),
        ("macos-arm64-cp312", "cp38-abi3-macosx_10_9_universal2"),
        ("macos-x86_64-cp313", "cp313-cp313-macosx_10_13_x86_64"),
        ("windows-amd64-cp311", "cp311-none-win_amd64"),
        ("windows-x86-cp311", "cp311-cp311-win32"),
        ("windows-arm64-cp311", "py3-none-win_arm64"),
        ("linux-x86_64-cp314t", "cp314-cp314t-manylinux_2_28_x86_64"),
        ("linux-x86_64-pp311", "pp311-pypy311_pp73-manylinux_2_17_x86_64"),
        ("linux-x86_64-pp311", "pp3-none-any"),
    ],
)
def test_wheels_that_such_a_machine_takes(name: str, tags: str) -> None:
    assert fits(name, tags)


@pytest.mark.parametrize(
    "name,tags",
    [
        ("linux-x86_64-cp311", "cp311-cp311-manylinux_2_29_x86_64"),
        ("linux-x86_64-cp311", "cp311-cp311-musllinux_1_1_x86_64"),
        ("linux-x86_64-cp311", "cp312-cp312-manylinux_2_17_x86_64"),
        ("linux-x86_64-cp311", "cp312-abi3-manylinux_2_17_x86_64"),
        ("linux-aarch64-cp311", "cp311-cp311-manylinux1_aarch64"),
        ("musllinux-x86_64-cp312", "cp312-cp312-manylinux_2_17_x86_64"),
        ("musllinux-x86_64-cp312", "cp312-cp312-musllinux_1_3_x86_64"),
        ("macos-arm64-cp312", "cp312-cp312-macosx_14_0_arm64"),
        ("macos-arm64-cp312", "cp312-cp312-macosx_10_9_x86_64"),
        ("windows-amd64-cp311", "cp311-cp311-win32"),
        ("linux-x86_64-cp314t", "cp39-abi3-manylinux_2_28_x86_64"),
        ("linux-x86_64-cp314t", "cp314-cp314-manylinux_2_28_x86_64"),
        ("linux-x86_64-pp311", "cp311-cp311-manylinux_2_17_x86_64"),
    ],
)
def test_wheels_that_such_a_machine_does_not_take(name: str, tags: str) -> None:
    assert not fits(name, tags)


@pytest.mark.skipif(sys.platform != "linux", reason="compares with packaging's look at this machine")
def test_tags_stand_in_the_order_in_which_packaging_finds_them_here() -> None:
    def is_old_enough(platform: str) -> bool:
        profile = re.match(r"manylinux_2_(\d+)_", platform)
        return profile is None or int(profile[1]) <= GLIBC[1]

    here = [tag for tag in sys_tags() if is_old_enough(tag.platform)]
    assert list(target(target_of(environment()).name).environment.tags) == here


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_an_environment_like_a_named_one_is_called_so(one: LockTarget) -> None:
    again = target_of(one.environment)
    assert (again.name, again.marker) == (one.name, one.marker)


def test_the_interpreter_at_hand_keeps_its_own_facts_and_forgets_what_is_installed() -> None:
    here = environment()
    found = target_of(here)
    assert found.environment.tags == here.tags
    assert found.environment.python == sys.executable
    assert found.environment.installed == {}
    assert Marker(found.marker).evaluate(dict(here.markers))


def test_a_machine_that_cannot_be_named_is_called_what_its_markers_say() -> None:
    markers = {**environment().markers, "sys_platform": "freebsd14", "platform_machine": "arm64"}
    found = target_of(replace(environment(), markers=markers, tags=()))
    assert found.name == f"freebsd14-arm64-cp3{sys.version_info[1]}"
    assert Marker(found.marker).evaluate(markers)


def test_environments_of_the_command_line_are_read_in_order() -> None:
    names = [said("windows-amd64-cp311"), said("linux-arm64-cp314"), said("win-amd64-cp311")]
    assert [one.name for one in lock_targets(names)] == ["windows-amd64-cp311", "linux-aarch64-cp314"]


def test_an_unknown_environment_is_a_usage_error_at_its_place() -> None:
    with pytest.raises(UsageError) as caught:
        lock_targets([said("linux-x86_64-cp311"), said("linux-x86_64-py27", 5)])
    assert caught.value.message == "option --environment: unknown environment 'linux-x86_64-py27'"
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.origin is not None
    assert caught.value.origin.line == 5
    assert caught.value.hint is not None


def test_glibc_and_musl_in_one_lock_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no marker tells them apart"):
        lock_targets([said("linux-x86_64-cp311"), said("alpine-x86_64-cp311")])
