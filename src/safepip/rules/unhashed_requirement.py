"""The rule ``unhashed-requirement``."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from safepip.core.finding import Finding, Level
from safepip.core.subjects import RequirementKind, RequirementLine, Setting
from safepip.policy.schema import HashMode
from safepip.rules.base import Rule, RuleContext, decision

HASH_CHECKING = "hash-checking mode (--require-hashes, or one hashed line of a file asks it of all)"


class UnhashedRequirement(Rule[RequirementLine | Setting]):
    """Requirement without a hash where one is needed

    What it finds:
        With `hashes.mode = "files"` (the default): a line of a requirement file that no `--hash`
        belongs to, neither its own nor one of a constraint; and what it brings in without one. With
        `"required"`, or pip's `--require-hashes`: the same for everything, names typed on the command
        line, archives, directories and repositories included. Constraint lines need none. What a build
        needs is held to the mode of what is built: a lock that `safepip lock` made has it, or a file
        for `--build-constraint`. And, as a
        warning, `--no-require-hashes` in a requirement file, where it has no effect.

    Why it matters:
        Without a hash of yours, the index alone says what the file is. If it, or an account of
        the project on it, falls into other hands, the same version number can stand for other bytes.

    Example:
        # requirements.txt
        flask==3.1.0

    Instead:
        flask==3.1.0 --hash=sha256:…, with one hash for each file that you accept. `pip hash FILE`
        prints the hash of a file that you have checked.

    Policy keys:
        hashes.mode, rules, allow
    """

    id = "unhashed-requirement"
    subject = (RequirementLine, Setting)

    def check(self, subject: RequirementLine | Setting, context: RuleContext) -> Iterator[Finding]:
        if isinstance(subject, Setting):
            yield from self._check_option(subject)
            return
        if _is_hashed(subject) or not _needs_hash(subject, context) or _hashed_elsewhere(subject, context):
            return
        name = subject.requirement.name if subject.requirement else None
        what = subject.requirement or subject.name or subject.origin.key or _KINDS[subject.kind]
        yield self.finding(
            f"{what} has no hash, and {_who(context)}",
            subject.origin,
            subject=name,
            help=_HELP[subject.kind],
            decided_by=HASH_CHECKING if context.requires_hashes else _mode(context),
        )

    def _check_option(self, setting: Setting) -> Iterator[Finding]:
        if setting.option == "no-require-hashes" and setting.in_requirement_file:
            yield self.finding(
                "--no-require-hashes has no effect in a requirement file: no file decides that hashes do not count",
                setting.origin,
                subject=setting.option,
                level=Level.WARN,
                help="delete it; on the command line it keeps one hash from asking hashes of everything",
            )


_KINDS = {
    RequirementKind.NAMED: "the requirement",
    RequirementKind.URL: "the direct URL",
    RequirementKind.VCS: "the repository",
    RequirementKind.PATH: "the local path",
}
_ADD = "add --hash=sha256:… for each file you accept (`pip hash FILE` prints it)"
_HELP = {
    RequirementKind.NAMED: _ADD,
    RequirementKind.URL: "add #sha256=… to the URL, or --hash=sha256:… after it (`pip hash FILE` prints it)",
    RequirementKind.VCS: "install a built wheel with a hash instead: a repository has none",
    RequirementKind.PATH: f"{_ADD}; a directory has none, so build a wheel of it first",
}


def _is_hashed(line: RequirementLine) -> bool:
    return bool(line.hashes) and line.kind is not RequirementKind.VCS


def _needs_hash(line: RequirementLine, context: RuleContext) -> bool:
    if line.constraint:
        return False
    if line.hashes:
        return True  # of a repository, where nothing can check it: pip refuses that too
    if context.requires_hashes or context.policy.hash_mode.value is HashMode.REQUIRED:
        return True
    # Paths are the user's own code, and a commit id pins a repository; neither can carry a hash.
    listed = line.kind in {RequirementKind.NAMED, RequirementKind.URL}
    return listed and line.from_file and context.policy.hash_mode.value is HashMode.FILES


def _hashed_elsewhere(line: RequirementLine, context: RuleContext) -> bool:
    if line.requirement is None or line.kind is not RequirementKind.NAMED:
        return False
    return canonicalize_name(line.requirement.name) in context.hashed


def _who(context: RuleContext) -> str:
    if context.requires_hashes or context.policy.hash_mode.value is HashMode.REQUIRED:
        return "hashes are required for everything"
    return "what a requirement file names is installed by hash only"


def _mode(context: RuleContext) -> str:
    mode = context.policy.hash_mode
    word = mode.value.name.lower().replace("_", "-")
    return f'{decision(mode)}, hashes.mode = "{word}"'
