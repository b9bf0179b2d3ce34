"""The rule ``unrouted-project``."""

from __future__ import annotations

from typing import Any

from safepip.core.finding import Level
from safepip.rules.base import Rule


class UnroutedProject(Rule[Any]):
    """Project that no pattern gives to an index

    What it finds:
        A project for which no `packages` pattern decides. Off by default: then all indexes are asked,
        and only one of them may serve the project. With `"unrouted-project" = "deny"` none is asked.

    Why it matters:
        Only a pattern protects a name that was never seen before, and only a pattern keeps the name
        of a private project from being told to every index.

    Example:
        A policy with `packages = ["acme-*"]` as its only patterns, and a requirement `requests`

    Instead:
        Add the name, or `*`, to the `packages` of the index that it should come from.

    Policy keys:
        index.packages, rules
    """

    id = "unrouted-project"
    level = Level.OFF
