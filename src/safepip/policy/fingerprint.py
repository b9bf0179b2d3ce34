"""What tells one merged policy from another, for logs that outlive the files."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safepip.policy.schema import Exemption, Policy


def fingerprint(policy: Policy) -> str:
    """``sha256:…`` over what took part: each file's bytes and standing, strongest first, and every exemption.

    Empty where nobody said anything, so that safepip's defaults hold. Paths do not count: the same
    files on another machine make the same policy.
    """
    sources = [[source.layer.name, source.sha256, source.trusted] for source in policy.sources]
    exemptions = [_exemption(exemption) for exemption in policy.exemptions]
    if not sources and not exemptions:
        return ""
    return "sha256:" + hashlib.sha256(json.dumps([sources, exemptions]).encode()).hexdigest()


def _exemption(exemption: Exemption) -> list[str]:
    """Those of the command line stand in no file."""
    said = (exemption.package, exemption.subject, exemption.specifier, exemption.expires)
    return [exemption.rule, exemption.reason, *("" if part is None else str(part) for part in said)]
