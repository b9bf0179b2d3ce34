"""The rule ``unwritten-record``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class UnwrittenRecord(Rule[Any]):
    """First use that could not be remembered

    What it finds:
        A record of first uses that cannot be written: a read-only home, a full disk, a file of
        somebody else.

    Why it matters:
        Everything was verified as usual. But if the index offers another file under the same name next
        time, or the project moves to another index, nothing will tell.

    Example:
        an image whose home folder is read-only

    Instead:
        Make the folder writable, or use hashes and patterns, which need no memory.

    Policy keys:
        rules, allow
    """

    id = "unwritten-record"
    severity = Severity.LOW
    level = Level.WARN
