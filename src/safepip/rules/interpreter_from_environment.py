"""The rule ``interpreter-from-environment``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding
from safepip.core.origin import Place
from safepip.core.subjects import Setting
from safepip.rules.base import Rule, RuleContext


class InterpreterFromEnvironment(Rule[Setting]):
    """Interpreter chosen by the environment or a configuration file

    What it finds:
        `PIP_PYTHON`, or `python =` in a `pip.conf`.

    Why it matters:
        pip starts the program that it names, whatever it is, before it does anything else, for every
        command and even with `--isolated`.

    Example:
        PIP_PYTHON=./tools/python pip list

    Instead:
        Say it where you see it: `safepip --python PATH …`, or activate the environment.

    Policy keys:
        rules, allow
    """

    id = "interpreter-from-environment"
    subject = Setting

    def check(self, subject: Setting, context: RuleContext) -> Iterator[Finding]:
        del context
        if subject.option == "python" and subject.origin.kind in {Place.ENVIRONMENT, Place.FILE}:
            yield self.finding(
                f"{subject.value} would be run in place of the environment's own interpreter",
                subject.origin,
                subject="python",
                help="delete it, and choose the interpreter with --python or by activating the environment",
            )
