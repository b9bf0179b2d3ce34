"""The rule ``tls-failure``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class TlsFailure(Rule[Any]):
    """Server whose certificate does not verify

    What it finds:
        A server (index, file host, redirect target, proxy) whose certificate is expired, is for another
        name, or comes from no CA that counts for this index; or that offers nothing newer than TLS 1.1.
        Also a CA bundle that cannot be read. The next index is never asked instead.

    Why it matters:
        Without a verified certificate, nobody knows who answers. pip passes over an index page that
        fails to verify and installs from the next index, with exit code 0.

    Example:
        pip install -i https://self-signed.example/simple demo

    Instead:
        Mend the certificate. For a private CA, name its bundle: `ca-bundle` of the index in
        `safepip.toml`, or `--cert`. The bundle then counts alone, and no other root with it.

    Policy keys:
        index.ca-bundle, tls.ca-bundle, tls.environment
    """

    id = "tls-failure"
    exemptible = False
