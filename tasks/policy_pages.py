"""The table of policy keys as a reference page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from safepip.policy.keys import ALLOW, INDEX, LATER, SCALARS, Key
from safepip.policy.tighten import CHOOSES_VERSIONS

_HEAD = """\
# Policy file

A policy is TOML. It is read from, strongest first: the machine (`/etc/safepip/policy.toml`, on Windows
`%ProgramData%\\safepip\\policy.toml`), the user (`safepip/policy.toml` in the configuration folder), `--policy FILE` and
`SAFEPIP_POLICY`, and the project: the nearest `safepip.toml`, or `[tool.safepip]` in `pyproject.toml`, from the working
directory up to the repository's root (the file system's, outside of a repository). The keys are the same everywhere.
Relative paths count from the file's folder.

[How to write one](../how-to/write-a-policy.md), [how to trust a project's](../how-to/trust-a-project.md).

## How files are merged

- A key that a stronger file sets is a floor: a weaker one may only tighten it. An attempt to loosen it has no effect and is
  the finding [policy-loosened](rules/policy-loosened.md), with both lines. Two files of the same strength that say different
  things where nothing is stricter, such as two paths, are an error.
- A key that no file sets has the default below, which any file that counts in full may set either way.
- An index's own `min-age` and `ca-bundle` take the place of the general keys of the same file. In another file, the general
  key is a word about that index too: the longest cool-down counts, and the strongest file's bundle.
- An exemption ends where another file sets its rule to `"deny"`, and leaves a warning where another sets it to `"warn"`;
  unless that file has an exemption that covers the same. `"off"` is no word against an exemption.
- A project file that was found by walking, and that you have [not trusted](../how-to/trust-a-project.md), can only turn an
  answer into a refusal: what makes it refuse more is in force, marked *at once* below, and its levels `"deny"`, except for
  rules whose refusal has the resolver choose another version ({chooses}). The rest is set aside, and
  [said](rules/untrusted-policy.md).
- Outside of a repository the walk ends at the file system's root; a file of the walk that belongs neither to you, nor to the
  superuser, nor to the owner of the working directory is passed over with a note.

## How files are read

Strictly. An unknown key, a wrong type, a contradiction, a file that cannot be read or is no regular file is an error with
its line and the nearest known key; `safepip policy check` shows all of them. So is a machine's policy that others than the
superuser and you may change: the file, what a link leads to, and the folders of both are looked at. (On Windows this is left
to the access lists of `%ProgramData%`, which let every user make new files there: make the folder `safepip` as an administrator
before anybody else does.) Durations are a number and a unit: `"12 hours"`, `"1 day"`, `"2 weeks"`.

`safepip policy schema` prints the [JSON schema](policy.schema.json) for editors.

## What nothing lets pass

No level, no `[[allow]]` and no `--allow` reaches these rules: {fixed}.
"""
_INDEX = """\
## `[[index]]`

One table for each index. Files add to each other's indexes; two files that say different things about the same index
are an error, and so are one URL under two names, one pattern on two indexes, a weaker file's pattern inside a stronger
file's (`*` aside), and a weaker file's mirror of a stronger file's index.
An exact name beats the longest prefix, and a prefix beats `*`.
"""
_RULES = """\
## `[rules]`

Rule id = `"off"`, `"warn"` or `"deny"`. The higher is stricter. See [the rules](rules/index.md) for which can be lowered.
"""
_ALLOW = """\
## `[[allow]]`

An exemption from one rule. `package` is compared with the normalised name of a project; an exemption for some versions
covers nothing where no version is known, and counts pre-releases like any other version. One whose date has passed is
[expired-allowance](rules/expired-allowance.md), and is shown where it would have helped; one that let nothing pass is
[unused-allowance](rules/unused-allowance.md).

For one run, `--allow RULE[:SUBJECT] --reason TEXT` on the command line is an exemption too, where no stronger file gives the
rule the level `"warn"` or `"deny"`, and no project file the level `"deny"`. The subject is a package as above, or else is taken
word for word, such as a URL. It is for this run alone, so it is told even where it names nothing of the run.
"""


_LATER = """\
## Not yet

{tables} are refused: this version does not act on them.
"""


def page(fixed: Iterable[str]) -> str:
    """The reference page.

    Args:
        fixed: rules from which nothing is ever exempt.
    """
    tables = dict.fromkeys(key.table for key in SCALARS)
    head = _HEAD.format(chooses=_rules(CHOOSES_VERSIONS), fixed=_rules(fixed))
    parts = [head, *(f"## `[{table}]`\n\n{_scalars(table)}" for table in tables)]
    parts += [f"{_INDEX}\n{_entries(INDEX)}", _RULES, f"{_ALLOW}\n{_entries(ALLOW)}"]
    later = ", ".join(f"`[{name}]`" for name in sorted(LATER))
    parts.append(_LATER.format(tables=later))
    return "\n".join(parts)


def _rules(rules: Iterable[str]) -> str:
    return ", ".join(f"[{rule}](rules/{rule}.md)" for rule in sorted(rules))


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
