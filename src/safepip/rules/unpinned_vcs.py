"""The rule ``unpinned-vcs``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from safepip.core.finding import Finding
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.core.url import Url, UrlError
from safepip.policy.urls import admits_url
from safepip.rules.base import Rule, RuleContext
from safepip.rules.locations import is_plaintext, shown

_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z", re.IGNORECASE | re.ASCII)


INSTEAD = "name a wheel, or the project as an index serves it: this version builds nothing from repositories"


class UnpinnedVcs(Rule[RequirementLine]):
    """Repository that is not allowed, or not pinned to a commit

    What it finds:
        A version control requirement that `vcs.allow` does not admit, that names no full commit id
        (40 or 64 hexadecimal digits), or that is fetched by anything but git over HTTPS or SSH.

    Why it matters:
        A branch or tag can be moved to other code at any time, and building runs that code. Even an
        abbreviated commit id can be made to mean another commit.

    Example:
        demo @ git+https://git.example/acme/demo@main

    Instead:
        demo @ git+https://git.example/acme/demo@0a1b2c3d4e5f60718293a4b5c6d7e8f901234567, with the
        repository in `vcs.allow`. This version builds nothing from repositories, so it refuses that
        too: build a wheel of the commit in a safe place, and serve it.

    Policy keys:
        vcs.allow, rules, allow
    """

    id = "unpinned-vcs"
    subject = RequirementLine

    def check(self, subject: RequirementLine, context: RuleContext) -> Iterator[Finding]:
        target = subject.target or ""
        if subject.kind is not RequirementKind.VCS or subject.constraint or is_plaintext(target):
            return
        name = subject.requirement.name if subject.requirement else None
        for problem, instruction, decider in _problems(target, context):
            yield self.finding(
                f"{shown(target)} {problem}",
                subject.origin,
                subject=name or shown(target),
                help=instruction,
                decided_by=context.policy.vcs_allow if decider else "safepip's default",
            )


def _problems(target: str, context: RuleContext) -> Iterator[tuple[str, str, bool]]:
    """What is wrong, what to do, and whether ``vcs.allow`` decided."""
    try:
        url = Url.parse(target)
    except UrlError as error:
        yield f"cannot be read: it {error}", "write it as git+https://HOST/PATH@COMMIT", False
        return
    if url.scheme not in {"git+https", "git+ssh"}:
        yield (
            f"uses {url.scheme}, and repositories are read by git over https or ssh",
            "write git+https://…",
            False,
        )
        return
    path, _, revision = url.path.rpartition("@")
    repository = replace(url, path=path or url.path, query="", fragment="")
    if not admits_url(context.policy.vcs_allow.value, repository):
        yield "is not admitted by vcs.allow", INSTEAD, True
    if not path or not _COMMIT.match(revision):
        yield "names no full commit id, so it may change", INSTEAD, False
