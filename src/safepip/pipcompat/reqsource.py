"""One requirement or constraint file: where it is, who names it, and its bytes.

Files are asked for through a port; nothing is fetched or opened here.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Protocol
from urllib.parse import urljoin

from safepip.core.errors import ExitCode, Refused, RequirementFileError, Undecided
from safepip.core.finding import Finding
from safepip.core.origin import Origin
from safepip.core.url import Url, UrlError
from safepip.pipcompat.address import local_path
from safepip.pipcompat.callbacks import is_lock_name, is_remote
from safepip.pipcompat.reqline import NestedFile

_SCHEME = re.compile(r"^(http|https|file):", re.IGNORECASE)
_LOCAL_SCHEME = re.compile(r"^file:", re.IGNORECASE)


class Files(Protocol):
    """What is asked of the world; :class:`safepip.core.ports.Files` has it."""

    def read_bytes(self, path: str) -> bytes:
        """Raises OSError."""

    def exists(self, path: str) -> bool: ...

    def is_dir(self, path: str) -> bool: ...

    def fetch_text(self, url: str) -> bytes:
        """A remote file over verified HTTPS. Raises Refused, Undecided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file on the way down.

    Attributes:
        location: path or URL, resolved against the file that names it.
        constraint: whether its lines only constrain.
        origin: who names it.
        ancestors: the files above and the file itself, each with the one that named it.
    """

    location: str
    constraint: bool
    origin: Origin
    ancestors: Mapping[str, str | None]
    remote: bool = field(init=False)
    """Whether it comes over the network; asked for every line."""

    def __post_init__(self) -> None:
        remote = is_remote(self.location) and not _LOCAL_SCHEME.match(self.location)
        object.__setattr__(self, "remote", remote)

    @property
    def place(self) -> str:
        """What messages call it: no credentials."""
        if not self.remote:
            return self.location
        try:
            return Url.parse(self.location).without_secrets
        except UrlError:
            return self.location.partition(":")[0] + "://…"

    def nested(self, named: NestedFile, *, deepest: int) -> Source:
        """The file that a line of this one names.

        Args:
            deepest: how many files may be inside each other.

        Raises:
            RequirementFileError: it names itself, it is too deep, or a lock.
            Refused: a remote file names a local one.
        """
        location = self._resolved(named)
        if location in self.ancestors:
            first = self.ancestors[location]
            raise RequirementFileError(
                f"{location} recursively references itself in {self.location}"
                + (f" and again in {first}" if first else ""),
                reference="requirement-file",
                origin=named.origin,
                hint="delete one of the lines",
            )
        if len(self.ancestors) >= deepest:
            raise RequirementFileError(
                f"more than {deepest} requirement files inside each other",
                reference="requirement-file",
                origin=named.origin,
                hint="name the innermost one directly",
            )
        found = Source(
            location=location,
            constraint=named.constraint,
            origin=named.origin,
            ancestors={**self.ancestors, location: self.location},
        )
        refuse_lock(found)
        return found

    def _resolved(self, named: NestedFile) -> str:
        """Against the URL or the folder of this file."""
        if not _SCHEME.match(self.location):
            if _SCHEME.match(named.path):
                return named.path
            return os.path.normpath(PurePath(self.location).parent / named.path)
        try:
            location = urljoin(self.location, named.path)
        except ValueError as error:
            raise RequirementFileError(
                f"not a URL: {named.path}: {error}",
                reference="requirement-file",
                origin=named.origin,
                hint="correct the URL",
            ) from None
        if self.remote and not location.lower().startswith(("http:", "https:")):
            raise reaches_local("a remote file names something on this machine", named.origin)
        return location


def content_of(source: Source, files: Files) -> bytes:
    """The bytes of a file.

    Raises:
        RequirementFileError: it cannot be opened, in pip's words.
        Refused, Undecided: a remote one that does not come; said of the line that names it.
    """
    if source.remote:
        return _fetched(source, files)
    try:
        return files.read_bytes(path_of(source))
    except (OSError, ValueError) as error:
        kind = "constraint" if source.constraint else "requirements"
        raise RequirementFileError(
            f"Could not open {kind} file: {error}",
            reference="requirement-file",
            origin=source.origin,
            hint="check the path; it is relative to the folder of the file that names it",
        ) from None


def path_of(source: Source) -> str:
    """Where a file of this machine is. Raises ValueError."""
    if not _LOCAL_SCHEME.match(source.location):
        return source.location
    if not source.location[len("file:") :].startswith("/"):
        # pip looks for file:r.txt in the root folder, whoever writes it means the one beside it.
        raise ValueError(f"no absolute path in the URL: {source.location!r}")
    return local_path(source.location)


def refuse_lock(source: Source) -> None:
    """Raise where pip would take the file for a lock, which is no requirement file."""
    if is_lock_name(source.location):
        raise RequirementFileError(
            "a lock file (pylock.toml) is no requirement file, and cannot be read as one",
            reference="lock-file",
            origin=source.origin,
            hint="install from it with -r on the command line: safepip install -r pylock.toml",
        )


def reaches_local(message: str, origin: Origin) -> Refused:
    """What refuses a remote file that would use something of this machine."""
    finding = Finding(
        rule="remote-reaches-local",
        message=message,
        origin=origin,
        help="download the file, read it, and name the local copy",
        decided_by="safepip's default (no setting allows it)",
    )
    return Refused([finding])


def _fetched(source: Source, files: Files) -> bytes:
    url = _parsed(source)
    if url.scheme != "https":
        raise Refused([_plaintext(url, source.origin)])
    try:
        return files.fetch_text(source.location)
    except Undecided as error:
        error.origin = source.origin
        raise
    except Refused as refused:
        findings = [replace(finding, origin=source.origin) for finding in refused.findings]
        raise Refused(findings, exit_code=ExitCode(refused.exit_code)) from None


def _parsed(source: Source) -> Url:
    try:
        return Url.parse(source.location)
    except UrlError as error:
        raise RequirementFileError(
            f"the URL of a requirement file {error}",
            reference="requirement-file",
            origin=source.origin,
            hint="write it as https://HOST/PATH",
        ) from None


def _plaintext(url: Url, origin: Origin) -> Finding:
    return Finding(
        rule="plaintext-link",
        message="a requirement file is read over http: anyone on the way can change what it says",
        origin=origin,
        subject=url.host,
        help="use https, or download the file and name the local copy",
        decided_by="safepip's default (no setting allows plaintext)",
    )
