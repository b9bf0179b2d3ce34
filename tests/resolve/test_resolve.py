"""What ends up in a plan: routes, direct wheels, markers, options, words of failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from packaging.tags import Tag

from safepip.core.errors import ExitCode, Refused, ResolutionError
from safepip.core.index import ProjectStatus
from safepip.core.plan import RouteReason
from safepip.core.subjects import RequirementKind
from safepip.resolve.request import FormatControl, ReleaseControl, UpgradeStrategy
from tests.fakes.world import ago
from tests.resolve.asking import NOW, Asking, chosen, direct, environment, installed, line, names
from tests.support.wheels import make_wheel, sha256


@pytest.fixture
def asking() -> Asking:
    return Asking()


# --- routes --------------------------------------------------------------------------------------


def test_a_dependency_is_routed_like_a_root(asking: Asking) -> None:
    corp, public = asking.world.index("corp", "acme-*"), asking.world.index("pypi", "*")
    asking.world.publish(public, "demo", "1.0", "acme-core")
    asking.world.publish(corp, "acme-core", "1.0")
    asking.world.publish(public, "acme-core", "99.0")
    plan = asking("demo")
    assert {step.project: step.index for step in plan.steps} == {"demo": "pypi", "acme-core": "corp"}
    assert ("pypi", "acme-core") not in asking.world.asked


def test_a_squatted_dependency_stops_the_resolution(asking: Asking) -> None:
    corp, public = asking.world.index("corp"), asking.world.index("pypi")
    asking.world.publish(public, "demo", "1.0", "acme-core")
    asking.world.publish(corp, "acme-core", "1.0")
    asking.world.publish(public, "acme-core", "99.0")
    with pytest.raises(Refused) as caught:
        asking("demo")
    assert caught.value.findings[0].rule == "ambiguous-project"


def test_all_ambiguous_roots_are_told_at_once(asking: Asking) -> None:
    for index in (asking.world.index("corp"), asking.world.index("pypi")):
        for name in ("one", "two"):
            asking.world.publish(index, name, content=make_wheel(name, description=index.name))
    with pytest.raises(Refused) as caught:
        asking("one", "two")
    assert sorted(str(finding.subject) for finding in caught.value.findings) == ["one", "two"]


def test_a_silent_index_ends_in_its_own_exit_code(asking: Asking) -> None:
    asking.world.fall_silent(asking.world.index("pypi"))
    with pytest.raises(Refused) as caught:
        asking("demo")
    assert caught.value.exit_code is ExitCode.UNDECIDED


def test_a_guess_ahead_that_fails_does_not_matter(asking: Asking) -> None:
    corp, public = asking.world.index("corp", "gone"), asking.world.index("pypi", "*")
    asking.world.publish(public, "user", "1.0", "demo<2")
    asking.world.publish(public, "demo", "1.0")
    asking.world.publish(public, "demo", "2.0", "gone")
    asking.world.fall_silent(corp)
    assert chosen(asking("user", "demo")) == {"demo": "1.0", "user": "1.0"}
    assert ("corp", "gone") in asking.world.asked


def test_local_folders_are_said_in_one_line(asking: Asking) -> None:
    folder, public = asking.world.folder(), asking.world.index("pypi")
    asking.world.publish(folder, "one", "1.0", "two", "three")
    asking.world.publish(folder, "two")
    asking.world.publish(public, "three")
    plan = asking("one")
    assert plan.notes == ("one, two come from the local folder /wheels only",)


def test_several_indexes_with_the_same_files_take_the_first(asking: Asking) -> None:
    mirror, public = asking.world.index("mirror"), asking.world.index("pypi")
    for index in (mirror, public):
        asking.world.publish(index, "demo", "1.0")
    asking.world.publish(public, "demo", "2.0")
    (step,) = asking("demo").steps
    assert (step.index, str(step.version), step.route.reason) == ("mirror", "1.0", RouteReason.SAME_FILES)


# --- steps ---------------------------------------------------------------------------------------


def test_dependencies_come_first_and_know_who_asked(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "top", "1.0", "middle>=1")
    asking.world.publish(index, "middle", "1.0", "bottom[x]")
    asking.world.publish(index, "bottom", "1.0", "extra-one; extra == 'x'", extras=["x"])
    asking.world.publish(index, "extra-one")
    plan = asking(line("top", file="requirements.txt", number=7))
    assert names(plan.steps) == ["extra-one", "bottom", "middle", "top"]
    steps = {step.project: step for step in plan.steps}
    assert steps["top"].requested
    assert not steps["middle"].requested
    assert all(step.from_file for step in plan.steps)
    assert [(one.text, one.project) for one in steps["middle"].askers] == [("middle>=1", "top")]
    assert steps["top"].askers[0].origin is not None


def test_what_the_command_line_brings_in_is_not_from_a_file(asking: Asking) -> None:
    index = asking.world.index("pypi")
    for name in ("typed", "filed", "shared"):
        asking.world.publish(index, name, "1.0", *([] if name == "shared" else ["shared"]))
    asking.world.publish(index, "alone")
    asking.world.publish(index, "other", "1.0", "alone")
    plan = asking("typed", "other", line("filed", file="requirements.txt"))
    assert {step.project for step in plan.steps if step.from_file} == {"filed", "shared"}


def test_requested_extras_are_kept(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0", "more; extra == 'x'", extras=["x"])
    asking.world.publish(index, "more")
    plan = asking("demo[x,nowhere]>=1")
    assert {step.project: step.requested_extras for step in plan.steps}["demo"] == {"x", "nowhere"}
    assert plan.notes == ("WARNING: demo 1.0 does not provide the extra 'nowhere'",)


# --- direct wheels -------------------------------------------------------------------------------

URL = "https://files.example/demo-1.5-py3-none-any.whl"


def test_a_direct_wheel_is_the_only_candidate(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "2.0")
    asking.world.publish(index, "user", "1.0", "demo>=1", "helper")
    asking.world.publish(index, "helper")
    wheel = make_wheel("demo", "1.5")
    asking.world.serve_file(URL, wheel)
    plan = asking("user", direct(URL, f"sha256:{sha256(wheel)}", name="demo"))
    (step,) = [step for step in plan.steps if step.project == "demo"]
    assert (str(step.version), step.direct, step.requested) == ("1.5", True, True)
    assert step.route.reason is RouteReason.DIRECT
    assert step.acceptable.strong
    assert ("pypi", "demo") not in asking.world.asked[:1]


def test_a_local_wheel_by_its_path(asking: Asking) -> None:
    asking.world.serve_file("file:///wheels/demo-1.5-py3-none-any.whl", make_wheel("demo", "1.5"))
    plan = asking(direct("/wheels/demo-1.5-py3-none-any.whl", kind=RequirementKind.PATH))
    assert plan.steps[0].route.reason is RouteReason.LOCAL
    assert chosen(plan) == {"demo": "1.5"}


def test_a_local_wheel_whose_metadata_says_otherwise_is_refused(asking: Asking) -> None:
    asking.world.serve_file("file:///wheels/demo-1.0-py3-none-any.whl", make_wheel("demo", "9.9"))
    with pytest.raises(Refused) as caught:
        asking(direct("/wheels/demo-1.0-py3-none-any.whl", kind=RequirementKind.PATH))
    assert caught.value.findings[0].rule == "metadata-mismatch"


def test_extras_of_a_direct_wheel(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi"), "more")
    asking.world.serve_file(URL, make_wheel("demo", "1.5", requires=["more; extra == 'x'"], extras=["x"]))
    assert chosen(asking(direct(URL, name="demo[x]"))) == {"demo": "1.5", "more": "1.0"}


@pytest.mark.parametrize(
    "target,kind,rule",
    [
        ("https://files.example/demo-1.0.tar.gz", RequirementKind.URL, "sdist-build"),
        ("/projects/demo", RequirementKind.PATH, "sdist-build"),
        ("git+https://git.example/demo", RequirementKind.VCS, "unpinned-vcs"),
    ],
)
def test_what_would_have_to_be_built_is_refused(
    asking: Asking, target: str, kind: RequirementKind, rule: str
) -> None:
    with pytest.raises(Refused) as caught:
        asking(direct(target, kind=kind))
    assert caught.value.findings[0].rule == rule


def test_a_direct_wheel_for_another_platform_is_pips_error(asking: Asking) -> None:
    with pytest.raises(ResolutionError, match="is not a supported wheel on this platform"):
        asking(direct("https://files.example/demo-1.0-cp27-cp27m-win32.whl"))


def test_a_constraint_cannot_replace_where_a_project_comes_from(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi"), "demo")
    with pytest.raises(Refused) as caught:
        asking("demo", constraints=[replace(direct(URL, name="demo"), constraint=True)])
    assert caught.value.findings[0].rule == "direct-url"


# --- options -------------------------------------------------------------------------------------


def test_the_tags_given_count_and_markers_stay_the_targets(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0", tag="cp39-none-win_amd64")
    asking.world.publish(index, "demo", "2.0")
    foreign = (Tag("cp39", "none", "win_amd64"),)
    assert chosen(asking("demo", tags=foreign)) == {"demo": "1.0"}


def test_requires_python_of_the_version_given(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0", requires_python="<3.9")
    asking.world.publish(index, "demo", "2.0", requires_python=">=3.9")
    assert chosen(asking("demo", python_version="3.8")) == {"demo": "1.0"}
    assert chosen(asking("demo<2", ignore_requires_python=True)) == {"demo": "1.0"}


def test_uploaded_prior_to(asking: Asking) -> None:
    index = asking.world.index("pypi")
    for days, version in ((30, "1.0"), (3, "2.0")):
        asking.world.publish(index, "demo", version, upload_time=ago(NOW, days=days))
    limit = NOW - timedelta(days=7)
    assert chosen(asking("demo", uploaded_prior_to=limit)) == {"demo": "1.0"}
    asking.world.publish(index, "timeless")
    with pytest.raises(ResolutionError, match="does not provide upload-time metadata"):
        asking("timeless", uploaded_prior_to=limit)


def test_release_control_by_name(asking: Asking) -> None:
    index = asking.world.index("pypi")
    for name in ("one", "two"):
        for version in ("1.0", "2.0rc1"):
            asking.world.publish(index, name, version)
    control = ReleaseControl(all_releases=frozenset({":all:"}), only_final=frozenset({"two"}))
    assert chosen(asking("one", "two", release_control=control)) == {"one": "2.0rc1", "two": "1.0"}


def test_no_binary_leaves_nothing_to_install(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo")
    asking.world.publish_sdist(index, "demo")
    with pytest.raises(Refused) as caught:
        asking("demo", format_control=FormatControl(no_binary=frozenset({"demo"})))
    (finding,) = caught.value.findings
    assert finding.rule == "sdist-build"
    assert "may not come as a wheel (--no-binary)" in finding.message
    assert finding.notes == ()
    assert "leave --no-binary out" in (finding.help or "")


def test_versions_with_a_wheel_are_named_where_the_one_asked_for_has_none(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish_sdist(index, "demo", "1.0")
    for minor in range(7):
        asking.world.publish(index, "demo", f"2.{minor}")
    with pytest.raises(Refused) as caught:
        asking("demo<2")
    (finding,) = caught.value.findings
    assert finding.notes == ("versions with a wheel that fits: 2.6, 2.5, 2.4, 2.3, 2.2, 2.1, and 1 more",)
    assert "ask for a version that has a wheel" in (finding.help or "")


@pytest.mark.parametrize("wheels", [True, False])
def test_another_version_is_only_advised_where_one_has_a_wheel(asking: Asking, wheels: bool) -> None:
    index = asking.world.index("pypi")
    asking.world.publish_sdist(index, "demo", "2.0")
    if wheels:
        asking.world.publish(index, "demo", "1.0", tag="cp39-cp39-win_arm64")
    with pytest.raises(Refused) as caught:
        asking("demo")
    (finding,) = caught.value.findings
    assert (finding.notes == ("there is no wheel of any version",)) is not wheels
    assert ("ask for a version" in (finding.help or "")) is wheels
    assert ('[builds] sdists = ["demo"]' in (finding.help or "")) is not wheels


def test_only_binary_does_not_even_mention_source(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo")
    asking.world.publish_sdist(index, "demo", "2.0")
    plan = asking("demo", format_control=FormatControl(only_binary=frozenset({":all:"})))
    assert (chosen(plan), plan.notes) == ({"demo": "1.0"}, ())


def test_only_deps_leaves_the_root_out(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0", "needed")
    asking.world.publish(index, "needed")
    assert chosen(asking("demo", only_deps=True)) == {"needed": "1.0"}


def test_what_is_replaced_is_in_the_plan(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi"), "demo", "2.0")
    asking.target = environment(installed("Demo", "1.0"))
    plan = asking("demo", upgrade=UpgradeStrategy.ONLY_IF_NEEDED)
    assert {name: str(version) for name, version in plan.replaced.items()} == {"demo": "1.0"}
    assert [(one.text, str(one.version)) for one in plan.satisfied] == [("demo", "1.0")]


def test_a_satisfied_requirement_asks_no_index(asking: Asking) -> None:
    asking.world.index("pypi")
    asking.target = environment(installed("demo", "1.0", "needed"), installed("needed", "3.0"))
    plan = asking("demo")
    assert [one.needed_by for one in plan.satisfied] == [(), ("demo",)]
    assert (plan.steps, asking.world.asked) == ((), [])


def test_a_url_of_an_installed_distribution_is_left_in_peace(asking: Asking) -> None:
    asking.world.index("pypi")
    url = "needed @ https://files.example/needed-3.0-py3-none-any.whl"
    asking.target = environment(installed("demo", "1.0", url), installed("needed", "3.0"))
    assert asking("demo").steps == ()


# --- asking ahead --------------------------------------------------------------------------------


def test_every_page_is_asked_for_once(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "one", "1.0", "three")
    asking.world.publish(index, "two", "1.0", "three<2")
    for version in ("1.0", "2.0"):
        asking.world.publish(index, "three", version)
    asking("one", "two")
    assert sorted(asking.world.asked) == [("pypi", "one"), ("pypi", "three"), ("pypi", "two")]
    assert len(asking.world.read) == len(set(asking.world.read))


def test_a_dependency_behind_a_marker_is_never_asked_for(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(
        index, "demo", "1.0", "secret; sys_platform == 'nowhere'", "more; extra == 'x'", extras=["x"]
    )
    asking("demo")
    assert asking.world.asked == [("pypi", "demo")]


# --- words ---------------------------------------------------------------------------------------


def test_nothing_found_is_said_as_pip_says_it(asking: Asking) -> None:
    index = asking.world.index("pypi")
    for version in ("1.0", "1.1"):
        asking.world.publish(index, "demo", version)
    with pytest.raises(ResolutionError) as caught:
        asking("demo>2")
    assert caught.value.message == "No matching distribution found for demo>2"
    assert (
        "Could not find a version that satisfies the requirement demo>2 (from versions: 1.0, 1.1)"
        in caught.value.preface
    )
    assert caught.value.exit_code is ExitCode.ERROR


@pytest.mark.parametrize(("name", "file"), [("requirements.txt", True), ("requirements", False)])
def test_a_file_that_was_taken_for_a_name_is_told(asking: Asking, name: str, file: bool) -> None:
    asking.world.index("pypi")
    with pytest.raises(ResolutionError) as caught:
        asking(name)
    assert (f"-r {name}" in (caught.value.hint or "")) is file


def test_a_project_that_its_route_lacks_names_the_route(asking: Asking) -> None:
    asking.world.index("corp", "acme-*")
    asking.world.index("pypi", "*")
    with pytest.raises(ResolutionError) as caught:
        asking("acme-core")
    assert "acme-core comes from corp only, because of the pattern 'acme-*'" in caught.value.notes


def test_what_an_index_says_of_a_project_is_told_where_nothing_fits(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0")
    asking.world.set_status(index, "demo", ProjectStatus.ARCHIVED)
    with pytest.raises(ResolutionError) as caught:
        asking("demo>2")
    assert any("archived" in note for note in caught.value.notes), caught.value.notes


def test_a_constraint_cannot_have_extras(asking: Asking) -> None:
    with pytest.raises(ResolutionError, match="Constraints cannot have extras"):
        asking("demo", constraints=["demo[x]"])
