"""The table of policy keys as a reference page."""

from __future__ import annotations

from collections.abc import Mapping

from safepip.policy.keys import ALLOW, INDEX, LATER, SCALARS, Key

_HEAD = """\
# Policy file

A policy is TOML. It is read from, strongest first: the machine (`/etc/safepip/policy.toml`, on Windows
`%ProgramData%\\safepip\\policy.toml`), the user (`safepip/policy.toml` in the configuration folder), `--policy FILE` and
`SAFEPIP_POLICY`, and the project: the nearest `safepip.toml`, or `[tool.safepip]` in `pyproject.toml`, from the working
directory up to the repository's root (the file system's, outside of a repository). The keys are the same everywhere.
Relative paths count from the file's folder.

A key that a stronger file sets is a floor: a weaker one may only tighten it, and an attempt to loosen it is the finding
[policy-loosened](rules/policy-loosened.md). A key that no file sets has the default below. A project file that was found by
walking is not trusted: only what makes it refuse more is in force, marked *at once* below, and its levels `"deny"`,
except for rules that would make the resolver choose another version (`file-host`, `fresh-release`, `sdist-build`,
`yanked-release`). Name the file with `--policy` or `SAFEPIP_POLICY` to let all of it count.

An unknown key, a wrong type or a contradiction is an error with its line. Durations are a number and a unit: `"12 hours"`,
`"1 day"`, `"2 weeks"`.
"""
_INDEX = """\
## `[[index]]`

One table for each index. Files add to each other's indexes; two files that say different things about the same index
are an error, and so are one pattern on two indexes and a weaker file's pattern inside a stronger file's (`*` aside).
An exact name beats the longest prefix, and a prefix beats `*`.
"""
_RULES = """\
## `[rules]`

Rule id = `"off"`, `"warn"` or `"deny"`. The higher is stricter. See [the rules](rules/index.md) for which can be lowered.
"""
_ALLOW = """\
## `[[allow]]`

An exemption from one rule. It ends where another file sets the rule to `"deny"`.
"""


_LATER = """\
## Not yet

{tables} are refused: this version does not act on them. `[vcs]` can be written, and tightens; but
this version builds nothing from repositories, so what it admits is refused all the same (`unpinned-vcs`).
"""


def page() -> str:
    """The reference page."""
    tables = dict.fromkeys(key.table for key in SCALARS)
    parts = [_HEAD, *(f"## `[{table}]`\n\n{_scalars(table)}" for table in tables)]
    parts += [f"{_INDEX}\n{_entries(INDEX)}", _RULES, f"{_ALLOW}\n{_entries(ALLOW)}"]
    later = ", ".join(f"`[{name}]`" for name in sorted(LATER))
    parts.append(_LATER.format(tables=later))
    return "\n".join(parts)


def _scalars(table: str) -> str:
    rows = [
        f"| `{key.name}` | {_type(key.schema)} | {key.default} | {key.meaning} | {_strictness(key)} |"
        for key in SCALARS
        if key.table == table
    ]
    return "\n".join(["| key | type | default | meaning | merging |", "|---|---|---|---|---|", *rows, ""])


def _entries(keys: tuple[Key, ...]) -> str:
    rows = [f"| `{key.name}` | {_type(key.schema)} | {key.default} | {key.meaning} |" for key in keys]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows, ""])


def _strictness(key: Key) -> str:
    meaning = key.strictness.meaning if key.strictness else ""
    return f"{meaning}; at once" if key.refuses else meaning


def _type(schema: Mapping[str, object]) -> str:
    words = schema.get("enum")
    if isinstance(words, list):
        return " or ".join(f'`"{word}"`' for word in words)
    items = schema.get("items")
    if isinstance(items, dict):
        return f"list of {_type(items)}s"
    if schema.get("format") == "date":
        return "date"
    return "duration" if "pattern" in schema else str(schema["type"])
