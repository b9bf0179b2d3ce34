"""The rule ``unknown-option``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding, Level, Severity
from safepip.core.subjects import Setting
from safepip.rules.base import Rule, RuleContext


class UnknownOption(Rule[Setting]):
    """Option that safepip does not know

    What it finds:
        An option on the command line or in a requirement file that neither pip nor safepip knows; and,
        as a warning, an unknown key in `pip.conf` or an unknown `PIP_` variable, which pip ignores.

    Why it matters:
        An option that is passed on without being understood could name another place to install from.

    Example:
        pip install --index-ulr https://nexus.example/simple demo

    Instead:
        Correct the spelling; the message names the nearest option.

    Policy keys:
        rules, allow
    """

    id = "unknown-option"
    severity = Severity.MEDIUM

    def check(self, subject: Setting, context: RuleContext) -> Iterator[Finding]:
        """A key of a file or variable that pip does not know; only such settings may be given."""
        del context
        yield self.finding(
            f"pip has no option {subject.option}, so this setting does nothing",
            subject.origin,
            subject=subject.option,
            level=Level.WARN,
            help="correct its spelling, or delete it",
        )
