"""The audit log: one JSON object a line, for each decision and each artifact.

Pure: lines out, written elsewhere. A line has the keys of :class:`Record` in that order; texts are
redacted and digests are the only long ones, so a line can be kept for years.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from packaging.utils import NormalizedName

from safepip.core.digest import Digests
from safepip.core.errors import Refused, SafepipError
from safepip.core.finding import Finding, Level
from safepip.core.plan import Plan, Step
from safepip.report.facts import digest_texts, json_text, outcome_of

_VERDICTS: Mapping[Level, str] = {Level.DENY: "deny", Level.WARN: "warn", Level.OFF: "allow"}
_NO_DIGESTS: Mapping[NormalizedName, Digests] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What every line of a run has in common.

    Attributes:
        time: the run's one now, aware.
        policy: digest of the merged policy, ``sha256:…``; empty where no policy was read.
        command: such as ``install``.
    """

    time: datetime
    policy: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line.

    Attributes:
        event: ``decision``, ``artifact`` or ``failure``.
        verdict: ``admit``, ``allow`` (an exemption or level let it pass), ``warn`` or ``deny``; of a
            failure ``undecided``, ``not as promised`` or ``failed``.
        project, version, index, filename: of the artifact; None where it is about none.
        subject: what a finding is about.
        digests: ``algorithm:hex`` texts.
        rule: id of the rule that spoke, or of the kind of failure; None where there is none.
        exemption: the policy line or option that let it pass; None if none did.
        place: where the value stands; for an artifact the reason of its route.
        message: one sentence.
    """

    event: str
    verdict: str
    project: str | None = None
    version: str | None = None
    index: str | None = None
    filename: str | None = None
    subject: str | None = None
    digests: tuple[str, ...] = ()
    rule: str | None = None
    exemption: str | None = None
    place: str | None = None
    message: str | None = None


def decision(finding: Finding, *, exemption: str | None = None) -> Record:
    """What a rule said, and what policy made of it."""
    return Record(
        event="decision",
        verdict="allow" if exemption is not None else _VERDICTS[finding.level],
        subject=finding.subject,
        rule=finding.rule,
        exemption=exemption,
        place=str(finding.origin),
        message=finding.message,
    )


def artifacts(plan: Plan, digests: Mapping[NormalizedName, Digests] = _NO_DIGESTS) -> list[Record]:
    """A line for each file of a plan that was admitted; ``digests`` as far as they were computed."""
    return [_artifact(step, digests.get(step.project, step.file.digests)) for step in plan.steps]


def failure(error: SafepipError) -> list[Record]:
    """Why a run has no result: the findings of a refusal, or one line for anything else."""
    if isinstance(error, Refused) and error.findings:
        return [decision(finding) for finding in error.findings]
    return [
        Record(
            event="failure",
            verdict=outcome_of(error, consequence="").verdict,
            rule=error.reference,
            place=None if error.origin is None else str(error.origin),
            message=error.message,
        )
    ]


def render_log(records: Iterable[Record], run: Run) -> str:
    """The lines, each ending in a newline."""
    return "".join(f"{json_text(_line(record, run), indent=None)}\n" for record in records)


def _artifact(step: Step, digests: Digests) -> Record:
    return Record(
        event="artifact",
        verdict="admit",
        project=step.project,
        version=str(step.version),
        index=step.index,
        filename=step.file.filename,
        digests=tuple(digest_texts(digests)),
        place=step.route.pattern or step.route.reason.value,
    )


def _line(record: Record, run: Run) -> dict[str, Any]:
    return {
        "time": run.time.astimezone(UTC).isoformat(timespec="seconds"),
        "policy": run.policy,
        "command": run.command,
        "event": record.event,
        "verdict": record.verdict,
        "project": record.project,
        "version": record.version,
        "index": record.index,
        "filename": record.filename,
        "subject": record.subject,
        "digests": list(record.digests),
        "rule": record.rule,
        "exemption": record.exemption,
        "place": record.place,
        "message": record.message,
    }
