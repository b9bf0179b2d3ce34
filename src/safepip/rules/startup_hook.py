"""The rule ``startup-hook``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class StartupHook(Rule[Any]):
    """Wheel that runs code whenever Python starts

    What it finds:
        A wheel with a `.pth` file that has an `import` line, or with `sitecustomize` or
        `usercustomize`.

    Why it matters:
        Such a file runs in every Python process of the environment from then on, whether the package is
        used or not. Some tools need it; so do thieves.

    Example:
        demo.pth with the line: import demo._hook

    Instead:
        Look at the file. If it is meant, exempt the package with a reason.

    Policy keys:
        rules, allow
    """

    id = "startup-hook"
    severity = Severity.MEDIUM
    level = Level.WARN
