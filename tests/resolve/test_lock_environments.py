"""Resolving for environments that are not here: markers, patch levels, sources, refusals, requests."""

from __future__ import annotations

from collections import Counter

import pytest
from packaging.markers import Marker

from safepip.core.errors import Refused, ResolutionError
from safepip.core.index import Index
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.project import Pattern
from safepip.policy.schema import Policy
from safepip.resolve.lock_targets import target_of
from safepip.resolve.locking import resolve_for_lock
from safepip.resolve.patch_levels import patch_levels
from safepip.resolve.request import ResolveRequest
from safepip.route import Router
from tests.resolve.asking import NOW, chosen, environment, installed, line
from tests.resolve.locking import LINUX, MACOS, SIX, WINDOWS, Locking, Told, described, target
from tests.support.connected import connected, index_of
from tests.support.server import IndexServer
from tests.support.wheels import make_wheel

AARCH64 = "linux-aarch64-cp314"
MARKERS = {"python_version": "3.11", "implementation_name": "cpython"}


@pytest.fixture
def locking() -> Locking:
    return Locking()


@pytest.fixture
def index(locking: Locking) -> Index:
    return locking.world.index("pypi")


def admitting(*patterns: str) -> Policy:
    origin = Origin(layer=Layer.USER, kind=Place.FILE, place="policy.toml", line=3)
    return Policy(sdists=Sourced(value=tuple(map(Pattern.parse, patterns)), origin=origin))


# --- markers ---------------------------------------------------------------------------------------


def test_dependencies_are_those_of_each_environment(locking: Locking, index: Index) -> None:
    locking.world.publish(
        index,
        "top",
        "1.0",
        "colour; sys_platform == 'win32'",
        "bridge; platform_machine == 'arm64' and platform_system == 'Darwin' and platform_release >= '20.0'",
        "old; python_version < '3.12'",
        "never; implementation_name == 'pypy'",
    )
    for name in ("colour", "bridge", "old", "never"):
        locking.world.publish(index, name)
    answers = locking("top", environments=(LINUX, MACOS, WINDOWS))
    assert {name: set(chosen(one.plan)) - {"top"} for name, one in answers.items()} == {
        LINUX: {"old"},
        MACOS: {"bridge"},
        WINDOWS: {"colour"},
    }


def test_roots_with_a_marker_count_where_it_holds(locking: Locking, index: Index) -> None:
    for version in ("1.0", "2.0"):
        locking.world.publish(index, "demo", version)
    answers = locking(
        "demo<2; sys_platform == 'win32'", "demo; sys_platform != 'win32'", environments=(LINUX, WINDOWS)
    )
    assert [chosen(one.plan)["demo"] for one in answers.values()] == ["2.0", "1.0"]


def test_what_is_installed_here_does_not_count(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "2.0")
    here = target_of(environment(installed("demo", "1.0")))
    locked = resolve_for_lock(
        ResolveRequest(roots=(line("demo"),)),
        here,
        router=Router(locking.world.indexes, locking.world),
        client=locking.world,
        policy=locking.policy,
        now=NOW,
        sink=locking.events.append,
    )
    assert chosen(locked.plan) == {"demo": "2.0"}
    assert not locked.plan.satisfied


# --- patch levels ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "marker",
    [
        "python_full_version < '3.11.3'",
        "python_full_version >= '3.11.3'",
        "python_full_version == '3.11.4'",
        "python_full_version > '3.11.2' and python_full_version < '3.11.4'",
        "implementation_version >= '3.11.5'",
        "python_full_version <= '3.11.0'",
        "python_full_version ~= '3.11.6'",
        "python_full_version == '3.11.*'",
    ],
)
def test_a_dependency_of_some_patch_levels_is_locked(locking: Locking, index: Index, marker: str) -> None:
    locking.world.publish(index, "top", "1.0", f"helper; {marker}")
    locking.world.publish(index, "helper")
    assert "helper" in chosen(locking("top")[LINUX].plan)


@pytest.mark.parametrize(
    "marker",
    [
        "python_full_version < '3.11.0'",
        "python_full_version <= '3.11.0a6'",
        "python_full_version < '3.10.2'",
        "python_full_version >= '3.12.1'",
        "python_full_version > '3.11.2' and sys_platform == 'win32'",
    ],
)
def test_a_dependency_of_no_patch_level_is_not_locked(locking: Locking, index: Index, marker: str) -> None:
    locking.world.publish(index, "top", "1.0", f"helper; {marker}")
    locking.world.publish(index, "helper")
    assert set(chosen(locking("top")[LINUX].plan)) == {"top"}


def test_an_extra_of_some_patch_levels_is_locked_only_with_the_extra(locking: Locking, index: Index) -> None:
    requires = "helper; python_full_version < '3.11.3' and extra == 'x'"
    locking.world.publish(index, "top", "1.0", requires, extras=["x"])
    locking.world.publish(index, "helper")
    assert "helper" not in chosen(locking("top")[LINUX].plan)
    assert "helper" in chosen(locking("top[x]")[LINUX].plan)


def test_most_markers_have_no_patch_levels() -> None:
    assert not list(patch_levels(Marker("python_version < '3.12' and sys_platform == 'linux'"), MARKERS))


def test_patch_levels_are_those_where_the_marker_may_turn() -> None:
    levels = patch_levels(Marker("python_full_version >= '3.11.4' or python_full_version < '3.9.2'"), MARKERS)
    versions = [level["python_full_version"] for level in levels]
    assert versions == ["3.11.0", "3.11.3", "3.11.4", "3.11.5", "3.11.99"]


def test_the_versions_of_pypy_are_not_those_of_python() -> None:
    own = {"python_version": "3.11", "implementation_name": "pypy", "implementation_version": "7.3.1"}
    levels = patch_levels(Marker("python_full_version >= '3.11.4'"), own)
    assert {level["implementation_version"] for level in levels} == {"7.3.1"}


def test_a_release_that_leaves_out_an_early_patch_level_is_still_taken(
    locking: Locking, index: Index
) -> None:
    locking.world.publish(index, "demo", "1.0")
    locking.world.publish(index, "demo", "2.0", requires_python=">=3.10,!=3.11.0,!=3.11.1")
    assert chosen(locking("demo")[LINUX].plan) == {"demo": "2.0"}


def test_a_release_that_leaves_out_later_patch_levels_is_not_taken(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "1.0")
    locking.world.publish(index, "demo", "2.0", requires_python="<=3.11")
    assert chosen(locking("demo")[LINUX].plan) == {"demo": "1.0"}


# --- sources ---------------------------------------------------------------------------------------


def test_a_source_with_final_metadata_serves_every_environment(locking: Locking, index: Index) -> None:
    locking.world.publish_sdist(index, "demo", "1.0")
    locking.world.publish(index, "helper")
    locking.policy = admitting("demo")
    locking.sources = Told(demo=described("demo", "1.0", "sdist", "helper; sys_platform == 'win32'"))
    answers = locking("demo", environments=(LINUX, WINDOWS))
    assert [set(chosen(one.plan)) for one in answers.values()] == [{"demo"}, {"demo", "helper"}]
    assert all(one.plan.notes == () for one in answers.values())


def test_metadata_that_a_build_here_gave_is_noted_for_an_environment_elsewhere(
    locking: Locking, index: Index
) -> None:
    locking.world.publish_sdist(index, "demo", "1.0")
    locking.policy = admitting("demo")
    locking.sources = Told(demo=described("demo", "1.0", "build"))
    assert locking("demo", environments=(WINDOWS,))[WINDOWS].plan.notes == (
        f"demo 1.0: its metadata for {WINDOWS} was taken from a build on this machine",
    )


def test_a_source_that_is_not_admitted_is_never_opened_and_the_environment_is_named(
    locking: Locking, index: Index
) -> None:
    locking.world.publish_sdist(index, "demo", "1.0")
    locking.world.publish(index, "demo", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    locking.sources = told = Told(demo=described("demo", "1.0", "build"))
    assert chosen(locking("demo")[LINUX].plan) == {"demo": "1.0"}
    with pytest.raises(Refused) as caught:
        locking("demo", environments=(AARCH64,))
    (finding,) = caught.value.findings
    assert finding.rule == "sdist-build"
    assert finding.message.startswith(f"demo 1.0 offers no wheel that fits {AARCH64}, and building")
    assert f"demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl is not for {AARCH64}" in finding.notes
    assert f"in the environment {AARCH64}" in finding.notes
    assert told.asked == []


def test_a_newer_source_that_is_passed_over_names_the_environment(locking: Locking, index: Index) -> None:
    locking.world.publish_sdist(index, "demo", "2.0")
    locking.world.publish(index, "demo", "1.0")
    (note,) = locking("demo", environments=(AARCH64,))[AARCH64].plan.notes
    assert note == f"warning: demo 2.0 passed over: only a source distribution fits {AARCH64} (sdist-build)"


# --- errors ----------------------------------------------------------------------------------------


def test_a_conflict_names_the_environment(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "1.0", "shared<2; sys_platform == 'darwin'")
    locking.world.publish(index, "shared", "1.0")
    locking.world.publish(index, "shared", "2.0")
    assert chosen(locking("demo", "shared>=2")[LINUX].plan)["shared"] == "2.0"
    with pytest.raises(ResolutionError) as caught:
        locking("demo", "shared>=2", environments=(LINUX, MACOS))
    assert caught.value.notes[-1] == f"in the environment {MACOS}"
    assert caught.value.reference == "resolution-impossible"


def test_a_project_without_a_file_for_one_environment_is_not_found_there(
    locking: Locking, index: Index
) -> None:
    locking.world.publish(index, "demo", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    with pytest.raises(ResolutionError, match="No matching distribution found for demo") as caught:
        locking("demo", environments=(MACOS,))
    assert f"in the environment {MACOS}" in caught.value.notes


def test_metadata_that_cannot_be_trusted_names_only_the_environment_that_met_it() -> None:
    """The client raises the very same error for each environment."""
    with IndexServer() as server, connected() as run:
        server.add_wheel(make_wheel("other", "1.0"), "demo-1.0-py3-none-any.whl")
        index = index_of(server)
        router = Router([index], run.client)
        told = []
        for name in (LINUX, MACOS):
            with pytest.raises(Refused) as caught:
                resolve_for_lock(
                    ResolveRequest(roots=(line("demo"),)),
                    target(name),
                    router=router,
                    client=run.client,
                    policy=Policy(),
                    now=NOW,
                    sink=run.events.append,
                )
            told.append([note for note in caught.value.findings[0].notes if "environment" in note])
    assert told == [[f"in the environment {LINUX}"], [f"in the environment {MACOS}"]]


# --- requests --------------------------------------------------------------------------------------


def test_six_environments_ask_each_index_once_for_each_project(locking: Locking) -> None:
    corp, public = locking.world.index("corp", "acme-*"), locking.world.index("pypi", "*")
    locking.world.publish(public, "demo", "1.0", "acme-core", "win; sys_platform == 'win32'")
    locking.world.publish(public, "win", "1.0")
    locking.world.publish(corp, "acme-core", "1.0")
    locking("demo", environments=SIX)
    assert Counter(locking.world.asked) == {("pypi", "demo"): 1, ("pypi", "win"): 1, ("corp", "acme-core"): 1}


def test_six_environments_make_no_request_twice() -> None:
    with IndexServer() as server, connected() as run:
        server.add_wheel(make_wheel("demo", "1.0", requires=["helper"]), "demo-1.0-py3-none-any.whl")
        server.add_wheel(make_wheel("helper", "1.0"), "helper-1.0-py3-none-any.whl")
        index = index_of(server)
        router = Router([index], run.client)
        for name in SIX:
            locked = resolve_for_lock(
                ResolveRequest(roots=(line("demo"),)),
                target(name),
                router=router,
                client=run.client,
                policy=Policy(),
                now=NOW,
                sink=run.events.append,
            )
            assert chosen(locked.plan) == {"demo": "1.0", "helper": "1.0"}
        asked = Counter(server.paths_asked())
    pages = {path: count for path, count in asked.items() if path.startswith("/simple/")}
    assert pages == {"/simple/demo/": 1, "/simple/helper/": 1}
    assert set(asked.values()) == {1}
