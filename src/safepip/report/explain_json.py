"""The pages of ``safepip explain`` as JSON.

Schema, version 1; ``docs/how-to/explain.md`` is the same for readers. Keys are never removed or given
another meaning within a version; new ones may come.

``version``, ``tool``
    As in every report (:mod:`safepip.report.json`).
``explains``
    ``configuration``, ``setting``, ``rule``, ``error`` or ``project``: which of them follows under ``page``.
``page``
    The fields of the classes in :mod:`safepip.core.explained`, by their names. A *said* value is
    ``{"value", "place"}``; places and findings are as in every report.

Secrets are masked in every string.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from safepip import __version__
from safepip.core.explained import ConfigurationPage, ErrorPage, Page, ProjectPage, RulePage, SettingPage
from safepip.core.finding import Finding
from safepip.core.origin import Origin, Sourced
from safepip.report.facts import finding_facts, json_text, place_facts

SCHEMA_VERSION = "1"
_KINDS = {
    ConfigurationPage: "configuration",
    SettingPage: "setting",
    RulePage: "rule",
    ErrorPage: "error",
    ProjectPage: "project",
}


def page_json(page: Page, *, told: Iterable[Finding] = ()) -> str:
    """The object, ending in a newline.

    Args:
        told: warnings that were shown on the way.
    """
    report = {
        "version": SCHEMA_VERSION,
        "tool": {"name": "safepip", "version": __version__},
        "explains": _KINDS[type(page)],
        "page": _plain(page),
        "warnings": [finding_facts(finding) for finding in told],
    }
    return json_text(report) + "\n"


def _plain(value: Any) -> Any:
    """Plain data from the values of a page."""
    if isinstance(value, Origin):
        return place_facts(value)
    if isinstance(value, Finding):
        return finding_facts(value)
    if isinstance(value, Sourced):
        return {"value": value.value, "place": place_facts(value.origin)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
