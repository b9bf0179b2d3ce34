"""The rule ``unpinned-vcs``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding
from safepip.core.repository import Repository, RepositoryError, read_repository
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.policy.urls import admits_url
from safepip.rules.base import Rule, RuleContext
from safepip.rules.locations import is_plaintext, shown


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
        demo @ git+https://git.example/acme/demo@0a1b2c3d4e5f60718293a4b5c6d7e8f901234567, with
        `git+https://git.example/acme/*` in `vcs.allow`. `git ls-remote URL main` prints the commit id.

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
        repository = read_repository(target)
    except RepositoryError as error:
        yield str(error), error.hint, False
        return
    if not admits_url(context.policy.vcs_allow.value, repository.url):
        yield "is not admitted by vcs.allow", _how_to_admit(repository), True
    if repository.commit is None:
        yield "names no full commit id, so it may change", repository.how_to_pin, False


def _how_to_admit(repository: Repository) -> str:
    entry = f'allow = ["{repository.url.without_secrets}"]'
    return f"name the project as an index serves it; or, if it may run code here, write {entry} below [vcs]"
