"""The rule ``untrusted-policy``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class UntrustedPolicy(Rule[Any]):
    """Policy of a folder that nobody has trusted yet

    What it finds:
        A `safepip.toml` or `[tool.safepip]` that was found by walking up from the working directory,
        and that says more than refusals: an index, a CA bundle, an exemption, a cool-down. What it
        refuses is in force; the rest is set aside. One that you trusted and that has changed since, or whose
        CA bundle has, is found again.

    Why it matters:
        A folder that was cloned or unpacked could otherwise choose where your packages come from, just
        because you stand in it.

    Example:
        git clone …; cd …; safepip install -r requirements.txt

    Instead:
        Read the file. If you agree, `safepip policy trust` lets all of it count for you, in this folder,
        until it says something else. In a Dockerfile or a build service name it: `--policy safepip.toml`,
        or the variable `SAFEPIP_POLICY`.

    Policy keys:
        rules
    """

    id = "untrusted-policy"
    severity = Severity.LOW
    level = Level.WARN
