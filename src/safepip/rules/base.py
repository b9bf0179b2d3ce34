"""What a rule is.

A rule looks at one kind of subject and yields findings; it never decides to block. The engine
applies the level from the policy, then exemptions. A rule whose findings are made where the fact
is known (a failed handshake, a wrong digest) has no ``subject``: its file holds id, severity and
documentation, and the finding names its id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from safepip.core.finding import Finding, Level, Severity
from safepip.core.index import Index
from safepip.policy.schema import Policy

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule may know besides its subject.

    Attributes:
        indexes: every index that may be asked.
        now: the run's one now, aware, UTC.
        requires_hashes: whether pip's ``require-hashes`` is set by anybody.
    """

    policy: Policy
    now: datetime
    indexes: tuple[Index, ...] = ()
    requires_hashes: bool = False


class Rule(Generic[S]):
    """One rule. Subclasses stand alone in ``rules/<id with underscores>.py``.

    The class docstring is the documentation page; its first line is the title, and these sections
    follow, each a line ``Name:`` with indented text: ``What it finds``, ``Why it matters``,
    ``Example``, ``Instead``, ``Policy keys``.
    """

    id: ClassVar[str]
    severity: ClassVar[Severity] = Severity.HIGH
    since: ClassVar[str] = "0.1"
    level: ClassVar[Level] = Level.DENY
    """Level where the policy names none."""
    exemptible: ClassVar[bool] = True
    """False: no policy and no exemption switches it off (spec §4)."""
    subject: ClassVar[type | None] = None
    """The class of subject that :meth:`check` looks at; None: reported where the fact is known."""

    def check(self, subject: S, context: RuleContext) -> Iterator[Finding]:
        """Yield what is wrong with the subject. Must be cheap: artifact rules run once a file."""
        del subject, context
        return iter(())
