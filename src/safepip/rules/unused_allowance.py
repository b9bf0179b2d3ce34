"""The rule ``unused-allowance``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class UnusedAllowance(Rule[Any]):
    """Exemption that nothing needs

    What it finds:
        An `[[allow]]` about a project of this run, or about none in particular, that let nothing pass; and
        any `--allow` that did not, for that is for this run alone.

    Why it matters:
        An exemption that outlives its reason is a hole that nobody remembers.

    Example:
        [[allow]] rule = "yanked-release" package = "demo", where demo is no longer pinned to a yanked version

    Instead:
        Delete it.

    Policy keys:
        allow.rule, rules
    """

    id = "unused-allowance"
    severity = Severity.LOW
    level = Level.WARN
