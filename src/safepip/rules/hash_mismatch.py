"""The rule ``hash-mismatch``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class HashMismatch(Rule[Any]):
    """File that is not the one that was promised

    What it finds:
        A file whose bytes differ from a digest that somebody gave for it: the requirement, the URL, the
        index page, the lock. Every digest given must agree, weak ones included.

    Why it matters:
        The file was damaged or replaced after the digest was written down. A list of several digests of
        one algorithm stands for one per acceptable file.

    Example:
        flask==3.1.0 --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000

    Instead:
        Find out which of the two is right before changing a hash. Compare it with the project's own
        release page, or with a copy that you installed earlier.

    Policy keys:
        none
    """

    id = "hash-mismatch"
    exemptible = False
