"""Requirements and markers (PEP 508) from text that anybody may have written."""

from __future__ import annotations

import re

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement

_TOO_DEEP = "its marker is nested too deeply"
_ENDLESS_NUMBER = re.compile(r"(?<!\d)\d{1000}")
"""Python refuses to read a number of thousands of digits (``sys.set_int_max_str_digits``), and packaging
reads the numbers of a specifier only when it is first asked."""


def read_requirement(text: str) -> Requirement:
    """What packaging makes of it. Raises InvalidRequirement, also where packaging gives up."""
    if endless_number(text) is not None:
        raise InvalidRequirement("it has a number of more than a thousand digits")
    try:
        return Requirement(text)
    except RecursionError:
        raise InvalidRequirement(_TOO_DEEP) from None


def read_marker(text: str) -> Marker:
    """As :func:`read_requirement`. Raises InvalidMarker."""
    try:
        return Marker(text)
    except RecursionError:
        raise InvalidMarker(_TOO_DEEP) from None


def endless_number(text: str) -> int | None:
    """Where a number begins in it that no version and no size has; None: nowhere."""
    found = _ENDLESS_NUMBER.search(text)
    return None if found is None else found.start()
