"""The rule ``metadata-mismatch``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class MetadataMismatch(Rule[Any]):
    """Wheel that is not what its metadata said

    What it finds:
        A wheel whose name, version, tags or dependencies differ from its file name, from the metadata
        that the index gave separately, or from what was used to choose it.

    Why it matters:
        The choice was made by one description and something else would be installed. An index could
        show harmless dependencies and deliver others.

    Example:
        demo-1.0-py3-none-any.whl whose METADATA says Version: 2.0

    Instead:
        Report it to whoever runs the index or made the package; another version may be sound.

    Policy keys:
        none
    """

    id = "metadata-mismatch"
    exemptible = False
