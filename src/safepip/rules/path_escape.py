"""The rule ``path-escape``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class PathEscape(Rule[Any]):
    """Wheel with files that would land elsewhere

    What it finds:
        An entry of a wheel with an absolute path, `..`, a drive letter, a backslash, a device name, or
        a symbolic link; or an entry point that names such a path.

    Why it matters:
        Such an entry writes outside of the environment: start-up files, keys, programs that run later.

    Example:
        ../../../.bashrc

    Instead:
        Do not use the file; report it to the index. No sound build tool makes one.

    Policy keys:
        none
    """

    id = "path-escape"
    exemptible = False
