"""``cache`` in pip's words."""

from __future__ import annotations

from pathlib import Path

from safepip.core.kept import Kept, KeptFile, Removal
from safepip.report.kept import listing, nothing_matches, removed, summary
from safepip.report.lines import size_text

WHEEL = KeptFile(path=Path("/cache/store/zlib-1.0-py3-none-any.whl"), size=2_500_000)
OTHER = KeptFile(path=Path("/cache/store/app-1.0-py3-none-any.whl"), size=999)
TEXT = KeptFile(path=Path("/cache/store/app-1.0-py3-none-any.whl.metadata"), size=1)


def test_a_listing_is_sorted_and_has_sizes() -> None:
    assert listing([WHEEL, OTHER], "human") == [
        "Cache contents:",
        "",
        " - app-1.0-py3-none-any.whl (999 bytes)",
        " - zlib-1.0-py3-none-any.whl (2.5 MB)",
    ]


def test_a_listing_of_paths_is_paths() -> None:
    assert listing([WHEEL, OTHER], "abspath") == sorted([str(WHEEL.path), str(OTHER.path)])


def test_nothing_is_said_only_to_people() -> None:
    assert listing([], "human") == ["No verified wheels cached."]
    assert listing([], "abspath") == []


def test_a_summary_counts_wheels_and_weighs_everything() -> None:
    kept = Kept(
        files_folder=Path("/c/store"),
        pages_folder=Path("/c/pages"),
        built_folder=Path("/c/store/built"),
        files=(WHEEL, OTHER, TEXT),
        pages=(TEXT,),
        built=(WHEEL,),
    )

    assert summary(kept) == [
        f"Package index page cache location: {Path('/c/pages')}",
        "Package index page cache size: 1 bytes",
        "Number of HTTP files: 1",
        f"Verified wheels location: {Path('/c/store')}",
        "Verified wheels size: 2.5 MB",
        "Number of verified wheels: 2",
        f"Locally built wheels location: {Path('/c/store/built')}",
        f"Locally built wheels size: {size_text(WHEEL.size)}",
        "Number of locally built wheels: 1",
    ]


def test_a_removal_says_how_much() -> None:
    assert removed(Removal(files=2, size=12_000, folders=3)) == [
        "Files removed: 2 (12 kB)",
        "Directories removed: 3",
    ]


def test_a_pattern_that_matched_nothing_is_named() -> None:
    assert nothing_matches("lib") == 'No matching packages for pattern "lib"'
    assert nothing_matches("*") == "No matching packages"


def test_a_name_cannot_speak_to_the_terminal() -> None:
    evil = KeptFile(path=Path("/cache/\x1b[2Jx-1.0-py3-none-any.whl"), size=1)

    assert "\x1b" not in "".join((*listing([evil], "human"), *listing([evil], "abspath")))
