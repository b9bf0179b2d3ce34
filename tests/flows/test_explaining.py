"""``safepip explain``: what is in force, where it was set, and where a project would come from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from report.golden import assert_golden
from safepip.core.index import Index
from safepip.core.record import Known, KnownRoute
from safepip.core.references import REFERENCES
from safepip.pipcompat.options import COMMANDS
from safepip.pipcompat.table import options_of
from safepip.policy.keys import KEYS
from safepip.rules import registry
from tests.fakes.scene import CWD, DEFAULT_INDEX, HOME, NOW, Scene
from tests.fakes.world import ago
from tests.resolve.asking import environment, installed

PIP_CONF = f"{HOME}/.config/pip/pip.conf"
USER_POLICY = f"{HOME}/.config/safepip/policy.toml"
OLD = ago(NOW, days=400)


def table(text: str) -> dict[str, str]:
    """First word or words of each line → the rest; columns are two spaces apart or more."""
    rows = (line.strip().partition("  ") for line in text.splitlines())
    return {name: rest.strip() for name, _, rest in rows if rest}


# --- Words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        "index-url", "index_url", "--index-url", "--index-ur", "-i", "PIP_INDEX_URL", "PIP_PYPI_URL",
        "PIP_INDEX-URL", "PIP___INDEX_URL", "global.index-url", "install.index_url", ":env:.index-url",
        "pypi-url", "setting:index-url",
    ],
)  # fmt: skip
def test_a_setting_is_known_by_every_spelling_that_pip_accepts(word: str) -> None:
    ended = Scene({PIP_CONF: "[global]\nindex-url = https://nexus.example/simple\n"}).run(
        "explain", "--", word
    )

    assert ended.code == 0
    assert ended.out.startswith("index-url = https://nexus.example/simple\n")


def test_a_single_option_is_asked_about_not_given() -> None:
    ended = Scene().run("explain", "--index-url")

    assert ended.out.startswith(f"index-url = {DEFAULT_INDEX}\n")


def test_an_option_with_its_value_is_given() -> None:
    ended = Scene().run("explain", "--index-url", "https://other.example/simple", "index-url")

    assert ended.out.startswith("index-url = https://other.example/simple\n")


def test_a_rule_goes_before_a_setting_before_a_project_and_each_can_be_forced() -> None:
    scene = Scene()
    scene.default_index()

    first = scene.run("explain", "trusted-host").out
    assert first.startswith("trusted-host: host for which TLS")
    assert "safepip explain setting:trusted-host" in first
    assert "safepip explain project:trusted-host" in first
    assert scene.run("explain", "setting:trusted-host").out.startswith("trusted-host = none\n")
    assert table(scene.run("explain", "project:trusted-host").out)["comes from"].startswith("nowhere")
    assert scene.run("explain", "rule:trusted-host").out.startswith("trusted-host: host for which TLS")


@pytest.mark.parametrize(
    "word,near", [("PIP_INDX_URL", "index-url"), ("hashes.modes", "hashes.mode"), ("rule:plaintext-idnex", "plaintext-index")]
)  # fmt: skip
def test_a_word_that_is_plainly_a_misspelled_setting_is_sent_to_no_index(word: str, near: str) -> None:
    scene = Scene()
    scene.default_index()
    ended = scene.run("explain", word)

    assert ended.code == 1
    assert near in ended.err
    assert scene.indexes.asked == []


@pytest.mark.parametrize(
    "variable,setting",
    [("SSL_CERT_FILE", "tls.environment"), ("https_proxy", "proxy"), ("SAFEPIP_LOG", "log.file")],
)
def test_a_variable_stands_for_the_setting_that_it_bears_on(variable: str, setting: str) -> None:
    assert Scene().run("explain", variable).out.startswith(f"{setting} = ")


@pytest.mark.parametrize(
    "word,variable,shown",
    [
        ("HTTPS_PROXY", "https_proxy", "http://****@proxy.example:3128"),
        ("proxy", "HTTPS_PROXY", "http://****@proxy.example:3128"),
        ("--proxy", "ALL_PROXY", "http://****@proxy.example:3128"),
        ("cert", "SSL_CERT_FILE", "/etc/roots.pem"),
        ("--cert", "REQUESTS_CA_BUNDLE", "/etc/roots.pem"),
    ],
)
def test_a_setting_that_only_a_variable_decides_shows_it(word: str, variable: str, shown: str) -> None:
    value = shown.replace("****", "me:s3cret")
    scene = Scene({"/etc/roots.pem": "roots"}, environ={variable: value})

    ended = scene.run("explain", "--", word)

    assert ended.out.splitlines()[0].endswith(f" = {shown}")
    assert table(ended.out)["set by"] == f"${variable} (operator)"
    assert "s3cret" not in ended.out + ended.err


def test_what_is_given_goes_before_such_a_variable() -> None:
    scene = Scene(environ={"HTTPS_PROXY": "http://other.example:1"})

    ended = scene.run("explain", "proxy", "--proxy", "http://proxy.example:3128")

    assert ended.out.startswith("proxy = http://proxy.example:3128\n")
    assert "other.example" not in ended.out


def test_the_placeholder_in_pips_help_is_no_secret() -> None:
    assert "scheme://[user:passwd@]proxy.server:port" in Scene().run("explain", "proxy").out


def test_the_name_of_a_variable_is_sent_to_no_index() -> None:
    scene = Scene()
    scene.default_index()

    assert scene.run("explain", "CI_JOB_TOKEN").code == 1
    assert scene.indexes.asked == []


@pytest.mark.parametrize(
    "name",
    ["requirements.txt", "Requirements.TXT", "pip.conf", "safepip.toml", "acme_sdk-1.0-py3-none-any.whl", "acme-1.0.tar.gz"],
)  # fmt: skip
def test_the_name_of_a_file_is_sent_to_no_index(name: str) -> None:
    scene = Scene()
    scene.default_index()

    ended = scene.run("explain", name)

    assert (ended.code, scene.indexes.asked) == (1, [])
    assert f"{name!r} is no rule, setting, error or project" in ended.err


@pytest.mark.parametrize("name", ["zope.interface", "backports.zoneinfo"])
def test_a_project_with_a_dot_in_its_name_is_asked_for(name: str) -> None:
    scene = Scene()
    scene.default_index()

    scene.run("explain", name)

    assert scene.indexes.asked


def test_a_policy_is_read_once_for_it_may_be_a_pipe() -> None:
    """Read again it is empty, and then it would seem that nobody had asked for less."""
    scene = Scene({"/etc/safepip/policy.toml": '[hashes]\nmode = "required"\n'})
    texts = iter([b'[hashes]\nmode = "index"\n'])
    read = scene.files.read_bytes
    scene.files.read_bytes = lambda path: next(texts, b"") if path == "/dev/fd/63" else read(path)  # type: ignore[method-assign]

    ended = scene.run("explain", "hashes.mode", "--policy", "/dev/fd/63")

    assert table(ended.out)["shadows"] == "/dev/fd/63:2:8 (operator): index"


def test_a_word_that_is_nothing_is_an_error_with_its_place() -> None:
    ended = Scene().run("explain", "https://files.example/x.whl")

    assert ended.code == 1
    assert "| safepip explain https://files.example/x.whl" in ended.err


def test_two_words_are_one_too_many() -> None:
    assert Scene().run("explain", "requests", "flask").code == 1


@pytest.mark.parametrize("name", ["sarif", "github"])
def test_a_form_that_explain_does_not_have_is_a_usage_error(name: str) -> None:
    assert Scene().run("explain", "--report-format", name).code == 2


@given(word=st.text(min_size=1, max_size=30))
def test_any_word_gets_an_answer_or_an_error_of_its_own(word: str) -> None:
    assert Scene().run("explain", "--offline", "--", word).code in {0, 1, 10}


# --- Settings ---------------------------------------------------------------------------------------


def shadowing() -> Scene:
    """Four places that set the index; pip takes the command line's."""
    return Scene(
        {
            "/etc/pip.conf": "[global]\nindex-url = https://machine.example/simple\n",
            PIP_CONF: "[global]\nindex-url = https://me:s3cret@user.example/simple\n",
        },
        {"PIP_INDEX_URL": "https://variable.example/simple"},
    )


def test_a_setting_shows_what_it_shadows_strongest_first_without_secrets() -> None:
    ended = shadowing().run("explain", "-i", "https://typed.example/simple", "index-url")

    assert ended.out.startswith("index-url = https://typed.example/simple\n")
    lines = ended.out.splitlines()
    places = [
        next(n for n, line in enumerate(lines) if word in line) for word in ("variable.", "user.", "machine.")
    ]
    assert places == sorted(places)
    assert "command line, argument 3 (operator)" in ended.out
    assert f"{PIP_CONF}:2:13 (operator): https://****@user.example/simple" in ended.out
    assert "s3cret" not in ended.out + ended.err


def test_the_same_facts_are_there_as_json() -> None:
    ended = shadowing().run("explain", "--report-format", "json", "index-url")
    said = json.loads(ended.out)

    assert said["version"] == "1"
    assert said["explains"] == "setting"
    assert said["page"]["name"] == "index-url"
    assert said["page"]["role"] == "decided"
    assert said["page"]["said"][0]["place"]["place"] == "PIP_INDEX_URL"
    assert [one["value"] for one in said["page"]["shadowed"]] == [
        "https://****@user.example/simple",
        "https://machine.example/simple",
    ]
    assert "s3cret" not in ended.out


def test_an_option_of_another_command_is_explained_for_that_command() -> None:
    scene = Scene({PIP_CONF: "[wheel]\nwheel-dir = built\n"})

    assert scene.run("explain", "wheel-dir").out.startswith("wheel-dir = built\n")
    assert "leaves it to pip" in scene.run("explain", "list.outdated").out


def test_a_setting_that_would_be_refused_is_shown_with_its_finding_and_exit_code() -> None:
    ended = Scene({PIP_CONF: "[global]\nindex-url = http://mirror.example/simple\n"}).run(
        "explain", "index-url"
    )

    assert ended.code == 10
    assert ended.out.startswith("index-url = http://mirror.example/simple\n")
    assert "error[plaintext-index]" in ended.err
    assert "safepip: would be refused: 1 error" in ended.err


def test_a_key_of_the_policy_shows_who_set_it_and_what_asked_for_less() -> None:
    scene = Scene(
        {
            "/etc/safepip/policy.toml": '[hashes]\nmode = "required"\n',
            USER_POLICY: '[hashes]\nmode = "index"\n',
        }
    )
    ended = scene.run("explain", "hashes.mode")

    assert ended.out.startswith("hashes.mode = required\n")
    rows = table(ended.out)
    assert rows["set by"] == "/etc/safepip/policy.toml:2:8 (machine)"
    assert rows["shadows"] == f"{USER_POLICY}:2:8 (user): index"
    assert "warning[policy-loosened]" in ended.err


def test_a_key_that_nobody_set_has_its_default() -> None:
    ended = Scene().run("explain", "cooldown.min-age")

    assert ended.out.startswith("cooldown.min-age = 1 day\n")
    assert "set by" not in ended.out


def test_the_level_of_a_rule_is_a_setting() -> None:
    ended = Scene({USER_POLICY: '[rules]\n"yanked-release" = "deny"\n'}).run(
        "explain", "rules.yanked-release"
    )

    assert ended.out.startswith("rules.yanked-release = deny\n")
    assert table(ended.out)["default"] == "warn"


# --- Rules ------------------------------------------------------------------------------------------


def test_a_rule_is_its_page_with_the_level_in_force_and_who_set_it() -> None:
    policy = '[rules]\n"yanked-release" = "deny"\n[[allow]]\nrule = "yanked-release"\npackage = "acme"\nreason = "ours"\n'
    ended = Scene({USER_POLICY: policy}).run("explain", "yanked-release")

    rows = table(ended.out)
    assert rows["level"] == f"deny ({USER_POLICY}:2:20 (user))"
    assert rows["exempt"].startswith("yanked-release for acme: ours")
    for section in ("What it finds", "Why it matters", "Example", "Instead"):
        assert f"\n{section}\n" in ended.out


def test_every_rule_has_its_page() -> None:
    for rule in registry():
        assert Scene().run("explain", f"rule:{rule}").out.startswith(f"{rule}: ")


@pytest.mark.parametrize("reference", sorted(REFERENCES))
def test_every_kind_of_error_has_its_page(reference: str) -> None:
    assert Scene().run("explain", f"error:{reference}").out.startswith(f"{reference}\n")


def test_a_setting_and_a_project_go_before_an_error_of_one_word() -> None:
    scene = Scene()
    scene.default_index()

    assert scene.run("explain", "proxy").out.startswith("proxy = none\n")
    assert table(scene.run("explain", "pip").out)["comes from"].startswith("nowhere")
    assert scene.run("explain", "bad-policy").out.startswith("bad-policy\n")


def test_the_page_of_an_error() -> None:
    assert_golden("explain-error.txt", Scene().run("explain", "bad-policy").out)


def test_a_rule_is_explained_though_the_policy_cannot_be_read() -> None:
    ended = Scene({USER_POLICY: "[hashes]\nmood = 1\n"}).run("explain", "plaintext-index")

    assert ended.code == 12
    assert ended.out.startswith("plaintext-index: ")
    assert "unknown key 'mood'" in ended.err


# --- Everything -------------------------------------------------------------------------------------

EVERYTHING = {
    PIP_CONF: "[global]\nindex-url = https://user:hunter2@nexus.example/simple\nproxy = http://me:pa55@proxy.example:3128\n"
    "indx-url = https://typo.example\n",
    USER_POLICY: '[[index]]\nname = "corp"\nurl = "https://corp.example/simple"\npackages = ["acme-*"]\n'
    '[[index]]\nname = "pypi"\n[tls]\nca-bundle = "ca.pem"\n',
    f"{HOME}/.config/safepip/ca.pem": "",
    f"{CWD}/safepip.toml": '[cooldown]\nmin-age = "9 days"\n',
}  # fmt: skip


def test_everything_in_force_is_shown_with_its_place() -> None:
    ended = Scene(EVERYTHING).run("explain")

    assert ended.code == 0
    text = ended.out
    assert f"roots   {HOME}/.config/safepip/ca.pem" in text
    assert f"corp  https://corp.example/simple   {USER_POLICY}:1:1 (user)" in text
    assert "for acme-*" in text
    assert "pypi  https://nexus.example/simple" in text
    assert f"{PIP_CONF}:3:9 (operator)" in text
    assert "indx-url = https://typo.example" in text
    assert "not trusted: only its refusals count" in text
    assert "set aside: cooldown.min-age" in text
    assert f"cache   {HOME}/.cache/safepip" in text


def test_the_page_is_calm() -> None:
    target = replace(environment(), python=f"{CWD}/.venv/bin/python", prefix=f"{CWD}/.venv", version="3.13.0")

    assert_golden("explain-configuration.txt", Scene(EVERYTHING, target=target).run("explain").out)


def test_secrets_are_in_no_form_of_it() -> None:
    scene = Scene(EVERYTHING)

    for form in ("text", "json"):
        ended = scene.run("explain", "--report-format", form)
        assert "nexus.example" in ended.out
        assert not any(secret in ended.out + ended.err for secret in ("hunter2", "pa55"))


def test_the_json_of_everything_keeps_its_keys() -> None:
    page = json.loads(Scene(EVERYTHING).run("explain", "--report-format", "json").out)["page"]

    assert set(page) == {
        "target", "pip_version", "roots", "cache_dir", "indexes", "files", "options", "unknown",
        "policy_files", "policy", "exemptions", "findings",
    }  # fmt: skip
    assert [index["name"] for index in page["indexes"]] == ["corp", "pypi"]
    assert {option["name"] for option in page["options"]} == {"index-url", "proxy"}
    assert [key["name"] for key in page["policy"]] == ["tls.ca-bundle"]


def test_without_any_setting_the_defaults_are_shown() -> None:
    ended = Scene().run("explain")

    assert ended.code == 0
    assert f"pypi  {DEFAULT_INDEX}  safepip's default" in ended.out
    assert "no policy file" in ended.out
    assert ended.err == ""


def test_settings_that_would_be_refused_are_shown_and_end_in_10() -> None:
    ended = Scene(environ={"PIP_EXTRA_INDEX_URL": "http://evil.example/simple"}).run("explain")

    assert ended.code == 10
    assert "http://evil.example/simple" in ended.out
    assert "[plaintext-index]" in ended.out


# --- Projects ---------------------------------------------------------------------------------------


def two_indexes() -> tuple[Scene, Index, Index]:
    scene = Scene({PIP_CONF: "[global]\nextra-index-url = https://corp.example/simple\n"})
    public = scene.default_index()
    # An index that only pip's configuration names is called by its URL.
    return (
        scene,
        public,
        scene.indexes.index("https://corp.example/simple", url="https://corp.example/simple"),
    )


def test_a_project_of_the_only_index() -> None:
    scene = Scene(target=environment(installed("demo", "0.9")))
    index = scene.default_index()
    scene.indexes.publish(index, "demo", "1.0", upload_time=OLD)
    scene.indexes.publish(index, "demo", "2.0", upload_time=ago(NOW, hours=3))
    ended = scene.run("explain", "demo")

    rows = table(ended.out)
    assert ended.code == 0
    assert rows["comes from"] == "pypi"
    assert rows["because"] == "only index"
    assert rows["newest admitted"] == "1.0 (demo-1.0-py3-none-any.whl)"
    assert rows["installed"] == "0.9"
    assert rows["pypi"] == "newest 2.0 of 2026-11-21, 2 files"
    assert "it was uploaded 3 hours ago" in rows["[fresh-release]"]


def test_a_specifier_and_extras_narrow_what_is_looked_at() -> None:
    scene = Scene()
    index = scene.default_index()
    scene.indexes.publish(index, "demo", "1.0", upload_time=OLD)
    scene.indexes.publish(index, "demo", "2.0", upload_time=OLD)

    assert table(scene.run("explain", "demo[fast]<2").out)["newest admitted"].startswith("1.0 ")
    assert "none: no file fits demo>=3" in scene.run("explain", "demo>=3").out


def test_what_is_sent_where_is_said_before_it_is_sent() -> None:
    scene = Scene()
    scene.indexes.hang(scene.default_index())
    heard: list[str] = []
    listing = scene.indexes.listing

    def told_first(index, project):
        heard.extend(scene.show.lines_err)
        scene.indexes.fall_silent(index)
        scene.indexes._place(index).hangs = False
        return listing(index, project)

    scene.indexes.listing = told_first  # type: ignore[method-assign]  # looks at the moment of asking
    scene.run("explain", "demo")

    assert heard == ["safepip: asking pypi for demo"]


def test_offline_nothing_is_sent_and_whom_it_would_ask_is_said() -> None:
    scene, _, _ = two_indexes()
    ended = scene.run("explain", "--offline", "demo")

    assert ended.code == 0
    assert scene.indexes.asked == []
    assert "pypi and https://corp.example/simple would be asked" in ended.out
    assert "nothing was sent to an index" in ended.out


def test_offline_no_requirement_file_is_fetched_either() -> None:
    # The simulated disk fails the test where a URL is read that nobody set up.
    ended = Scene().run("explain", "--offline", "-r", "https://files.example/r.txt", "demo")

    assert ended.code == 2
    assert "--offline reads no requirement file from afar" in ended.err


def test_a_name_with_a_pattern_is_sent_to_its_index_and_to_no_other() -> None:
    scene = Scene({USER_POLICY: EVERYTHING[USER_POLICY].partition("[tls]")[0]})
    corp = scene.indexes.index("corp", "acme-*")
    scene.default_index()
    scene.indexes.publish(corp, "acme-sdk", "1.0", upload_time=OLD)
    ended = scene.run("explain", "acme-sdk")

    assert scene.indexes.asked == [("corp", "acme-sdk"), ("corp", "acme-sdk")]
    rows = table(ended.out)
    assert rows["comes from"] == "corp"
    assert rows["because"].startswith("the pattern 'acme-*' gives it to this index")
    assert (
        rows[f"pypi ({DEFAULT_INDEX})"]
        == "not asked: a pattern gives the name to another index, so it is not sent"
    )


def test_an_ambiguous_name_shows_what_each_has_and_the_lines_to_paste() -> None:
    scene, public, corp = two_indexes()
    scene.indexes.publish(corp, "acme", "1.0", upload_time=OLD)
    scene.indexes.publish(public, "acme", "99.0", upload_time=ago(NOW, days=2))
    scene.indexes.claim_places(public, "acme", ("https://corp.example/simple/acme",))
    ended = scene.run("explain", "acme")

    assert ended.code == 0
    rows = table(ended.out)
    assert rows["comes from"].startswith("refused: acme is served by 2 indexes")
    assert rows["pypi"] == "newest 99.0 of 2026-11-19, 1 file"
    assert rows["https://corp.example/simple"].startswith("newest 1.0")
    assert "its page says: tracks https://corp.example/simple/acme" in ended.out
    assert 'packages = ["acme"]' in ended.out
    assert_golden("explain-project.txt", ended.out)


def test_an_index_that_gives_no_answer_ends_in_11_and_the_others_are_shown() -> None:
    scene, public, corp = two_indexes()
    scene.indexes.publish(public, "demo", "1.0", upload_time=OLD)
    scene.indexes.fall_silent(corp)
    ended = scene.run("explain", "demo")

    assert ended.code == 11
    rows = table(ended.out)
    assert rows["pypi"].startswith("newest 1.0")
    assert rows["https://corp.example/simple"].startswith("no answer: ")
    assert rows["comes from"].startswith("undecided: ")


def test_a_name_that_nobody_has_comes_from_nowhere() -> None:
    scene = Scene()
    scene.default_index()
    ended = scene.run("explain", "no-such-thing")

    assert ended.code == 0
    assert table(ended.out)["comes from"] == "nowhere: no-such-thing was looked for in pypi"


def test_an_index_that_is_skipped_is_a_note() -> None:
    policy = (
        EVERYTHING[USER_POLICY].partition("[tls]")[0].replace('packages = ["acme-*"]', 'unavailable = "skip"')
    )
    scene = Scene({USER_POLICY: policy})
    corp = scene.indexes.index("corp")
    scene.indexes.publish(scene.default_index(), "demo", "1.0", upload_time=OLD)
    scene.indexes.fall_silent(corp)
    ended = scene.run("explain", "demo")

    assert ended.code == 0
    assert "corp gave no answer, and its entry says to skip it then" in ended.out


def test_refused_settings_are_shown_and_no_name_is_sent() -> None:
    scene = Scene({"requirements.txt": "--trusted-host corp.example\ndemo\n"})
    scene.default_index()
    ended = scene.run("explain", "-r", "requirements.txt", "demo")

    assert ended.code == 10
    assert scene.indexes.asked == []
    assert "error[trusted-host]" in ended.err
    assert "nothing is asked while a setting is refused" in ended.out


def test_what_policy_refuses_is_no_refusal_of_the_question() -> None:
    scene = Scene({USER_POLICY: '[hashes]\nmode = "required"\n'})
    index = scene.default_index()
    scene.indexes.publish_sdist(index, "demo", "1.0", upload_time=OLD)
    ended = scene.run("explain", "demo")

    assert ended.code == 0
    assert "none: policy refuses every file that fits" in ended.out
    assert "building demo-1.0.tar.gz would run its code" in ended.out
    assert "error[unhashed-requirement]" in ended.err


def test_what_would_not_be_taken_anyway_is_counted_and_a_source_beside_its_wheel_is_not_told() -> None:
    scene = Scene()
    index = scene.default_index()
    scene.indexes.publish_sdist(index, "demo", "1.0", upload_time=OLD)
    scene.indexes.publish_sdist(index, "demo", "2.0", upload_time=OLD)
    scene.indexes.publish(index, "demo", "2.0", upload_time=OLD)
    scene.indexes.publish_sdist(index, "demo", "3.0", upload_time=OLD)
    ended = scene.run("explain", "demo")

    refused = ended.out.partition("Policy refuses\n")[2].splitlines()
    assert table(ended.out)["newest admitted"].startswith("2.0 ")
    assert [line.split()[1] for line in refused[:1]] == ["demo"]
    assert "demo-3.0.tar.gz" in refused[0]
    assert refused[1].split("  ")[-1] == "1 file that would not be taken anyway"


def test_a_project_as_json_has_every_refused_file() -> None:
    scene = Scene()
    index = scene.default_index()
    for minor in range(9):
        scene.indexes.publish_sdist(index, "demo", f"1.{minor}", upload_time=OLD)
    page = json.loads(scene.run("explain", "--report-format", "json", "demo").out)["page"]

    assert page["outcome"] == "settled"
    assert page["chosen"] is None
    assert len(page["refused"]) == 9
    assert {one["rule"] for one in page["refused"]} == {"sdist-build"}
    assert "and 4 more files" in scene.run("explain", "demo").out


def test_a_name_that_would_change_its_index_is_said_with_what_was_remembered() -> None:
    scene = Scene()
    scene.indexes.publish(scene.default_index(), "acme", "1.0", upload_time=OLD)
    route = KnownRoute(index="https://corp.example/simple", url="https://corp.example/simple", since=OLD)
    scene.record.remember([Known(project=canonicalize_name("acme"), route=route)])
    ended = scene.run("explain", "acme")

    assert ended.code == 0
    assert table(ended.out)["comes from"].startswith(
        "refused: acme came from https://corp.example/simple so far"
    )
    assert "first installed from https://corp.example/simple on 2025-10-17" in ended.out


def test_what_a_page_says_of_itself_moves_no_cursor_and_speaks_to_no_build_service() -> None:
    scene = Scene()
    index = scene.default_index()
    scene.indexes.publish(index, "demo", "1.0", upload_time=OLD)
    scene.indexes.claim_places(index, "demo", ("\x1b[2Jhttps://evil.example\n::warning::x\n##[error]y",))

    for form in ("text", "json"):
        out = scene.run("explain", "--report-format", form, "demo").out
        assert "evil.example" in out
        assert "\x1b" not in out
        assert "\n::" not in out
        assert "##[" not in out


# --- Nothing without an explanation -------------------------------------------------------------------

DOCS = Path(__file__).resolve().parents[2] / "docs"
KEYS_AND_LEVELS = sorted({*(key.path for key in KEYS), *(f"rules.{rule}" for rule in registry())})


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_of_every_command_can_be_explained(command: str) -> None:
    scene = Scene()
    # A key of the policy goes before a section of the same name: `index.client-cert`.
    for option in (one for one in options_of(command) if f"{command}.{one.name}" not in KEYS_AND_LEVELS):
        page = json.loads(scene.run("explain", "--report-format", "json", f"{command}.{option.name}").out)[
            "page"
        ]
        assert page["name"] == option.name
        assert page["reason"]
        assert (DOCS / page["page"]).exists()


def test_every_key_of_the_policy_can_be_explained() -> None:
    scene = Scene()
    for path in KEYS_AND_LEVELS:
        page = json.loads(scene.run("explain", "--report-format", "json", path).out)["page"]
        assert page["name"] == path
        assert page["meaning"]
        assert (DOCS / page["page"]).exists()


@pytest.mark.parametrize(
    "kind,words",
    [
        ("configuration", ()),
        ("setting", ("index-url",)),
        ("rule", ("plaintext-index",)),
        ("error", ("bad-policy",)),
        ("project", ("--offline", "demo")),
    ],
)
def test_the_keys_of_each_page_are_those_that_its_documentation_promises(
    kind: str, words: tuple[str, ...]
) -> None:
    text = (DOCS / "how-to" / "explain.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `{kind}` \| (.*) \|$", text, re.MULTILINE)
    said = json.loads(Scene().run("explain", "--report-format", "json", *words).out)

    assert said["explains"] == kind
    assert set(said) == {"version", "tool", "explains", "page", "warnings"}
    assert list(said["page"]) == re.findall(r"`(\w+)`", row)
