"""The rule ``unsafe-option``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from safepip.core.finding import Finding, Level, Severity
from safepip.core.origin import Layer, Place
from safepip.core.subjects import Setting
from safepip.rules.base import Rule, RuleContext

REASONS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("use-deprecated", "legacy-resolver"): "it skips the comparison of a package with its metadata",
        ("use-deprecated", "legacy-certs"): "it brings other roots of trust than those in force",
        ("keyring-provider", "import"): "it loads the code of whatever is installed as keyring",
    }
)
"""Option and value → what would be lost."""


class UnsafeOption(Rule[Setting]):
    """Option that would take protection away

    What it finds:
        An option of pip that safepip never acts on: `use-deprecated`, with either of its values, and
        `keyring-provider = import`. On the command line and in a requirement file it is refused; in
        pip's configuration and environment it is set aside with a warning.

    Why it matters:
        The old resolver installs a package whose metadata is not what was shown to the resolver; the old
        certificates are other roots of trust than the ones you chose; and a keyring that is imported is
        code of the environment that is being changed. To ignore such an option in silence would let
        you believe that it holds.

    Example:
        [install]
        use-deprecated = legacy-resolver

    Instead:
        Delete it. Name roots of trust with `--cert` or with `ca-bundle` in `safepip.toml`, and let a
        keyring be asked with `keyring-provider = subprocess`.

    Policy keys:
        none
    """

    id = "unsafe-option"
    severity = Severity.MEDIUM
    exemptible = False
    subject = Setting

    def check(self, subject: Setting, context: RuleContext) -> Iterator[Finding]:
        del context
        reason = REASONS.get((subject.option, subject.value.strip()))
        if reason is None:
            return
        operator = subject.origin.layer < Layer.PROJECT and not subject.in_requirement_file
        aside = operator and subject.origin.kind is not Place.ARGUMENT
        what = f"{subject.option} = {subject.value.strip()}"
        yield self.finding(
            f"{what} is set aside: {reason}" if aside else f"{what} is never acted on: {reason}",
            subject.origin,
            subject=subject.option,
            level=Level.WARN if aside else Level.DENY,
            help="delete it",
        )
