"""Rule docstrings as pages: the sections, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safepip.policy.keys import KEYS
from safepip.rules.base import Rule
from safepip.rules.pages import SECTIONS, BadRule, sections

__all__ = ["BadRule", "index_page", "page", "policy_keys", "sections"]

POLICY_KEYS = frozenset({key.path for key in KEYS} | {"rules", "allow"})


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
