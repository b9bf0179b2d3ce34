"""Which listed files may be used: each refusal with its benign twin."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from safepip.core.digest import Digests
from safepip.core.errors import ExitCode, Refused, ResolutionError
from safepip.core.finding import Level
from safepip.core.index import Index
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.project import Pattern
from safepip.policy.schema import Exemption, Policy
from tests.fakes.world import ago
from tests.resolve.asking import NOW, Asking, chosen, line
from tests.support.wheels import make_wheel, sha256

POLICY_FILE = Origin(layer=Layer.USER, kind=Place.FILE, place="policy.toml", line=3)


@pytest.fixture
def asking() -> Asking:
    return Asking()


def refused(asking: Asking, *roots: str) -> Refused:
    with pytest.raises(Refused) as caught:
        asking(*roots)
    return caught.value


def notes(asking: Asking, *roots: str) -> str:
    return "\n".join(asking(*roots).notes)


# --- links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url,rule",
    [
        ("http://files.example/demo-1.0-py3-none-any.whl", "plaintext-link"),
        ("http://localhost/demo-1.0-py3-none-any.whl", "plaintext-link"),
        ("https://user:secret@files.example/demo-1.0-py3-none-any.whl", "file-host"),
        ("file:///etc/demo-1.0-py3-none-any.whl", "file-host"),
        ("git+https://files.example/demo-1.0-py3-none-any.whl", "file-host"),
        ("https://files.example\\@evil.example/demo-1.0-py3-none-any.whl", "file-host"),
    ],
)
def test_a_page_cannot_link_to_what_is_not_https(asking: Asking, url: str, rule: str) -> None:
    asking.world.publish(asking.world.index("pypi"), "demo", url=url)
    error = refused(asking, "demo")
    assert [finding.rule for finding in error.findings] == [rule]
    assert error.exit_code is ExitCode.REFUSED
    assert "secret" not in repr(error.findings)


def test_an_https_link_to_another_host_is_fine_without_file_hosts(asking: Asking) -> None:
    url = "https://cdn.example/demo-1.0-py3-none-any.whl"
    asking.world.publish(asking.world.index("pypi"), "demo", url=url)
    assert chosen(asking("demo")) == {"demo": "1.0"}


def test_loopback_plaintext_needs_the_index_entry_to_say_so(asking: Asking) -> None:
    index = asking.world.index("devpi", url="http://127.0.0.1:3141/root", allows_plaintext=True)
    asking.world.publish(index, "demo")
    assert chosen(asking("demo")) == {"demo": "1.0"}


def test_plaintext_is_refused_even_there_for_another_host(asking: Asking) -> None:
    index = asking.world.index("devpi", url="http://127.0.0.1:3141/root", allows_plaintext=True)
    asking.world.publish(index, "demo", url="http://files.example/demo-1.0-py3-none-any.whl")
    assert refused(asking, "demo").findings[0].rule == "plaintext-link"


@pytest.mark.parametrize(
    "url,admitted",
    [
        ("https://cdn.example/demo-1.0-py3-none-any.whl", True),
        ("https://corp.example/demo-1.0-py3-none-any.whl", True),
        ("https://cdn.example:8443/demo-1.0-py3-none-any.whl", False),
        ("https://evil.example/demo-1.0-py3-none-any.whl", False),
    ],
)
def test_file_hosts_are_the_only_other_hosts(asking: Asking, url: str, admitted: bool) -> None:
    asking.world.publish(asking.world.index("corp", file_hosts=frozenset({"cdn.example"})), "demo", url=url)
    if admitted:
        assert chosen(asking("demo")) == {"demo": "1.0"}
    else:
        assert refused(asking, "demo").findings[0].rule == "file-host"


def test_an_older_version_is_taken_and_the_newer_one_noted(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0")
    asking.world.publish(index, "demo", "2.0", url="http://pypi.example/demo-2.0-py3-none-any.whl")
    assert chosen(asking("demo")) == {"demo": "1.0"}
    assert "demo 2.0 passed over" in notes(asking, "demo")


# --- digests -------------------------------------------------------------------------------------


def test_a_page_without_strong_digests_is_refused(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi"), "demo", digests=Digests())
    assert refused(asking, "demo").findings[0].rule == "weak-digest"


def test_unless_its_entry_records_the_first_download(asking: Asking) -> None:
    asking.world.publish(asking.world.index("old", records_digests=True), "demo", digests=Digests())
    assert chosen(asking("demo")) == {"demo": "1.0"}


def test_or_the_user_gives_the_hash(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi"), "demo", digests=Digests())
    digest = sha256(make_wheel("demo"))
    assert chosen(asking(line("demo==1.0", f"sha256:{digest}"))) == {"demo": "1.0"}


def test_local_files_need_no_published_digest(asking: Asking) -> None:
    asking.world.publish(asking.world.folder(), "demo")
    plan = asking("demo")
    assert chosen(plan) == {"demo": "1.0"}


@pytest.mark.parametrize(
    "url,digests,rule",
    [
        ("http://files.example/demo-1.0-py3-none-any.whl", None, "plaintext-link"),
        ("https://files.example/demo-1.0-py3-none-any.whl", Digests(), "weak-digest"),
    ],
)
def test_a_remote_link_on_a_local_page_is_no_local_file(
    asking: Asking, url: str, digests: Digests | None, rule: str
) -> None:
    fields = {} if digests is None else {"digests": digests}
    asking.world.publish(asking.world.folder(), "demo", url=url, **fields)
    assert refused(asking, "demo").findings[0].rule == rule


def test_the_users_hash_chooses_the_file(asking: Asking) -> None:
    index = asking.world.index("pypi")
    for version in ("1.0", "2.0"):
        asking.world.publish(index, "demo", version)
    digest = sha256(make_wheel("demo", "1.0"))
    plan = asking(line("demo", f"sha256:{digest}"))
    assert chosen(plan) == {"demo": "1.0"}
    assert plan.steps[0].acceptable.strong


def test_hashes_that_no_file_has_are_a_mismatch(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi"), "demo")
    with pytest.raises(Refused) as caught:
        asking(line("demo==1.0", "sha256:" + "0" * 64))
    assert caught.value.exit_code is ExitCode.VERIFICATION
    assert caught.value.findings[0].rule == "hash-mismatch"


def test_hashes_of_a_constraint_count_and_cannot_replace_those_of_the_requirement(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi"), "demo")
    right, wrong = f"sha256:{sha256(make_wheel('demo'))}", "sha256:" + "1" * 64
    constraint = line("demo==1.0", right, constraint=True)
    assert asking("demo", constraints=[constraint]).steps[0].acceptable.strong
    with pytest.raises(Refused):
        asking(line("demo==1.0", right), constraints=[line("demo==1.0", wrong, constraint=True)])


# --- cool-down -----------------------------------------------------------------------------------


def fresh(asking: Asking, **fields: object) -> Index:
    """An index with an old and a three hours old version."""
    index = asking.world.index("pypi", **fields)
    asking.world.publish(index, "demo", "1.0", upload_time=ago(NOW, days=30))
    asking.world.publish(index, "demo", "2.0", upload_time=ago(NOW, hours=3))
    return index


def test_the_built_in_index_waits_a_day_by_default(asking: Asking) -> None:
    fresh(asking, built_in=True)
    assert chosen(asking("demo")) == {"demo": "1.0"}
    assert "fresh-release" in notes(asking, "demo")
    assert refused(asking, "demo==2.0").findings[0].rule == "fresh-release"


def test_other_indexes_do_not_wait_by_default(asking: Asking) -> None:
    fresh(asking)
    assert chosen(asking("demo")) == {"demo": "2.0"}


def test_the_default_says_nothing_about_files_without_a_time(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi", built_in=True), "demo")
    assert chosen(asking("demo")) == {"demo": "1.0"}


def test_an_explicit_age_holds_everywhere_and_refuses_files_without_a_time(asking: Asking) -> None:
    asking.policy = Policy(min_age=Sourced(value=timedelta(hours=1), origin=POLICY_FILE))
    index = fresh(asking)
    assert chosen(asking("demo")) == {"demo": "2.0"}
    asking.world.publish(index, "timeless")
    (finding,) = refused(asking, "timeless").findings
    assert finding.rule == "fresh-release"
    assert finding.message.endswith("may be too new: its index gives no upload time")
    assert 'min-age = "0 days"' in (finding.help or ""), "waiting would not help"


def test_the_age_of_an_index_overrides_the_policy(asking: Asking) -> None:
    asking.policy = Policy(min_age=Sourced(value=timedelta(days=7), origin=POLICY_FILE))
    fresh(asking, min_age=timedelta(0))
    assert chosen(asking("demo")) == {"demo": "2.0"}


def test_a_file_pinned_by_the_users_hash_only_warns_by_default(asking: Asking) -> None:
    fresh(asking, built_in=True)
    digest = f"sha256:{sha256(make_wheel('demo', '2.0'))}"
    assert chosen(asking(line("demo==2.0", digest))) == {"demo": "2.0"}
    assert [(one.rule, one.level) for one in asking.findings] == [("fresh-release", Level.WARN)]


def test_but_not_when_somebody_asked_for_the_cool_down(asking: Asking) -> None:
    asking.policy = Policy(min_age=Sourced(value=timedelta(days=1), origin=POLICY_FILE))
    fresh(asking)
    digest = f"sha256:{sha256(make_wheel('demo', '2.0'))}"
    with pytest.raises(Refused):
        asking(line("demo==2.0", digest))


def test_an_exemption_lets_one_project_pass(asking: Asking) -> None:
    exemption = Exemption(
        rule="fresh-release", reason="ours", origin=POLICY_FILE, package=Pattern.parse("demo")
    )
    asking.policy = Policy(exemptions=(exemption,))
    index = fresh(asking, built_in=True)
    asking.world.publish(index, "other", upload_time=ago(NOW, hours=1))
    assert chosen(asking("demo")) == {"demo": "2.0"}
    assert refused(asking, "other").findings[0].rule == "fresh-release"


# --- yanked --------------------------------------------------------------------------------------


def test_a_yanked_version_is_taken_only_when_pinned_and_said(asking: Asking) -> None:
    index = asking.world.index("pypi")
    for version in ("1.0", "2.0"):
        asking.world.publish(index, "demo", version)
    asking.world.yank(index, "demo", "2.0", "breaks everything")
    assert chosen(asking("demo")) == {"demo": "1.0"}
    assert asking.findings == []
    assert chosen(asking("demo==2.0")) == {"demo": "2.0"}
    assert [(one.rule, one.level) for one in asking.findings] == [("yanked-release", Level.WARN)]


def test_policy_may_refuse_yanked_versions(asking: Asking) -> None:
    asking.policy = Policy(levels={"yanked-release": Sourced(value=Level.DENY, origin=POLICY_FILE)})
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", yanked="")
    assert refused(asking, "demo==1.0").findings[0].rule == "yanked-release"


# --- source distributions ------------------------------------------------------------------------


def test_a_newer_source_distribution_is_passed_over_with_a_note(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0")
    asking.world.publish_sdist(index, "demo", "1.0")
    asking.world.publish_sdist(index, "demo", "2.0")
    assert chosen(asking("demo")) == {"demo": "1.0"}
    assert (
        notes(asking, "demo")
        == "warning: demo 2.0 passed over: only a source distribution fits this environment (sdist-build)"
    )


def test_no_note_where_pip_would_not_have_looked(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "2.0")
    asking.world.publish_sdist(index, "demo", "1.0")
    assert notes(asking, "demo") == ""


def test_only_a_source_distribution_is_refused_with_the_wheels_that_do_not_fit(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish_sdist(index, "demo", "1.0")
    asking.world.publish(index, "demo", "1.0", tag="cp27-cp27m-win32")
    asking.world.publish(index, "demo", "0.9", requires_python=">=3.99")
    (finding,) = refused(asking, "demo").findings
    assert finding.rule == "sdist-build"
    assert any("cp27-cp27m-win32" in note and "platform" in note for note in finding.notes)
    assert any("requires Python >=3.99" in note for note in finding.notes)


def test_a_dependency_that_is_source_only_is_refused_too(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0", "native")
    asking.world.publish_sdist(index, "native")
    assert refused(asking, "demo").findings[0].rule == "sdist-build"


def test_a_real_conflict_is_not_blamed_on_a_refusal(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0")
    asking.world.publish_sdist(index, "demo", "1.5")
    with pytest.raises(ResolutionError):
        asking("demo<2", "demo>3")


def test_no_policy_can_admit_a_source_distribution_yet(asking: Asking) -> None:
    asking.policy = Policy(levels={"sdist-build": Sourced(value=Level.OFF, origin=POLICY_FILE)})
    asking.world.publish_sdist(asking.world.index("pypi"), "demo")
    assert refused(asking, "demo").findings[0].rule == "sdist-build"


# --- metadata ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name,version", [("other", "1.0"), ("demo", "9.9"), ("demo", "nonsense")])
def test_metadata_of_something_else_stops(asking: Asking, name: str, version: str) -> None:
    file = asking.world.publish(asking.world.index("pypi"), "demo")
    asking.world.claim(file.filename, name=name, version=version)
    error = refused(asking, "demo")
    assert error.findings[0].rule == "metadata-mismatch"
    assert error.exit_code is ExitCode.VERIFICATION


def test_spelling_of_name_and_version_is_no_mismatch(asking: Asking) -> None:
    file = asking.world.publish(asking.world.index("pypi"), "my-demo")
    asking.world.claim(file.filename, name="My_Demo", version="1.0.0")
    assert chosen(asking("my.demo")) == {"my-demo": "1.0"}


def test_a_url_in_a_packages_metadata_is_refused(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0", "helper @ https://evil.example/helper-1.0-py3-none-any.whl")
    assert refused(asking, "demo").findings[0].rule == "transitive-url"


def test_unless_its_marker_does_not_hold(asking: Asking) -> None:
    index = asking.world.index("pypi")
    url = "helper @ https://evil.example/helper-1.0-py3-none-any.whl ; sys_platform == 'nowhere'"
    asking.world.publish(index, "demo", "1.0", url)
    assert chosen(asking("demo")) == {"demo": "1.0"}


def test_a_version_with_unreadable_requirements_is_ignored_as_by_pip(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", "1.0")
    asking.world.publish(index, "demo", "2.0", "what is ++ this")
    assert chosen(asking("demo")) == {"demo": "1.0"}
    assert "WARNING: Ignoring version 2.0 of demo since it has invalid metadata" in notes(asking, "demo")


def test_and_stops_where_there_is_no_other(asking: Asking) -> None:
    asking.world.publish(asking.world.index("pypi"), "demo", "2.0", "what is ++ this")
    with pytest.raises(ResolutionError):
        asking("demo")


def test_findings_name_the_place_on_the_page(asking: Asking) -> None:
    index = asking.world.index("pypi")
    asking.world.publish(index, "demo", url="http://pypi.example/demo-1.0-py3-none-any.whl", where="line 12")
    (finding,) = refused(asking, "demo").findings
    assert finding.origin == replace(finding.origin, place="https://pypi.example/simple/demo/", key="line 12")
