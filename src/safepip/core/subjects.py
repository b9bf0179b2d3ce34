"""What rules look at. Both ``install`` and ``scan`` turn what they read into these."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import Enum

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from safepip.core.digest import AcceptableDigests, Digest, Digests
from safepip.core.origin import Origin, Sourced
from safepip.core.value import value


@value
class Setting:
    """One option of pip as somebody set it.

    Attributes:
        option: canonical long name without dashes, such as ``index-url`` (aliases resolved).
        value: one value as text; list options give one Setting an element; flags ``true``/``false``.
        origin: where it stands.
        in_effect: False where a stronger setting shadows it.
        in_requirement_file: whether a requirement or constraint file says it.
    """

    option: str
    value: str
    origin: Origin
    in_effect: bool = True
    in_requirement_file: bool = False


class RequirementKind(Enum):
    """What a requirement asks for, as pip would read it (``pip._internal.req.constructors``)."""

    NAMED = "named"
    """A project from an index: ``name [extras] [specifier] [; marker]``."""
    URL = "url"
    """A file by its URL, bare or ``name @ URL``."""
    VCS = "vcs"
    PATH = "path"
    """A local archive, wheel or directory."""


@value
class LockedFile:
    """What a lock says about the one file that it names for a requirement (PEP 751).

    Attributes:
        project: normalised name of the package.
        lock: path or URL of the lock, without credentials.
        remote: whether the lock came over the network.
        filename: of the file; empty for a repository or directory.
        url: absolute; of a path beside a local lock a ``file:`` URL. Not judged yet.
        size: bytes; None where the lock does not say.
        index: base URL of the index that the file was found on; None where the lock does not say.
        builds: what a build of it needs, each with its own one file; None where the lock says nothing.
        origin: where the file stands in the lock.
    """

    project: NormalizedName
    lock: str
    remote: bool
    filename: str
    url: str
    origin: Origin
    digests: Digests = Digests()
    size: int | None = None
    upload_time: datetime | None = None
    index: Sourced[str] | None = None
    builds: tuple[RequirementLine, ...] | None = field(default=None, compare=False, repr=False)


@value
class RequirementLine:
    """One requirement or constraint as written, with its options.

    Attributes:
        text: the requirement itself, without options, joined and with variables expanded.
        kind: what it asks for.
        requirement: the parsed requirement; for ``NAMED`` always, for ``URL``/``VCS``/``PATH`` only
            where a name is given (``name @ …``). A bare URL or path has None.
        target: the URL or path for URL, VCS and PATH; None for NAMED.
        origin: file and line, or argument.
        constraint: whether it only constrains.
        editable: whether ``-e`` stands before it.
        hashes: the ``--hash`` options and strong or weak digests of a URL fragment.
        hash_options: the ``--hash`` options as parsed, in order.
        config_settings: ``-C`` values as ``KEY=VALUE`` texts.
        from_file: whether a requirement file, constraint file or lock brought it in.
        extras: extras of a path (``./dir[extra]``); for named ones see ``requirement``.
        marker: marker of a bare URL or path; for others see ``requirement``.
        locked: the file that a lock names for it, the only one that will do; None: no lock does.
    """

    text: str
    kind: RequirementKind
    requirement: Requirement | None
    origin: Origin
    target: str | None = None
    constraint: bool = False
    editable: bool = False
    hashes: AcceptableDigests = AcceptableDigests()
    hash_options: tuple[Digest, ...] = ()
    config_settings: tuple[str, ...] = ()
    from_file: bool = False
    extras: frozenset[str] = frozenset()
    marker: Marker | None = None

    @property
    def is_own_code(self) -> bool:
        """Whether it names a folder or source archive on this machine."""
        target = (self.target or "").partition("#")[0]
        return self.kind is RequirementKind.PATH and (self.editable or not target.lower().endswith(".whl"))

    @property
    def size(self) -> int | None:
        """Bytes that a lock gives the file; None where none says."""
        return None if self.locked is None else self.locked.size

    @property
    def name(self) -> str | None:
        """What somebody called the project, a lock even that of a folder; None for a bare URL or path."""
        if self.requirement is not None:
            return self.requirement.name
        return None if self.locked is None else self.locked.project

    locked: LockedFile | None = None
