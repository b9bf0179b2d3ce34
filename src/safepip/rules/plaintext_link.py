"""The rule ``plaintext-link``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding
from safepip.core.subjects import RequirementLine, Setting
from safepip.rules.base import Rule, RuleContext
from safepip.rules.locations import is_plaintext, shown

_FILE_OPTIONS = frozenset({"requirement", "constraint", "build-constraint", "requirements-from-script"})


class PlaintextLink(Rule[RequirementLine | Setting]):
    """Link, redirect or direct URL over an unencrypted connection

    What it finds:
        An `http:` URL (or `ftp:`, `git:`, `git+http:` and their like) that is no index URL: a direct
        URL or version control requirement, a remote requirement or constraint file, a link or base
        URL on an index page, a metadata sidecar, a redirect target.

    Why it matters:
        A page that came over HTTPS may send the client to plain HTTP for the file itself. pip
        follows, and there the file can be replaced by anyone on the way.

    Example:
        demo @ http://files.example/demo-1.0-py3-none-any.whl

    Instead:
        Use the `https:` address of the file. Where the link stands on an index page, ask whoever
        runs the index to correct it.

    Policy keys:
        none
    """

    id = "plaintext-link"
    exemptible = False
    subject = (RequirementLine, Setting)

    def check(self, subject: RequirementLine | Setting, context: RuleContext) -> Iterator[Finding]:
        del context
        if isinstance(subject, Setting):
            target = subject.value if subject.option in _FILE_OPTIONS else ""
            what = f"--{subject.option} location"
        else:
            target, what = subject.target or "", "requirement"
        if is_plaintext(target):
            yield self.finding(
                f"{what} uses {target.strip().partition(':')[0].lower()}:"
                " anyone on the way can read and change what is installed",
                subject.origin,
                subject=shown(target),
                help="write the https URL",
                decided_by="safepip's default (no setting allows plaintext)",
            )
