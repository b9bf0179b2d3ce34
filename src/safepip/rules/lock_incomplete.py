"""The rule ``lock-incomplete``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class LockIncomplete(Rule[Any]):
    """Lock that lacks what its packages need

    What it finds:
        A locked package whose metadata asks for a project that neither the lock nor the rest of the
        command names, and that is not installed either. And a package that is built, whose build asks
        for another version of a project than the lock holds for it.

    Why it matters:
        A lock stands for everything that is installed. pip asks its indexes for whatever a lock leaves
        out, and only a missing hash stops it, which one option switches off. safepip asks no index on
        the word of a lock.

    Example:
        A lock with flask and without werkzeug.

    Instead:
        Lock again. With `--no-deps` only what the lock names is installed.

    Policy keys:
        none
    """

    id = "lock-incomplete"
    exemptible = False
