"""``policy show`` and ``policy trust --list`` as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from safepip import __version__
from safepip.core.finding import Finding
from safepip.core.origin import Layer, Origin
from safepip.core.policy_page import EntryInForce, FileInForce, KeyInForce, PolicyPage, TrustedState
from safepip.core.trusted import TrustedPolicy
from safepip.report.columns import INDENT, block
from safepip.report.facts import finding_facts, json_text, place_facts
from safepip.report.visible import shown

SCHEMA_VERSION = "1"


def page_text(page: PolicyPage) -> str:
    """Blocks of aligned columns, each with an empty line before it."""
    lines = _files(page.files)
    lines += block("Keys", (_key_row(key) for key in page.keys))
    lines += block("Rules", (_key_row(key) for key in page.levels))
    lines += _entries("Indexes", "index", page.indexes)
    lines += _entries("Exemptions", "allow", page.exemptions)
    return "\n".join(lines).lstrip("\n") + "\n"


def _files(files: Sequence[FileInForce]) -> list[str]:
    if not files:
        return ["No policy file takes part: safepip's defaults hold."]
    lines = ["Policy files, strongest first"]
    for file, row in zip(files, block("", (_file_row(file) for file in files))[2:], strict=True):
        lines.append(row)
        lines += [f"{INDENT * 2}set aside: {shown(what)}" for what in file.set_aside]
    return lines


def _file_row(file: FileInForce) -> tuple[str, str, str]:
    return file.layer, file.path, _standing(file)


def _standing(file: FileInForce) -> str:
    if file.trusted:
        return f"trusted on {file.since}" if file.since else "in force"
    why = f" ({file.doubt})" if file.doubt else ""
    return f"not trusted{why}: only refusals are in force"


def _key_row(key: KeyInForce) -> tuple[str, str, str]:
    return key.path, _toml(key.value), _place(key.origin)


def _entries(title: str, table: str, entries: Sequence[EntryInForce]) -> list[str]:
    lines = ["", title] if entries else []
    for entry in entries:
        state = "" if entry.state == "holds" else f" ({entry.state})"
        lines.append(f"{INDENT}[[{table}]] {shown(_place(entry.origin))}{state}")
        rows = ((key, _toml(value)) for key, value in entry.said.items())
        lines += [f"{INDENT}{line}" for line in block("", rows)[2:]]
    return lines


def _toml(value: object) -> str:
    """JSON's texts are TOML's; what nobody set is ``-``."""
    return "-" if value is None else json.dumps(value, ensure_ascii=False)


def _place(origin: Origin) -> str:
    return origin.place if origin.layer is Layer.DEFAULT else str(origin)


def page_json(page: PolicyPage, told: Sequence[Finding]) -> str:
    """The same facts, with what was found while they were gathered."""
    facts = {
        "fingerprint": page.fingerprint,
        "files": [_file_facts(file) for file in page.files],
        "keys": dict(_keys(page.keys)),
        "rules": dict(_keys(page.levels)),
        "indexes": [_entry_facts(entry) for entry in page.indexes],
        "exemptions": [{**_entry_facts(entry), "state": entry.state} for entry in page.exemptions],
        "findings": [finding_facts(finding) for finding in told],
    }
    return _report("policy", facts)


def _file_facts(file: FileInForce) -> dict[str, Any]:
    return {
        "path": file.path,
        "layer": file.layer,
        "sha256": file.sha256,
        "content": file.content,
        "trusted": file.trusted,
        "trusted_since": file.since or None,
        "doubt": file.doubt or None,
        "set_aside": list(file.set_aside),
    }


def _keys(keys: Iterable[KeyInForce]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key in keys:
        set_by_somebody = key.origin.layer is not Layer.DEFAULT
        yield (
            key.path,
            {
                "value": key.value,
                "default": not set_by_somebody,
                "place": place_facts(key.origin) if set_by_somebody else None,
            },
        )


def _entry_facts(entry: EntryInForce) -> dict[str, Any]:
    return {"said": dict(entry.said), "place": place_facts(entry.origin)}


def trust_text(entry: TrustedPolicy, changes: Sequence[str]) -> str:
    """What trust in a policy changes."""
    lines = [f"Trusting {shown(entry.path)}"]
    if changes:
        lines += ["", "From now on these count too:", *(f"{INDENT}{shown(what)}" for what in changes)]
    else:
        lines += ["", "It only refuses, and that was in force without trust."]
    if entry.files:
        lines += ["", "They count as long as these files stay as they are:"]
        lines += [f"{INDENT}{shown(path)}  {digest}" for path, digest in entry.files]
    return "\n".join(lines) + "\n"


def trust_json(entry: TrustedPolicy, changes: Sequence[str], told: Sequence[Finding]) -> str:
    """The same facts, with what was found on the way."""
    facts = {**_trusted_facts(entry), "changes": list(changes)}
    return _report("trusted-policy", {**facts, "findings": [finding_facts(finding) for finding in told]})


def written_text(path: str) -> str:
    """Where the first policy stands, and what it needs to count."""
    return (
        f"Wrote {shown(path)}\n\n"
        "Look through it. It counts in full once you trust it (safepip policy trust), where it is named\n"
        "(--policy, SAFEPIP_POLICY), or as the user's or the machine's policy.\n"
    )


def written_json(path: str, told: Sequence[Finding]) -> str:
    """The same facts, with what the policy would make of today's configuration."""
    return _report("written-policy", {"path": path, "findings": [finding_facts(finding) for finding in told]})


def revoked_text(path: str) -> str:
    """What no longer counts."""
    return f"No longer trusted: {shown(path)}\n"


def revoked_json(path: str) -> str:
    """The same fact."""
    return _report("revoked-policy", {"path": path})


def checked_text(paths: Sequence[str]) -> str:
    """Files with nothing wrong in them."""
    return "".join(f"{shown(path)}: ok\n" for path in paths) or "No policy file takes part.\n"


def trusted_text(states: Sequence[TrustedState]) -> str:
    """One line for each trusted policy."""
    if not states:
        return "No project's policy is trusted.\n"
    rows = ((f"{one.entry.since:%Y-%m-%d}", one.entry.path, one.state) for one in states)
    return "\n".join(block("Trusted policies", rows)[1:]) + "\n"


def trusted_json(states: Sequence[TrustedState]) -> str:
    """The same facts."""
    entries = [{**_trusted_facts(one.entry), "state": one.state} for one in states]
    return _report("trusted-policies", {"trusted": entries})


def _trusted_facts(entry: TrustedPolicy) -> dict[str, Any]:
    return {
        "path": entry.path,
        "content": entry.content,
        "files": dict(entry.files),
        "since": entry.since.isoformat(),
    }


def _report(kind: str, facts: Mapping[str, Any]) -> str:
    """One object; its keys are never removed or given another meaning within a version."""
    return json_text(
        {
            "version": SCHEMA_VERSION,
            "tool": {"name": "safepip", "version": __version__},
            "kind": kind,
            **facts,
        }
    )
