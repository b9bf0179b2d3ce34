"""The rule ``plaintext-index``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding
from safepip.core.subjects import Setting
from safepip.rules.base import Rule, RuleContext
from safepip.rules.locations import INDEX_OPTIONS, is_plaintext, names, shown


class PlaintextIndex(Rule[Setting]):
    """Index reached over an unencrypted connection

    What it finds:
        An `http:` URL in `--index-url`, `--extra-index-url` or `--find-links`, wherever it is
        written: command line, environment, `pip.conf`, requirement or constraint file. Loopback
        addresses are no exception, unless the policy lists that very address.

    Why it matters:
        Anyone between you and the index, such as the owner of a wireless network, can replace the page
        and so choose what you install and run. pip refuses such pages unless the host is trusted,
        but follows `http:` links and redirects from secure ones.

    Example:
        # pip.conf
        [global]
        index-url = http://mirror.example/simple

    Instead:
        Use the index's `https:` address. If its certificate comes from a private CA, name that CA's
        bundle with `ca-bundle` in `safepip.toml`. For a server on this machine that speaks only
        HTTP, list it with `unsafe-plaintext = true`.

    Policy keys:
        index.unsafe-plaintext
    """

    id = "plaintext-index"
    exemptible = False
    subject = Setting

    def check(self, subject: Setting, context: RuleContext) -> Iterator[Finding]:
        if subject.option not in INDEX_OPTIONS or not is_plaintext(subject.value):
            return
        if any(index.allows_plaintext and names(subject, index) for index in context.policy.indexes):
            return
        what = "find-links location" if subject.option == "find-links" else "index URL"
        scheme = subject.value.strip().partition(":")[0].lower()
        yield self.finding(
            f"{what} uses {scheme}: anyone on the way can read and change what is installed",
            subject.origin,
            subject=shown(subject.value),
            help="delete it, or write the https URL of the index",
            decided_by="safepip's default (no setting allows plaintext)",
        )
