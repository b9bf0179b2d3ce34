"""The documentation holds, and the check that says so can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks import check_docs


def test_the_documentation_holds():
    assert check_docs.problems() == []


@pytest.mark.parametrize(
    "text,problem",
    [
        ("[a](missing.md)", "missing.md leads nowhere"),
        ("# Title\n[a](#other)", "#other: no such heading"),
        ("```toml\nkey =\n```\n", "example is no TOML"),
        ("```sh\nsafepip scan\n```\n", "safepip scan: no such command"),
        ("```sh\nx && /a/b/safepip --policy p.toml verify\n```\n", "safepip verify: no such command"),
        ("```sh\nmake love  # not war\n```\n", "make love: no such target"),
        ("```dockerfile\nRUN safepip --python x \\\n  search\n```\n", "safepip search: no such command"),
    ],
)
def test_a_mistake_in_a_page_is_found(tmp_path: Path, text, problem):
    page = tmp_path / "page.md"
    page.write_text(text)
    found = [*check_docs.link_problems(page), *check_docs.example_problems(page)]
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "# A title: here\n[a](#a-title-here) [b](https://index.example/x)",
        "```sh\npipx install safepip\nsafepip install x\nmake demo\nsafepip --version\nsafepip --policy a install b\n```\n",
        "```text\nsafepip scan\n[a](missing.md)\n```\n",
    ],
)
def test_a_sound_page_has_no_problem(tmp_path: Path, text):
    page = tmp_path / "page.md"
    page.write_text(text)
    assert [*check_docs.link_problems(page), *check_docs.example_problems(page)] == []
