"""Downloading one file: streamed, hashed as it comes, counted, resumed after a broken connection."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from safepip.core.digest import AcceptableDigests, Algorithm, Digest, Digests
from safepip.core.errors import ExitCode, Refused, Undecided
from safepip.core.events import DownloadAdvanced
from safepip.core.finding import Finding
from safepip.core.limits import Limits
from safepip.io.changed import changed
from safepip.io.exchange import TRY_AGAIN, ConnectionLost, Incoming, Request
from safepip.io.links import judge_local_link, place_of
from safepip.io.regular import open_regular
from safepip.io.retry import Patience
from safepip.io.transports import is_overdue, renew, within

if TYPE_CHECKING:
    from hashlib import _Hash

    from safepip.core.index import FileEntry
    from safepip.core.ports import EventSink
    from safepip.io.http import Http

_OK, _PARTIAL, _UNSATISFIABLE = 200, 206, 416
_BLOCK_BYTES = 1 << 20
_EVENT_BYTES = 1 << 18
"""An event for each chunk of the network would cost more than the hashing."""
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/(?:[0-9]{1,15}|\*)\Z")


class Hashes:
    """Several digests of one stream of bytes."""

    def __init__(self, algorithms: Iterable[Algorithm]) -> None:
        self._running: dict[Algorithm, _Hash] = {
            algorithm: hashlib.new(algorithm.value, usedforsecurity=False)
            for algorithm in {Algorithm.SHA256, *algorithms}
        }

    def update(self, chunk: bytes) -> None:
        for running in self._running.values():
            running.update(chunk)

    def digests(self) -> Digests:
        return Digests.of(Digest(algorithm=a, hex=h.hexdigest()) for a, h in self._running.items())


def hash_stream(stream: BinaryIO, algorithms: Iterable[Algorithm]) -> Digests:
    """Digests of everything from the stream's position on."""
    hashes = Hashes(algorithms)
    for block in blocks(stream):
        hashes.update(block)
    return hashes.digests()


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The rest of a stream, piece by piece."""
    while block := stream.read(_BLOCK_BYTES):
        yield block


@dataclass(slots=True, kw_only=True)
class Download:
    """One file on its way.

    Attributes:
        file: what the page says about it.
        request: the GET, already judged.
        target: where the bytes go; empty, and open for writing.
        algorithms: what to compute besides sha256.
        received: bytes in ``target`` so far.
        validator: strong ETag or date of what was received; empty: none.
    """

    file: FileEntry
    request: Request
    target: BinaryIO
    algorithms: frozenset[Algorithm]
    sink: EventSink
    received: int = 0
    validator: str = ""
    hashes: Hashes = field(init=False)
    _unreported: int = 0

    def __post_init__(self) -> None:
        self.hashes = Hashes(self.algorithms)

    def run(self, http: Http, patience: Patience, limits: Limits) -> Digests:
        """Fetch all of it.

        Raises:
            Refused: another size than the page gives (``hash-mismatch``), plaintext, TLS failure.
            Undecided: no answer.
        """
        for number in range(limits.retries + 1):
            before = self.received
            try:
                self._attempt(http, limits)
                break
            except ConnectionLost:
                # Without progress the client itself has tried often enough.
                if self.received == before or number == limits.retries or not patience.pause(number):
                    raise
        check_size(self.file, self.received, limits)
        self._report()
        return self.hashes.digests()

    def _attempt(self, http: Http, limits: Limits) -> None:
        with http.stream(replace(self.request, headers=self._range())) as incoming:
            if incoming.status == _UNSATISFIABLE:
                self._restart()
                raise ConnectionLost(
                    f"{self.request.url} changed while it was downloaded",
                    reference="index-unavailable",
                    origin=self.request.origin,
                    hint=TRY_AGAIN,
                )
            self._begin(incoming)
            with within(limits.file_pace_seconds):
                try:
                    self._receive(incoming, limits)
                except Undecided:
                    if is_overdue():
                        raise _too_slow(self.request, limits) from None
                    raise

    def _receive(self, incoming: Incoming, limits: Limits) -> None:
        enough = self.received + limits.file_pace_bytes
        for chunk in incoming.chunks:
            self.target.write(chunk)
            self.hashes.update(chunk)
            self.received += len(chunk)
            self._unreported += len(chunk)
            if self.file.size is not None and self.received > self.file.size:
                raise size_mismatch(self.file, self.received, more=True)
            if self.received >= enough:
                enough = self.received + limits.file_pace_bytes
                renew(limits.file_pace_seconds)
            if self._unreported >= _EVENT_BYTES:
                self._report()

    def _begin(self, incoming: Incoming) -> None:
        """Decide whether what comes continues what is there; raise where it is no file at all."""
        if incoming.status == _PARTIAL and self.received:
            match = _CONTENT_RANGE.match(incoming.headers.get("content-range", ""))
            if match and int(match[1]) == self.received:
                return
        if incoming.status != _OK:
            raise no_file(self.request, incoming.status)
        self._restart()
        announced = incoming.announced_bytes
        if None not in {announced, self.file.size} and announced != self.file.size:
            raise size_mismatch(self.file, announced or 0)
        etag = incoming.headers.get("etag", "")
        self.validator = etag if etag.startswith('"') else incoming.headers.get("last-modified", "")

    def _range(self) -> dict[str, str]:
        """Ask for the rest only where it must be the rest of the same bytes (RFC 9110 §13.1.5), or
        where a strong digest will tell.
        """
        if not self.received or not (self.validator or self.file.digests.strong):
            return {}
        asked = {"Range": f"bytes={self.received}-"}
        return asked | ({"If-Range": self.validator} if self.validator else {})

    def _restart(self) -> None:
        self.target.seek(0)
        self.target.truncate()
        self.received, self.hashes = 0, Hashes(self.algorithms)

    def _report(self) -> None:
        if self._unreported:
            self.sink(DownloadAdvanced(filename=self.file.filename, received=self._unreported))
            self._unreported = 0


def _too_slow(request: Request, limits: Limits) -> Undecided:
    amount, seconds = limits.file_pace_bytes // 1024, limits.file_pace_seconds
    return Undecided(
        f"{request.url} brought less than {amount} KiB in {seconds:g} seconds",
        reference="index-unavailable",
        origin=request.origin,
        hint="try again; if it stays so, tell whoever keeps the host",
    )


def no_file(request: Request, status: int) -> Undecided:
    """The failure for a file request that was answered with another status than 200."""
    hint = "the page links a file that the server does not have; tell the index's operator"
    if status in {401, 403}:
        hint = "the host needs credentials: name it in the index's file-hosts, and its login in netrc"
    return Undecided(
        f"{request.url} answered with HTTP status {status}",
        reference="index-unavailable",
        origin=request.origin,
        hint=hint,
    )


def size_mismatch(file: FileEntry, got: int, *, more: bool = False) -> Refused:
    """The refusal of a file that has another size than its page says."""
    return mismatch(
        file, (f"Expected {file.size:,} bytes", f"     Got {'more than ' if more else ''}{got:,} bytes")
    )


def check_given_size(file: FileEntry, got: int) -> None:
    """Raise Refused where a file has another size than its page or lock says."""
    if file.size is not None and got != file.size:
        raise size_mismatch(file, got, more=got > file.size)


def check_size(file: FileEntry, got: int, limits: Limits) -> None:
    """The same for what has just come; Undecided at the ceiling."""
    check_given_size(file, got)
    if got > limits.file_max_bytes:
        raise _unreadable(file.url, f"it has more than {limits.file_max_bytes:,} bytes", file)


def copy_local(file: FileEntry, target: BinaryIO, algorithms: Iterable[Algorithm], limits: Limits) -> Digests:
    """A local file, hashed as it is read, so that nobody can change it afterwards.

    Raises:
        Refused: no local URL, or another size than was said.
        Undecided: it cannot be read, or is none: a lock may name a pipe or device, which never ends.
    """
    path = judge_local_link(file).local_path
    try:
        source = open_regular(Path(path), links=True)
    except OSError as error:
        raise _unreadable(path, error.strerror, file) from None
    hashes = Hashes(algorithms)
    with source:
        while (block := source.read(_BLOCK_BYTES)) and target.tell() <= (file.size or limits.file_max_bytes):
            target.write(block)
            hashes.update(block)
    check_size(file, target.tell(), limits)
    return hashes.digests()


def _unreadable(path: str, why: str | None, file: FileEntry) -> Undecided:
    """The failure for a file of this machine that is not there, or is none."""
    return Undecided(
        f"{path} cannot be read: {why}",
        reference="index-unavailable",
        origin=place_of(file),
        hint="make the file readable, and try again",
    )


def mismatch(file: FileEntry, notes: tuple[str, ...], url: str = "") -> Refused:
    """The ``hash-mismatch`` refusal of a file."""
    finding = Finding(
        rule="hash-mismatch",
        message=f"{file.filename} is not the file that was promised",
        origin=place_of(file),
        subject=file.filename,
        help="if the file was replaced on purpose, get its new hash from a source you trust;"
        " otherwise somebody may have tampered with it",
        decided_by="safepip's default (no setting lets a wrong digest pass)",
        notes=(*notes, f"from {url or file.url}"),
    )
    return Refused((finding,), exit_code=ExitCode.VERIFICATION)


def check(file: FileEntry, acceptable: AcceptableDigests, actual: Digests) -> None:
    """Raise Refused unless every digest of page, record and user agrees with the bytes."""
    wrong = file.digests.conflicts_with(actual)
    if file.remembered is not None and Algorithm.SHA256 in wrong:
        raise changed(file, file.remembered, actual)
    if wrong or acceptable.accepts(actual) is False:
        raise mismatch(file, expected(file, acceptable, actual))


def expected(file: FileEntry, acceptable: AcceptableDigests, actual: Digests) -> tuple[str, ...]:
    """Expected and got, in pip's form, for the algorithms that disagree."""
    lines = []
    for algorithm in file.digests.conflicts_with(actual):
        lines.append(f"Expected {algorithm.value} {file.digests.by_algorithm[algorithm]} (says the index)")
        lines.append(f"     Got        {actual.by_algorithm[algorithm]}")
    for algorithm, allowed in acceptable.by_algorithm.items():
        got = actual.by_algorithm.get(algorithm)
        if got is not None and got not in allowed:
            lines += [
                f"Expected {algorithm.value} {hex_digits} (says --hash)" for hex_digits in sorted(allowed)
            ]
            lines.append(f"     Got        {got}")
    return tuple(lines)
