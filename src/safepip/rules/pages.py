"""A rule's docstring as its page, section by section; ``docs/reference/rules`` and ``explain`` show the same."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from safepip.rules.base import Rule

SECTIONS = ("What it finds", "Why it matters", "Example", "Instead", "Policy keys")


class BadRule(Exception):
    """A rule whose documentation is not as it must be."""


def sections(rule: Rule[Any]) -> tuple[str, Mapping[str, str]]:
    """Title and sections of the rule's docstring. Raises BadRule."""
    title, _, body = inspect.cleandoc(type(rule).__doc__ or "").partition("\n")
    parts = re.split(r"^([A-Z][A-Za-z ]+):\n", body, flags=re.MULTILINE)
    names, texts = parts[1::2], [inspect.cleandoc("\n" + text) for text in parts[2::2]]
    if tuple(names) != SECTIONS:
        raise BadRule(f"{rule.id}: sections must be {', '.join(SECTIONS)}; found {', '.join(names)}")
    found = dict(zip(names, texts, strict=True))
    if not title.strip() or not all(text.strip() for text in found.values()):
        raise BadRule(f"{rule.id}: an empty title or section")
    return title.rstrip("."), found
