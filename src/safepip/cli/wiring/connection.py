"""Indexes, store and remote texts as ports, made when the first question is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.index import Trust
from safepip.core.limits import Limits
from safepip.flows.world import Transport

if TYPE_CHECKING:
    from concurrent.futures import Future

    from packaging.utils import NormalizedName

    from safepip.core.finding import Finding
    from safepip.core.index import Answer, FileEntry, Index, WheelMetadata
    from safepip.core.mirror import Examined, MirroredFile
    from safepip.core.plan import Step
    from safepip.core.ports import EventSink, Files, IndexClient, Store
    from safepip.core.url import Url
    from safepip.core.workshop import Repositories
    from safepip.io.credentials import Ask, CredentialStore
    from safepip.io.git import GitRepositories
    from safepip.io.http import Http


class Dial:
    """How connections are made in this run.

    Args:
        ask: the person, for credentials; None: nobody is there.
    """

    def __init__(self, transport: Transport, environ: Mapping[str, str], *, ask: Ask | None = None) -> None:
        self._transport = transport
        self._environ = environ
        self._ask = ask if transport.asks else None
        self.limits = _limits(transport)

    def http(self) -> Http:
        from safepip.io.http import Http

        return Http(
            limits=self.limits,
            environ=self._environ,
            proxy=self._transport.proxy,
            proxy_from_environment=self._transport.proxy_from_environment,
        )

    def credentials(self) -> CredentialStore:
        from safepip.io.credentials import CredentialStore, find_netrc, keyring_program

        keyring = keyring_program(self._environ.get("PATH")) if self._transport.keyring else None
        return CredentialStore(netrc_path=find_netrc(self._environ), keyring=keyring, ask=self._ask)

    def repositories(self) -> GitRepositories:
        from safepip.io.git import GitRepositories
        from safepip.io.proxies import Proxies

        proxies = Proxies.read(self._transport.proxy, from_environment=self._transport.proxy_from_environment)
        return GitRepositories(self._environ, self.credentials(), proxies, self.limits)

    def opened(self, sink: EventSink) -> Opened:
        """Everything that speaks to indexes, with the caches that the settings name."""
        from safepip.io.index import Indexes
        from safepip.io.pages import PageCache
        from safepip.io.store import ArtifactStore

        cache = Path(self._transport.cache_dir) if self._transport.cache_dir else None
        http, credentials = self.http(), self.credentials()
        store = ArtifactStore(
            cache / "store" if cache else None,
            http=http,
            credentials=credentials,
            limits=self.limits,
            sink=sink,
        )
        client = Indexes(
            http=http,
            store=store,
            pages=PageCache(cache / "pages" if cache else None),
            credentials=credentials,
            limits=self.limits,
            sink=sink,
        )
        return Opened(http=http, client=client, store=store)


def _limits(transport: Transport) -> Limits:
    limits = Limits()
    timeout = transport.timeout_seconds
    return replace(
        limits,
        connect_timeout_seconds=limits.connect_timeout_seconds if timeout is None else timeout,
        read_timeout_seconds=limits.read_timeout_seconds if timeout is None else timeout,
        retries=limits.retries if transport.retries is None else transport.retries,
        file_max_bytes=limits.file_max_bytes if transport.whole_files else 0,
    )


def local_texts(environ: Mapping[str, str]) -> Files:
    """Files of this machine; no URL is read."""
    return remote_texts(Dial(Transport(), environ), Trust(), lambda _: False, ExitStack())


def remote_texts(dial: Dial, trust: Trust, admits: Callable[[Url], bool], closing: ExitStack) -> Files:
    """Files of this machine, and the texts behind the URLs that ``admits`` lets pass.

    Args:
        closing: gets the end of the HTTP client, which is made at the first remote text.
    """
    from safepip.io.files import SystemFiles

    def connect() -> tuple[Http, CredentialStore]:
        http = dial.http()
        closing.callback(http.close)
        return http, dial.credentials()

    return SystemFiles(connect=connect, trust=trust, admits=admits, limits=dial.limits)


class RealConnection:
    """Implements :class:`safepip.flows.world.Connection`.

    The HTTP client is made with the first question: a run whose answer is installed already loads none.
    """

    def __init__(self, dial: Dial, sink: EventSink, begin: Callable[[], None]) -> None:
        self._dial = dial
        self._sink = sink
        self._begin = begin
        self._opened: Opened | None = None
        self._lock = threading.Lock()

    @property
    def opened(self) -> Opened:
        """Everything that speaks to indexes."""
        with self._lock:
            if self._opened is None:
                self._begin()
                self._opened = self._dial.opened(self._sink)
            return self._opened

    @cached_property
    def client(self) -> IndexClient:
        return _LateClient(self)

    @property
    def store(self) -> Store:
        return self.opened.store

    @cached_property
    def repositories(self) -> Repositories:
        """git's own network; the HTTP client is not needed for it."""
        return self._dial.repositories()

    def inspect(
        self,
        steps: Sequence[Step],
        files: Mapping[NormalizedName, Path],
        *,
        installed: Mapping[NormalizedName, Iterable[str]],
    ) -> tuple[Finding, ...]:
        from safepip.io.inspect import inspect_files

        return inspect_files(steps, files, self._dial.limits, installed=installed)

    def examine(self, files: Sequence[tuple[MirroredFile, Path]]) -> Sequence[Examined]:
        from safepip.io.examine import examine_files

        return examine_files(files, self._dial.limits)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What one run speaks to indexes with."""

    http: Http
    client: IndexClient
    store: Store

    def close(self) -> None:
        self.http.close()
        self.client.close()
        self.store.close()


class _LateClient:
    """An index client that is made when it is asked for the first time."""

    def __init__(self, connection: RealConnection) -> None:
        self._connection = connection

    def listing(self, index: Index, project: NormalizedName) -> Future[Answer]:
        return self._connection.opened.client.listing(index, project)

    def metadata(self, index: Index, file: FileEntry) -> Future[WheelMetadata]:
        return self._connection.opened.client.metadata(index, file)

    def close(self) -> None:
        self._connection.close()
