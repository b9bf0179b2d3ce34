"""The rule ``file-host``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class FileHost(Rule[Any]):
    """Files on a host that the index may not use

    What it finds:
        A link or redirect from an index to a host that its `file-hosts` does not name; and, where
        nothing is named, a file on a foreign host for which the page gives no strong digest.

    Why it matters:
        A page that sends you to another host hands your trust on to it. The digest on the page, or your
        list of hosts, is what keeps that safe.

    Example:
        A page of https://nexus.example/simple that links to https://cdn.example/demo-1.0-py3-none-any.whl

    Instead:
        Add the host to `file-hosts` of the index, if it is known to belong to it.

    Policy keys:
        index.file-hosts, rules, allow
    """

    id = "file-host"
