"""Markers that depend on the patch level of Python, in an answer that has to do for all of them.

A lock for Python 3.11 is used with 3.11.2 and with 3.11.9. A dependency with the marker
``python_full_version < "3.11.3"`` belongs into it: where it is not needed it does no harm, where it is missing the
program does not start. So a marker counts where it is true for any patch level. ``Requires-Python`` is
another matter: see :mod:`safepip.resolve.lock_targets`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.markers import Marker

NEWEST = 99
"""A patch level that no Python reaches."""
_NUMBERS = re.compile(r"[\"'](\d+)\.(\d+)\.(\d+)")


def holds(marker: Marker, markers: Mapping[str, str], extra: str = "") -> bool:
    """Whether the marker is true in the environment with any patch level of its Python."""
    if marker.evaluate({**markers, "extra": extra}):
        return True
    return any(marker.evaluate({**other, "extra": extra}) for other in patch_levels(marker, markers))


def patch_levels(marker: Marker, markers: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The environment with each patch level at which the marker may turn; nothing for most markers.

    Args:
        markers: of the environment, without ``extra``.
    """
    text = str(marker)
    if "python_full_version" not in text and "implementation_version" not in text:
        return
    python = markers["python_version"]
    for patch in _turning_points(text, python):
        full = f"{python}.{patch}"
        # Of CPython both are the same; another implementation counts its own versions.
        own = {"implementation_version": full} if markers["implementation_name"] == "cpython" else {}
        yield {**markers, "python_full_version": full, **own}


def _turning_points(text: str, python: str) -> list[int]:
    named = {int(patch) for major, minor, patch in _NUMBERS.findall(text) if f"{major}.{minor}" == python}
    near = {one + step for one in named for step in (-1, 0, 1)}
    return sorted({0, NEWEST} | {patch for patch in near if 0 <= patch <= NEWEST})
