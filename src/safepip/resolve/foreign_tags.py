"""Tags for ``--platform``, ``--python-version``, ``--implementation`` and ``--abi``.

The same expansion as pip's ``compatibility_tags.get_supported``: several platforms in the order
given, macOS, iOS and Android versions expanded downwards, old manylinux aliases added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from packaging import tags

_APPLE = re.compile(r"(?P<system>macosx|ios)_(?P<major>\d+)_(?P<minor>\d+)_(?P<arch>.+)\Z")
_ANDROID = re.compile(r"android_(?P<level>\d+)_(?P<abi>.+)\Z")
_LEGACY_MANYLINUX = {
    "manylinux2014": ("manylinux2010", "manylinux1"),
    "manylinux2010": ("manylinux1",),
}
"""PEP 571 and PEP 599: wheels of the older profiles run where the newer one does."""


def foreign_tags(
    *,
    python_version: Sequence[int] | None,
    platforms: Sequence[str],
    implementation: str | None,
    abis: Sequence[str],
    own_version: Sequence[int],
    own_implementation: str,
) -> tuple[tags.Tag, ...]:
    """Supported tags, best first.

    Args:
        python_version: from ``--python-version``; only two parts count. None: the target's.
        platforms, abis: empty means the target's own.
        implementation: short name such as ``cp``; None: the target's.
        own_version, own_implementation: the target's, for what was not given.
    """
    version = None if python_version is None else tuple(python_version[:2])
    short = implementation or own_implementation
    interpreter = short + "".join(str(part) for part in (version or own_version)[:2])
    expanded = list(_expand(platforms)) or None
    if short == "cp":
        first = tags.cpython_tags(python_version=version, abis=list(abis) or None, platforms=expanded)
    else:
        first = tags.generic_tags(interpreter=interpreter, abis=list(abis) or None, platforms=expanded)
    rest = tags.compatible_tags(python_version=version, interpreter=interpreter, platforms=expanded)
    return (*first, *rest)


def _expand(platforms: Sequence[str]) -> Iterator[str]:
    """Every platform that runs what the given ones run, each once, in order."""
    seen: set[str] = set()
    for platform in platforms:
        if platform in seen:
            continue
        for expanded in _runs(platform):
            if expanded not in seen:
                seen.add(expanded)
                yield expanded


def _runs(platform: str) -> Iterator[str]:
    if apple := _APPLE.match(platform):
        version = (int(apple["major"]), int(apple["minor"]))
        expand = tags.mac_platforms if apple["system"] == "macosx" else tags.ios_platforms
        yield from expand(version, apple["arch"])
    elif android := _ANDROID.match(platform):
        yield from tags.android_platforms(int(android["level"]), android["abi"])
    else:
        yield platform
        profile, _, arch = platform.partition("_")
        # manylinux1 and manylinux2010 were only ever defined for these two architectures.
        if arch in {"x86_64", "i686"} or profile == "manylinux2010":
            yield from (f"{older}_{arch}" for older in _LEGACY_MANYLINUX.get(profile, ()))
