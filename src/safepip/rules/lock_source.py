"""The rule ``lock-source``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class LockSource(Rule[Any]):
    """Locked file that comes from no place where files of a lock may be

    What it finds:
        A package of a lock file whose place is neither an `https:` URL nor a path beside a local lock:
        a file of another machine (a share), another scheme, a URL that cannot be read. `http:` is
        `plaintext-link`; a file of this machine in a lock from a URL is `remote-reaches-local`.

    Why it matters:
        pip fetches whatever URL a lock holds. A lock could make a machine log in to an attacker's
        share, or use a transport that nothing protects.

    Example:
        url = "file://files.example/share/demo-1.0-py3-none-any.whl"

    Instead:
        Name files by `https:` URLs, or by paths relative to the lock.

    Policy keys:
        none
    """

    id = "lock-source"
    exemptible = False
