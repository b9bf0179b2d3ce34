"""Two packages that write the same file: the later one wins without a trace, so neither may.

Pure over paths. pip asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.utils import NormalizedName

from safepip.core.finding import Finding
from safepip.core.origin import Layer, Origin, Place
from safepip.verify.names import folded
from safepip.verify.wheel import Inspection

_SHOWN_PATHS = 5


def overlaps(
    wheels: Sequence[Inspection], installed: Mapping[NormalizedName, Iterable[str]]
) -> tuple[Finding, ...]:
    """Files that more than one package of the outcome would own.

    Args:
        wheels: the whole plan.
        installed: packages by name, with their files as
            :func:`safepip.verify.wheel.installed_paths` names them (``io.extent.owned_paths`` reads
            them). Those that the plan replaces are passed over.
    """
    owners: dict[str, str] = {}
    clashes: dict[tuple[str, str], list[str]] = {}
    planned = {wheel.project for wheel in wheels}
    for project, paths in installed.items():
        if project not in planned:
            owners.update((folded(path), str(project)) for path in paths)
    for wheel in wheels:
        name = str(wheel.project)
        for path in wheel.paths:
            owner = owners.setdefault(folded(path), name)
            if owner != name:
                clashes.setdefault((wheel.filename, owner), []).append(path)
    return tuple(_finding(filename, owner, paths, wheels) for (filename, owner), paths in clashes.items())


def _finding(filename: str, owner: str, paths: list[str], wheels: Sequence[Inspection]) -> Finding:
    shown = [path.partition("/")[2] for path in sorted(paths)[:_SHOWN_PATHS]]
    more = len(paths) - len(shown)
    return Finding(
        rule="wheel-contents",
        message=f"{filename} would overwrite files of {owner}",
        origin=Origin(layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=filename, key=shown[0]),
        subject=next((wheel.project for wheel in wheels if wheel.filename == filename), None),
        notes=(*shown, *([f"and {more} more"] if more else [])),
        help="leave one of the two out; or, if they are meant to share files, exempt it with a reason",
    )
