"""The rule ``lock-version``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class LockVersion(Rule[Any]):
    """Lock written by a later version of the standard

    What it finds:
        A lock file whose `lock-version` has a later minor number than the one that is known here. It is
        a warning; a later major number is an error, as in pip.

    Why it matters:
        A later version may add keys that limit what is installed. They have no effect here.

    Example:
        lock-version = "1.7"

    Instead:
        Use a newer safepip, or have the lock written in version 1.0.

    Policy keys:
        rules, allow
    """

    id = "lock-version"
    severity = Severity.LOW
    level = Level.WARN
