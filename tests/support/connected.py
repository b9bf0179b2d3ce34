"""The real index client and store, connected to a test server, with short patience."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from packaging.version import Version

from safepip.core.digest import AcceptableDigests
from safepip.core.events import Event
from safepip.core.finding import Finding
from safepip.core.index import Answer, FileEntry, Index, Listing, Serves, Trust, Unknown, WheelMetadata
from safepip.core.limits import Limits
from safepip.core.origin import BUILT_IN
from safepip.core.plan import Route, RouteReason, Step
from safepip.core.url import Url
from safepip.io.credentials import CredentialStore
from safepip.io.exchange import Request
from safepip.io.http import Http
from safepip.io.index import Indexes
from safepip.io.pages import PageCache
from safepip.io.store import ArtifactStore
from tests.support import certificates
from tests.support.server import IndexServer

IMPATIENT = Limits(
    connect_timeout_seconds=2.0,
    read_timeout_seconds=0.4,
    retries=1,
    backoff_seconds=0.01,
    retry_after_max_seconds=0.05,
)
"""Fails within a second where the default waits for minutes."""


def trust() -> Trust:
    """Trust in the test authority and in nothing else."""
    return Trust(ca_bundle=certificates.ca_path())


def index_of(server: IndexServer, **fields: Any) -> Index:
    """The server as an index called ``corp``."""
    return Index(**({"name": "corp", "url": Url.parse(server.url), "trust": trust()} | fields))


def request_for(url: str, **fields: Any) -> Request:
    """A request that stands on its own."""
    parsed = Url.parse(url)
    defaults = {"url": parsed, "home": parsed, "trust": trust(), "origin": BUILT_IN, "max_bytes": 1_000_000}
    return Request(**(defaults | fields))


@contextmanager
def http(limits: Limits = IMPATIENT, **arguments: Any) -> Iterator[Http]:
    client = Http(limits=limits, environ=arguments.pop("environ", {}), **arguments)
    try:
        yield client
    finally:
        client.close()


class Connected:
    """The client and store under test, and what they said."""

    def __init__(self, client: Indexes, store: ArtifactStore, events: list[Event]) -> None:
        self.client = client
        self.store = store
        self.events = events

    def answer(self, index: Index, project: str = "demo") -> Answer:
        return self.client.listing(index, project).result(20)  # type: ignore[arg-type]  # normalised by the test

    def listing(self, index: Index, project: str = "demo") -> Listing:
        answer = self.answer(index, project)
        assert isinstance(answer, Serves), answer
        return answer.listing

    def refusal(self, index: Index, project: str = "demo") -> Finding:
        """The finding of an answer that is none."""
        answer = self.answer(index, project)
        assert isinstance(answer, Unknown), answer
        return answer.finding

    def file(self, index: Index, project: str = "demo") -> FileEntry:
        (entry,) = self.listing(index, project).files
        return entry

    def metadata(self, index: Index, file: FileEntry | None = None) -> WheelMetadata:
        return self.client.metadata(index, file or self.file(index)).result(20)

    def ensure(self, index: Index, *steps: Step) -> dict[str, Path]:
        return dict(self.store.ensure(steps, {index.name: index}))


@contextmanager
def connected(
    folder: Path | None = None,
    *,
    limits: Limits = IMPATIENT,
    credentials: CredentialStore | None = None,
    **arguments: Any,
) -> Iterator[Connected]:
    """One run: its client and store, on ``folder`` or without any cache."""
    known = credentials or CredentialStore()
    events: list[Event] = []
    with http(limits, **arguments) as client:
        shared: dict[str, Any] = {
            "http": client,
            "credentials": known,
            "limits": limits,
            "sink": events.append,
        }
        store = ArtifactStore(folder / "store" if folder else None, **shared)
        indexes = Indexes(store=store, pages=PageCache(folder / "pages" if folder else None), **shared)
        try:
            yield Connected(indexes, store, events)
        finally:
            indexes.close()
            store.close()


def step_for(index: Index, file: FileEntry, acceptable: AcceptableDigests = AcceptableDigests()) -> Step:
    """A step that installs the file."""
    name, version = file.filename.split("-")[:2]
    metadata = WheelMetadata(
        name=name,
        version=version,
        requires_dist=(),
        requires_python=None,
        provides_extra=frozenset(),
        raw=b"",
    )
    route = Route(project=name, indexes=(index,), reason=RouteReason.ONLY_INDEX)  # type: ignore[arg-type]  # plain names
    return Step(
        name=name, project=name, version=Version(version), route=route, index=index.name, file=file,  # type: ignore[arg-type]  # as above
        acceptable=acceptable, metadata=metadata,
    )  # fmt: skip
