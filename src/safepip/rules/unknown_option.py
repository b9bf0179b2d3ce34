"""The rule ``unknown-option``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Severity
from safepip.rules.base import Rule


class UnknownOption(Rule[Any]):
    """Option that safepip does not know

    What it finds:
        An option on the command line or in a requirement file that neither pip nor safepip knows; and,
        as a warning, an unknown key in `pip.conf` or an unknown `PIP_` variable, which pip ignores.

    Why it matters:
        An option that is passed on without being understood could name another place to install from.

    Example:
        pip install --index-ulr https://nexus.example/simple demo

    Instead:
        Correct the spelling; the message names the nearest option.

    Policy keys:
        rules, allow
    """

    id = "unknown-option"
    severity = Severity.MEDIUM
