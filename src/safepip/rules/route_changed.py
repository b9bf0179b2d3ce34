"""The rule ``route-changed``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class RouteChanged(Rule[Any]):
    """Project that comes from another index than before

    What it finds:
        A project that was first installed from one index and would now come from another one, although
        no pattern says so: its index does not list it any more, or is not asked in this run. Or the
        operator's own index has another URL, and none of the files that were installed before.

    Why it matters:
        Whoever takes a name on a public index waits for the day when the private index loses the
        project, or when a run forgets to name that index. Where the name was seen before, that day
        changes nothing.

    Example:
        safepip install acme-billing, installed from the company's index last week and now found on PyPI

    Instead:
        Say where the name belongs: `packages = ["acme-*"]` in the `[[index]]` of its index, which also
        protects names that were never installed. If the project did move, allow it for one run with a
        reason; the new index is remembered.

    Policy keys:
        index.packages, rules, allow
    """

    id = "route-changed"
