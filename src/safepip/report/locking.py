"""What ``lock`` says: one line about the file, or the same as data."""

from __future__ import annotations

from typing import Any

from safepip.core.lock_page import LockDifference, LockPage, some
from safepip.report.visible import shown


def summary(page: LockPage) -> str:
    """``Locked 12 packages for 2 environments in pylock.toml (3 added, flask 3.0.0 → 3.1.0)``."""
    what = _count(page.packages, "package")
    whom = page.environments[0] if len(page.environments) == 1 else f"{len(page.environments)} environments"
    if not page.written and page.output != "-":
        return shown(f"{page.output} is up to date: {what} for {whom}")
    where = "" if page.output == "-" else f" in {page.output}"
    changes = "" if page.difference is None else f" ({_brief(page.difference)})"
    return shown(f"Locked {what} for {whom}{where}{changes}")


def page_facts(page: LockPage) -> dict[str, Any]:
    """The same for JSON."""
    difference = page.difference
    return {
        "output": page.output,
        "format": page.format,
        "environments": list(page.environments),
        "packages": page.packages,
        "written": page.written,
        "changes": None
        if difference is None
        else {
            "added": list(difference.added),
            "removed": list(difference.removed),
            "changed": list(difference.changed),
            "other_files": list(difference.other_files),
        },
    }


def _brief(difference: LockDifference) -> str:
    parts = [
        f"{len(projects)} {word}"
        for projects, word in ((difference.added, "added"), (difference.removed, "removed"))
        if projects
    ]
    parts += some(difference.changed)
    if difference.other_files:
        parts.append(f"other files of {', '.join(some(difference.other_files))}")
    return ", ".join(parts) or "same packages"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
