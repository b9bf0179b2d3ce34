"""When to try again, and how long to wait first."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

from safepip.core.limits import Limits
from safepip.io.exchange import ConnectionLost, Reply, Request, unavailable

RETRIED = frozenset({408, 429, 500, 502, 503, 504, 520, 527})
"""Statuses that may pass: RFC 9110's, and those of content networks that pip retries too."""


class Attempt(Protocol):
    """What came of one attempt."""

    @property
    def reply(self) -> Reply: ...

    def discard(self) -> None:
        """Give it back: it will not be used."""


A = TypeVar("A", bound=Attempt)


class Patience:
    """Tries again after a lost connection or a status that asks for it. Refusals are final.

    Args:
        ending: set when the run ends, which cuts every pause short.
    """

    def __init__(self, limits: Limits, ending: threading.Event) -> None:
        self._limits = limits
        self._ending = ending

    def persist(self, request: Request, attempt: Callable[[], A]) -> A:
        """The first attempt that needs no other, or the last one. Raises what the last one raised."""
        for number in range(self._limits.retries + 1):
            last = number == self._limits.retries
            try:
                result = attempt()
            except ConnectionLost:
                if last or self._ending.is_set():
                    raise
                pause = self._backoff(number)
            else:
                if last or result.reply.status not in RETRIED:
                    return result
                pause = self._asked_pause(result.reply, number)
                result.discard()
            if self._ending.wait(pause):
                break
        raise unavailable(request, f"{request.url}: given up, because the run ends")

    def pause(self, number: int) -> bool:
        """Wait before retry ``number`` (from 0); False where the run ends meanwhile."""
        return not self._ending.wait(self._backoff(number))

    def _asked_pause(self, reply: Reply, number: int) -> float:
        asked = retry_after(reply.headers.get("retry-after", ""))
        pause = self._backoff(number) if asked is None else asked
        return min(pause, self._limits.retry_after_max_seconds)

    def _backoff(self, number: int) -> float:
        pause = min(self._limits.backoff_seconds * 2.0**number, self._limits.retry_after_max_seconds)
        return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads clients, protects nothing


def retry_after(text: str) -> float | None:
    """Seconds from now; the header holds seconds or an HTTP date (RFC 9110 §10.2.3). None: unreadable."""
    if text.isascii() and text.isdigit():
        return float(text)
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return None
