"""``cache`` in pip's words (26.3), over what safepip keeps: verified files, built wheels and index pages.

pip lists the wheels that it has built; safepip also those that it has fetched and verified.
"""

from __future__ import annotations

from collections.abc import Sequence

from safepip.core.kept import Kept, KeptFile, Removal
from safepip.report.lines import size_text
from safepip.report.visible import shown


def summary(kept: Kept) -> list[str]:
    """``cache info``."""
    return [
        shown(f"Package index page cache location: {kept.pages_folder}"),
        f"Package index page cache size: {_total(kept.pages)}",
        f"Number of HTTP files: {len(kept.pages)}",
        shown(f"Verified wheels location: {kept.files_folder}"),
        f"Verified wheels size: {_total(kept.files)}",
        f"Number of verified wheels: {_wheels(kept.files)}",
        shown(f"Locally built wheels location: {kept.built_folder}"),
        f"Locally built wheels size: {_total(kept.built)}",
        f"Number of locally built wheels: {_wheels(kept.built)}",
    ]


def listing(wheels: Sequence[KeptFile], list_format: str) -> list[str]:
    """``cache list``; ``list_format`` is ``human`` or ``abspath``."""
    if list_format == "abspath":
        return sorted(shown(str(wheel.path)) for wheel in wheels)
    if not wheels:
        return ["No verified wheels cached."]
    lines = sorted(f" - {wheel.path.name} ({size_text(wheel.size)})" for wheel in wheels)
    return ["Cache contents:", "", *map(shown, lines)]


def removed(removal: Removal) -> list[str]:
    """``cache remove`` and ``cache purge``."""
    return [
        f"Files removed: {removal.files} ({size_text(removal.size)})",
        f"Directories removed: {removal.folders}",
    ]


def nothing_matches(pattern: str) -> str:
    """pip's warning; purging is the pattern ``*``."""
    return "No matching packages" + ("" if pattern == "*" else shown(f' for pattern "{pattern}"'))


def _wheels(files: Sequence[KeptFile]) -> int:
    return sum(file.is_wheel for file in files)


def _total(files: Sequence[KeptFile]) -> str:
    return size_text(sum(file.size for file in files))
