"""The rule ``fresh-release``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Severity
from safepip.rules.base import Rule


class FreshRelease(Rule[Any]):
    """File younger than the cool-down

    What it finds:
        A file that was uploaded less than `min-age` ago. It is no candidate, and an older version is
        taken if one fits. Where the cool-down is set explicitly, a file without an upload time counts
        as fresh.

    Why it matters:
        Stolen accounts and malicious releases are mostly found within hours. Waiting a day lets others
        find them first.

    Example:
        demo 2.4.0, uploaded 40 minutes ago

    Instead:
        Wait, or name an older version. For your own packages, set `min-age = "0 days"` on their index,
        or exempt them with a reason.

    Policy keys:
        cooldown.min-age, index.min-age, rules, allow
    """

    id = "fresh-release"
    severity = Severity.MEDIUM
