"""The rule ``self-overwrite``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Severity
from safepip.rules.base import Rule


class SelfOverwrite(Rule[Any]):
    """Plan that would break safepip itself

    What it finds:
        A plan that changes a package which safepip itself runs on, in its own environment, to a version
        that it cannot run with.

    Why it matters:
        A tool that breaks half-way through cannot finish, undo or explain what it did.

    Example:
        safepip install 'packaging<20', in the environment that safepip is installed in

    Instead:
        Install safepip in an environment of its own, such as with `pipx install safepip`, and choose
        the target with `--python`.

    Policy keys:
        none
    """

    id = "self-overwrite"
    severity = Severity.MEDIUM
    exemptible = False
