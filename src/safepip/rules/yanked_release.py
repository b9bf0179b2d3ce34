"""The rule ``yanked-release``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class YankedRelease(Rule[Any]):
    """Release that its maintainers have withdrawn

    What it finds:
        A file that the index marks as yanked (PEP 592), and that is chosen because a requirement pins
        its version.

    Why it matters:
        Maintainers yank what is broken or dangerous. The reason, where they gave one, is in the
        message.

    Example:
        demo==1.0.3, where 1.0.3 is yanked

    Instead:
        Move the pin to a version that is not yanked.

    Policy keys:
        rules, allow
    """

    id = "yanked-release"
    severity = Severity.MEDIUM
    level = Level.WARN
