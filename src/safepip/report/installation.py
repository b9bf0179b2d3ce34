"""pip's installation report (``--report``, format version 1), as pip 26.3 writes it.

The format is documented by pip ("Installation Report"); ``metadata`` is the JSON form of core
metadata (PEP 566) as ``pip._internal.metadata`` gives it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from email.message import Message
from email.parser import Parser
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import NormalizedName

from safepip.core.build import origin_of
from safepip.core.digest import Algorithm, Digest, Digests
from safepip.core.plan import Plan, Step
from safepip.core.ports import Environment
from safepip.report.facts import ascii_json
from safepip.report.redact import find_secrets

ONCE = (
    "Metadata-Version", "Name", "Version", "Summary", "Description", "Description-Content-Type", "Keywords",
    "Home-page", "Download-URL", "Author", "Author-email", "Maintainer", "Maintainer-email", "License",
    "License-Expression", "Requires-Python",
)  # fmt: skip
"""Core metadata fields that hold one value; the others of :data:`FIELDS` hold a list."""
FIELDS = (
    "Metadata-Version", "Name", "Version", "Dynamic", "Platform", "Supported-Platform", "Summary", "Description",
    "Description-Content-Type", "Keywords", "Home-page", "Download-URL", "Author", "Author-email", "Maintainer",
    "Maintainer-email", "License", "License-Expression", "License-File", "Classifier", "Requires-Dist",
    "Requires-Python", "Requires-External", "Project-URL", "Provides-Extra", "Provides-Dist", "Obsoletes-Dist",
)  # fmt: skip
"""The fields that pip 26.3 reports, in its order."""

_NO_DIGESTS: Mapping[NormalizedName, Digests] = MappingProxyType({})


def installation_report(
    plan: Plan,
    environment: Environment,
    *,
    pip_version: str,
    digests: Mapping[NormalizedName, Digests] = _NO_DIGESTS,
) -> dict[str, Any]:
    """The report as plain data, keys in pip's order.

    Args:
        plan: its steps become ``install``.
        environment: its markers become ``environment``.
        pip_version: of the pip that safepip delegates to.
        digests: of the files, as far as they have been fetched; used where the page gave none.
    """
    return {
        "version": "1",
        "pip_version": pip_version,
        "install": [_installed(step, digests.get(step.project, Digests())) for step in plan.as_pinned],
        "environment": dict(environment.markers),
    }


def report_text(report: Mapping[str, Any], *, to_stdout: bool = False) -> str:
    """The report as pip writes it to a file, byte for byte; no newline at the end.

    For stdout (``--report -``) it is ASCII and harmless to terminals and runners, and equal as JSON.
    """
    return ascii_json(report) if to_stdout else json.dumps(report, indent=2, ensure_ascii=False)


def metadata_json(raw: bytes) -> dict[str, str | list[str]]:
    """Core metadata as JSON: lower-case keys with underscores, lists for fields that may repeat."""
    message = Parser().parsestr(raw.decode("utf-8", errors="replace"))
    body = str(message.get_payload())
    found: dict[str, str | list[str]] = {}
    for field in FIELDS:
        # The body is the description; a header of that name counts only without one.
        values = [body] if field == "Description" and body else _values(message, field)
        if values:
            found[field.lower().replace("-", "_")] = _value(field, values)
    return found


def _values(message: Message, field: str) -> list[str]:
    return [_dedented(str(value)) for value in message.get_all(field, [])]


def _value(field: str, values: list[str]) -> str | list[str]:
    if field not in ONCE:
        return values
    if field == "Keywords":
        # Two forms have been written for years, and pip reads both.
        text = values[0]
        return [word.strip() for word in text.split(",")] if "," in text else text.split()
    return values[0]


def _dedented(value: str) -> str:
    """A folded value without its indentation, as ``importlib.metadata`` undoes it (RFC 822)."""
    return textwrap.dedent(" " * 8 + value) if "\n" in value else value


def _installed(step: Step, fetched: Digests) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "download_info": _download(step, fetched),
        "is_direct": step.direct,
        "is_yanked": step.file.yanked is not None,
        "requested": step.requested,
        "metadata": metadata_json(step.metadata.raw),
    }
    if step.requested and step.requested_extras:
        facts["requested_extras"] = sorted(step.requested_extras)
    return facts


def _download(step: Step, fetched: Digests) -> dict[str, Any]:
    """PEP 610, with the old ``hash`` field beside ``hashes`` that pip still writes."""
    if step.source is not None and step.direct:
        return origin_of(step.source)
    archive: dict[str, Any] = {}
    if digest := _reported_digest(step.file.digests) or _reported_digest(fetched):
        name = digest.algorithm.value
        archive = {"hashes": {name: digest.hex}, "hash": f"{name}={digest.hex}"}
    return {"url": _reported_url(step.file.url), "archive_info": archive}


def _reported_digest(digests: Digests) -> Digest | None:
    """The one digest of a file that pip reports: the strongest that the page gives."""
    for algorithm in reversed(Algorithm):
        if digits := digests.by_algorithm.get(algorithm):
            return Digest(algorithm=algorithm, hex=digits)
    return None


def _reported_url(url: str) -> str:
    """Without fragment, and without userinfo unless it names variables only (PEP 610)."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    netloc = parts.netloc if at and not find_secrets(f"//{userinfo}@host") else host
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))
