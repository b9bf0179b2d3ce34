"""Locking again: what the old lock has stays, as far as it still fits."""

from __future__ import annotations

import pytest
from packaging.version import Version

from safepip.core.digest import Digests
from safepip.core.errors import ResolutionError
from safepip.core.index import Index
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.policy.schema import Policy
from tests.fakes.world import ago
from tests.resolve.asking import NOW, chosen, line
from tests.resolve.locking import LINUX, Locking
from tests.resolve.universe import make_case

LONG_AGO = ago(NOW, days=90)


@pytest.fixture
def locking() -> Locking:
    return Locking()


@pytest.fixture
def index(locking: Locking) -> Index:
    return locking.world.index("pypi")


def again(locking: Locking, *roots: object, old: dict[str, str], **options: object) -> dict[str, str]:
    return chosen(locking(*roots, preferred=old, **options)[LINUX].plan)  # type: ignore[arg-type]  # as Locking takes them


def publish(locking: Locking, index: Index, name: str, *versions: str) -> None:
    for version in versions:
        locking.world.publish(index, name, version)


def test_a_locked_version_stays_where_a_newer_one_exists(locking: Locking, index: Index) -> None:
    publish(locking, index, "demo", "1.0", "1.1", "2.0")
    assert again(locking, "demo", old={"demo": "1.1"}) == {"demo": "1.1"}
    assert again(locking, "demo", old={}) == {"demo": "2.0"}


def test_only_what_must_change_changes(locking: Locking, index: Index) -> None:
    publish(locking, index, "one", "1.0", "2.0")
    publish(locking, index, "two", "1.0", "1.5", "2.0")
    locking.world.publish(index, "new", "1.0", "two>=1.5")
    assert again(locking, "one", "two", "new", old={"one": "1.0", "two": "1.0"}) == {
        "one": "1.0",
        "two": "2.0",
        "new": "1.0",
    }


def test_a_locked_dependency_stays_too(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "top", "1.0", "deep")
    publish(locking, index, "deep", "1.0", "2.0")
    assert again(locking, "top", old={"deep": "1.0"}) == {"top": "1.0", "deep": "1.0"}


def test_a_locked_version_that_conflicts_now_moves(locking: Locking, index: Index) -> None:
    publish(locking, index, "shared", "1.0", "2.0")
    locking.world.publish(index, "old", "1.0", "shared<2")
    locking.world.publish(index, "old", "2.0", "shared")
    old = {"old": "1.0", "shared": "1.0"}
    assert again(locking, "old", "shared>=2", old=old) == {"old": "2.0", "shared": "2.0"}
    assert again(locking, "old", "shared", old=old) == {"old": "1.0", "shared": "1.0"}


def test_a_version_that_is_not_on_offer_any_more_moves(locking: Locking, index: Index) -> None:
    publish(locking, index, "demo", "1.0", "2.0")
    assert again(locking, "demo", old={"demo": "1.7"}) == {"demo": "2.0"}


def test_of_several_locked_versions_the_newest_that_fits_stays(locking: Locking, index: Index) -> None:
    publish(locking, index, "demo", "1.0", "1.1", "1.2", "2.0")
    assert again(locking, "demo", old={"demo": "1.0 1.1"}) == {"demo": "1.1"}
    assert again(locking, "demo!=1.1", old={"demo": "1.0 1.1"}) == {"demo": "1.0"}


def test_a_locked_version_that_was_yanked_moves(locking: Locking, index: Index) -> None:
    publish(locking, index, "demo", "1.0", "2.0")
    locking.world.yank(index, "demo", "1.0", "broken")
    assert again(locking, "demo", old={"demo": "1.0"}) == {"demo": "2.0"}
    assert again(locking, "demo==1.0", old={"demo": "1.0"}) == {"demo": "1.0"}


def test_a_locked_prerelease_stays_only_where_it_would_be_allowed(locking: Locking, index: Index) -> None:
    publish(locking, index, "demo", "1.0", "2.0rc1", "2.0rc2")
    assert again(locking, "demo", old={"demo": "2.0rc1"}) == {"demo": "1.0"}
    assert again(locking, "demo>=2.0rc1", old={"demo": "2.0rc1"}) == {"demo": "2.0rc1"}


def test_a_locked_version_that_policy_refuses_moves(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "1.0", digests=Digests())
    publish(locking, index, "demo", "0.9", "2.0")
    assert again(locking, "demo", old={"demo": "1.0"}) == {"demo": "2.0"}


def test_a_locked_version_that_only_a_fresh_file_offers_is_not_kept(locking: Locking, index: Index) -> None:
    origin = Origin(layer=Layer.USER, kind=Place.FILE, place="policy.toml")
    locking.policy = Policy(min_age=Sourced(value=Policy().min_age.value, origin=origin))
    locking.world.publish(index, "demo", "1.0", upload_time=ago(NOW, hours=2))
    locking.world.publish(index, "demo", "0.9", upload_time=LONG_AGO)
    assert again(locking, "demo", old={"demo": "1.0"}) == {"demo": "0.9"}


def test_hashes_of_the_user_count_for_more_than_the_old_lock(locking: Locking, index: Index) -> None:
    publish(locking, index, "demo", "1.0")
    wanted = locking.world.publish(index, "demo", "2.0")
    root = line("demo", f"sha256:{wanted.digests.sha256}")
    assert again(locking, root, old={"demo": "1.0"}) == {"demo": "2.0"}


def test_the_best_file_of_a_locked_version_is_chosen(locking: Locking, index: Index) -> None:
    publish(locking, index, "demo", "2.0")
    locking.world.publish(index, "demo", "1.0")
    locking.world.publish(index, "demo", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    (step,) = locking("demo", preferred={"demo": "1.0"})[LINUX].plan.steps
    assert step.file.filename == "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"


@pytest.mark.parametrize("seed", range(240))
def test_locking_again_gives_the_same(seed: int) -> None:
    """In any universe: what was chosen is chosen again, and new releases change nothing."""
    case, locking = make_case(seed), Locking()
    index = locking.world.index("pypi")
    for release in case.releases:
        locking.world.publish(
            index,
            release.name,
            release.version,
            tag=release.tag,
            build=release.build,
            content=release.content,
            requires_python=release.page_python,
            yanked=release.yanked,
        )
    try:
        first = again(locking, *case.roots, old={})
    except ResolutionError:
        return
    for name, version in first.items():
        # A pre-release that nothing asks for gives way to the first final release.
        if not Version(version).is_prerelease:
            locking.world.publish(index, name, "9.0")
    assert again(locking, *case.roots, old=first) == first
