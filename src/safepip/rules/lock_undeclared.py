"""The rule ``lock-undeclared``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Severity
from safepip.rules.base import Rule


class LockUndeclared(Rule[Any]):
    """Extra or group that a lock does not have

    What it finds:
        An extra (`-r pylock.toml[fast]`) or dependency group (`--group pylock.toml:dev`) that the lock
        does not list among its `extras` or `dependency-groups`.

    Why it matters:
        Nothing was locked for it, so nothing of it would be installed. pip goes on in silence, and what
        was asked for is missing.

    Example:
        pip install -r "pylock.toml[typo]"

    Instead:
        Ask for an extra or group that the lock lists, or lock again with the one that is missing.

    Policy keys:
        rules, allow
    """

    id = "lock-undeclared"
    severity = Severity.LOW
