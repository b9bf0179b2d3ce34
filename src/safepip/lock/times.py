"""Times that locks say, which two readers could take for two moments."""

from __future__ import annotations

from datetime import UTC, datetime


class LockTimeError(ValueError):
    """The time cannot be compared with others; the message says why."""


def in_utc(moment: datetime | None) -> datetime | None:
    """A time without an offset is one in UTC: the standard asks for no other (PEP 751).

    Raises:
        LockTimeError: UTC has no year for it.
    """
    if moment is None or moment.tzinfo is None:
        return None if moment is None else moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise LockTimeError(f"{moment} is before or after all times") from None
