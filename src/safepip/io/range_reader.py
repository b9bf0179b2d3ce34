"""A remote wheel that is read where it is needed, by byte ranges.

Wheels keep their metadata near the end, so one or two small requests replace the download of every
version that is only looked at. What is read so is unverified until the whole file's digest was right
and its metadata compared.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import BinaryIO, cast

from safepip.core.errors import Undecided
from safepip.io.exchange import Reply

_TAIL_BYTES = 64 * 1024
"""Central directory and METADATA of nearly all wheels."""
_STEP_BYTES = 32 * 1024
_TOTAL_MAX_BYTES = 32 * 1024 * 1024
_REQUESTS_MAX = 24
_PARTIAL = 206
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})\Z")

GetRange = Callable[[str], Reply]
"""Asks for a ``Range`` header's value, such as ``bytes=-65536``."""


class RangesUnsupported(Exception):
    """The server sends something other than the bytes asked for; read the whole file instead."""


class RangeReader(io.RawIOBase):
    """A seekable file over HTTP; keeps what it has read.

    Raises:
        RangesUnsupported: on opening, where the server does not know ranges.
        Undecided: the file changes while it is read, or reading takes too many requests or bytes.
    """

    def __init__(self, get_range: GetRange) -> None:
        super().__init__()
        self._get_range = get_range
        self._pieces: dict[int, bytes] = {}
        self._position = 0
        self._requests = self._received = 0
        self._validator = ""
        self._length = 0
        reply = self._ask(f"bytes=-{_TAIL_BYTES}")
        self._length = self._keep(reply)
        self._validator = _validator(reply)

    def as_file(self) -> BinaryIO:
        """Buffered, as zipfile wants it."""
        return cast("BinaryIO", io.BufferedReader(self, _STEP_BYTES))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        if self._position >= self._length:
            return 0
        piece = self._at(self._position, len(view))
        count = min(len(piece), len(view))
        view[:count] = piece[:count]
        self._position += count
        return count

    def _at(self, position: int, wanted: int) -> bytes:
        """Bytes from the position on, at least one; fetched if they are not known."""
        for start, piece in self._pieces.items():
            if start <= position < start + len(piece):
                return piece[position - start :]
        known_later = [start for start in self._pieces if start > position]
        end = min([self._length, position + max(wanted, _STEP_BYTES), *known_later])
        reply = self._ask(f"bytes={position}-{end - 1}")
        if self._keep(reply) != self._length or _validator(reply) != self._validator:
            raise Undecided(
                "the file changes while it is read", reference="index-unavailable", hint="try again"
            )
        if position not in self._pieces:
            raise RangesUnsupported
        return self._pieces[position]

    def _ask(self, value: str) -> Reply:
        self._requests += 1
        if self._requests > _REQUESTS_MAX or self._received > _TOTAL_MAX_BYTES:
            raise RangesUnsupported
        reply = self._get_range(value)
        self._received += len(reply.body)
        return reply

    def _keep(self, reply: Reply) -> int:
        """Store the piece; returns the length of the whole file."""
        match = _CONTENT_RANGE.match(reply.headers.get("content-range", ""))
        if reply.status != _PARTIAL or not match:
            raise RangesUnsupported
        first, last, total = (int(text) for text in match.groups())
        if last >= total or last - first + 1 != len(reply.body):
            raise RangesUnsupported
        self._pieces[first] = reply.body
        return total


def _validator(reply: Reply) -> str:
    return reply.headers.get("etag") or reply.headers.get("last-modified", "")
