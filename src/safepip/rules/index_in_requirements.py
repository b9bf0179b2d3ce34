"""The rule ``index-in-requirements``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding, Level
from safepip.core.subjects import Setting
from safepip.policy.schema import Unlisted
from safepip.rules.base import Rule, RuleContext
from safepip.rules.locations import INDEX_OPTIONS, is_plaintext, is_remote, known_indexes, names, shown


class IndexInRequirements(Rule[Setting]):
    """Requirement file that brings its own index

    What it finds:
        `--index-url`, `--extra-index-url` or `--find-links` inside a requirement or constraint file,
        naming a place that neither your policy, your `pip.conf`, your environment nor your command
        line names. A URL that differs only in its user name and password is the same place.

    Why it matters:
        In pip, such a line replaces the indexes of the whole run, the ones on the command line
        included. Whoever can change the file, or send you one, then decides where everything
        comes from.

    Example:
        --extra-index-url https://packages.example/simple
        acme-sdk==1.4.0 --hash=sha256:…

    Instead:
        Name the index where you decide about it: in `pip.conf`, or better in `safepip.toml`, with the
        names that it serves. Then the line in the file may stay.

    Policy keys:
        index.url, index.packages, rules, allow
    """

    id = "index-in-requirements"
    subject = Setting

    def check(self, subject: Setting, context: RuleContext) -> Iterator[Finding]:
        if not subject.in_requirement_file or subject.option not in INDEX_OPTIONS:
            return
        if is_plaintext(subject.value):  # plaintext-index says all there is to say
            return
        if any(names(subject, index) for index in known_indexes(context)) or _is_unlisted(subject, context):
            return
        what = "an index" if is_remote(subject.value) else "a folder"
        yield self.finding(
            f"a requirement file names {what} of its own",
            subject.origin,
            subject=shown(subject.value),
            help="name it in pip.conf, safepip.toml or on the command line; then the line may stay",
        )


def _is_unlisted(setting: Setting, context: RuleContext) -> bool:
    """Whether ``unlisted-index`` refuses the same line already."""
    policy = context.policy
    lowered = policy.level("unlisted-index", Level.DENY).value is not Level.DENY
    exempt = any(exemption.rule == "unlisted-index" for exemption in policy.exemptions)
    return is_remote(setting.value) and policy.unlisted.value is Unlisted.DENY and not lowered and not exempt
