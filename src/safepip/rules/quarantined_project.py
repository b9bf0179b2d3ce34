"""The rule ``quarantined-project``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class QuarantinedProject(Rule[Any]):
    """Project that the index has put under quarantine

    What it finds:
        A project whose status on the index is `quarantined` (PEP 792).

    Why it matters:
        The index's operators have found or suspect malware in it, and are looking.

    Example:
        demo, quarantined: reported as malware

    Instead:
        Do without it until the index has decided. If it is installed already, treat the machine as
        suspect.

    Policy keys:
        rules, allow
    """

    id = "quarantined-project"
