"""The rule ``local-build``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.rules.base import Rule, RuleContext


class LocalBuild(Rule[RequirementLine]):
    """Local project that would be built although the policy forbids it

    What it finds:
        A directory, an editable or a local source archive, where the policy says
        `builds.local = "deny"`. A local wheel is not built, and passes.

    Why it matters:
        Building runs the project's own build code with your rights. Where only finished wheels may
        be installed, such as on a production machine, nothing should be built.

    Example:
        pip install -e .

    Instead:
        Build a wheel where building is allowed, and install that.

    Policy keys:
        builds.local, rules, allow
    """

    id = "local-build"
    subject = RequirementLine

    def check(self, subject: RequirementLine, context: RuleContext) -> Iterator[Finding]:
        local = context.policy.local_builds
        if subject.kind is not RequirementKind.PATH or subject.constraint or local.value:
            return
        target = (subject.target or "").partition("#")[0]
        if target.lower().endswith(".whl") and not subject.editable:
            return
        yield self.finding(
            f"{target or subject.text} would be built, and the policy allows no local builds",
            subject.origin,
            subject=subject.requirement.name if subject.requirement else None,
            help="install a wheel of it, built where building is allowed",
            decided_by=local,
        )
