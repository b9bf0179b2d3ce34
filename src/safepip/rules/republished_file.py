"""The rule ``republished-file``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class RepublishedFile(Rule[Any]):
    """File whose bytes are not those of its first use

    What it finds:
        An index that offers other bytes than before under a file name that was installed from it, of
        whatever version.

    Why it matters:
        A released file never changes. If it does, the index, or an account on it, is in other hands,
        and a version number that was reviewed means something else now.

    Example:
        demo-1.0-py3-none-any.whl with another sha256 than in March

    Instead:
        Find out why. Where files are rebuilt in place on your own index, give them new version numbers,
        or allow the change once with a reason; the new bytes are remembered.

    Policy keys:
        rules, allow
    """

    id = "republished-file"
