"""What a rule says about a value, and what follows from it."""

from __future__ import annotations

from dataclasses import field
from enum import Enum, IntEnum

from safepip.core.origin import Origin
from safepip.core.value import value


class Severity(Enum):
    """How bad it is if it is exploited."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(IntEnum):
    """What policy makes of a rule; a higher number is stricter."""

    OFF = 0
    WARN = 1
    DENY = 2


@value
class Location:
    """A place with a label: why it is shown."""

    origin: Origin
    label: str = ""


@value
class Finding:
    """One thing that a rule found.

    Attributes:
        rule: id of the rule; kebab-case, public.
        message: one sentence without a full stop.
        origin: the primary place; every finding has one.
        level: what policy makes of it; WARN goes on, DENY stops.
        subject: the project, host or option that exemptions and reports name; None if there is none.
        help: one instruction.
        decided_by: the policy line or default that decided.
        notes: further facts, a line each (already free of secrets).
        related: further places, each with its label.
        severity: how bad it is.
    """

    rule: str
    message: str
    origin: Origin
    level: Level = Level.DENY
    subject: str | None = None
    help: str | None = None
    decided_by: str = "safepip's default"
    notes: tuple[str, ...] = ()
    related: tuple[Location, ...] = field(default=())
    severity: Severity = Severity.HIGH

    @property
    def denies(self) -> bool:
        return self.level is Level.DENY


@value
class Admit:
    """The value may be used."""


@value
class Refuse:
    """The value may not be used, for this reason."""

    finding: Finding


Verdict = Admit | Refuse
