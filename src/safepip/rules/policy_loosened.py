"""The rule ``policy-loosened``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level, Severity
from safepip.rules.base import Rule


class PolicyLoosened(Rule[Any]):
    """Policy file that asks for less than a stronger one

    What it finds:
        A key of a policy file that would allow more than a stronger policy file does: the machine's
        before the user's, the user's before the command's, the command's before the project's. The
        stronger value stays in force. Also an `[[allow]]` or `--allow` from a rule that another file has given
        a level.

    Why it matters:
        Whoever wrote the weaker file expects something that does not happen.

    Example:
        hashes.mode = "index" in safepip.toml, "required" in the machine's policy

    Instead:
        Delete the key, or change it in the stronger file.

    Policy keys:
        rules
    """

    id = "policy-loosened"
    severity = Severity.MEDIUM
    level = Level.WARN
