"""Every rule and every kind of error, met once: it says where, why, and what to do, as the golden files show.

A rule, or an error with a new reference, that nobody provokes here fails.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from report.golden import FOLDER, assert_golden
from safepip.core.finding import Finding
from safepip.core.origin import Origin, Place
from safepip.rules import registry
from tests.refusals.rules import RULES
from tests.support import certificates

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"


def normalized(text: str, tmp_path: Path) -> str:
    """Without what is another's tomorrow: ports, folders, the running Python, times of certificates."""
    text = text.replace(certificates.ca_path(), "/ca.pem").replace(str(tmp_path), "/tmp")
    text = text.replace(sys.prefix, "/environment")
    text = re.sub(r"(127\.0\.0\.1|localhost):\d+", "index.example", text)
    text = re.sub(r"(cert|CA) #\S{16}", r"\1 #1", text)
    text = re.sub(r"valid \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d", "valid then", text)
    return re.sub(r"\b3\.1\d\.\d+\b", "3.X.Y", text)


def has_place(origin: Origin) -> bool:
    """A line, an argument, a variable, a page or an artifact; a file at least by its path."""
    if origin.kind is Place.FILE:
        return bool(origin.place)
    return bool(origin.place) and origin.kind is not Place.DEFAULT


def of_rule(findings: tuple[Finding, ...], rule: str) -> list[Finding]:
    return [finding for finding in findings if finding.rule == rule]


def test_every_rule_is_met() -> None:
    assert set(RULES) == set(registry())


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_finding_says_where_and_what_to_do(rule: str, tmp_path: Path) -> None:
    ended = RULES[rule](tmp_path)
    found = of_rule(ended.findings, rule)

    assert found, ended.err
    assert ended.code in ({10, 11, 13} if any(f.denies for f in ended.findings) else {0})
    assert all(has_place(finding.origin) for finding in found)
    assert all(finding.help for finding in found)
    assert (DOCS / "rules" / f"{rule}.md").exists()
    assert f"[{rule}]" in ended.err
    assert_golden(f"refusals/{rule}.txt", normalized(ended.err, tmp_path))


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in (FOLDER / "refusals").glob("*.txt")} <= set(RULES)
