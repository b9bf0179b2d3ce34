"""``--report-format json``: one JSON object with everything a run, or a stage of it, had to say.

Schema, version 1; ``docs/reference/report-format.md`` is the same for readers. Keys are never
removed or given another meaning within a version; new ones may come.

``version``
    ``"1"``.
``tool``
    ``{"name": "safepip", "version": …}``.
``verdict``, ``exit_code``, ``consequence``
    One word, the exit code, and what it means for the environment.
``summary``
    ``{"errors": int, "warnings": int}``.
``findings``
    Warnings first. Each: ``rule``, ``level`` (``error``, ``warning``), ``severity`` (``high``,
    ``medium``, ``low``), ``message``, ``subject``, ``place``, ``decided_by``, ``notes`` (list),
    ``help``, ``related`` (list of ``{"label", "place"}``).
``error``
    null, or ``reference``, ``message``, ``place``, ``notes``, ``help``.
``plan``
    null, or ``steps``, ``satisfied``, ``removed`` (``name``, ``project``, ``version``; what ``sync`` takes
    out), ``notes``. Each step: ``name``, ``project``, ``version``,
    ``filename``, ``url``, ``size``, ``digests`` and ``user_hashes`` (``algorithm:hex``), ``index``,
    ``route`` (``reason``, ``pattern``, ``indexes``), ``yanked`` (null, or the reason), ``requested``,
    ``requested_extras``, ``direct``, ``asked_for_by`` (``requirement``, ``project``, ``place``),
    ``replaces`` (null, or a version).
``lock``
    Of ``lock`` only: ``output``, ``format``, ``environments``, ``packages`` (a number), ``written`` (whether the
    file changed), ``changes`` (null where there was no lock before, or lists of texts: ``added``, ``removed``,
    ``changed``, ``other_files``).

A *place*: ``kind`` (``argument``, ``environment``, ``file``, ``index``, ``artifact``, ``default``),
``layer``, ``place``, ``line``, ``column``, ``length`` (1-based, in code points; null where there is
none), ``key``, ``text``. Secrets are masked in every string.
"""

from __future__ import annotations

from safepip.core.finding import Level
from safepip.report.facts import (
    Outcome,
    count_levels,
    error_facts,
    finding_facts,
    json_text,
    plan_facts,
    visible_findings,
)
from safepip.report.locking import page_facts

SCHEMA_VERSION = "1"


def render_json(outcome: Outcome, *, version: str) -> str:
    """The object, ending in a newline; ``version`` is safepip's."""
    findings = visible_findings(outcome.findings)
    count = count_levels(findings)
    report = {
        "version": SCHEMA_VERSION,
        "tool": {"name": "safepip", "version": version},
        "verdict": outcome.verdict,
        "exit_code": int(outcome.exit_code),
        "consequence": outcome.consequence,
        "summary": {"errors": count[Level.DENY], "warnings": count[Level.WARN]},
        "findings": [finding_facts(finding) for finding in findings],
        "error": None if outcome.error is None else error_facts(outcome.error),
        "plan": None if outcome.plan is None else plan_facts(outcome.plan),
        **({} if outcome.lock is None else {"lock": page_facts(outcome.lock)}),
    }
    return json_text(report) + "\n"
