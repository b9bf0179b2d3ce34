"""The rule ``expired-allowance``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class ExpiredAllowance(Rule[Any]):
    """Exemption that has run out

    What it finds:
        An `[[allow]]` whose `expires` lies in the past. It no longer lets anything pass; a refusal that it
        would have covered shows it. `safepip policy check` finds all of them, and ends with exit code 14.

    Why it matters:
        What was fine for a while may not be fine for ever; the date was set for this question.

    Example:
        [[allow]] rule = "fresh-release" … expires = 2026-01-31

    Instead:
        Delete it, or look at the reason again and set a new date.

    Policy keys:
        allow.expires, rules
    """

    id = "expired-allowance"
    severity = Severity.LOW
    level = Level.WARN
