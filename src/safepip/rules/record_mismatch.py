"""The rule ``record-mismatch``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class RecordMismatch(Rule[Any]):
    """Wheel whose list of files is wrong

    What it finds:
        A wheel whose `RECORD` is missing, lists a file that is not there, leaves out one that is, gives
        a wrong hash or size, or uses a weak one.

    Why it matters:
        RECORD says what belongs to a package. What it does not list is neither noticed when it changes
        nor removed with the package.

    Example:
        A wheel with demo/extra.py that RECORD does not list

    Instead:
        Report it to whoever made the package; rebuild the wheel with a current build tool.

    Policy keys:
        none
    """

    id = "record-mismatch"
    exemptible = False
