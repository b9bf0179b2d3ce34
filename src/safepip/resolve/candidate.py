"""What the resolver chooses among: a file, an installed distribution, the target's Python, and each
project's extras as candidates of their own (as pip's ``ExtrasCandidate``).
"""

from __future__ import annotations

from concurrent.futures import Future

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from safepip.core.build import Source
from safepip.core.index import FileEntry, Index, WheelMetadata
from safepip.core.ports import InstalledDistribution
from safepip.resolve.asked import Asked, identifier
from safepip.resolve.offers import Offer

PYTHON = canonicalize_name("<Python from Requires-Python>")
"""Identifier of the target's Python; no project can have it."""


class Candidate:
    """One answer for one identifier. Compared by identity: the factory makes each once.

    Attributes:
        project: normalised name; ``name`` the identifier, extras included.
    """

    __slots__ = ("name", "project", "version")

    def __init__(self, project: NormalizedName, version: Version, name: str | None = None) -> None:
        self.project = project
        self.version = version
        self.name = name or project

    @property
    def has_extras(self) -> bool:
        return self.name != self.project

    def described(self) -> str:
        """As pip names it in conflicts."""
        return f"{self.name} {self.version}"


class FileCandidate(Candidate):
    """A wheel, or what one is built from: listed by an index, or named directly.

    Attributes:
        offer: the admitted file; None for a direct one.
        metadata: on its way, or here; of a listed source it comes when it is asked for.
        source: None for a wheel.
        asked: the first requirement it answers, for chains of "who asked".
    """

    __slots__ = ("asked", "file", "index", "metadata", "offer", "source")

    def __init__(
        self,
        *,
        project: NormalizedName,
        version: Version,
        index: Index,
        file: FileEntry,
        asked: Asked,
        metadata: Future[WheelMetadata],
        offer: Offer | None = None,
        source: Source | None = None,
    ) -> None:
        super().__init__(project, version)
        self.index = index
        self.file = file
        self.asked = asked
        self.metadata = metadata
        self.offer = offer
        self.source = source

    @property
    def direct(self) -> bool:
        return self.offer is None

    def described(self) -> str:
        return f"{self.name} {self.version} (from {self.file.url})"


class InstalledCandidate(Candidate):
    """What is installed already, kept as it is."""

    __slots__ = ("asked", "distribution")

    def __init__(self, distribution: InstalledDistribution, version: Version, asked: Asked) -> None:
        super().__init__(distribution.project, version)
        self.distribution = distribution
        self.asked = asked

    def described(self) -> str:
        return f"{self.name} {self.version} (Installed)"


BaseCandidate = FileCandidate | InstalledCandidate


class ExtrasCandidate(Candidate):
    """A project with extras: needs the very same base, and what the extras ask for."""

    __slots__ = ("asked", "base", "extras")

    def __init__(self, base: BaseCandidate, extras: frozenset[NormalizedName], asked: Asked) -> None:
        super().__init__(base.project, base.version, identifier(base.project, extras))
        self.base = base
        self.extras = extras
        self.asked = asked

    def described(self) -> str:
        return f"{self.base.described()} [{', '.join(sorted(self.extras))}]"


class PythonCandidate(Candidate):
    """The target's interpreter."""

    __slots__ = ()

    def __init__(self, version: Version) -> None:
        super().__init__(PYTHON, version)

    def described(self) -> str:
        return f"Python {self.version}"
