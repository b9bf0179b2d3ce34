"""The page about errors, from the rows in the code."""

from __future__ import annotations

from safepip.core.references import REFERENCES

HEAD = """\
# Errors

A *finding* says that policy refuses something; it has a [rule](rules/index.md). An *error* says why a command cannot
go on. Each kind has a name, which reports in JSON call `reference`. `safepip explain NAME` explains it, or
`safepip explain error:NAME` where something else has that name. Where the words are pip's own, the text does not show it.

| reference | exit | what it means | what to do |
|---|---|---|---|
"""
TAIL = """
An error that is the same thing as a finding has the rule's name: `index-unavailable` and `tls-failure` of a setting,
`metadata-mismatch` and `record-mismatch` of a file that is no wheel at all.
"""


def page() -> str:
    """``docs/reference/errors.md``."""
    rows = (
        f"| `{name}` | {', '.join(map(str, row.codes))} | {row.meaning} | {row.remedy} |\n"
        for name, row in REFERENCES.items()
    )
    return f"{HEAD}{''.join(rows)}{TAIL}"
