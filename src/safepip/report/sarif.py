"""``--report-format sarif``: findings for code scanning (OASIS SARIF 2.1.0).

Places in files and pages become physical locations; the command line, the environment and defaults
have none and become logical ones. Columns are code points, as everywhere in safepip.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from safepip.core.finding import Finding, Level, Severity
from safepip.core.origin import Origin, Place
from safepip.report.facts import LEVEL_WORDS, Outcome, error_facts, json_text, visible_findings
from safepip.report.redact import redact

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "safepip/v1"
SOURCE_ROOT = "%SRCROOT%"
SECURITY_SEVERITY: Mapping[Severity, str] = {
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.0",
    Severity.LOW: "2.0",
}
"""The middle of the bands that GitHub reads from ``security-severity``."""

_NO_TITLES: Mapping[str, str] = MappingProxyType({})
_PHYSICAL = frozenset({Place.FILE, Place.INDEX, Place.ARTIFACT})
_DRIVE = re.compile(r"[A-Za-z]:[/\\]|\\\\")


def render_sarif(
    outcome: Outcome,
    *,
    version: str,
    titles: Mapping[str, str] = _NO_TITLES,
    documentation_url: str | None = None,
) -> str:
    """One SARIF log with one run, ending in a newline. ``results: []`` says: ran, nothing found.

    Args:
        outcome: its findings become results, its error a notification of the invocation.
        version: safepip's.
        titles: a line for each rule id; a rule without one is described by its id.
        documentation_url: folder of the rule pages; None leaves the links out.
    """
    findings = visible_findings(outcome.findings)
    by_rule = {finding.rule: finding for finding in reversed(findings)}
    order = sorted(by_rule)
    driver: dict[str, Any] = {
        "name": "safepip",
        "version": version,
        "rules": [_rule(by_rule[rule], titles.get(rule, rule), documentation_url) for rule in order],
    }
    if documentation_url is not None:
        driver["informationUri"] = documentation_url
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(outcome)],
        "results": [_result(finding, order.index(finding.rule)) for finding in findings],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rule(finding: Finding, title: str, documentation_url: str | None) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.rule,
        "shortDescription": {"text": title},
        "defaultConfiguration": {"level": "error"},
        "properties": {"security-severity": SECURITY_SEVERITY[finding.severity], "tags": ["security"]},
    }
    if documentation_url is not None:
        rule["helpUri"] = f"{documentation_url.rstrip('/')}/{quote(finding.rule)}"
    return rule


def _invocation(outcome: Outcome) -> dict[str, Any]:
    # "Successful" is said of the tool: it reached a verdict, whatever the verdict is.
    invocation: dict[str, Any] = {
        "executionSuccessful": outcome.error is None,
        "exitCode": int(outcome.exit_code),
        "exitCodeDescription": "; ".join(filter(None, (outcome.verdict, outcome.consequence))),
    }
    if outcome.error is not None:
        notification = {"level": "error", "message": {"text": _without_links(outcome.error.message)}}
        at = [] if outcome.error.origin is None else [_location(outcome.error.origin)]
        invocation["toolExecutionNotifications"] = [
            {**notification, "locations": at, "properties": error_facts(outcome.error)}
        ]
    return invocation


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": LEVEL_WORDS.get(finding.level, LEVEL_WORDS[Level.WARN]),
        "message": {"text": _message(finding)},
        "locations": [_location(finding.origin)],
        "relatedLocations": [
            {**_location(at.origin), "id": number, "message": {"text": _without_links(at.label or "see")}}
            for number, at in enumerate(finding.related, start=1)
        ],
        "partialFingerprints": {FINGERPRINT: _fingerprint(finding)},
        "properties": {
            "subject": finding.subject,
            "severity": finding.severity.value,
            "decidedBy": finding.decided_by,
            "notes": list(finding.notes),
            "help": finding.help,
        },
    }


def _message(finding: Finding) -> str:
    """All that a viewer shows of a result, so all that a person needs."""
    lines = [finding.message, f"decided by: {finding.decided_by}", *finding.notes]
    return _without_links("\n".join(lines if finding.help is None else [*lines, f"help: {finding.help}"]))


def _without_links(text: str) -> str:
    """No text by others becomes a link ``[text](target)`` in a viewer (SARIF 2.1.0, 3.11.6)."""
    return text.replace("](", "\\](")


def _location(origin: Origin) -> dict[str, Any]:
    if origin.kind not in _PHYSICAL:
        return {"logicalLocations": [{"name": origin.key or str(origin), "fullyQualifiedName": str(origin)}]}
    physical: dict[str, Any] = {"artifactLocation": _artifact(origin)}
    if origin.line is not None:
        physical["region"] = _region(origin, origin.line)
    return {"physicalLocation": physical}


def _artifact(origin: Origin) -> dict[str, str]:
    place = redact(origin.place)
    if "://" in place:
        return {"uri": quote(place, safe="/:?#[]@!$&'()*+,;=%~", errors="replace")}
    windows = bool(_DRIVE.match(place))
    path = PureWindowsPath(place) if windows else PurePosixPath(place.replace("\\", "/"))
    text = quote(path.as_posix(), safe="/:" if windows else "/", errors="replace")
    if not path.is_absolute():
        return {"uri": text, "uriBaseId": SOURCE_ROOT}
    authority = "" if text.startswith("//") else "//" if text.startswith("/") else "///"
    return {"uri": f"file:{authority}{text}"}


def _region(origin: Origin, line: int) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": line}
    if origin.column is not None:
        region["startColumn"] = origin.column
        if origin.length is not None:
            region["endColumn"] = origin.column + origin.length
    if origin.text is not None:
        region["snippet"] = {"text": origin.text}
    return region


def _fingerprint(finding: Finding) -> str:
    """The same finding in the next run, though lines have moved: no line number in it."""
    parts = (
        finding.rule,
        finding.subject or "",
        finding.origin.place,
        redact(finding.origin.text or "").strip(),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
