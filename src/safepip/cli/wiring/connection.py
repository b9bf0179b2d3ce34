"""Indexes and store as ports, made when the first question is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.limits import Limits

if TYPE_CHECKING:
    from concurrent.futures import Future

    from packaging.utils import NormalizedName

    from safepip.core.finding import Finding
    from safepip.core.index import Answer, FileEntry, Index, WheelMetadata
    from safepip.core.plan import Step
    from safepip.core.ports import IndexClient, Store
    from safepip.io.http import Http


class RealConnection:
    """Implements :class:`safepip.flows.world.Connection`.

    The HTTP client is made with the first question: a run whose answer is installed already loads none.
    """

    def __init__(self, make: Callable[[], Opened], begin: Callable[[], None], limits: Limits) -> None:
        self._make = make
        self._begin = begin
        self._limits = limits
        self._opened: Opened | None = None
        self._lock = threading.Lock()

    @property
    def opened(self) -> Opened:
        """Everything that speaks to indexes."""
        with self._lock:
            if self._opened is None:
                self._begin()
                self._opened = self._make()
            return self._opened

    @cached_property
    def client(self) -> IndexClient:
        return _LateClient(self)

    @property
    def store(self) -> Store:
        return self.opened.store

    def inspect(
        self,
        steps: Sequence[Step],
        files: Mapping[NormalizedName, Path],
        *,
        installed: Mapping[NormalizedName, Iterable[str]],
    ) -> tuple[Finding, ...]:
        from safepip.io.inspect import inspect_files

        return inspect_files(steps, files, self._limits, installed=installed)

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
