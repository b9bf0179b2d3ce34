"""Every policy that the documentation shows is one: for the strict reader and for the schema."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from safepip.policy.json_schema import schema_text
from safepip.rules import known_rules
from tasks.check_docs import FENCE, ROOT, pages

from .support import written

SCHEMA = json.loads(schema_text(known_rules()))
POLICY_TABLES = set(SCHEMA["properties"])


def examples() -> Iterator[tuple[Path, str]]:
    """The TOML blocks of the documentation that are policies; others are lock files and the like."""
    for page in pages():
        for language, text in FENCE.findall(page.read_text(encoding="utf-8")):
            if language == "toml" and set(tomllib.loads(text)) & POLICY_TABLES:
                yield page, text


EXAMPLES = list(examples())


def test_the_pages_about_policies_have_examples() -> None:
    names = {page.name for page, _ in EXAMPLES}
    assert {"write-a-policy.md", "private-index.md", "internal-ca.md"} <= names


@pytest.mark.parametrize(
    "page, text", EXAMPLES, ids=[f"{page.relative_to(ROOT)}-{n}" for n, (page, _) in enumerate(EXAMPLES)]
)
def test_every_example_is_a_policy(page: Path, text: str) -> None:
    written(text, place=page.name)
    jsonschema.validate(_with_texts(tomllib.loads(text)), SCHEMA)


def _with_texts(value: Any) -> Any:
    """As JSON would say it: a TOML date is a text there."""
    if isinstance(value, dict):
        return {key: _with_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_texts(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
