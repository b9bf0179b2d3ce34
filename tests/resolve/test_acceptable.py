"""Every file of a chosen version that would do, and why others do not get into a lock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safepip.core.digest import Digests
from safepip.core.errors import Refused
from safepip.core.finding import Finding
from safepip.core.index import Index, IndexKind
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.project import Pattern
from safepip.policy.schema import Policy
from safepip.resolve.request import FormatControl
from tests.fakes.world import ago
from tests.resolve.asking import NOW, direct, line
from tests.resolve.locking import LINUX, MACOS, WINDOWS, Locking, Told, described, locked_files
from tests.resolve.universe import make_case
from tests.support.wheels import make_wheel, sha256

NEW = "cp311-cp311-manylinux_2_28_x86_64"
OLD = "cp311-cp311-manylinux2014_x86_64"
LONG_AGO = ago(NOW, days=900)
USER = Origin(layer=Layer.USER, kind=Place.FILE, place="policy.toml", line=3)


@pytest.fixture
def locking() -> Locking:
    return Locking()


@pytest.fixture
def index(locking: Locking) -> Index:
    return locking.world.index("pypi")


def admitting(*patterns: str) -> Policy:
    return Policy(sdists=Sourced(value=tuple(map(Pattern.parse, patterns)), origin=USER))


def test_every_wheel_that_fits_is_listed_the_chosen_one_first(locking: Locking, index: Index) -> None:
    for tag in (OLD, "py3-none-any", NEW):
        locking.world.publish(index, "demo", "1.0", tag=tag)
    locked = locking("demo")[LINUX]
    assert locked_files(locked, "demo") == [
        f"demo-1.0-{NEW}.whl",
        f"demo-1.0-{OLD}.whl",
        "demo-1.0-py3-none-any.whl",
    ]
    assert locked.plan.steps[0].file.filename == f"demo-1.0-{NEW}.whl"
    assert locked.files.unmeasured == ()


def test_wheels_for_elsewhere_and_of_other_versions_are_not_listed(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "1.0", tag=NEW)
    for tag in (
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp311-cp311-macosx_11_0_arm64",
        "cp311-cp311-win_amd64",
    ):
        locking.world.publish(index, "demo", "1.0", tag=tag)
    locking.world.publish(index, "demo", "0.9", tag=NEW)
    locking.world.publish(index, "demo", "1.0+local", tag="cp311-cp311-macosx_11_0_arm64")
    assert locked_files(locking("demo")[LINUX], "demo") == [f"demo-1.0-{NEW}.whl"]


def test_each_environment_gets_its_own_files(locking: Locking, index: Index) -> None:
    for tag in (NEW, "cp312-cp312-macosx_11_0_arm64", "py3-none-any", "cp313-cp313-win_amd64"):
        locking.world.publish(index, "demo", "1.0", tag=tag)
    answers = locking("demo", environments=(LINUX, MACOS, WINDOWS))
    assert {name: locked_files(one, "demo")[0].split("-", 2)[2] for name, one in answers.items()} == {
        LINUX: f"{NEW}.whl",
        MACOS: "cp312-cp312-macosx_11_0_arm64.whl",
        WINDOWS: "cp313-cp313-win_amd64.whl",
    }
    assert all("demo-1.0-py3-none-any.whl" in locked_files(one, "demo") for one in answers.values())


def test_a_wheel_added_late_to_an_old_release_is_as_fresh_as_a_new_one(locking: Locking) -> None:
    index = locking.world.index("pypi", min_age=timedelta(days=7))
    locking.world.publish(index, "demo", "1.0", upload_time=LONG_AGO)
    locking.world.publish(index, "demo", "1.0", tag=NEW, upload_time=ago(NOW, hours=5))
    locked = locking("demo")[LINUX]
    assert locked_files(locked, "demo") == ["demo-1.0-py3-none-any.whl"]
    assert [note for note in locked.plan.notes if NEW in note and "fresh-release" in note]


def test_a_late_wheel_that_is_old_enough_is_listed(locking: Locking) -> None:
    index = locking.world.index("pypi", min_age=timedelta(days=7))
    locking.world.publish(index, "demo", "1.0", upload_time=LONG_AGO)
    locking.world.publish(index, "demo", "1.0", tag=NEW, upload_time=ago(NOW, days=8))
    assert len(locked_files(locking("demo")[LINUX], "demo")) == 2


def test_a_fresh_wheel_that_is_not_the_best_is_left_out_too(locking: Locking) -> None:
    index = locking.world.index("pypi", min_age=timedelta(days=7))
    locking.world.publish(index, "demo", "1.0", tag=NEW, upload_time=LONG_AGO)
    locking.world.publish(index, "demo", "1.0", upload_time=ago(NOW, hours=5))
    locked = locking("demo")[LINUX]
    assert locked_files(locked, "demo") == [f"demo-1.0-{NEW}.whl"]
    (note,) = locked.plan.notes
    assert note.startswith("demo-1.0-py3-none-any.whl left out: ")


def test_a_single_yanked_file_is_not_listed(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "1.0", tag=NEW)
    locking.world.publish(index, "demo", "1.0", yanked="built wrongly")
    assert locked_files(locking("demo")[LINUX], "demo") == [f"demo-1.0-{NEW}.whl"]


def test_files_of_a_yanked_release_that_is_pinned_are_listed(locking: Locking, index: Index) -> None:
    for tag in (NEW, OLD):
        locking.world.publish(index, "demo", "1.0", tag=tag, yanked="broken")
    assert len(locked_files(locking("demo==1.0")[LINUX], "demo")) == 2


def test_a_file_without_a_strong_digest_is_left_out_and_said(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "1.0", tag=NEW)
    locking.world.publish(index, "demo", "1.0", digests=Digests())
    locked = locking("demo")[LINUX]
    assert locked_files(locked, "demo") == [f"demo-1.0-{NEW}.whl"]
    assert "weak-digest" in locked.plan.notes[0]


def test_a_file_on_a_foreign_host_is_left_out(locking: Locking) -> None:
    index = locking.world.index("corp", file_hosts=frozenset({"files.corp.example"}))
    locking.world.publish(index, "demo", "1.0", tag=NEW)
    locking.world.publish(index, "demo", "1.0", url="https://elsewhere.example/demo-1.0-py3-none-any.whl")
    assert locked_files(locking("demo")[LINUX], "demo") == [f"demo-1.0-{NEW}.whl"]


def test_a_source_archive_is_listed_only_where_it_may_be_built(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "1.0", tag=NEW)
    locking.world.publish_sdist(index, "demo", "1.0")
    refused = locking("demo")[LINUX]
    assert locked_files(refused, "demo") == [f"demo-1.0-{NEW}.whl"]
    assert refused.plan.notes == ()
    locking.policy = admitting("demo")
    assert locked_files(locking("demo")[LINUX], "demo") == [f"demo-1.0-{NEW}.whl", "demo-1.0.tar.gz"]


def test_format_control_holds_for_every_file(locking: Locking, index: Index) -> None:
    locking.world.publish(index, "demo", "1.0", tag=NEW)
    locking.world.publish_sdist(index, "demo", "1.0")
    locking.policy = admitting("*")
    wheels = locking("demo", format_control=FormatControl(only_binary=frozenset({":all:"})))[LINUX]
    assert locked_files(wheels, "demo") == [f"demo-1.0-{NEW}.whl"]
    locking.sources = Told(demo=described("demo", "1.0", "sdist"))
    sources = locking("demo", format_control=FormatControl(no_binary=frozenset({"demo"})))[LINUX]
    assert locked_files(sources, "demo") == ["demo-1.0.tar.gz"]


def test_hashes_of_the_user_leave_other_files_out(locking: Locking, index: Index) -> None:
    wanted = [locking.world.publish(index, "demo", "1.0", tag=tag) for tag in (NEW, OLD)]
    locking.world.publish(index, "demo", "1.0")
    root = line("demo", *(f"sha256:{file.digests.sha256}" for file in wanted))
    assert locked_files(locking(root)[LINUX], "demo") == [file.filename for file in wanted]


def test_a_file_that_changed_since_its_first_use_stops(locking: Locking, index: Index) -> None:
    """Also one that nothing chose: it would silently get into the lock."""
    locking.world.publish(index, "demo", "1.0", tag=NEW)
    other = locking.world.publish(index, "demo", "1.0")

    def first_use(project, version, index, file, beside) -> None:
        if file.filename == other.filename:
            raise Refused([Finding(rule="republished-file", message="changed", origin=USER, subject=project)])

    locking.first_use = first_use
    with pytest.raises(Refused) as caught:
        locking("demo")
    assert [finding.rule for finding in caught.value.findings] == ["republished-file"]


def test_only_files_that_every_serving_index_has_are_listed(locking: Locking) -> None:
    mirror, public = locking.world.index("mirror"), locking.world.index("pypi")
    for index in (mirror, public):
        locking.world.publish(index, "demo", "1.0", tag=OLD)
    locking.world.publish(mirror, "demo", "1.0", tag=NEW)
    locking.world.publish(public, "demo", "1.0", content=make_wheel("demo", "1.0", description="public"))
    locking.world.publish(mirror, "demo", "1.0", content=make_wheel("demo", "1.0", description="mirror"))
    assert locked_files(locking("demo")[LINUX], "demo") == [f"demo-1.0-{OLD}.whl"]


def test_files_of_a_mirror_merge_with_those_of_its_index(locking: Locking) -> None:
    public = locking.world.index("pypi", "*")
    mirror = locking.world.index("near", mirror_of="pypi")
    locking.world.publish(public, "demo", "1.0", tag=NEW)
    locking.world.publish(mirror, "demo", "1.0", tag=OLD)
    locked = locking("demo")[LINUX]
    assert {one.file.filename: one.index.name for one in locked.files.everything} == {
        f"demo-1.0-{NEW}.whl": "pypi",
        f"demo-1.0-{OLD}.whl": "near",
    }


def test_files_of_a_local_folder_wait_for_being_measured(locking: Locking) -> None:
    folder = locking.world.folder()
    content = make_wheel("demo", "1.0")
    file = locking.world.publish(folder, "demo", "1.0", content=content)
    locked = locking("demo")[LINUX]
    (one,) = locked.files.unmeasured
    assert (one.project, one.index.kind, one.file) == ("demo", IndexKind.LOCAL_FOLDER, file)
    with pytest.raises(KeyError):
        locked.files.by_project({})
    (measured,) = locked.files.by_project({file.url: sha256(content)})[one.project]
    assert measured.digests.sha256 == sha256(content)


def test_files_of_an_index_that_records_digests_wait_too(locking: Locking) -> None:
    index = locking.world.index("old", records_digests=True)
    locking.world.publish(index, "demo", "1.0", digests=Digests())
    assert len(locking("demo")[LINUX].files.unmeasured) == 1


def test_a_direct_file_has_no_entry(locking: Locking) -> None:
    locking.world.index("pypi")
    content = make_wheel("demo", "1.5")
    url = "https://files.example/demo-1.5-py3-none-any.whl"
    locking.world.serve_file(url, content)
    locked = locking(direct(url, f"sha256:{sha256(content)}"))[LINUX]
    assert locked.plan.steps[0].direct
    assert locked.files.everything == ()


@pytest.mark.parametrize("seed", range(120))
def test_the_chosen_file_is_always_the_first_of_those_that_would_do(seed: int) -> None:
    case, locking = make_case(seed), Locking()
    index = locking.world.index("pypi")
    for release in case.releases:
        for tag in dict.fromkeys((release.tag, "cp312-cp312-win_amd64", "py2.py3-none-any")):
            yanked = release.yanked if tag.endswith("win_amd64") else None
            locking.world.publish(
                index, release.name, release.version, tag=tag, build=release.build, yanked=yanked
            )
    roots = sorted({release.name for release in case.releases})
    for locked in locking(*roots, environments=(LINUX, "windows-amd64-cp312")).values():
        assert {step.project for step in locked.plan.steps} == set(roots)
        files = locked.files.by_project({})
        assert {step.project: step.file for step in locked.plan.steps} == {
            project: listed[0] for project, listed in files.items()
        }
        for step in locked.plan.steps:
            assert all(f"-{step.version}-" in file.filename for file in files[step.project])
            assert len({file.filename for file in files[step.project]}) == len(files[step.project])
