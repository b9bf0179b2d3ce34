"""Failures, and the exit codes they end in.

A *finding* is a result (policy said no); an *error* is a failure. The tree, by who must act::

    SafepipError
    ├── UsageError            the person at the command line (exit 2, as pip)
    ├── CommandError          the same, where options contradict each other (exit 1, as pip)
    ├── ConfigurationError    the author of a policy or configuration file (exit 12)
    ├── RequirementFileError  the author of a requirement file (exit 1, as pip)
    ├── ResolutionError       nobody: no answer exists (exit 1, as pip)
    ├── Undecided             an index or source that did not answer (exit 11)
    ├── VerificationError     an artifact that is not what it claims (exit 13)
    ├── Refused               policy refused; carries the findings (exit 10)
    ├── OutOfDate             a file that --check finds to say something else (exit 14)
    ├── BuildError            a package's own build (exit 1, as pip)
    └── ApplyError            pip or the disk, while putting files in place (pip's own code, else 1)

Errors never print and never exit; :mod:`safepip.cli.main` does both. Foreign exceptions are
wrapped in :mod:`safepip.io`, never later.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safepip.core.finding import Finding
    from safepip.core.origin import Origin


class ExitCode(IntEnum):
    """What safepip ends with. pip's own codes mean what pip means by them."""

    OK = 0
    ERROR = 1
    USAGE = 2
    CONFIGURED_VALUE = 3
    REFUSED = 10
    UNDECIDED = 11
    BAD_POLICY = 12
    VERIFICATION = 13
    FINDINGS = 14
    BUG = 70
    BROKEN_STDOUT = 120


class SafepipError(Exception):
    """Root of every failure that safepip foresees.

    Args:
        message: one sentence, what went wrong.
        reference: kebab-case id of the kind of failure; a rule id where one fits.
        origin: where the cause stands, if it stands anywhere.
        hint: one thing to do about it.
        notes: further facts, a line each.
        preface: what pip says as errors of their own before the message.
    """

    exit_code = ExitCode.ERROR

    def __init__(
        self,
        message: str,
        *,
        reference: str = "error",
        origin: Origin | None = None,
        hint: str | None = None,
        notes: Sequence[str] = (),
        preface: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reference = reference
        self.origin = origin
        self.hint = hint
        self.notes = tuple(notes)
        self.preface = tuple(preface)

    @property
    def is_pips(self) -> bool:
        """Whether pip ends in the same way and says ``ERROR:``, so that its words are the ones to use."""
        return self.exit_code in {ExitCode.ERROR, ExitCode.CONFIGURED_VALUE}


class UsageError(SafepipError):
    """The command line cannot be read, in pip's own words."""

    exit_code = ExitCode.USAGE


class CommandError(SafepipError):
    """Options that contradict each other, or ask for nothing; the words are pip's."""


class ConfiguredValueError(SafepipError):
    """A value from pip's configuration or environment that pip itself refuses (pip's exit 3)."""

    exit_code = ExitCode.CONFIGURED_VALUE


class ConfigurationError(SafepipError):
    """A policy or configuration file that cannot be read, or says something unknown."""

    exit_code = ExitCode.BAD_POLICY


class RequirementFileError(SafepipError):
    """A requirement or constraint file that cannot be read or parsed."""


class ResolutionError(SafepipError):
    """The requirements have no answer; the words are pip's."""


class Undecided(SafepipError):
    """A source gave no answer, so nothing may be concluded from it."""

    exit_code = ExitCode.UNDECIDED


class VerificationError(SafepipError):
    """Bytes that are not what they were promised to be."""

    exit_code = ExitCode.VERIFICATION


class OutOfDate(SafepipError):
    """A file is not what the command would write now."""

    exit_code = ExitCode.FINDINGS


class BuildError(SafepipError):
    """A source that cannot be built, or whose build failed."""

    is_pips = False  # pip shows the name of these, too


class ApplyError(SafepipError):
    """pip, or the disk, failed while the plan was being applied."""


class Refused(SafepipError):
    """At least one finding denies. Carries all findings of the stage, warnings included."""

    exit_code = ExitCode.REFUSED

    def __init__(self, findings: Sequence[Finding], *, exit_code: ExitCode | None = None) -> None:
        super().__init__("refused by policy", reference="refused")
        self.findings = tuple(findings)
        if exit_code is not None:
            self.exit_code = exit_code
