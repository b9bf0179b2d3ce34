"""A mirror: a folder that pip, uv and safepip can install from, made of the files of locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.finding import Finding
from safepip.core.kept import Saved
from safepip.core.value import value

SIMPLE = "simple"
"""The folder of the index, inside the mirror's."""


@value
class MirroredFile:
    """One file as the mirror's pages list it.

    Attributes:
        sha256: of the bytes, 64 hexadecimal digits.
        size: in bytes.
        upload_time: when its own index got it; None where the lock does not say.
        requires_python: from the file's own metadata; None if it says nothing that can be read.
        metadata_sha256: of the sidecar with a wheel's METADATA (PEP 658); None: there is none.
    """

    project: NormalizedName
    version: Version
    filename: str
    sha256: str
    size: int
    upload_time: datetime | None = None
    requires_python: str | None = None
    metadata_sha256: str | None = None


@value
class Examined:
    """What looking into one verified file gave.

    Attributes:
        findings: what is wrong with it.
        requires_python: specifier text as its metadata writes it; None if there is none.
        metadata: METADATA of a wheel; None for a source archive.
    """

    findings: tuple[Finding, ...] = ()
    requires_python: str | None = None
    metadata: bytes | None = field(repr=False, default=None)


class MirrorFolder(Protocol):
    """The folder of a mirror, or of a wheelhouse: the same files without pages."""

    def begin(self) -> None:
        """Make the folder, and keep other commands from changing it meanwhile. Raises CommandError."""

    def listed(self) -> tuple[MirroredFile, ...]:
        """What its pages list now.

        Raises CommandError for pages that are not a mirror's of safepip.
        """

    def is_sound(self, file: MirroredFile) -> bool:
        """Whether file and sidecar stand there with the bytes that the pages promise."""

    def save(self, file: MirroredFile, source: Path, metadata: bytes | None) -> Saved:
        """Put a verified file there, and its sidecar. Raises CommandError."""

    def publish(self, pages: Mapping[str, bytes]) -> None:
        """Write pages, by their paths below the folder of the index; a wheelhouse has none. Raises CommandError."""

    def others(self, filenames: Sequence[str]) -> tuple[str, ...]:
        """Archives that stand in a wheelhouse besides these."""

    def close(self) -> None:
        """Let others change the folder."""
