"""JSON, SARIF, annotations and the audit log: the same facts, each in its own grammar."""

import json

import jsonschema
import pytest

from safepip.core.errors import ExitCode, Refused, SafepipError, Undecided
from safepip.core.finding import Finding, Level
from safepip.report.choose import FORMATS, reporter_for
from safepip.report.facts import Outcome, outcome_of
from safepip.report.github import annotation, guarded, render_github
from safepip.report.json import render_json
from safepip.report.log import Run, artifacts, decision, render_log
from safepip.report.sarif import render_sarif
from tests.report import samples
from tests.report.golden import FOLDER, assert_golden

REFUSED = Outcome(
    verdict="refused",
    exit_code=ExitCode.REFUSED,
    findings=tuple(samples.all_findings()),
    consequence="nothing was installed",
    plan=samples.plan(),
)
FAILED = outcome_of(
    Undecided(
        "corp did not answer",
        reference="index-unavailable",
        origin=samples.in_file("flask", "flask"),
        hint="try again",
        notes=("timeout after 15 s",),
    ),
    consequence="nothing was installed",
)
RUN = Run(time=samples.NOW, policy="sha256:00", command="install")

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
POSITIVE = {"type": "integer", "minimum": 1}
LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "minimum": -1},
        "message": TEXT,
        "logicalLocations": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"name": {"type": "string"}, "fullyQualifiedName": {"type": "string"}},
            },
        },
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "additionalProperties": False,
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "additionalProperties": False,
                    "properties": {
                        "uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+$"},
                        "uriBaseId": {"const": "%SRCROOT%"},
                    },
                },
                "region": {
                    "type": "object",
                    "required": ["startLine"],
                    "additionalProperties": False,
                    "properties": {
                        "startLine": POSITIVE, "startColumn": POSITIVE, "endColumn": POSITIVE, "snippet": TEXT,
                    },
                },
            },
        },
    },
}  # fmt: skip
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "additionalProperties": False,
                                "properties": {
                                    "name": {"type": "string"},
                                    "version": {"type": "string"},
                                    "informationUri": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "additionalProperties": False,
                                            "properties": {
                                                "id": {"type": "string"},
                                                "shortDescription": TEXT,
                                                "helpUri": {"type": "string"},
                                                "defaultConfiguration": {"properties": {"level": LEVEL}},
                                                "properties": {"type": "object"},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "invocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["executionSuccessful"],
                            "additionalProperties": False,
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "exitCode": {"type": "integer"},
                                "exitCodeDescription": {"type": "string"},
                                "toolExecutionNotifications": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["message"],
                                        "additionalProperties": False,
                                        "properties": {
                                            "level": LEVEL,
                                            "message": TEXT,
                                            "locations": {"type": "array", "items": LOCATION},
                                            "properties": {"type": "object"},
                                        },
                                    },
                                },
                            },
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": LEVEL,
                                "message": TEXT,
                                "locations": {"type": "array", "items": LOCATION},
                                "relatedLocations": {"type": "array", "items": LOCATION},
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                                "properties": {"type": "object"},
                            },
                        },
                    },
                },
            },
        },
    },
}
"""What SARIF 2.1.0 asks of the parts that safepip writes (OASIS, section 3), closed against typing errors."""


def sarif(outcome: Outcome, **options: object) -> dict:
    log = json.loads(render_sarif(outcome, version="0.1.0", **options))
    jsonschema.validate(log, SARIF)
    return log["runs"][0]


def test_json_golden():
    assert_golden("outcome.json", render_json(REFUSED, version="0.1.0"))


def test_json_of_an_error():
    report = json.loads(render_json(FAILED, version="0.1.0"))
    assert (report["verdict"], report["exit_code"]) == ("undecided", 11)
    assert report["error"]["message"] == "corp did not answer"
    assert report["error"]["place"]["place"] == "requirements.txt"
    assert report["findings"] == []
    assert report["plan"] is None


def test_json_counts_and_orders_as_the_console_does():
    report = json.loads(render_json(REFUSED, version="0.1.0"))
    assert report["summary"] == {"errors": 4, "warnings": 3}
    assert [f["level"] for f in report["findings"]] == ["warning"] * 3 + ["error"] * 4


def test_sarif_golden():
    text = render_sarif(
        REFUSED,
        version="0.1.0",
        titles={"plaintext-index": "Index reached over unencrypted HTTP."},
        documentation_url="https://safepip.example/rules/",
    )
    jsonschema.validate(json.loads(text), SARIF)
    assert_golden("outcome.sarif", text)


def test_sarif_results_point_at_their_rules():
    run = sarif(REFUSED)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert len(run["results"]) == 7


def test_sarif_of_a_clean_run_has_an_empty_list_of_results():
    run = sarif(Outcome(verdict="done", exit_code=0))
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_sarif_of_an_error_tells_it_and_did_not_succeed():
    (invocation,) = sarif(FAILED)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "corp did not answer"


@pytest.mark.parametrize(
    "place, artifact",
    [
        ("requirements.txt", {"uri": "requirements.txt", "uriBaseId": "%SRCROOT%"}),
        ("./sub dir/r.txt", {"uri": "sub%20dir/r.txt", "uriBaseId": "%SRCROOT%"}),
        ("sub\\r.txt", {"uri": "sub/r.txt", "uriBaseId": "%SRCROOT%"}),
        ("/etc/pip.conf", {"uri": "file:///etc/pip.conf"}),
        ("C:\\pip\\pip.ini", {"uri": "file:///C:/pip/pip.ini"}),
        ("\\\\srv\\share\\pip.ini", {"uri": "file://srv/share/pip.ini"}),
        ("r\udcff\n.txt", {"uri": "r%3F%0A.txt", "uriBaseId": "%SRCROOT%"}),
        ("https://bob:hunter2@h.example/r.txt", {"uri": "https://****@h.example/r.txt"}),
    ],
)
def test_sarif_places_are_uris(place, artifact):
    finding = Finding(rule="x", message="m", origin=samples.in_file("flask", "flask", place=place))
    run = sarif(Outcome(verdict="refused", exit_code=10, findings=(finding,)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


def test_sarif_fingerprints_survive_moved_lines_but_tell_findings_apart():
    def fingerprint(finding: Finding) -> str:
        run = sarif(Outcome(verdict="refused", exit_code=10, findings=(finding,)))
        return run["results"][0]["partialFingerprints"]["safepip/v1"]

    assert fingerprint(samples.yanked_release(3)) == fingerprint(samples.yanked_release(30))
    assert fingerprint(samples.yanked_release()) != fingerprint(samples.plaintext_index())


def test_no_text_becomes_a_link_in_a_sarif_viewer():
    finding = Finding(
        rule="r", message="[fix it](https://evil.example)", origin=samples.in_file("flask", "flask")
    )
    (result,) = sarif(Outcome(verdict="refused", exit_code=10, findings=(finding,)))["results"]
    assert result["message"]["text"].startswith("[fix it\\](https://evil.example)")


def test_github_golden():
    assert_golden("outcome-github.txt", render_github(REFUSED))


def test_github_of_an_error():
    assert render_github(FAILED) == (
        "::error file=requirements.txt,line=1,col=1,endColumn=5,title=safepip%3A index-unavailable"
        "::corp did not answer%0Anote: timeout after 15 s%0Ahelp: try again\n"
    )


def test_github_of_nothing_is_nothing():
    assert render_github(Outcome(verdict="done", exit_code=0)) == ""


def test_no_text_ends_its_annotation_or_begins_another():
    evil = "x\n::add-mask::y\r::error::z,line=9::%0A##[add-path]/evil"
    finding = Finding(
        rule="r", message=evil, origin=samples.in_file(place=evil), help=evil, notes=(evil,), decided_by=evil
    )
    line = annotation(finding)
    assert "\n" not in line
    assert "\r" not in line
    assert "##[" not in line
    assert "%250A" in line
    properties = line.removeprefix("::error ").partition("::")[0]
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]


def test_text_by_others_is_fenced():
    token = "a1" * 16
    assert guarded("one\n::error::two\n", token=token).splitlines() == [
        f"::stop-commands::{token}",
        "one",
        "\\::error::two",
        f"::{token}::",
    ]


def test_the_fence_cannot_be_opened_from_inside():
    token = "a1" * 16
    assert guarded(f"::{token}::\n::error::x", token=token).count(f"\n::{token}::") == 1


@pytest.mark.parametrize("token", ["", "short", "a" * 15, "x" * 20 + "\n", "x" * 20 + "::"])
def test_a_weak_stop_token_is_refused(token):
    with pytest.raises(ValueError, match="stop token"):
        guarded("text", token=token)


def test_log_golden():
    records = [
        decision(samples.plaintext_index()),
        decision(samples.yanked_release(), exemption="policy.toml:30 allow yanked-release"),
        decision(samples.credentials_in_url()),
        *artifacts(samples.plan()),
    ]
    assert_golden("log.jsonl", render_log(records, RUN))


def test_a_log_line_is_one_line_whatever_a_name_holds():
    finding = Finding(rule="r", message="a\nb\u2028c\x85d", origin=samples.on_page("https://bob:hunter2@h/"))
    text = render_log([decision(finding)], RUN)
    assert len(text.splitlines()) == 1
    assert json.loads(text)["message"] == finding.message
    assert "hunter2" not in text


@pytest.mark.parametrize("level, verdict", [(Level.DENY, "deny"), (Level.WARN, "warn"), (Level.OFF, "allow")])
def test_a_decision_is_logged_with_what_policy_made_of_it(level, verdict):
    finding = Finding(rule="r", message="m", origin=samples.in_file(), level=level)
    assert decision(finding).verdict == verdict


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_what_was_found_and_what_to_do(name):
    text = reporter_for(name, version="0.1.0")(REFUSED)
    for finding in REFUSED.findings:
        assert finding.rule in text
        assert finding.message.split(":")[0] in text
        assert finding.help is not None
        assert finding.help.split('"')[0] in text
        for note in finding.notes:
            assert note in text


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_an_error(name):
    text = reporter_for(name, version="0.1.0")(FAILED)
    for fact in ("corp did not answer", "index-unavailable", "timeout after 15 s", "try again"):
        assert fact in text


def test_an_unknown_format_is_an_error():
    with pytest.raises(ValueError, match="xml"):
        reporter_for("xml", version="0.1.0")


def test_a_refusal_is_its_findings_and_no_error():
    outcome = outcome_of(Refused([samples.plaintext_index()]), consequence="nothing was installed")
    assert (outcome.verdict, outcome.exit_code, outcome.error) == ("refused", 10, None)
    assert outcome_of(SafepipError("x"), consequence="").verdict == "failed"


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


def test_the_reference_page_names_every_key():
    page = (FOLDER.parent.parent / "docs" / "reference" / "report-format.md").read_text(encoding="utf-8")
    log = render_log([decision(samples.plaintext_index()), *artifacts(samples.plan())], RUN)
    written = keys_of(json.loads(render_json(REFUSED, version="0"))) | keys_of(
        json.loads(render_json(FAILED, version="0"))
    )
    written = written.union(*(keys_of(json.loads(line)) for line in log.splitlines()))
    assert written
    assert {key for key in written if f"`{key}`" not in page} == set()
