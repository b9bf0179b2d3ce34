"""One source for each name: patterns, answers, silence, squatting."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.errors import ExitCode, Refused
from safepip.core.index import Absent, Answer, FileEntry, Index, ProjectStatus, WheelMetadata
from safepip.core.plan import RouteReason
from safepip.route import Ask, NotFound, Routed, Router, decide
from tests.fakes.world import Unwired, World
from tests.support.wheels import make_wheel

ACME = canonicalize_name("acme-core")


@pytest.fixture
def world() -> World:
    return World()


def found(world: World, name: str = "acme-core") -> Routed:
    routed = Router(world.indexes, world).find(canonicalize_name(name))
    assert isinstance(routed, Routed)
    return routed


def refusal(world: World, name: str = "acme-core") -> Refused:
    with pytest.raises(Refused) as caught:
        Router(world.indexes, world).find(canonicalize_name(name))
    return caught.value


def filenames(routed: Routed) -> list[str]:
    return [file.filename for _, files in routed.files for file in files]


# --- patterns ------------------------------------------------------------------------------------


def test_exact_name_beats_longest_prefix_beats_everything(world: World) -> None:
    everything, short, long, exact = (
        world.index("everything", "*"),
        world.index("short", "acme-*"),
        world.index("long", "acme-co*"),
        world.index("exact", "acme-core"),
    )
    for index in (everything, short, long, exact):
        for name in ("acme-core", "acme-cord", "acme-x", "flask"):
            world.publish(index, name)
    assert found(world, "acme-core").route.index == exact
    assert found(world, "acme-cord").route.index == long
    assert found(world, "acme-x").route.index == short
    assert found(world, "flask").route.index == everything
    assert found(world, "acme-x").route.pattern == "acme-*"


def test_a_name_matched_elsewhere_is_never_sent_to_other_indexes(world: World) -> None:
    corp, public = world.index("corp", "acme-*"), world.index("pypi", "*", built_in=True)
    world.publish(corp, "acme-core")
    world.publish(public, "acme-core", "99.0")
    assert found(world).route.index == corp
    assert world.asked == [("corp", "acme-core")]


def test_a_pattern_is_exclusive_when_its_index_lacks_the_project(world: World) -> None:
    world.index("corp", "acme-*")
    public = world.index("pypi", "*", built_in=True)
    world.publish(public, "acme-core")
    outcome = Router(world.indexes, world).find(ACME)
    assert isinstance(outcome, NotFound)
    assert "corp only" in outcome.note
    assert world.asked == [("corp", "acme-core")]


def test_unreachable_private_index_does_not_fall_back_to_public(world: World) -> None:
    corp, public = world.index("corp", "acme-*"), world.index("pypi", "*")
    world.publish(public, "acme-core")
    world.fall_silent(corp)
    assert refusal(world).exit_code is ExitCode.UNDECIDED
    assert ("pypi", "acme-core") not in world.asked


def test_the_same_pattern_twice_is_refused(world: World) -> None:
    for name in ("one", "two"):
        world.publish(world.index(name, "acme-*"), "acme-core")
    assert refusal(world).findings[0].rule == "ambiguous-project"


def test_a_pattern_decides_over_a_local_folder(world: World) -> None:
    folder, corp = world.folder(), world.index("corp", "acme-*")
    world.publish(folder, "acme-core", "9.0")
    world.publish(corp, "acme-core")
    assert found(world).route.index == corp


# --- one index, several indexes ------------------------------------------------------------------


def test_the_only_index_serves_everything(world: World) -> None:
    world.publish(world.index("pypi"), "acme-core")
    assert found(world).route.reason is RouteReason.ONLY_INDEX


def test_no_index_at_all_is_not_found(world: World) -> None:
    outcome = Router((), world).find(ACME)
    assert outcome == NotFound(project=ACME)


def test_exactly_one_serving_index_is_taken_and_all_were_asked(world: World) -> None:
    corp, public = world.index("corp"), world.index("pypi")
    world.publish(public, "acme-core")
    routed = found(world)
    assert routed.route.indexes == (public,)
    assert routed.route.reason is RouteReason.ONLY_SERVING
    assert set(world.asked) == {("corp", "acme-core"), ("pypi", "acme-core")}
    del corp


def test_a_stolen_name_with_a_higher_version_gains_nothing(world: World) -> None:
    corp, public = world.index("corp"), world.index("pypi", built_in=True)
    world.publish(corp, "acme-core", "1.0")
    world.publish(public, "acme-core", "99.0")
    (finding,) = refusal(world).findings
    assert finding.rule == "ambiguous-project"
    assert any("corp" in note and "1.0" in note for note in finding.notes)
    assert any("pypi" in note and "99.0" in note for note in finding.notes)
    assert 'name = "corp"' in (finding.help or "")
    assert 'packages = ["acme-core"]' in (finding.help or "")
    # "*" would take the other private names, which nobody asked about, away from corp.
    assert "*" not in (finding.help or "")


def test_a_partial_mirror_makes_only_identical_files_candidates(world: World) -> None:
    mirror, public = world.index("mirror"), world.index("pypi")
    same = world.publish(public, "acme-core", "1.0")
    world.publish(mirror, "acme-core", "1.0")
    world.publish(public, "acme-core", "2.0")
    routed = found(world)
    assert routed.route.reason is RouteReason.SAME_FILES
    assert filenames(routed) == [same.filename]
    assert [index.name for index, files in routed.files if files] == ["mirror"]


def test_the_same_bytes_under_another_file_name_do_not_count(world: World) -> None:
    corp, public = world.index("corp"), world.index("pypi")
    listed = world.publish(corp, "acme-core", "1.0")
    world.publish(public, "acme-core", "2.0", digests=listed.digests)
    assert refusal(world).findings[0].rule == "ambiguous-project"


def test_a_common_file_under_another_name_is_no_candidate(world: World) -> None:
    """Otherwise an index could sell an old version as the newest."""
    ours, other = world.index("ours"), world.index("other")
    wheel = make_wheel("acme-core", "1.0")
    for index in (ours, other):
        world.publish(index, "acme-core", "1.0", content=wheel)
    world.publish(other, "acme-core", "99.0", content=wheel)
    assert filenames(found(world)) == ["acme_core-1.0-py3-none-any.whl"]


def test_an_index_without_digests_never_counts_as_serving_the_same(world: World) -> None:
    from safepip.core.digest import Digests

    for name in ("corp", "pypi"):
        world.publish(world.index(name), "acme-core", digests=Digests())
    assert refusal(world).findings[0].rule == "ambiguous-project"


def test_a_file_yanked_on_any_serving_index_is_yanked(world: World) -> None:
    mirror, public = world.index("mirror"), world.index("pypi")
    for index in (mirror, public):
        world.publish(index, "acme-core")
    world.yank(public, "acme-core", "1.0", "broken")
    (file,) = [file for _, files in found(world).files for file in files]
    assert file.yanked == "broken"


# --- silence -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule,exit_code",
    [("index-unavailable", ExitCode.UNDECIDED), ("tls-failure", ExitCode.REFUSED)],
)
def test_unknown_is_not_absent(world: World, rule: str, exit_code: ExitCode) -> None:
    corp, public = world.index("corp"), world.index("pypi")
    world.publish(public, "acme-core")
    world.fall_silent(corp, rule)
    error = refusal(world)
    assert error.findings[0].rule == rule
    assert error.exit_code is exit_code


def test_an_index_to_be_skipped_counts_as_absent_and_is_noted(world: World) -> None:
    corp, public = world.index("corp", skip_unavailable=True), world.index("pypi")
    world.publish(public, "acme-core")
    world.fall_silent(corp)
    routed = found(world)
    assert routed.route.indexes == (public,)
    assert any("corp gave no answer" in note for note in routed.notes)

    missing = Router(world.indexes, world).find(canonicalize_name("other"))
    assert isinstance(missing, NotFound)
    assert (
        missing.note
        == "other was looked for in corp and pypi; corp gave no answer, and its entry says to skip it then"
    )


@pytest.mark.parametrize("rule", ["tls-failure", "plaintext-link", "file-host", "quarantined-project"])
def test_only_silence_is_skipped(world: World, rule: str) -> None:
    corp, public = world.index("corp", skip_unavailable=True), world.index("pypi")
    world.publish(public, "acme-core")
    world.fall_silent(corp, rule)
    assert refusal(world).findings[0].rule == rule


def test_nothing_is_decided_before_every_index_has_answered(world: World) -> None:
    corp, public = world.index("corp"), world.index("pypi")
    outcome = decide(ACME, (corp, public), {"pypi": Absent()})
    assert outcome == Ask(indexes=(corp,))


def test_a_hanging_index_holds_nobody_else_up(world: World) -> None:
    corp, public = world.index("corp", "acme-*"), world.index("pypi", "*")
    world.hang(corp)
    world.publish(public, "flask")
    router = Router(world.indexes, world)
    router.prefetch(ACME)
    assert isinstance(router.find(canonicalize_name("flask")), Routed)


# --- local folders and mirrors -------------------------------------------------------------------


def test_a_local_folder_that_serves_a_name_keeps_it_on_the_machine(world: World) -> None:
    folder, public = world.folder(), world.index("pypi")
    world.publish(folder, "acme-core", "1.0")
    world.publish(public, "acme-core", "99.0")
    routed = found(world)
    assert routed.route.reason is RouteReason.LOCAL_FOLDER
    assert routed.route.indexes == (folder,)
    assert world.asked == [("/wheels", "acme-core")]


def test_a_name_that_no_local_folder_has_is_asked_elsewhere(world: World) -> None:
    world.folder()
    public = world.index("pypi")
    world.publish(public, "acme-core")
    assert found(world).route.indexes == (public,)


def test_a_missing_local_root_stops(world: World) -> None:
    folder, public = world.folder(), world.index("pypi")
    world.publish(public, "acme-core")
    world.fall_silent(folder)
    assert refusal(world).exit_code is ExitCode.UNDECIDED


def test_several_local_folders_merge(world: World) -> None:
    one, two = world.folder("/one"), world.folder("/two")
    world.publish(one, "acme-core", "1.0")
    world.publish(two, "acme-core", "1.0")
    world.publish(two, "acme-core", "2.0")
    routed = found(world)
    listed = [(index.name, file.filename.split("-")[1]) for index, files in routed.files for file in files]
    assert sorted(listed) == [("/one", "1.0"), ("/two", "2.0")]


def test_a_declared_mirror_merges_but_replaces_nothing(world: World) -> None:
    public, mirror = world.index("pypi"), world.index("mirror", mirror_of="pypi")
    genuine = world.publish(public, "acme-core", "1.0")
    world.publish(mirror, "acme-core", "1.0", content=b"other bytes")
    world.publish(mirror, "acme-core", "0.9")
    routed = found(world)
    chosen = {file.filename: file.digests for _, files in routed.files for file in files}
    assert chosen[genuine.filename] == genuine.digests
    assert len(chosen) == 2


def test_a_silent_mirror_stops_too(world: World) -> None:
    public, mirror = world.index("pypi"), world.index("mirror", mirror_of="pypi")
    world.publish(public, "acme-core")
    world.fall_silent(mirror)
    assert refusal(world).exit_code is ExitCode.UNDECIDED


def test_an_archived_project_is_noted(world: World) -> None:
    public = world.index("pypi")
    world.publish(public, "acme-core")
    world.set_status(public, "acme-core", ProjectStatus.ARCHIVED)
    assert any("archived" in note for note in found(world).notes)


# --- what messages show, and asking from threads ---------------------------------------------------


def test_what_pages_claim_about_other_places_is_shown_and_decides_nothing(world: World) -> None:
    corp, public = world.index("corp"), world.index("pypi")
    for index in (corp, public):
        world.publish(index, "acme-core", content=make_wheel("acme-core", description=index.name))
    world.claim_places(public, "acme-core", tracks=("https://corp.example/simple/acme-core/",))
    (finding,) = refusal(world).findings
    assert any("says that it tracks" in note for note in finding.notes)
    assert any("says that it is also at" in note for note in finding.notes)


def test_the_table_shows_dates_and_copes_with_any_file_name(world: World) -> None:
    corp, public = world.index("corp", "other-*"), world.index("pypi")
    world.publish_sdist(corp, "acme-core", "nonsense")
    world.publish_sdist(public, "acme-core", "3.0", upload_time=datetime(2026, 3, 1, tzinfo=UTC))
    (finding,) = refusal(world).findings
    assert [note.split() for note in finding.notes[1:]] == [
        ["corp", "-", "-", "1", "0"],
        ["pypi", "3.0", "2026-03-01", "1", "0"],
    ]
    assert 'packages = ["other-*", "acme-core"]' in (finding.help or "")


def test_a_project_that_nobody_has_names_who_was_asked(world: World) -> None:
    world.index("corp")
    world.index("pypi")
    outcome = Router(world.indexes, world).find(ACME)
    assert isinstance(outcome, NotFound)
    assert outcome.note == "acme-core was looked for in corp and pypi"
    assert NotFound(project=ACME).note == "no index may be asked"


def test_answers_may_come_from_threads_in_any_order(world: World) -> None:
    for number in range(8):
        world.index(f"index-{number}")
    world.publish(world.indexes[3], "acme-core")
    with ThreadPoolExecutor(8) as pool:
        router = Router(world.indexes, Threaded(world, pool))
        for number in range(20):
            router.prefetch(canonicalize_name(f"other-{number}"))
        routed = router.find(ACME)
        assert isinstance(routed, Routed)
        assert routed.route.index == world.indexes[3]
        for number in range(20):
            assert isinstance(router.find(canonicalize_name(f"other-{number}")), NotFound)


def test_a_bug_of_the_client_reaches_whoever_needs_the_answer(world: World) -> None:
    elsewhere = World()
    unwired = (elsewhere.index("one"), elsewhere.index("two"))
    router = Router(unwired, world)
    router.prefetch(ACME)
    with pytest.raises(Unwired):
        router.find(ACME)
    with ThreadPoolExecutor(2) as pool, pytest.raises(Unwired):
        Router(unwired, Threaded(world, pool)).find(ACME)


class Threaded:
    """The world's answers, each from a thread."""

    def __init__(self, world: World, pool: ThreadPoolExecutor) -> None:
        self._world = world
        self._pool = pool

    def listing(self, index: Index, project: NormalizedName) -> Future[Answer]:
        return self._pool.submit(lambda: self._world.listing(index, project).result())

    def metadata(self, index: Index, file: FileEntry) -> Future[WheelMetadata]:
        return self._world.metadata(index, file)


def test_in_the_strict_mode_a_name_without_a_pattern_is_told_to_nobody(world: World) -> None:
    world.publish(world.index("corp", "acme-*"), "requests")
    router = Router(world.indexes, world, patterns_only=True)
    with pytest.raises(Refused) as caught:
        router.find(canonicalize_name("requests"))
    assert caught.value.findings[0].rule == "unrouted-project"
    assert world.asked == []


def test_in_the_strict_mode_a_pattern_and_a_local_folder_still_decide(world: World) -> None:
    corp, folder = world.index("corp", "acme-*"), world.folder()
    world.publish(corp, "acme-core")
    world.publish(folder, "requests")
    router = Router(world.indexes, world, patterns_only=True)
    routes = [router.find(canonicalize_name(name)) for name in ("acme-core", "requests")]
    assert [routed.route.index for routed in routes if isinstance(routed, Routed)] == [corp, folder]
