"""The rule ``transitive-url``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class TransitiveUrl(Rule[Any]):
    """Dependency that is a URL

    What it finds:
        A package whose metadata asks for another one by URL or repository (`demo @ https://…`) instead
        of by name.

    Why it matters:
        The author of a package that you did not even name decides about a place that no index, hash or
        policy of yours vouches for.

    Example:
        Requires-Dist: helper @ https://files.example/helper-1.0-py3-none-any.whl

    Instead:
        Write the URL as a requirement of your own, with its hash, if you want it. Then the dependency
        is met by it.

    Policy keys:
        rules, allow
    """

    id = "transitive-url"
