"""Core metadata of a remote or local wheel, by the cheapest way that is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.digest import Algorithm
from safepip.core.errors import ExitCode, Refused, Undecided
from safepip.core.finding import Finding
from safepip.core.index import FileEntry, Index, WheelMetadata
from safepip.core.limits import Limits
from safepip.core.url import Url
from safepip.io.exchange import NO_HEADERS, Reply, Request
from safepip.io.fetch import Hashes, no_file
from safepip.io.links import allows_plaintext, judge_link, judge_local_link, place_of, refuses_file_host
from safepip.io.range_reader import RangeReader, RangesUnsupported
from safepip.io.wheel_metadata import parse_metadata, read_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safepip.io.credentials import CredentialStore
    from safepip.io.http import Http
    from safepip.io.store import ArtifactStore

_OK, _PARTIAL = 200, 206
_MISSING = frozenset({404, 410})


class MetadataReader:
    """Sidecar, else what the store has, else byte ranges, else the whole file (into the store)."""

    def __init__(
        self, *, http: Http, store: ArtifactStore, credentials: CredentialStore, limits: Limits
    ) -> None:
        self._http = http
        self._store = store
        self._credentials = credentials
        self._limits = limits

    def read(self, index: Index, file: FileEntry) -> WheelMetadata:
        """Raises Refused, Undecided or VerificationError."""
        if index.kind.local:
            return self._from_path(Path(judge_local_link(file).local_path), file)
        url = judge_link(file, index)
        if known := self._known_sidecar(file):
            return parse_metadata(known, "sidecar", file.filename)
        if held := self._store.find(file):
            return self._from_path(held.path, file)
        # Where the user gave its hash, nothing of the file is believed before all of it has been checked.
        whole = (index.direct or file.locked is not None) and bool(file.digests.strong)
        if not whole and file.sidecar is not None and (found := self._from_sidecar(url, file, index)):
            return found
        try:
            return self._from_whole(file, index) if whole else self._from_ranges(url, file, index)
        except RangesUnsupported:
            return self._from_whole(file, index)

    def _from_whole(self, file: FileEntry, index: Index) -> WheelMetadata:
        return self._from_path(self._store.begin(file, index).result().path, file)

    def _known_sidecar(self, file: FileEntry) -> bytes | None:
        """A sidecar of an earlier run, by the digest that the page gives now."""
        if file.sidecar is None or Algorithm.SHA256 not in file.sidecar.by_algorithm:
            return None
        return self._store.text(file.sidecar.by_algorithm[Algorithm.SHA256], f"{file.filename}.metadata")

    def _from_path(self, path: Path, file: FileEntry) -> WheelMetadata:
        try:
            with path.open("rb") as wheel:
                raw = read_metadata(wheel, file.filename, self._limits.sidecar_max_bytes)
        except OSError as error:
            raise Undecided(
                f"{path} cannot be read: {error.strerror}",
                reference="index-unavailable",
                origin=place_of(file),
                hint="make the file readable, and try again",
            ) from None
        return parse_metadata(raw, "wheel", file.filename)

    def _from_sidecar(self, url: Url, file: FileEntry, index: Index) -> WheelMetadata | None:
        """None where the page promises a sidecar that is not there: the wheel itself will tell."""
        beside = replace(url, path=f"{url.path}.metadata")
        request = self._request(beside, file, index, coded=True)
        reply = self._http.get(request)
        if reply.status in _MISSING:
            return None
        if reply.status != _OK:
            raise no_file(request, reply.status)
        promised = file.sidecar
        if promised:
            hashes = Hashes(promised.by_algorithm)
            hashes.update(reply.body)
            actual = hashes.digests()
            if promised.conflicts_with(actual):
                raise _sidecar_mismatch(file, beside)
            self._store.keep_text(
                actual.by_algorithm[Algorithm.SHA256], f"{file.filename}.metadata", reply.body
            )
        return parse_metadata(reply.body, "sidecar", file.filename)

    def _from_ranges(self, url: Url, file: FileEntry, index: Index) -> WheelMetadata:
        def get_range(value: str) -> Reply:
            return self._http.get(self._request(url, file, index, {"Range": value}))

        with RangeReader(get_range).as_file() as wheel:
            raw = read_metadata(wheel, file.filename, self._limits.sidecar_max_bytes)
        return parse_metadata(raw, "range", file.filename)

    def _request(
        self,
        url: Url,
        file: FileEntry,
        index: Index,
        headers: Mapping[str, str] = NO_HEADERS,
        *,
        coded: bool = False,
    ) -> Request:
        strong = bool(file.digests.strong)
        return Request(
            url=url,
            home=index.url,
            trust=index.trust,
            origin=place_of(file),
            max_bytes=self._limits.sidecar_max_bytes,
            max_seconds=self._limits.page_max_seconds,
            headers=headers,
            coded=coded,
            body_of=frozenset({_PARTIAL if headers else _OK}),
            credentials=lambda hop: self._credentials.for_index(hop, index),
            refuses_redirect=lambda hop: refuses_file_host(hop, index, has_strong_digest=strong),
            allows_plaintext=allows_plaintext(index),
            subject=file.filename,
        )


def _sidecar_mismatch(file: FileEntry, url: Url) -> Refused:
    finding = Finding(
        rule="hash-mismatch",
        message=f"the metadata beside {file.filename} is not what the page promised",
        origin=place_of(file),
        subject=file.filename,
        help="tell the index's operator; somebody may have tampered with it",
        decided_by="safepip's default (no setting lets a wrong digest pass)",
        notes=(f"from {url}",),
    )
    return Refused((finding,), exit_code=ExitCode.VERIFICATION)
