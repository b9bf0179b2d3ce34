"""Names and patterns are compared normalised; what is no name never becomes part of a URL."""

from __future__ import annotations

import pytest

from safepip.core.project import InvalidName, Pattern, project_name


@pytest.mark.parametrize("text", ["", "-x", "x-", "a/b", "a b", "../x", "a\n", "ünï", "*", "a%2fb"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidName):
        project_name(text)


def test_names_are_normalised() -> None:
    assert project_name("Acme__SDK.Core") == "acme-sdk-core"


@pytest.mark.parametrize("text", ["a*b", "**", "*acme", "", "acme sdk", "-*", "/*"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(InvalidName):
        Pattern.parse(text)


@pytest.mark.parametrize(
    "pattern, name, matches",
    [
        ("acme", "acme", True),
        ("Acme_SDK", "acme-sdk", True),
        ("acme", "acme-sdk", False),
        ("acme-*", "acme-sdk", True),
        ("acme_*", "acme-sdk", True),
        ("acme-*", "acme", False),
        ("acme*", "acmeology", True),
        ("*", "anything", True),
    ],
)
def test_patterns_match_normalised_names(pattern: str, name: str, *, matches: bool) -> None:
    assert Pattern.parse(pattern).matches(project_name(name)) is matches


def test_exact_beats_longer_prefix_beats_star() -> None:
    patterns = [Pattern.parse(text) for text in ("*", "acme-*", "acme-sdk-*", "acme-sdk-x")]

    assert sorted(patterns, key=lambda p: p.specificity) == patterns
