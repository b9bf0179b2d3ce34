"""The rule ``lock-unknown-key``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class LockUnknownKey(Rule[Any]):
    """Key that no reader of lock files knows

    What it finds:
        A key in a lock file that the standard (PEP 751) does not define. It is a warning: the key has no
        effect. Tables named `tool` may hold anything; in those of safepip itself, which say what builds
        need, a key that safepip does not write is a warning, too.

    Why it matters:
        A misspelled key does nothing, and nobody notices: `hash` instead of `hashes`, `markers`
        instead of `marker`.

    Example:
        markers = "python_version < '3.12'"

    Instead:
        Correct the key, or have the tool that wrote it write it below `tool`.

    Policy keys:
        rules, allow
    """

    id = "lock-unknown-key"
    severity = Severity.LOW
    level = Level.WARN
