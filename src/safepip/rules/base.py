"""What a rule is.

A rule looks at one kind of subject and yields findings; it never decides to block. The engine
applies the level from the policy, then exemptions. A rule whose findings are made where the fact
is known (a failed handshake, a wrong digest) has no ``subject``: its file holds id, severity and
documentation, and the finding names its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from packaging.utils import NormalizedName

from safepip.core.finding import Finding, Level, Severity
from safepip.core.index import Index
from safepip.core.origin import Layer, Origin, Sourced
from safepip.core.url import Url
from safepip.policy.schema import Exemption, Policy

S = TypeVar("S")


def _nobody(_finding: Finding, _decided_by: str) -> None:
    """Nobody keeps a log of what policy let pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule may know besides its subject.

    Attributes:
        indexes: every index that may be asked.
        now: the run's one now, aware, UTC.
        requires_hashes: whether pip's ``require-hashes`` is set by anybody.
        default_index_url: pip's own default; None where the caller does not say.
        hashed: projects that some requirement or constraint gives a hash for; the engine adds those
            of the subjects it judges.
        used: exemptions that let something pass so far; the engine adds to it.
        passed: is told each finding that policy let pass, with the line that did, for the audit log.
    """

    policy: Policy
    now: datetime
    indexes: tuple[Index, ...] = ()
    requires_hashes: bool = False
    default_index_url: Url | None = None
    hashed: frozenset[NormalizedName] = frozenset()
    used: set[Exemption] = field(default_factory=set, compare=False, repr=False)
    passed: Callable[[Finding, str], None] = field(default=_nobody, compare=False, repr=False)


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
    """False: no policy and no exemption switches it off."""

    @property
    def subject(self) -> type | tuple[type, ...] | None:
        """The class of subject that :meth:`check` looks at; None: reported where the fact is known.

        Rules say ``subject = Setting``; a property, so that each may say a narrower type.
        """
        return None

    def check(self, subject: S, context: RuleContext) -> Iterator[Finding]:
        """Yield what is wrong with the subject. Must be cheap: artifact rules run once a file."""
        del subject, context
        return iter(())

    def finding(
        self,
        message: str,
        origin: Origin,
        *,
        help: str,  # noqa: A002  the word of the output format
        subject: str | None = None,
        level: Level | None = None,
        decided_by: Sourced[Any] | str = "safepip's default",
        notes: tuple[str, ...] = (),
    ) -> Finding:
        """A finding of this rule. ``level`` None stands for the rule's own."""
        return Finding(
            rule=self.id,
            message=message,
            origin=origin,
            level=self.level if level is None else level,
            subject=subject,
            help=help,
            decided_by=decided_by if isinstance(decided_by, str) else decision(decided_by),
            notes=notes,
            severity=self.severity,
        )


def decision(value: Sourced[Any]) -> str:
    """The words for ``decided by``: the policy line, or the default."""
    return value.origin.place if value.origin.layer is Layer.DEFAULT else str(value.origin)
