"""The rule ``weak-digest``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding
from safepip.core.subjects import RequirementLine
from safepip.rules.base import Rule, RuleContext


class WeakDigest(Rule[RequirementLine]):
    """Only digests that can be forged

    What it finds:
        A requirement, or a file on an index page, whose only digests are MD5, SHA-1 or SHA-224.

    Why it matters:
        Two different files with the same MD5 or SHA-1 digest can be made on purpose, one harmless and
        one not. pip accepts such a digest in a URL, even with `--require-hashes`. safepip never counts
        it for a file; where it is wrong, it counts against it.

    Example:
        demo @ https://files.example/demo-1.0-py3-none-any.whl#md5=d41d8cd98f00b204e9800998ecf8427e

    Instead:
        Give the SHA-256 digest: `#sha256=…` or `--hash=sha256:…`. `pip hash FILE` prints it.

    Policy keys:
        none
    """

    id = "weak-digest"
    exemptible = False
    subject = RequirementLine

    def check(self, subject: RequirementLine, context: RuleContext) -> Iterator[Finding]:
        del context
        if subject.hashes and not subject.hashes.strong:
            algorithms = ", ".join(sorted(a.value for a in subject.hashes.by_algorithm))
            yield self.finding(
                f"the only hash is {algorithms}, which can be forged",
                subject.origin,
                subject=subject.requirement.name if subject.requirement else None,
                help="give a sha256, sha384 or sha512 hash (`pip hash FILE` prints it)",
            )
