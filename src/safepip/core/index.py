"""Indexes and what they offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from packaging.utils import NormalizedName

from safepip.core.digest import Digests
from safepip.core.finding import Finding
from safepip.core.origin import BUILT_IN, Layer, Origin, Place
from safepip.core.project import Pattern
from safepip.core.url import Url
from safepip.core.value import value


class IndexKind(Enum):
    """How an index is read."""

    SIMPLE = "simple"
    """Simple repository API over HTTPS (PEP 503, 691)."""
    LINKS = "links"
    """One remote page of links (``--find-links https://…``)."""
    LOCAL_SIMPLE = "local-simple"
    """A simple index in a local folder (``file:`` URL or path)."""
    LOCAL_FOLDER = "local-folder"
    """A local folder of archives (``--find-links DIR``), or one local HTML page of links."""

    @property
    def local(self) -> bool:
        return self in {IndexKind.LOCAL_SIMPLE, IndexKind.LOCAL_FOLDER}


@value
class Trust:
    """Which TLS roots and which client certificate count. One TLS context for each value.

    Attributes:
        ca_bundle: path of the only roots that count (exclusive); None: the system's store.
        ca_digest: ``sha256:…`` that the bundle's bytes must have, because trust was given to those; None: to
            whatever the file holds.
        client_cert: path of a PEM file with certificate and key for mTLS; None: none.
        honour_environment: whether ``SSL_CERT_FILE``/``SSL_CERT_DIR`` may choose the roots where
            there is no ``ca_bundle``.
    """

    ca_bundle: str | None = None
    ca_digest: str | None = None
    client_cert: str | None = None
    honour_environment: bool = True


@value
class Index:
    """A named place that serves packages.

    Attributes:
        name: ``pypi``, the policy's name, or for unnamed ones the URL without secrets, or the path.
        url: base URL (no trailing slash on the path for SIMPLE); a ``file:`` URL for local ones.
        kind: how it is read.
        origin: who named it.
        patterns: names that come from here and nowhere else; empty: no pattern decides.
        trust: TLS trust of this index.
        file_hosts: hosts (``host`` or ``host:port``) its pages may link and redirect to, besides
            its own; None: any HTTPS host, without credentials.
        absent_statuses: HTTP statuses that mean "not here", besides 404 and 410.
        mirror_of: name of the index whose files these merge with; None: none.
        records_digests: whether an index without digests is admitted by remembering the first
            download (``digests = "record"``).
        skip_unavailable: ``unavailable = "skip"``: no answer counts as absent.
        min_age: cool-down of this index; None: the policy's.
        allows_plaintext: ``unsafe-plaintext = true``; only for a loopback host.
        built_in: whether this is the operator's own default index, ``pypi``.
        direct: whether this only stands for the place of one file that the user named by its URL.
    """

    name: str
    url: Url
    kind: IndexKind = IndexKind.SIMPLE
    origin: Origin = BUILT_IN
    patterns: tuple[Pattern, ...] = ()
    trust: Trust = Trust()
    file_hosts: frozenset[str] | None = None
    absent_statuses: frozenset[int] = frozenset()
    mirror_of: str | None = None
    records_digests: bool = False
    skip_unavailable: bool = False
    min_age: timedelta | None = None
    allows_plaintext: bool = False
    built_in: bool = False
    direct: bool = False

    @property
    def place(self) -> Origin:
        """Where it was named; the index itself where nobody named it, so that a message has a place."""
        if self.origin is not BUILT_IN:
            return self.origin
        return Origin(layer=Layer.INDEX, kind=Place.INDEX, place=self.url.without_secrets)

    @property
    def label(self) -> str:
        """The name for messages. ``pypi`` with its URL where the operator says which one that is."""
        if self.built_in and not self.kind.local and self.origin is not BUILT_IN:
            return f"{self.name} ({self.url.without_secrets})"
        return self.name


class ProjectStatus(Enum):
    """PEP 792 status of a project; a page that says nothing is ACTIVE."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    DEPRECATED = "deprecated"


@value
class Remembered:
    """That the digest of a file is the one of its first use; no page gives it.

    Attributes:
        since: when that was; aware, UTC.
    """

    project: NormalizedName
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file as a page lists it, kept as text: pages list thousands, few are ever looked at.

    Attributes:
        filename: file name that page and URL agree on.
        url: absolute URL as text, not judged yet; :meth:`Url.parse` it before use. For a file in a
            local folder a ``file:`` URL.
        digests: what the page says; empty if nothing.
        size: bytes; None if the page does not say.
        upload_time: aware; None if the page does not say (HTML never does).
        requires_python: specifier text as served; None if there is none.
        yanked: None: not yanked; else the reason, maybe empty.
        sidecar: None: no metadata sidecar is offered; else its digests, maybe empty (PEP 658/714).
        provenance: URL text; None if there is none (PEP 740).
        where: JSON pointer (``/files/3``) or line number text (``line 12``) on the page.
        page: URL of the page, without secrets.
        locked: where a lock names the file; None: a page lists it. No page has been asked for it.
        remembered: since when the sha256 in ``digests`` is known; None: the page or lock gives it.
    """

    filename: str
    url: str
    digests: Digests = Digests()
    size: int | None = None
    upload_time: datetime | None = None
    requires_python: str | None = None
    yanked: str | None = None
    sidecar: Digests | None = None
    provenance: str | None = None
    where: str = ""
    page: str = ""
    locked: Origin | None = None
    remembered: Remembered | None = None


@value
class Listing:
    """Everything one index offers for one project.

    Attributes:
        project: normalised name.
        index: name of the index.
        files: in the page's order, which means nothing.
        versions: the page's own list of versions (PEP 700); empty where not given.
        status: PEP 792; its reason in ``status_reason``.
        tracks, alternate_locations, namespaces: shown in messages, never decide (PEP 708, 752).
        notes: oddities worth a warning, such as a newer minor API version; a line each.
    """

    project: NormalizedName
    index: str
    files: tuple[FileEntry, ...]
    versions: tuple[str, ...] = ()
    status: ProjectStatus = ProjectStatus.ACTIVE
    status_reason: str = ""
    tracks: tuple[str, ...] = ()
    alternate_locations: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@value
class Serves:
    """The index has the project."""

    listing: Listing


@value
class Absent:
    """The index answered, and does not have the project (404, 410, an empty page)."""


@value
class Unknown:
    """The index gave no answer that can be relied on.

    Attributes:
        finding: ``index-unavailable``, ``tls-failure``, ``plaintext-link`` (a redirect), …
    """

    finding: Finding


Answer = Serves | Absent | Unknown


@value
class WheelMetadata:
    """Core metadata of one wheel, as far as resolving needs it.

    Attributes:
        name: as written in METADATA.
        version: text as written.
        requires_dist: requirement texts.
        requires_python: specifier text; None if there is none.
        provides_extra: extras as written.
        raw: the METADATA bytes.
        source: where it came from: ``sidecar``, ``range``, ``wheel``, ``sdist`` (which says it itself) or
            ``build`` (the backend said it).
    """

    name: str
    version: str
    requires_dist: tuple[str, ...]
    requires_python: str | None
    provides_extra: frozenset[str]
    raw: bytes = field(repr=False)
    source: str = "wheel"
