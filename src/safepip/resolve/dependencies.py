"""What core metadata says that resolving needs: dependencies, extras, Requires-Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.index import WheelMetadata
from safepip.resolve.asked import normalized_extras, parsed
from safepip.resolve.target import Target


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dependencies:
    """Parsed metadata of one file or distribution.

    Attributes:
        requires: each ``Requires-Dist``.
        requires_python: empty where there is none or it is unreadable, as pip reads it.
        extras: ``Provides-Extra``.
    """

    requires: tuple[Requirement, ...]
    requires_python: SpecifierSet
    extras: frozenset[NormalizedName]

    def wanted(self, target: Target, extras: frozenset[NormalizedName]) -> Iterator[Requirement]:
        """Those whose marker holds on the target, for any of the extras or for none."""
        return (one for one in self.requires if target.wants(one, extras))

    def names(self, target: Target) -> Iterator[NormalizedName]:
        """Projects that are needed without any extra."""
        return (canonicalize_name(one.name) for one in self.wanted(target, frozenset()))


def of_wheel(metadata: WheelMetadata) -> Dependencies:
    """Raises InvalidRequirement, on which pip ignores the version."""
    return _dependencies(metadata.requires_dist, metadata.requires_python, metadata.provides_extra)


def of_installed(metadata: bytes) -> Dependencies:
    """METADATA or PKG-INFO of an installed distribution. Raises InvalidRequirement."""
    from email.parser import BytesHeaderParser

    message = BytesHeaderParser().parsebytes(metadata)
    return _dependencies(
        [str(text) for text in message.get_all("Requires-Dist", [])],
        message["Requires-Python"],
        [str(text) for text in message.get_all("Provides-Extra", [])],
    )


def _dependencies(requires: Iterable[str], python: str | None, extras: Iterable[str]) -> Dependencies:
    try:
        requires_python = SpecifierSet(python or "")
    except InvalidSpecifier:
        requires_python = SpecifierSet()
    return Dependencies(
        # A long header may be wrapped, which leaves line breaks at its ends.
        requires=tuple(parsed(text.strip()) for text in requires),
        requires_python=requires_python,
        extras=normalized_extras(extras),
    )
