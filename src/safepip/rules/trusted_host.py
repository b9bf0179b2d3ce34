"""The rule ``trusted-host``."""

from __future__ import annotations

from collections.abc import Iterator

from safepip.core.finding import Finding, Level
from safepip.core.origin import Layer, Place
from safepip.core.subjects import Setting
from safepip.rules.base import Rule, RuleContext


class TrustedHost(Rule[Setting]):
    """Host for which TLS would not be verified

    What it finds:
        `--trusted-host`, in any spelling and abbreviation, `PIP_TRUSTED_HOST`, and `trusted-host` in
        `pip.conf` and in requirement files. On the command line and in requirement files it is
        refused. In your own configuration and environment it is set aside with a warning. It never
        has an effect: TLS is verified for every host.

    Why it matters:
        With it, pip accepts any certificate and plain HTTP from that host, and passes the
        permission on to the pip that installs build requirements. Whoever can answer in the host's
        name then decides what you run.

    Example:
        pip install --trusted-host mirror.example -i https://mirror.example/simple demo

    Instead:
        Delete it. If the host's certificate comes from a private CA, give safepip that CA: `ca-bundle`
        of the index in `safepip.toml`, or `--cert`.

    Policy keys:
        index.ca-bundle, tls.ca-bundle
    """

    id = "trusted-host"
    exemptible = False
    subject = Setting

    def check(self, subject: Setting, context: RuleContext) -> Iterator[Finding]:
        del context
        if subject.option != "trusted-host" or not subject.value.strip():
            return
        own = (
            subject.origin.kind is not Place.ARGUMENT
            and subject.origin.layer < Layer.PROJECT
            and not subject.in_requirement_file
        )
        host = subject.value.strip()
        message = (
            f"trusted-host is set aside: TLS is verified for {host} anyway"
            if own
            else f"trusted-host would accept any certificate from {host}"
        )
        yield self.finding(
            message,
            subject.origin,
            subject=host,
            level=Level.WARN if own else Level.DENY,
            help="delete it; for a private CA, name its bundle with --cert or with ca-bundle in safepip.toml",
            decided_by="safepip's default (no setting turns verification off)",
        )
