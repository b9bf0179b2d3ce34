"""Which project policies this user has trusted, by what they say and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from safepip.core.value import value


@value
class TrustedPolicy:
    """One policy file as it was when it was trusted.

    Attributes:
        path: absolute, its folder without links. What a policy says depends on where it stands: relative
            paths in it lead elsewhere in another folder.
        content: digest of what it says (:mod:`safepip.policy.content`).
        files: each CA bundle that it names, with the sha256 of its bytes: whoever may replace the bundle
            replaces the roots.
        since: aware, UTC.
    """

    path: str
    content: str
    files: tuple[tuple[str, str], ...]
    since: datetime


class TrustedPolicies(Protocol):
    """What the user trusts. One entry a path: newer content takes the place of older."""

    @property
    def place(self) -> str:
        """Where it is kept, for messages."""

    def everything(self) -> Sequence[TrustedPolicy]:
        """All entries, by path; none where nothing was ever trusted.

        Raises ConfigurationError where what is kept cannot be read, or others may write it.
        """

    def remember(self, trusted: TrustedPolicy) -> None:
        """Add an entry. Raises ConfigurationError as :meth:`everything`, or where it cannot be written."""

    def forget(self, path: str) -> bool:
        """Take an entry out; whether there was one. Raises as :meth:`remember`."""
