"""The page about threats names a test for each attack; every one of them is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "threat-model.md"
THREATS = ROOT / "tests" / "threats"
NAME = re.compile(r"`((?:tests/[\w/]+\.py::)?test_\w+)`")
FILE = re.compile(r"^`(tests/[\w/]+\.py)`$", re.MULTILINE)
ATTACKS = {
    "Through the command line": 30,
    "Through the environment": 18,
    "Through pip's configuration files": 10,
    "Through requirement and constraint files": 20,
    "Through lock files": 11,
    "Through builds": 15,
    "Through caches, credentials and what is left over": 16,
    "Through mirrors and exact environments": 11,
}
"""How many attacks each chapter knows: a row that is lost is noticed."""


def chapters() -> dict[str, str]:
    """Heading → text, of everything below "Attack by attack"."""
    text = PAGE.read_text(encoding="utf-8").partition("\n## Attack by attack\n")[2].partition("\n## ")[0]
    parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(chapter: str) -> list[list[str]]:
    """The cells of each attack."""
    lines = [line for line in chapter.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def named(chapter: str) -> Iterator[str]:
    """Every test of a chapter as ``path::name``."""
    default = FILE.findall(chapter)
    for cells in rows(chapter):
        for test in NAME.findall(cells[-1]):
            yield test if "::" in test else f"{default[0]}::{test}"


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_page_has_every_chapter_with_every_attack() -> None:
    assert {title: len(rows(text)) for title, text in chapters().items()} == ATTACKS


@pytest.mark.parametrize("title", sorted(ATTACKS))
def test_each_attack_is_told_once_and_names_what_is_done_and_a_test(title: str) -> None:
    found = rows(chapters()[title])

    assert len({cells[0] for cells in found}) == len(found)
    assert all(len(cells) == 3 and cells[1] and NAME.search(cells[2]) for cells in found)


@pytest.mark.parametrize("title", sorted(ATTACKS))
def test_each_test_that_is_named_exists(title: str) -> None:
    missing = [
        test
        for test in named(chapters()[title])
        if test.split("::")[1] not in functions_of(test.split("::")[0])
    ]

    assert missing == []


def test_no_file_of_attacks_is_left_out_of_the_page() -> None:
    told = {test.split("::")[0] for text in chapters().values() for test in named(text)}

    assert {str(path.relative_to(ROOT)) for path in THREATS.glob("test_*.py")} <= told
