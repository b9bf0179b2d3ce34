"""Rule docstrings as pages: the sections, and what is wrong with them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from safepip.policy.keys import KEYS
from safepip.rules.base import Rule

SECTIONS = ("What it finds", "Why it matters", "Example", "Instead", "Policy keys")
POLICY_KEYS = frozenset({key.path for key in KEYS} | {"rules", "allow"})


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


def policy_keys(rule: Rule[Any], text: str) -> tuple[str, ...]:
    """The keys that the section names; empty for ``none``. Raises BadRule."""
    keys = () if text == "none" else tuple(key.strip() for key in text.replace("\n", " ").split(","))
    if unknown := [key for key in keys if key not in POLICY_KEYS]:
        raise BadRule(f"{rule.id}: unknown policy key {', '.join(unknown)}")
    if not rule.exemptible and {"rules", "allow"} & set(keys):
        raise BadRule(f"{rule.id}: names rules or allow, but is never switched off")
    return keys


def page(rule: Rule[Any]) -> str:
    """The Markdown page of one rule."""
    title, texts = sections(rule)
    keys = policy_keys(rule, texts["Policy keys"])
    lines = [
        f"# {rule.id}: {title[0].lower()}{title[1:]}",
        "",
        f"Level: {rule.level.name.lower()} · severity: {rule.severity.value} · since {rule.since}",
        "",
    ]
    for name in SECTIONS[:-1]:
        body = f"```text\n{texts[name]}\n```" if name == "Example" else texts[name]
        lines += [f"## {name}", "", body, ""]
    lines += ["## Policy", "", _policy(rule, keys), ""]
    return "\n".join(lines)


def _policy(rule: Rule[Any], keys: tuple[str, ...]) -> str:
    if rule.exemptible:
        text = f'Its level is set with `"{rule.id}"` under `[rules]`; single packages are exempt by `[[allow]]`, with a reason.'
    else:
        text = "It can be neither switched off nor lowered, and nothing is exempt from it."
    others = [f"[`{key}`](../policy.md)" for key in keys if "." in key]
    return f"{text}\n\nKeys that bear on it: {', '.join(others)}." if others else text


def index_page(rules: Mapping[str, Rule[Any]]) -> str:
    """The list of all rules."""
    rows = [
        f"| [{rule.id}]({rule.id}.md) | {sections(rule)[0]} | {rule.level.name.lower()} | {'yes' if rule.exemptible else 'no'} |"
        for rule in rules.values()
    ]
    head = [
        "# Rules",
        "",
        "| rule | what it finds | level | can be lowered or exempted |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])
