"""The set of rules: found by looking, complete, documented."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest

import safepip
from safepip.core.finding import Level
from safepip.policy.json_schema import schema_text
from safepip.rules import known_rules, registry
from safepip.rules.base import Rule
from tasks import generate_rules, rule_pages

SOURCE = Path(safepip.__file__).parent

IDS = [
    "ambiguous-project",
    "ambiguous-url",
    "credentials-in-url",
    "direct-url",
    "expired-allowance",
    "file-host",
    "fresh-release",
    "hash-mismatch",
    "index-in-requirements",
    "index-unavailable",
    "interpreter-from-environment",
    "local-build",
    "lock-drift",
    "lock-incomplete",
    "lock-source",
    "lock-undeclared",
    "lock-unknown-key",
    "lock-version",
    "metadata-mismatch",
    "misleading-file",
    "path-escape",
    "plaintext-index",
    "plaintext-link",
    "policy-loosened",
    "quarantined-project",
    "record-mismatch",
    "remote-reaches-local",
    "republished-file",
    "route-changed",
    "sdist-build",
    "self-overwrite",
    "startup-hook",
    "tls-failure",
    "transitive-url",
    "trusted-host",
    "unhashed-requirement",
    "unknown-option",
    "unlisted-index",
    "unpinned-vcs",
    "unrouted-project",
    "unsafe-option",
    "untrusted-policy",
    "unused-allowance",
    "unwritten-record",
    "weak-digest",
    "wheel-contents",
    "yanked-release",
]
"""Ids are public: they stand in policy files. Removing or renaming one breaks somebody's."""


def test_ids_are_what_they_were() -> None:
    assert list(registry()) == IDS


def test_warnings_are_few() -> None:
    assert {rule.id for rule in registry().values() if rule.level is Level.WARN} == {
        "expired-allowance", "lock-unknown-key", "lock-version", "policy-loosened", "startup-hook", "untrusted-policy", "unused-allowance",
        "unwritten-record", "yanked-release",
    }  # fmt: skip


def test_a_module_without_its_rule_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from safepip import rules

    monkeypatch.setattr(rules, "_NOT_RULES", frozenset({"base", "engine"}))
    registry.cache_clear()
    with pytest.raises(TypeError, match="locations"):
        registry()
    monkeypatch.undo()
    registry.cache_clear()
    assert list(registry()) == IDS


def literals() -> set[str]:
    """Every ``rule="…"`` in the source: findings, wherever they are made."""
    calls = (
        node
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    values = (keyword.value for call in calls for keyword in call.keywords if keyword.arg == "rule")
    return {
        value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def test_every_rule_that_a_finding_names_has_a_page() -> None:
    used = literals()
    assert "policy-loosened" in used
    assert used <= set(registry())


def test_rules_are_found_inside_a_zip_file(tmp_path: Path) -> None:
    archive = tmp_path / "safepip.pyz"
    with zipfile.ZipFile(archive, "w") as bundle:
        for path in SOURCE.rglob("*.py"):
            bundle.write(path, path.relative_to(SOURCE.parent))
    code = "import safepip, safepip.rules as r; print(safepip.__file__); print(*r.registry())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(archive)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    place, found = done.stdout.splitlines()
    assert place.startswith(str(archive))
    assert found.split() == IDS


def test_generated_pages_are_current() -> None:
    assert generate_rules.stale(generate_rules.pages()) == []


class Sound(Rule[object]):
    """Title

    What it finds:
        a

    Why it matters:
        b

    Example:
        c

    Instead:
        d

    Policy keys:
        hashes.mode, rules
    """

    id = "sound"


def documented(old: str, new: str) -> Rule[object]:
    class Changed(Sound):
        __doc__ = (Sound.__doc__ or "").replace(old, new)

    return Changed()


def test_a_sound_docstring_makes_a_page() -> None:
    page = rule_pages.page(Sound())
    assert page.startswith("# sound: title\n")
    assert "## Example\n\n```text\nc\n```" in page
    assert "`hashes.mode`" in page


@pytest.mark.parametrize(
    "old, new",
    [
        ("    Instead:\n        d\n", ""),
        ("Why it matters", "Why"),
        ("        c\n", "\n"),
        ("hashes.mode", "hashes.mood"),
        ("Title", ""),
    ],
)
def test_a_flaw_in_a_docstring_stops_the_generator(old: str, new: str) -> None:
    with pytest.raises(rule_pages.BadRule):
        rule_pages.page(documented(old, new))


def test_a_rule_that_is_never_lowered_names_no_such_key() -> None:
    class Fixed(Sound):
        __doc__ = Sound.__doc__
        exemptible = False

    with pytest.raises(rule_pages.BadRule):
        rule_pages.page(Fixed())


SCHEMA = json.loads(schema_text(known_rules()))


@pytest.mark.parametrize(
    "value",
    [
        {"hashes": {"mode": "required"}, "cooldown": {"min-age": "2 weeks"}},
        {
            "index": [{"name": "pypi", "packages": ["*"]}],
            "rules": {"yanked-release": "off", "trusted-host": "deny"},
        },
        {"allow": [{"rule": "fresh-release", "reason": "ours"}]},
    ],
)
def test_schema_admits_what_the_reader_admits(value: object) -> None:
    jsonschema.validate(value, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "value",
    [
        {"hashes": {"mood": "required"}},
        {"hashes": {"mode": "some"}},
        {"cooldown": {"min-age": "2 fortnights"}},
        {"index": [{"url": "https://nexus.example"}]},
        {"rules": {"trusted-host": "off"}},
        {"allow": [{"rule": "trusted-host", "reason": "x"}]},
        {"allow": [{"rule": "fresh-release"}]},
        {"attestations": {}},
    ],
)
def test_schema_refuses_what_the_reader_refuses(value: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, SCHEMA, cls=jsonschema.Draft202012Validator)
