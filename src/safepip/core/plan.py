"""The full answer: which file of which index for each project, and why."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from safepip.core.digest import AcceptableDigests
from safepip.core.index import FileEntry, Index, WheelMetadata
from safepip.core.origin import Origin
from safepip.core.value import value

if TYPE_CHECKING:
    from safepip.core.build import Source


class RouteReason(Enum):
    """Why a project comes from its index; written to reports and locks."""

    PATTERN = "pattern"
    ONLY_INDEX = "only index"
    ONLY_SERVING = "only index that serves it"
    SAME_FILES = "same files on every serving index"
    LOCAL_FOLDER = "local folder that serves it"
    DIRECT = "direct URL"
    LOCAL = "local file"
    LOCK = "lock file"


@value
class Route:
    """This project comes from this index, for this reason.

    Attributes:
        indexes: the index, first; further ones only where their files merge (``mirror_of``, local
            folders, or the same files on every serving index).
        pattern: the policy pattern that decided, as written; None if none did.
        only_digests: where several indexes serve the project, the sha256 of the files they all
            offer, the only candidates; None: no such limit.
    """

    project: NormalizedName
    indexes: tuple[Index, ...]
    reason: RouteReason
    pattern: str | None = None
    only_digests: frozenset[str] | None = None

    @property
    def index(self) -> Index:
        return self.indexes[0]


@value
class Asker:
    """Who wants a project: a requirement line, or another project of the plan.

    Attributes:
        text: the requirement as asked for.
        origin: of the line; None for a project's own dependency.
        project: the dependent project; None for a line.
    """

    text: str
    origin: Origin | None = None
    project: NormalizedName | None = None


@value
class Step:
    """One artifact to be installed.

    Attributes:
        name: as its metadata writes it.
        project: normalised.
        route: where it comes from and why.
        index: name of the index whose page listed ``file`` (a route may merge several).
        file: the chosen file.
        acceptable: the user's own hashes; empty if there are none.
        requested: whether the user asked for it (``REQUESTED``).
        requested_extras: extras asked for by the user.
        direct: whether it is a direct URL or local file (``direct_url.json``).
        askers: who wants it.
        from_file: whether a requirement file or lock brought it in, itself or through dependents.
        metadata: what was used for resolving.
        source: the code that ``file`` is, or was built from; None: a wheel all along.
    """

    name: str
    project: NormalizedName
    version: Version
    route: Route
    index: str
    file: FileEntry
    acceptable: AcceptableDigests = AcceptableDigests()
    requested: bool = False
    requested_extras: frozenset[str] = frozenset()
    direct: bool = False
    askers: tuple[Asker, ...] = ()
    from_file: bool = False
    metadata: WheelMetadata
    source: Source | None = None

    @property
    def spellings(self) -> tuple[str, ...]:
        """The project's name as each asker wrote it, the first asker's first, then its own."""
        from packaging.requirements import InvalidRequirement, Requirement

        found = []
        for asker in self.askers:
            with suppress(InvalidRequirement):  # a path or an URL
                found.append(Requirement(asker.text).name)
        # A path without slashes reads as a name, whatever the project in it is called.
        found = [name for name in found if canonicalize_name(name) == self.project]
        # A wheel that was named by its place is called by its file name, which is normalised.
        last = self.project if self.direct and self.source is None else self.name
        return tuple(dict.fromkeys((*found, last, self.name)))

    @property
    def asked_name(self) -> str:
        """The name by which pip would call it: the first asker's, else its own."""
        return self.spellings[0]


@value
class Satisfied:
    """A requirement that an installed distribution already meets.

    Attributes:
        text: the requirement as pip prints it.
        location: folder of the distribution.
        needed_by: the chain pip prints in ``(from a->b)``; empty for a root.
    """

    project: NormalizedName
    version: Version
    text: str
    location: str
    needed_by: tuple[str, ...] = ()


@value
class Removed:
    """An installed distribution that is to go, because nothing of the answer is called so.

    Attributes:
        name: as its metadata writes it, which is how pip names it.
        version: as written; it need not be a PEP 440 version.
    """

    name: str
    project: NormalizedName
    version: str


@value
class Plan:
    """What will be done. Steps are in the order pip would install them: dependencies first."""

    steps: tuple[Step, ...]
    satisfied: tuple[Satisfied, ...] = ()
    replaced: Mapping[NormalizedName, Version] = field(default_factory=lambda: MappingProxyType({}))
    """Installed distributions that a step replaces, with their version."""
    notes: tuple[str, ...] = ()
    """Lines for the person: versions passed over, exclusive local folders."""
    pinned: tuple[NormalizedName, ...] = ()
    """Projects of the steps in the order the resolver settled them, which is how pip reports them."""
    resolved: frozenset[NormalizedName] = frozenset()
    """Every project of the answer, whether it is installed already or a step installs it."""
    removed: tuple[Removed, ...] = ()
    """What leaves the environment before the steps come into it, sorted by project."""

    @property
    def touched(self) -> tuple[NormalizedName, ...]:
        """Projects whose installed distribution goes, for another one or for good."""
        return (*(step.project for step in self.steps), *(one.project for one in self.removed))

    @property
    def changes_nothing(self) -> bool:
        """Whether the environment is as planned already."""
        return not (self.steps or self.removed)

    @property
    def as_pinned(self) -> tuple[Step, ...]:
        """The steps in the order of :attr:`pinned`; where that is not known, as they are."""
        places = {project: place for place, project in enumerate(self.pinned)}
        return tuple(sorted(self.steps, key=lambda step: places.get(step.project, len(places))))
