"""The rule ``ambiguous-project``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class AmbiguousProject(Rule[Any]):
    """Project that several indexes serve

    What it finds:
        A project that no pattern gives to one index, that more than one index serves, and of which no
        file is the same on all of them.

    Why it matters:
        pip takes the highest version from anywhere. A stranger who uploads a higher version of your
        private name to a public index is then installed in place of it.

    Example:
        pip install --extra-index-url https://nexus.example/simple acme-sdk

    Instead:
        Say where the name comes from: `packages = ["acme-*"]` in the `[[index]]` that serves it.

    Policy keys:
        index.packages, index.mirror-of
    """

    id = "ambiguous-project"
    exemptible = False
