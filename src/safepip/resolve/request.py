"""What the resolver is asked: pip's options, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.index import Trust
from safepip.core.subjects import RequirementLine
from safepip.core.value import value

if TYPE_CHECKING:
    from safepip.core.workshop import Sources


class UpgradeStrategy(Enum):
    """``--upgrade-strategy``; NONE stands for no ``--upgrade``."""

    NONE = "to-satisfy-only"
    ONLY_IF_NEEDED = "only-if-needed"
    EAGER = "eager"


@value
class FormatControl:
    """``--no-binary`` and ``--only-binary`` after pip's order-dependent merging.

    Attributes:
        no_binary, only_binary: normalised names, or ``:all:``.
    """

    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()


@value
class ReleaseControl:
    """``--pre``, ``--all-releases``, ``--only-final``: names, or ``:all:``."""

    all_releases: frozenset[str] = frozenset()
    only_final: frozenset[str] = frozenset()


@value
class ResolveOptions:
    """pip's options that change which versions are chosen."""

    upgrade: UpgradeStrategy = UpgradeStrategy.NONE
    force_reinstall: bool = False
    ignore_installed: bool = False
    no_deps: bool = False
    only_deps: bool = False
    ignore_requires_python: bool = False
    prefer_binary: bool = False
    format_control: FormatControl = FormatControl()
    release_control: ReleaseControl = ReleaseControl()
    uploaded_prior_to: datetime | None = None
    tags: tuple[Tag, ...] | None = field(default=None, repr=False)
    """Tags from ``--platform``, ``--abi``, ``--python-version``, ``--implementation``; None: the
    target's own. Markers are the target's in any case, as pip does."""
    python_version: str | None = None
    """Full version that Requires-Python is held against; None: the target's."""
    use_user_site: bool = False


@value
class ResolveRequest:
    """Roots in the order pip would see them; constraints; options.

    ``roots`` whose kind is URL (a file with a strong digest) or PATH (a local file or folder) are direct.
    """

    roots: tuple[RequirementLine, ...]
    constraints: tuple[RequirementLine, ...] = ()
    options: ResolveOptions = ResolveOptions()
    requested: frozenset[NormalizedName] | None = None
    """Names to mark as requested; None: all roots."""
    direct_trust: Trust = field(default_factory=Trust)
    """TLS trust for direct URLs, which no index's entry covers."""
    preferred: Mapping[NormalizedName, frozenset[Version]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Versions of an earlier answer, which go before newer ones where they still fit; nothing that would not be
    a candidate without them becomes one."""
    lock_for: str = ""
    """Name of the environment that the answer is written down for; empty: it is for this run's target.
    Markers then count where they are true for any patch level of its Python."""
    sources: Sources | None = None
    """What builds; None: nothing is built, and sources are refused."""
