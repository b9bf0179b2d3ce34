"""The rule ``index-unavailable``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class IndexUnavailable(Rule[Any]):
    """Index that gave no answer

    What it finds:
        An index whose answer would decide where a project comes from, and that did not answer: no
        connection, time-out, status 401, 403 or 5xx, a page that is no index page or cannot be read, a
        local folder that is missing. 404, 410 and an empty index page are answers.

    Why it matters:
        If no answer counted as "not here", whoever can disturb the connection to a private index could
        make its names come from the public one.

    Example:
        error[index-unavailable]: https://nexus.example/simple did not answer (status 503)

    Instead:
        Try again when the index answers. Where one index may be missing, say so for that index with
        `unavailable = "skip"`; a pattern in `packages` also spares the question for all other names.

    Policy keys:
        index.unavailable, index.absent-status, index.packages
    """

    id = "index-unavailable"
    exemptible = False
