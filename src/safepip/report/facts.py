"""What every format says about a finding, a plan and an outcome: the same facts, as plain data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safepip.core.digest import AcceptableDigests, Digests
from safepip.core.errors import ExitCode, Refused, SafepipError
from safepip.core.finding import Finding, Level
from safepip.core.lock_page import LockPage
from safepip.core.origin import Origin
from safepip.core.plan import Asker, Plan, Step
from safepip.report.redact import redact

LEVEL_WORDS: Mapping[Level, str] = {Level.WARN: "warning", Level.DENY: "error"}
"""A finding's level in words; findings of a rule that is off are not shown."""

_VERDICTS: Mapping[int, str] = {
    ExitCode.REFUSED: "refused",
    ExitCode.UNDECIDED: "undecided",
    ExitCode.VERIFICATION: "not as promised",
    ExitCode.FINDINGS: "found",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run, or a stage of it, ended.

    Attributes:
        verdict: one word: ``refused``, ``undecided``, ``failed``, ``planned``, ``done``, ``found``.
        exit_code: what safepip ends with.
        findings: everything that rules said; denials and warnings.
        consequence: what that means for the environment: ``nothing was installed``; empty if nothing.
        plan: the answer, where one was found.
        lock: what was locked, where that was asked for.
        error: what went wrong, where it was no finding.
    """

    verdict: str
    exit_code: int
    findings: tuple[Finding, ...] = ()
    consequence: str = ""
    plan: Plan | None = None
    lock: LockPage | None = None
    error: SafepipError | None = None


def outcome_of(error: SafepipError, *, consequence: str) -> Outcome:
    """The outcome of a run that an error ended; a refusal is its findings and no error."""
    findings = error.findings if isinstance(error, Refused) else ()
    return Outcome(
        verdict=_VERDICTS.get(error.exit_code, "failed"),
        exit_code=error.exit_code,
        findings=findings,
        consequence=consequence,
        error=None if findings else error,
    )


def visible_findings(findings: Sequence[Finding]) -> list[Finding]:
    """In the order of every format: warnings first, denials last, each by place; ties keep their order."""
    return sorted(
        (finding for finding in findings if finding.level is not Level.OFF),
        key=lambda finding: (finding.level, place_order(finding.origin)),
    )


def place_order(origin: Origin) -> tuple[str, str, int, int]:
    """Arguments, then artifacts, environment, files and pages, each from the top."""
    return (origin.kind.value, origin.place, origin.line or 0, origin.column or 0)


def count_levels(findings: Sequence[Finding]) -> Mapping[Level, int]:
    """How many findings of each level there are; 0 for none."""
    return Counter(finding.level for finding in findings)


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """JSON with every string redacted, safe to print (:func:`ascii_json`)."""
    return ascii_json(_redacted(value), indent=indent)


def ascii_json(value: Any, *, indent: int | None = 2) -> str:
    """JSON that is safe on a terminal and in the log of a build service.

    ASCII only, without control characters; of ``##``, which begins commands to some runners
    (``##[…]``), the second is escaped, which a JSON reader does not notice.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=True)
    return text.replace("##", "#\\u0023").replace("\x7f", "\\u007f")


def place_facts(origin: Origin) -> dict[str, Any]:
    """Where something stands; ``line`` of an argument is its position on the command line."""
    return {
        "kind": origin.kind.value,
        "layer": origin.layer.name.lower(),
        "place": origin.place,
        "line": origin.line,
        "column": origin.column,
        "length": origin.length,
        "key": origin.key,
        "text": origin.text,
    }


def finding_facts(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "level": LEVEL_WORDS.get(finding.level, "off"),
        "severity": finding.severity.value,
        "message": finding.message,
        "subject": finding.subject,
        "place": place_facts(finding.origin),
        "decided_by": finding.decided_by,
        "notes": list(finding.notes),
        "help": finding.help,
        "related": [{"label": at.label, "place": place_facts(at.origin)} for at in finding.related],
    }


def error_facts(error: SafepipError) -> dict[str, Any]:
    return {
        "reference": error.reference,
        "message": error.message,
        "place": None if error.origin is None else place_facts(error.origin),
        "notes": [*error.preface, *error.notes],
        "help": error.hint,
    }


def plan_facts(plan: Plan) -> dict[str, Any]:
    return {
        "steps": [
            step_facts(step) | {"replaces": _text(plan.replaced.get(step.project))} for step in plan.steps
        ],
        "satisfied": [
            {"project": kept.project, "version": str(kept.version), "requirement": kept.text}
            for kept in plan.satisfied
        ],
        "removed": [
            {"name": one.name, "project": one.project, "version": one.version} for one in plan.removed
        ],
        "notes": list(plan.notes),
    }


def step_facts(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "project": step.project,
        "version": str(step.version),
        "filename": step.file.filename,
        "url": step.file.url,
        "size": step.file.size,
        "digests": digest_texts(step.file.digests),
        "user_hashes": digest_texts(step.acceptable),
        "index": step.index,
        "route": {
            "reason": step.route.reason.value,
            "pattern": step.route.pattern,
            "indexes": [index.name for index in step.route.indexes],
        },
        "yanked": step.file.yanked,
        "requested": step.requested,
        "requested_extras": sorted(step.requested_extras),
        "direct": step.direct,
        "asked_for_by": [_asker_facts(asker) for asker in step.askers],
    }


def digest_texts(digests: Digests | AcceptableDigests) -> list[str]:
    """``algorithm:hex`` texts, sorted."""
    if isinstance(digests, Digests):
        return sorted(f"{algorithm.value}:{digits}" for algorithm, digits in digests.by_algorithm.items())
    return sorted(
        f"{algorithm.value}:{digits}"
        for algorithm, several in digests.by_algorithm.items()
        for digits in several
    )


def _asker_facts(asker: Asker) -> dict[str, Any]:
    return {
        "requirement": asker.text,
        "project": asker.project,
        "place": None if asker.origin is None else str(asker.origin),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    return value
