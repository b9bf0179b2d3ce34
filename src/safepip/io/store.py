"""Verified files on disk, addressed by sha256: ``sha256/ab/<digest>/<filename>``.

A file gets its final name only after every digest known for it was right, by a rename beside it, and
is hashed again whenever a later run takes it: one that was edited, or cut by a power loss, is fetched anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from safepip.core.digest import AcceptableDigests, Algorithm, Digests
from safepip.core.errors import ApplyError, ExitCode, Refused, SafepipError
from safepip.core.events import DownloadBegan, DownloadFinished, Noted
from safepip.core.finding import Finding
from safepip.core.index import FileEntry, Index
from safepip.core.limits import Limits
from safepip.core.plan import Step
from safepip.core.ports import Wanted
from safepip.core.url import Url
from safepip.core.value import value
from safepip.io.exchange import Request
from safepip.io.fetch import Download, check, check_given_size, copy_local, expected, hash_stream, mismatch
from safepip.io.links import allows_plaintext, judge_link, place_of, refuses_file_host
from safepip.io.regular import open_regular
from safepip.io.retry import Patience
from safepip.io.workers import Workers

if TYPE_CHECKING:
    from safepip.core.ports import EventSink
    from safepip.io.credentials import CredentialStore
    from safepip.io.http import Http

NO_HASHES = AcceptableDigests()


@value
class Held:
    """A file in the store that this process has hashed."""

    path: Path
    digests: Digests


class ArtifactStore:
    """Implements :class:`safepip.core.ports.Store`. Safe for threads.

    Args:
        root: folder of the store; None: a private folder that ends with the run.
    """

    def __init__(
        self,
        root: Path | None,
        *,
        http: Http,
        credentials: CredentialStore,
        limits: Limits,
        sink: EventSink,
    ) -> None:
        self._private = None if root is not None else tempfile.mkdtemp(prefix="safepip-store-")
        self._root = root if root is not None else Path(self._private or "")
        self._http = http
        self._credentials = credentials
        self._limits = limits
        self._sink = sink
        self._ending = threading.Event()
        self._patience = Patience(limits, self._ending)
        self._workers = Workers(limits.file_workers, "safepip-file")
        self._begun: dict[tuple[str, str, int | None, Digests, AcceptableDigests], Future[Held]] = {}
        self._verified: dict[tuple[Path, frozenset[Algorithm]], Held] = {}
        self._lock = threading.Lock()

    def begin(self, file: FileEntry, index: Index, acceptable: AcceptableDigests = NO_HASHES) -> Future[Held]:
        """Start having the file; asked twice, it is fetched once. The future raises as :meth:`ensure`."""
        acceptable = NO_HASHES if acceptable.accepts(file.digests) else acceptable  # the page says as much
        key = (index.name, file.url, file.size, file.digests, acceptable)
        with self._lock:
            future = self._begun.get(key)
            if future is None:
                future = self._workers.submit(lambda: self._have(file, index, acceptable))
                self._begun[key] = future
            return future

    def ensure(self, steps: Sequence[Step], indexes: Mapping[str, Index]) -> Mapping[NormalizedName, Path]:
        """See the port."""
        wanted = [
            Wanted(
                file=step.file,
                index=indexes.get(step.index, step.route.index),
                acceptable=step.acceptable,
            )
            for step in steps
        ]
        return dict(zip((step.project for step in steps), self.all_of(wanted), strict=True))

    def all_of(self, wanted: Sequence[Wanted]) -> list[Path]:
        """See the port. Waits for every file, so that all mismatches are told at once."""
        for one in sorted(wanted, key=lambda one: -(one.file.size or 0)):
            self.begin(one.file, one.index, one.acceptable)
        held: list[Path] = []
        findings: list[Finding] = []
        failures: list[SafepipError] = []
        for one in wanted:
            try:
                held.append(self.have(one.file, one.index, one.acceptable))
            except Refused as error:
                findings.extend(error.findings)
            except SafepipError as error:
                failures.append(error)
        if findings:
            wrong = any(finding.rule == "hash-mismatch" for finding in findings)
            raise Refused(findings, exit_code=ExitCode.VERIFICATION if wrong else ExitCode.REFUSED)
        if failures:
            raise failures[0]
        return held

    def have(self, file: FileEntry, index: Index, acceptable: AcceptableDigests) -> Path:
        return self.begin(file, index, acceptable).result().path

    def find(self, file: FileEntry, acceptable: AcceptableDigests = NO_HASHES) -> Held | None:
        """The file, if the store has it: hashed in this run, against everything known about it."""
        algorithms = _algorithms(file, acceptable)
        for sha256 in _sha256_known(file, acceptable):
            path = self._path(sha256, file.filename)
            held = self._verified.get((path, algorithms)) or self._reread(path, sha256, algorithms)
            if held is not None:
                check(file, acceptable, held.digests)
                check_given_size(file, held.path.stat().st_size)
                return held
        return None

    def text(self, sha256: str, name: str) -> bytes | None:
        """A small text by its digest, such as a metadata sidecar; None if the store has it not."""
        try:
            with open_regular(self._path(sha256, name)) as stream:
                found = stream.read(self._limits.sidecar_max_bytes)
        except OSError:
            return None
        return found if hashlib.sha256(found).hexdigest() == sha256 else None

    def keep_text(self, sha256: str, name: str, content: bytes) -> None:
        """Remember a verified small text. Failing to is no failure."""
        with contextlib.suppress(OSError):
            part = self._part()
            part.write_bytes(content)
            self._move(part, self._path(sha256, name))

    def place(self, files: Mapping[NormalizedName, Path], folder: Path) -> Mapping[NormalizedName, Path]:
        """Put files of the store into a folder under their own names, by hard link or else a copy."""
        placed = {}
        for project, path in files.items():
            target = folder / path.name
            try:
                os.link(path, target)
            except OSError:
                shutil.copyfile(path, target)
            placed[project] = target
        return placed

    def close(self) -> None:
        """Begin nothing new; a private store is removed."""
        self._ending.set()
        self._workers.close()
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)

    # -- on the workers' threads -----------------------------------------------------------------

    def _have(self, file: FileEntry, index: Index, acceptable: AcceptableDigests) -> Held:
        if acceptable.accepts(file.digests) is False:
            raise mismatch(file, expected(file, acceptable, file.digests))
        try:
            held = self._have_on_disk(file, index, acceptable)
        except OSError as error:
            if not self._do_without_cache(error):
                raise _disk_failure(file, error) from None
            try:
                held = self._have_on_disk(file, index, acceptable)
            except OSError as second:
                raise _disk_failure(file, second) from None
        self._sink(DownloadFinished(filename=file.filename))
        return held

    def _have_on_disk(self, file: FileEntry, index: Index, acceptable: AcceptableDigests) -> Held:
        """Raises OSError where the store's folder cannot be used."""
        held = self.find(file, acceptable)
        self._sink(DownloadBegan(filename=file.filename, size=file.size, cached=held is not None))
        return held or self._bring(file, index, acceptable)

    def _do_without_cache(self, error: OSError) -> bool:
        """Go on in a folder that ends with the run; False where that is what failed."""
        with self._lock:
            if self._private is None:
                why = error.strerror or error
                self._sink(Noted(text=f"nothing is kept in the cache {self._root}: {why}"))
                self._private = tempfile.mkdtemp(prefix="safepip-store-")
                self._root = Path(self._private)
                return True
            return error.filename is None or not str(error.filename).startswith(self._private)

    def _bring(self, file: FileEntry, index: Index, acceptable: AcceptableDigests) -> Held:
        part, algorithms = self._part(), _algorithms(file, acceptable)
        try:
            with part.open("xb") as target:
                if index.kind.local:
                    digests = copy_local(file, target, algorithms, self._limits)
                else:
                    request = self._request(judge_link(file, index), file, index)
                    download = Download(
                        file=file, request=request, target=target, algorithms=algorithms, sink=self._sink
                    )
                    digests = download.run(self._http, self._patience, self._limits)
            check(file, acceptable, digests)
            path = self._path(digests.by_algorithm[Algorithm.SHA256], file.filename)
            self._move(part, path)
            return self._verified.setdefault((path, algorithms), Held(path=path, digests=digests))
        finally:
            part.unlink(missing_ok=True)

    def _request(self, url: Url, file: FileEntry, index: Index) -> Request:
        strong = bool(file.digests.strong)
        return Request(
            url=url,
            home=index.url,
            trust=index.trust,
            origin=place_of(file),
            max_bytes=self._limits.file_max_bytes,
            credentials=lambda hop: self._credentials.for_index(hop, index),
            refuses_redirect=lambda hop: refuses_file_host(hop, index, has_strong_digest=strong),
            allows_plaintext=allows_plaintext(index),
            subject=file.filename,
        )

    def _reread(self, path: Path, sha256: str, algorithms: frozenset[Algorithm]) -> Held | None:
        """A file of an earlier run; dropped where its bytes are no longer those of its address."""
        try:
            with open_regular(path) as stream:
                digests = hash_stream(stream, algorithms)
        except OSError:
            return None
        if digests.by_algorithm[Algorithm.SHA256] != sha256:
            path.unlink(missing_ok=True)
            return None
        return self._verified.setdefault((path, algorithms), Held(path=path, digests=digests))

    def _part(self) -> Path:
        """A new name beside the files; nothing that stands there is ever used."""
        incoming = self._root / "incoming"
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        return incoming / f"{secrets.token_hex(8)}.part"

    @staticmethod
    def _move(part: Path, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            part.replace(path)
        except FileNotFoundError:  # `cache purge` took the folder away while it was empty
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.replace(path)

    def _path(self, sha256: str, filename: str) -> Path:
        return self._root / "sha256" / sha256[:2] / sha256 / filename


def _disk_failure(file: FileEntry, error: OSError) -> ApplyError:
    return ApplyError(
        f"{file.filename} cannot be stored: {error.strerror or error}",
        reference="disk",
        hint="make room for temporary files",
    )


def _algorithms(file: FileEntry, acceptable: AcceptableDigests) -> frozenset[Algorithm]:
    return frozenset(file.digests.by_algorithm) | frozenset(acceptable.by_algorithm)


def _sha256_known(file: FileEntry, acceptable: AcceptableDigests) -> tuple[str, ...]:
    """Under which addresses the file may stand."""
    known = file.digests.sha256
    return (known,) if known else tuple(sorted(acceptable.by_algorithm.get(Algorithm.SHA256, ())))
