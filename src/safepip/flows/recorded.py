"""Indexes that publish no digests, where policy lets the first download decide (``digests = "record"``).

From then on a file has to have that digest, wherever it is used, as if the page gave it: a wheel, a source
that is built, what only tells its metadata, and what a lock says of it.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.index import Answer, FileEntry, Index, Serves, WheelMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName

    from safepip.core.ports import IndexClient
    from safepip.flows.remembering import Memory


class RecordedClient:
    """Implements :class:`safepip.core.ports.IndexClient` over another."""

    def __init__(self, client: IndexClient, memory: Memory) -> None:
        self._client = client
        self._memory = memory

    def listing(self, index: Index, project: NormalizedName) -> Future[Answer]:
        """See the port. Raises ConfigurationError where the record cannot be read."""
        asked = self._client.listing(index, project)
        if not index.records_digests:
            return asked
        completed: Future[Answer] = Future()

        def complete(answered: Future[Answer]) -> None:
            try:
                completed.set_result(self._completed(index, answered.result()))
            except BaseException as error:  # noqa: BLE001 - whoever waits for the answer is to have it
                completed.set_exception(error)

        asked.add_done_callback(complete)
        return completed

    def metadata(self, index: Index, file: FileEntry) -> Future[WheelMetadata]:
        """See the port."""
        return self._client.metadata(index, file)

    def close(self) -> None:
        """See the port."""
        self._client.close()

    def _completed(self, index: Index, answer: Answer) -> Answer:
        if not isinstance(answer, Serves):
            return answer
        listing = answer.listing
        files = tuple(self._memory.completed(listing.project, index, file) for file in listing.files)
        return Serves(listing=replace(listing, files=files))


def recorded(client: IndexClient, indexes: Iterable[Index], memory: Memory) -> IndexClient:
    """The client, completed where one of the indexes asks for it."""
    return RecordedClient(client, memory) if any(index.records_digests for index in indexes) else client
