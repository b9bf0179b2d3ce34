"""Every rule and every kind of error, met once: it says where, why, and what to do, as the golden files show.

A rule, or an error with a new reference, that nobody provokes here fails.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.golden import FOLDER, assert_golden
from safepip.core.finding import Finding
from safepip.core.origin import Origin, Place
from safepip.core.references import REFERENCES
from safepip.report.console import render_error
from safepip.rules import registry
from tests.refusals.errors import ELSEWHERE, ERRORS, NO_TEXT
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
    wanted = {*RULES, *(f"error-{reference}" for reference in ERRORS)}

    assert {path.stem for path in (FOLDER / "refusals").glob("*.txt")} == wanted


# --- Errors -------------------------------------------------------------------------------------------

SOURCES = Path(__file__).resolve().parents[2] / "src" / "safepip"
OWN_CODES = {10, 11, 12, 13}
"""Ends that pip does not know: there every text is safepip's own."""
WITHOUT_HELP = {
    "bug", "build-backend", "build-dependencies", "cancelled", "dependency-group",
    "disk", "invalid-build-requirement", "invalid-pyproject-toml", "invalid-requirement", "invalid-version",
    "configured-value", "no-project", "not-found", "output", "pip", "requirement-file", "requires-python",
    "resolution-impossible", "script", "subdirectory", "lock-file", "unknown-command", "unreadable-source", "usage",
}  # fmt: skip
"""Errors in pip's words, which say all there is to say."""


def references() -> set[str]:
    """Every reference that an error is raised with, read from the code."""
    found: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "reference":
                found |= {part.value for part in _results(node.value) if isinstance(part.value, str)}
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "REFERENCE":
                found |= {part.value for part in _results(node.value) if isinstance(part.value, str)}
    return found - set(NO_TEXT)


def _results(node: ast.expr) -> list[ast.Constant]:
    """The texts that an expression may come to; of a condition both ends, not what it asks."""
    if isinstance(node, ast.IfExp):
        return [*_results(node.body), *_results(node.orelse)]
    return [node] if isinstance(node, ast.Constant) else []


def test_every_reference_is_met_or_held_elsewhere() -> None:
    assert references() - set(registry()) == set(ERRORS) | set(ELSEWHERE)


def test_every_reference_has_a_row_or_is_a_rule() -> None:
    """The page about errors is made from the rows."""
    assert references() - set(registry()) == set(REFERENCES)
    assert list(REFERENCES) == sorted(REFERENCES)


@pytest.mark.parametrize("test", sorted(ELSEWHERE.values()))
def test_the_test_that_holds_an_error_elsewhere_exists(test: str) -> None:
    path, _, name = test.partition("::")

    assert f"def {name}(" in (SOURCES.parents[1] / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("reference", sorted(ERRORS))
def test_an_error_says_where_or_what_to_do(reference: str, tmp_path: Path) -> None:
    error = ERRORS[reference](tmp_path)

    assert error.reference == reference
    # What nobody foresaw is noted as an error and ends in 70, which no error class has.
    assert error.exit_code in REFERENCES[reference].codes or reference == "bug"
    if error.exit_code in OWN_CODES:
        assert error.origin is None or has_place(error.origin)
        assert error.origin is not None or error.exit_code == 13
        assert error.hint
    assert error.hint or reference in WITHOUT_HELP
    text = render_error(error, color=False)
    assert_golden(f"refusals/error-{reference}.txt", normalized(text, tmp_path))


# --- Every place in the code that makes one -----------------------------------------------------------

PLACED_LATER = {"io/index.py", "io/range_reader.py"}
"""Their caller knows the index, and turns the error into a finding about it."""
OWN_ERRORS = {"ConfigurationError", "ConnectionLost", "Undecided", "VerificationError"}
"""Classes whose texts are all safepip's own."""


def made(*classes: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of these classes, with the module it stands in."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in classes:
                yield path.relative_to(SOURCES).as_posix(), node


def says(call: ast.Call, word: str) -> bool:
    """Whether the call has this keyword, and not just None."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    return word in given and not (isinstance(given[word], ast.Constant) and given[word].value is None)


def test_no_finding_is_made_without_help() -> None:
    assert [f"{module}:{call.lineno}" for module, call in made("Finding") if not says(call, "help")] == []


def test_no_error_of_safepips_own_is_made_without_a_hint_and_a_place() -> None:
    calls = list(made(*OWN_ERRORS))

    assert [f"{module}:{call.lineno}" for module, call in calls if not says(call, "hint")] == []
    placed = [(module, call) for module, call in calls if module not in PLACED_LATER]
    assert [f"{module}:{call.lineno}" for module, call in placed if not says(call, "origin")] == []
