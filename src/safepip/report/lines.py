"""pip's own lines on stdout, in pip's words (26.3), where safepip speaks in its place.

Names are written as pip writes them: ``Would install`` takes them from the metadata,
``Successfully installed`` and ``Successfully downloaded`` from the first requirement that asked
(``pip._internal.commands.install.installed_packages_summary``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath

from safepip.core.kept import Saved, SaveOutcome
from safepip.core.plan import Plan, Satisfied, Step
from safepip.report.visible import shown


def display_path(path: str, cwd: str) -> str:
    """``./x`` for a path below ``cwd``, else the path (``pip._internal.utils.misc.display_path``)."""
    try:
        relative = PurePath(path).relative_to(cwd)
    except ValueError:
        return path
    return f".{os.sep}{relative}"


def already_satisfied(satisfied: Satisfied, *, cwd: str) -> str:
    """``Requirement already satisfied: idna>=2 in ./site-packages (from requests) (3.10)``."""
    line = f"Requirement already satisfied: {satisfied.text} in {display_path(satisfied.location, cwd)}"
    if satisfied.needed_by:
        line += f" (from {'->'.join(satisfied.needed_by)})"
    return shown(f"{line} ({satisfied.version})")


def processing(path: str, editable: str | None, *, cwd: str) -> str:
    """``Processing ./dir``, and for an editable project ``Obtaining file:///dir``."""
    return shown(f"Processing {display_path(path, cwd)}" if editable is None else f"Obtaining {editable}")


def would_install(plan: Plan) -> str | None:
    """``Would install Flask-3.1.2 idna-3.10``, sorted by name then version; None for an empty plan."""
    items = sorted((step.metadata.name, step.metadata.version) for step in plan.steps)
    return shown("Would install " + " ".join("-".join(item) for item in items)) if items else None


def would_remove(plan: Plan) -> str | None:
    """``Would remove idna-3.10 six-1.17``, in the plan's order; None where nothing goes."""
    items = [f"{one.name}-{one.version}" for one in plan.removed]
    return shown("Would remove " + " ".join(items)) if items else None


def successfully_uninstalled(plan: Plan) -> list[str]:
    """``Successfully uninstalled idna-3.10``, a line for each distribution, as ``pip uninstall`` has it."""
    return [shown(f"Successfully uninstalled {one.name}-{one.version}") for one in plan.removed]


def successfully_installed(plan: Plan) -> str | None:
    """``Successfully installed flask-3.1.2 idna-3.10``, sorted by name; None for an empty plan."""
    items = sorted(((step.asked_name, step.version) for step in plan.steps), key=lambda item: item[0])
    if not items:
        return None
    return shown("Successfully installed " + " ".join(f"{name}-{version}" for name, version in items))


def successfully_downloaded(steps: Sequence[Step]) -> str | None:
    """``Successfully downloaded flask idna``, in the order given; None for no steps."""
    return shown("Successfully downloaded " + " ".join(step.asked_name for step in steps)) if steps else None


def saved(file: Saved, *, cwd: str) -> str | None:
    """``Saved ./flask-3.1.2-py3-none-any.whl``; None where the same file stood there."""
    there = file.outcome is SaveOutcome.ALREADY_THERE
    return None if there else shown(f"Saved {display_path(file.path, cwd)}")


def already_downloaded(file: Saved) -> str | None:
    """``  File was already downloaded /dest/flask-3.1.2-py3-none-any.whl``; None where it was not."""
    there = file.outcome is not SaveOutcome.NEW
    return shown(f"  File was already downloaded {file.path}") if there else None


def replaced(file: Saved) -> str | None:
    """pip's warning that another file of the name stood there; None where none did."""
    if file.outcome is not SaveOutcome.REPLACED:
        return None
    return shown(f"WARNING: Previously-downloaded file {file.path} has bad hash. Re-downloading.")


def size_text(size_bytes: float) -> str:
    """``103 kB``, in powers of ten and with pip's rounding (``pip._internal.utils.misc.format_size``)."""
    if size_bytes > 1_000_000:
        return f"{size_bytes / 1_000_000:.1f} MB"
    if size_bytes > 10_000:
        return f"{int(size_bytes / 1000)} kB"
    if size_bytes > 1000:
        return f"{size_bytes / 1000:.1f} kB"
    return f"{int(size_bytes)} bytes"
