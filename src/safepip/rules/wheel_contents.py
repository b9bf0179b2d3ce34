"""The rule ``wheel-contents``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class WheelContents(Rule[Any]):
    """Wheel with files that do not belong in one

    What it finds:
        A wheel whose entries collide (the same name twice, or names that differ only in case), whose
        two directories disagree, that is a decompression bomb, or that would overwrite another
        package's files, `pip.conf`, an interpreter or a launcher.

    Why it matters:
        What one reader of the archive checks, another may not install. Files of other packages can be
        replaced without a trace.

    Example:
        A wheel of demo with the entry requests/__init__.py

    Instead:
        Report it to whoever made the package. Where two packages of your own share files on purpose,
        exempt the one that comes last.

    Policy keys:
        rules, allow
    """

    id = "wheel-contents"
