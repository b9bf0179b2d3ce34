"""The rule ``lock-drift``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class LockDrift(Rule[Any]):
    """Lock that no longer fits where its projects come from

    What it finds:
        A package of a lock file that was locked from another index than policy and configuration give
        its project now: the index that the lock records is none of this run, or a pattern sends the
        project elsewhere. A lock that records no index is held to the hosts of the project's index.

    Why it matters:
        A lock is a file of the project, and whoever changes it chooses where packages come from. The
        policy says which index a name belongs to; a lock must not bring it from another one. pip
        ignores the index in a lock, and fetches each file from wherever the lock says.

    Example:
        index = "https://other.example/simple"

    Instead:
        Lock again with the indexes that are in force. If the lock is right, correct the pattern or
        list its index in the policy. A project that is exempt is asked of its own index, where only the
        locked file will do.

    Policy keys:
        index.packages, rules, allow
    """

    id = "lock-drift"
