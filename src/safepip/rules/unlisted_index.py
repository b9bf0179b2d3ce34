"""The rule ``unlisted-index``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding, Level
from safepip.core.origin import Layer, Place
from safepip.core.subjects import Setting
from safepip.policy.schema import Unlisted
from safepip.policy.urls import same_index
from safepip.rules.base import Rule, RuleContext
from safepip.rules.locations import INDEX_OPTIONS, is_plaintext, is_remote, names, parsed, shown


class UnlistedIndex(Rule[Setting]):
    """Index that the policy does not list

    What it finds:
        An index or find-links URL that no `[[index]]` of the policy lists, once one is listed (or
        `indexes.unlisted = "deny"`). On the command line and in files it is refused; in your own
        `pip.conf` and environment it is set aside with a warning. It is never asked. Where `pypi` is
        listed without a URL, the `index-url` of your pip configuration is what it stands for.

    Why it matters:
        A list of indexes is worth something only if nothing adds to it. A forgotten
        `PIP_EXTRA_INDEX_URL` is enough for a stranger's package to take a private name.

    Example:
        pip install --extra-index-url https://packages.example/simple acme-sdk

    Instead:
        Add an `[[index]]` for it to the policy, with the names that it serves, or leave the option out.

    Policy keys:
        indexes.unlisted, index.url, rules, allow
    """

    id = "unlisted-index"
    subject = Setting

    def check(self, subject: Setting, context: RuleContext) -> Iterator[Finding]:
        policy = context.policy
        if policy.unlisted.value is not Unlisted.DENY or subject.option not in INDEX_OPTIONS:
            return
        # plaintext-index says all there is to say about a plaintext one.
        if not is_remote(subject.value) or is_plaintext(subject.value) or _is_listed(subject, context):
            return
        aside = _from_configuration(subject) and bool(policy.indexes) and not policy.unlisted_by_stranger
        place = shown(subject.value)
        yield self.finding(
            f"{place} is set aside: the policy does not list it"
            if aside
            else f"the policy does not list {place}",
            subject.origin,
            subject=place,
            level=Level.WARN if aside else Level.DENY,
            help="delete it, or add an [[index]] with this URL to the policy",
            decided_by=policy.unlisted,
        )


def _is_listed(setting: Setting, context: RuleContext) -> bool:
    if any(names(setting, index) for index in context.policy.indexes):
        return True
    if not any(index.built_in for index in context.policy.indexes):
        return False
    url, default = parsed(setting.value), context.default_index_url
    if url is not None and default is not None and same_index(url, default):
        return True
    return setting.option == "index-url" and _from_configuration(setting)


def _from_configuration(setting: Setting) -> bool:
    """Whether the operator's configuration or environment says it, rather than a command or a file."""
    operator = setting.origin.layer < Layer.PROJECT and not setting.in_requirement_file
    return operator and setting.origin.kind is not Place.ARGUMENT
