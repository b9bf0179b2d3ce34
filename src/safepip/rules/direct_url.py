"""The rule ``direct-url``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.core.url import Url, UrlError
from safepip.policy.urls import admits_url
from safepip.rules.base import Rule, RuleContext
from safepip.rules.locations import is_plaintext, shown


class DirectUrl(Rule[RequirementLine]):
    """Direct URL that nothing vouches for

    What it finds:
        A requirement that is a URL without a strong hash, whose URL `urls.allow` does not admit, or
        that is no `https:` URL; and a constraint that is a URL, a repository or a path.

    Why it matters:
        Nothing but the hash says what a direct URL gives: no index lists it, and the server may
        answer everyone differently. As a constraint, a URL replaces a requirement's source, and in pip
        its hash too.

    Example:
        demo @ https://files.example/demo-1.0-py3-none-any.whl

    Instead:
        Add the hash: `demo @ https://files.example/demo-1.0-py3-none-any.whl#sha256=…`, or
        `--hash=sha256:…` after the URL. Better still, install the project from an index.

    Policy keys:
        urls.allow, rules, allow
    """

    id = "direct-url"
    subject = RequirementLine

    def check(self, subject: RequirementLine, context: RuleContext) -> Iterator[Finding]:
        target = subject.target or ""
        if subject.kind is RequirementKind.NAMED:
            return
        name = subject.requirement.name if subject.requirement else None
        place = shown(target)
        for problem, instruction, decider in _problems(subject, target, context):
            yield self.finding(
                f"{place} {problem}",
                subject.origin,
                subject=name or place,
                help=instruction,
                decided_by=context.policy.urls_allow if decider else "safepip's default",
            )


def _problems(line: RequirementLine, target: str, context: RuleContext) -> Iterator[tuple[str, str, bool]]:
    """What is wrong, what to do, and whether ``urls.allow`` decided."""
    if line.constraint:
        yield (
            "is a constraint, and a constraint cannot replace where a requirement comes from",
            "write the URL as the requirement, and only the version as the constraint",
            False,
        )
        return
    # Plaintext and repositories have rules of their own; file: is the operator's own disk.
    if line.kind is not RequirementKind.URL or is_plaintext(target) or target.lower().startswith("file:"):
        return
    try:
        url = Url.parse(target)
    except UrlError as error:
        yield f"cannot be read: it {error}", "write the URL as https://HOST/PATH", False
        return
    if url.scheme != "https":
        yield f"uses {url.scheme}, and direct URLs need https", "write the https URL", False
    elif not admits_url(context.policy.urls_allow.value, url):
        yield "is not admitted by urls.allow", "add it to urls.allow in the policy, or use an index", True
    elif not line.hashes:
        yield "has no hash, and nothing else says what it should give", _ADD_HASH, False


_ADD_HASH = "add #sha256=… to the URL, or --hash=sha256:… after it (`pip hash FILE` prints it)"
