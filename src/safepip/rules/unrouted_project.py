"""The rule ``unrouted-project``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class UnroutedProject(Rule[Any]):
    """Project that no index may serve

    What it finds:
        A project for which nothing is left to ask: no pattern gives it to an index, and no index
        without a limit is configured.

    Why it matters:
        Asking some other index would be a guess, and would tell it a name that may be private.

    Example:
        A policy that lists `nexus` with `packages = ["acme-*"]` only, and a requirement `requests`

    Instead:
        Add the name, or `*`, to the `packages` of the index that it should come from.

    Policy keys:
        index.packages, indexes.unlisted
    """

    id = "unrouted-project"
    exemptible = False
