"""``safepip policy``: what each action does, says and ends with."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import jsonschema
import pytest

from safepip.core.errors import CommandError, ExitCode
from safepip.policy.draft import Draft, DraftIndex, draft_text
from safepip.policy.json_schema import schema_text
from safepip.rules import known_rules
from tests.fakes.scene import CWD, HOME, Scene
from tests.policy.support import written
from tests.report.golden import assert_golden

MACHINE = "/etc/safepip/policy.toml"
USER = f"{HOME}/.config/safepip/policy.toml"
PROJECT = """\
[[index]]
name = "corp"
url = "https://corp.example/simple"
packages = ["acme", "acme-*"]
file-hosts = []
min-age = "0 days"

[hashes]
mode = "index"

[rules]
yanked-release = "deny"
direct-url = "deny"

[[allow]]
rule = "fresh-release"
package = "acme-sdk>=2"
reason = "first party"
owner = "me"
expires = 2026-11-20
"""


def scene(**files: str) -> Scene:
    return Scene({".git/HEAD": "", **files})


def layered() -> Scene:
    world = scene()
    world.write(MACHINE, '[hashes]\nmode = "files"\n[rules]\nstartup-hook = "warn"\n')
    world.write(USER, '[[allow]]\nrule = "startup-hook"\npackage = "acme-*"\nreason = "ours"\n')
    world.write("safepip.toml", PROJECT)
    return world


# Which action --------------------------------------------------------------------------------------


@pytest.mark.parametrize("argv", [(), ("frobnicate",)])
def test_an_action_is_needed(argv: tuple[str, ...]) -> None:
    ended = scene().run("policy", *argv)
    assert ended.code == ExitCode.ERROR
    assert "Need an action (init, show, check, trust, schema) to perform." in ended.err


@pytest.mark.parametrize(
    "argv, code",
    [
        (("show", "more"), ExitCode.ERROR),
        (("init", "more"), ExitCode.ERROR),
        (("trust", "one", "two"), ExitCode.ERROR),
        (("show", "--force"), ExitCode.USAGE),
        (("trust", "--output", "x"), ExitCode.USAGE),
        (("init", "--revoke"), ExitCode.USAGE),
        (("trust", "--list", "--revoke"), ExitCode.USAGE),
        (("trust", "--list", "safepip.toml"), ExitCode.USAGE),
        (("show", "--report-format", "sarif"), ExitCode.USAGE),
    ],
)
def test_what_an_action_does_not_take_is_refused(argv: tuple[str, ...], code: ExitCode) -> None:
    world = layered()
    before = dict(world.around.disk)
    ended = world.run("policy", *argv)
    assert (ended.code, ended.out) == (code, "")
    assert world.around.disk == before
    assert not world.trusted.by_path


# show ----------------------------------------------------------------------------------------------


def test_show_prints_every_key_with_its_place() -> None:
    ended = layered().run("policy", "show")
    assert ended.code == ExitCode.OK
    assert_golden("policy-show.txt", ended.out)
    assert_golden("policy-show-warnings.txt", ended.err)


def test_show_of_a_trusted_policy() -> None:
    world = layered()
    world.write("certs/ca.pem", "roots")
    world.run("policy", "trust")
    assert_golden("policy-show-trusted.txt", world.run("policy", "show").out)


def test_show_without_any_policy() -> None:
    out = scene().run("policy", "show").out
    assert out.startswith("No policy file takes part: safepip's defaults hold.\n\nKeys\n")
    assert 'hashes.mode        "files"        safepip\'s default\n' in out


def test_show_as_json_has_the_same_facts() -> None:
    ended = layered().run("policy", "show", "--report-format", "json")
    assert ended.err == ""
    facts = json.loads(ended.out)
    assert (facts["version"], facts["kind"]) == ("1", "policy")
    assert [(file["layer"], file["trusted"]) for file in facts["files"]] == [
        ("machine", True),
        ("user", True),
        ("project", False),
    ]
    assert len(facts["files"][2]["set_aside"]) == 3
    assert facts["keys"]["hashes.mode"]["place"]["line"] == 2
    assert facts["keys"]["tls.ca-bundle"] == {"value": None, "default": True, "place": None}
    assert facts["exemptions"][0]["state"] == "leaves a warning"
    assert {finding["rule"] for finding in facts["findings"]} == {"policy-loosened", "untrusted-policy"}


def test_show_hides_nothing_of_a_bad_policy() -> None:
    ended = scene(**{"safepip.toml": "[hashes]\nmod = 1\n"}).run("policy", "show")
    assert ended.code == ExitCode.BAD_POLICY
    assert "did you mean 'mode'?" in ended.err


# check ---------------------------------------------------------------------------------------------


def test_check_says_that_all_is_well() -> None:
    world = layered()
    world.write("safepip.toml", '[hashes]\nmode = "required"\n')
    world.write(USER, "")
    ended = world.run("policy", "check")
    assert ended.code == ExitCode.OK
    assert ended.out == f"{MACHINE}: ok\n{USER}: ok\n{CWD}/safepip.toml: ok\n"


def test_check_prints_everything_that_is_wrong_with_all_files() -> None:
    world = scene()
    world.write("one.toml", '[hashes]\nmode = "soft"\n[builds]\nsdist = []\n')
    world.write("two.toml", '[rules]\nyanked-relase = "deny"\n')
    world.write("three.toml", '[hashes]\nmode = "required"\n')
    ended = world.run("policy", "check", "one.toml", "two.toml", "three.toml")
    assert (ended.code, ended.out) == (ExitCode.BAD_POLICY, "")
    assert_golden("policy-check.txt", ended.err)


@pytest.mark.parametrize(
    "text, told",
    [
        ('[[allow]]\nrule = "fresh-release"\nreason = "x"\nexpires = 2026-11-20\n', "expired-allowance"),
        ('[[allow]]\nrule = "fresh-release"\nreason = "x"\nexpires = 2026-11-21\n', ""),
        ('[[allow]]\nrule = "fresh-release"\npackage = "acme"\nreason = "x"\n', ""),
    ],
)
def test_check_finds_exemptions_that_have_ended(text: str, told: str) -> None:
    ended = scene(**{"safepip.toml": text}).run("policy", "check", "safepip.toml")
    assert ended.code == (ExitCode.FINDINGS if told else ExitCode.OK)
    assert told in ended.err


def test_check_finds_them_in_a_policy_that_nobody_trusts() -> None:
    text = '[[allow]]\nrule = "fresh-release"\nreason = "x"\nexpires = 2026-11-20\n'
    ended = scene(**{"safepip.toml": text}).run("policy", "check")
    assert ended.code == ExitCode.FINDINGS
    assert "expired-allowance" in ended.err
    assert "untrusted-policy" not in ended.err


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_check_reports_in_every_form(form: str) -> None:
    world = scene(**{"safepip.toml": '[hashes]\nmode = "index"\n'})
    well = world.run("policy", "check", "--report-format", form)
    assert (well.code, well.err) == (ExitCode.OK, "")
    world.write(MACHINE, '[hashes]\nmode = "required"\n')
    bad = world.run("policy", "check", "--report-format", form)
    assert bad.code == ExitCode.FINDINGS
    if form != "github":
        json.loads(well.out)


def test_check_finds_what_a_stronger_file_does_not_let_through() -> None:
    world = scene(**{"safepip.toml": '[hashes]\nmode = "index"\n'})
    world.write(MACHINE, '[hashes]\nmode = "required"\n')
    ended = world.run("policy", "check")
    assert ended.code == ExitCode.FINDINGS
    assert "policy-loosened" in ended.err
    assert f"{MACHINE}:2:8" in ended.err
    assert f"{CWD}/safepip.toml:2:8" in ended.err


def test_check_of_a_pyproject_without_a_policy_is_no_success() -> None:
    world = scene(**{"pyproject.toml": '[project]\nname = "x"\n'})
    ended = world.run("policy", "check", "pyproject.toml")
    assert ended.code == ExitCode.BAD_POLICY
    assert "there is no [tool.safepip] in it" in ended.err
    world.write("pyproject.toml", '[tool.safepip.hashes]\nmode = "required"\n')
    assert world.run("policy", "check", "pyproject.toml").code == ExitCode.OK


def test_check_of_a_missing_file_is_no_success() -> None:
    ended = scene().run("policy", "check", "nowhere.toml")
    assert ended.code == ExitCode.BAD_POLICY
    assert "No such file" in ended.err


# trust ---------------------------------------------------------------------------------------------


def test_trust_prints_what_counts_from_now_on() -> None:
    world = layered()
    ended = world.run("policy", "trust")
    assert ended.code == ExitCode.OK
    assert_golden("policy-trust.txt", ended.out)
    assert list(world.trusted.by_path) == [f"{CWD}/safepip.toml"]


def test_a_policy_that_only_refuses_needs_no_trust() -> None:
    ended = scene(**{"safepip.toml": '[hashes]\nmode = "required"\n'}).run("policy", "trust")
    assert "It only refuses" in ended.out


def test_trust_of_a_named_file_and_back() -> None:
    world = scene()
    world.write("/other/safepip.toml", PROJECT)
    assert world.run("policy", "trust", "/other/safepip.toml").code == ExitCode.OK
    listed = world.run("policy", "trust", "--list").out
    assert listed == "Trusted policies\n  2026-11-21  /other/safepip.toml  in force\n"
    assert world.run("policy", "trust", "/other/safepip.toml", "--revoke").code == ExitCode.OK
    assert world.run("policy", "trust", "--list").out == "No project's policy is trusted.\n"
    again = world.run("policy", "trust", "/other/safepip.toml", "--revoke")
    assert (again.code, again.out) == (ExitCode.ERROR, "")
    assert "is not trusted" in again.err


def test_trust_of_a_file_that_is_gone_can_be_taken_back() -> None:
    world = scene(**{"safepip.toml": PROJECT})
    world.run("policy", "trust")
    del world.around.disk[f"{CWD}/safepip.toml"]
    assert "gone" in world.run("policy", "trust", "--list").out
    assert world.run("policy", "trust", "--revoke", "safepip.toml").code == ExitCode.OK


def test_the_list_says_what_has_changed() -> None:
    world = scene(**{"safepip.toml": PROJECT})
    world.run("policy", "trust")
    world.write("safepip.toml", PROJECT.replace("corp", "evil"))
    assert "it has changed since you trusted it on 2026-11-21" in world.run("policy", "trust", "--list").out
    facts = json.loads(world.run("policy", "trust", "--list", "--report-format", "json").out)
    assert facts["trusted"][0]["state"].startswith("it has changed")
    world.write("safepip.toml", "[")
    assert "cannot be read" in world.run("policy", "trust", "--list").out


@pytest.mark.parametrize(
    "text, code",
    [
        ("[hashes]\nmod = 1\n", ExitCode.BAD_POLICY),
        ('[[index]]\nname = "pypi"\nurl = "https://evil.example/simple"\n', ExitCode.BAD_POLICY),
        ('[tls]\nca-bundle = "missing.pem"\n', ExitCode.BAD_POLICY),
    ],
)
def test_what_cannot_count_is_not_trusted(text: str, code: ExitCode) -> None:
    world = scene(**{"safepip.toml": text})
    world.write(MACHINE, '[[index]]\nname = "pypi"\n')
    ended = world.run("policy", "trust")
    assert ended.code == code
    assert not world.trusted.by_path


def test_there_has_to_be_something_to_trust() -> None:
    ended = scene().run("policy", "trust")
    assert ended.code == ExitCode.ERROR
    assert "no policy was found" in ended.err


# schema --------------------------------------------------------------------------------------------


def test_schema_is_the_documented_one() -> None:
    ended = scene().run("policy", "schema")
    assert json.loads(ended.out) == json.loads(schema_text(known_rules()))


# init ----------------------------------------------------------------------------------------------


def valid(text: str) -> Any:
    """The file as TOML, after the strict reader and the schema have passed it."""
    written(text)
    table = tomllib.loads(text)
    jsonschema.validate(table, json.loads(schema_text(known_rules())))
    return table


def test_init_with_one_index_gives_it_every_name() -> None:
    world = scene()
    ended = world.run("policy", "init")
    assert ended.code == ExitCode.OK
    text = world.around.disk[f"{CWD}/safepip.toml"].decode()
    assert valid(text)["index"] == [{"name": "pypi", "packages": ["*"]}]
    assert_golden("policy-init.txt", text)
    assert_golden("policy-init-out.txt", ended.out)
    assert ended.err == "safepip: this policy would refuse nothing of today's configuration\n"
    assert world.indexes.asked == []


PIP_CONF = """\
[global]
index-url = https://me:s3cret@corp.example/simple
extra-index-url =
    https://pub.example/simple
    http://old.example/simple
trusted-host = old.example
find-links = https://links.example/all.html
"""


def configured(**files: str) -> Scene:
    world = Scene({".git/HEAD": "", f"{HOME}/.config/pip/pip.conf": PIP_CONF, **files})
    world.environment = world.environment.__class__(
        **{
            name: getattr(world.environment, name)
            for name in world.environment.__slots__
            if name != "installed"
        },
        installed={"acme-sdk": _installed("acme-sdk"), "flask": _installed("Flask")},
    )
    return world


def _installed(name: str) -> Any:
    from safepip.core.ports import InstalledDistribution

    return InstalledDistribution(
        name=name,
        project=name.lower(),  # type: ignore[arg-type]  # normalised by hand
        version=None,
        version_text="1.0",
        location="/site",
        direct_url='{"url": "https://files.example/acme/acme.whl", "archive_info": {}}'
        if name == "acme-sdk"
        else '{"url": "https://git.example/flask.git", "vcs_info": {"vcs": "git"}}',
    )


LOCK = """\
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "acme-sdk"
index = "https://corp.example/simple/"
[[packages]]
name = "Flask"
"""


def test_init_with_several_indexes_claims_what_a_lock_knows() -> None:
    world = configured(**{"pylock.toml": LOCK})
    ended = world.run("policy", "init")
    text = world.around.disk[f"{CWD}/safepip.toml"].decode()
    table = valid(text)
    assert [(index["name"], index.get("packages")) for index in table["index"]] == [
        ("corp.example", ["acme-sdk"]),
        ("pub.example", None),
    ]
    assert_golden("policy-init-several.txt", text)
    assert_golden("policy-init-refusals.txt", ended.err)
    assert world.indexes.asked == []


def test_init_writes_no_credentials() -> None:
    world = configured()
    ended = world.run("policy", "init")
    everything = world.around.disk[f"{CWD}/safepip.toml"].decode() + ended.out + ended.err
    assert "s3cret" not in everything
    assert "me:" not in everything


def test_init_does_not_write_over_a_file() -> None:
    world = scene(**{"safepip.toml": "[rules]\n"})
    ended = world.run("policy", "init")
    assert ended.code == ExitCode.ERROR
    assert "is there already" in ended.err
    assert world.around.disk[f"{CWD}/safepip.toml"] == b"[rules]\n"
    assert world.run("policy", "init", "--output", "other.toml").code == ExitCode.OK
    assert world.run("policy", "init", "--force").code == ExitCode.OK
    assert world.around.disk[f"{CWD}/safepip.toml"] == world.around.disk[f"{CWD}/other.toml"]


@pytest.mark.parametrize("words", [[], ["--force"]])
def test_init_never_writes_over_a_file_that_holds_more_than_a_policy(words: list[str]) -> None:
    world = scene(**{"pyproject.toml": "[project]\nname = 'mine'\n"})
    ended = world.run("policy", "init", "--output", "pyproject.toml", *words)
    assert ended.code == ExitCode.ERROR
    assert "holds more than a policy" in ended.err
    assert world.around.disk[f"{CWD}/pyproject.toml"] == b"[project]\nname = 'mine'\n"


HASH = f"--hash=sha256:{'a' * 64}"


@pytest.mark.parametrize(
    "text, mode",
    [
        (f"flask==1.0 {HASH}\nlib==1 \\\n    {HASH}\n# a comment\n", "required"),
        (f"flask==1.0 {HASH}\nlib==1\n", "files"),
        (f"flask==1.0 --hash=md5:{'a' * 32}\n", "files"),
        ("# nothing\n", "files"),
    ],
)
def test_init_asks_hashes_of_everything_where_everything_has_one(text: str, mode: str) -> None:
    world = scene(**{"requirements.txt": text})
    world.run("policy", "init")
    assert valid(world.around.disk[f"{CWD}/safepip.toml"].decode())["hashes"]["mode"] == mode


def test_init_says_what_it_would_refuse_of_requirement_files() -> None:
    world = configured(**{"requirements.txt": "--index-url https://evil.example/simple\nacme-x==1\n"})
    ended = world.run("policy", "init")
    assert ended.code == ExitCode.OK
    assert "the policy does not list https://evil.example/simple\n  --> requirements.txt:1:13\n" in ended.err
    assert "warning[unhashed-requirement]" in ended.err
    text = world.around.disk[f"{CWD}/safepip.toml"].decode()
    assert "evil" not in text
    assert "#   acme-sdk, acme-x, flask\n" in text


@pytest.mark.parametrize("text", ["-r https://remote.example/more.txt\n", "-r gone.txt\n", "==1\n"])
def test_init_reads_nothing_remote_and_goes_on_without_what_cannot_be_read(text: str) -> None:
    world = scene(**{"requirements.txt": text})
    world.files.remote = {
        "https://remote.example/more.txt": CommandError("not read", reference="usage", origin=None)
    }
    ended = world.run("policy", "init")
    assert ended.code == ExitCode.OK
    assert "requirement files are left out of this" in ended.err
    assert valid(world.around.disk[f"{CWD}/safepip.toml"].decode())["index"]


def test_init_repeats_nothing_that_a_stronger_policy_lists() -> None:
    world = scene()
    world.write(MACHINE, '[[index]]\nname = "corp"\nurl = "https://corp.example/simple"\npackages = ["*"]\n')
    world.run("policy", "init")
    text = world.around.disk[f"{CWD}/safepip.toml"].decode()
    assert "index" not in valid(text)
    assert f"# Listed by a stronger policy already: corp ({MACHINE}:1:1)" in text


@pytest.mark.parametrize(
    "nasty", ['x"\n[rules]\nyanked-release = "off"', "a\x00b\r\nc", "\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}"]
)
def test_nothing_that_was_found_becomes_a_line_of_the_policy(nasty: str) -> None:
    """Names of places come from files and variables that others may have written."""
    text = draft_text(
        Draft(
            day="2026-11-21",
            indexes=[
                DraftIndex(name="corp", url="https://corp.example/simple", said_by=nasty),
                DraftIndex(name="other", url="https://other.example/simple", said_by=nasty),
            ],
            undecided=[nasty],
            elsewhere=[nasty],
            left_out=[nasty],
            urls=[nasty],
            repositories=[nasty],
        )
    )
    assert set(valid(text)) == {"index", "hashes"}
