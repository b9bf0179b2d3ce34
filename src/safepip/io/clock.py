"""The run's one now."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """Implements :class:`safepip.core.ports.Clock`: read once, the same for the whole run."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        """When the run began; aware, UTC."""
        return self._now
