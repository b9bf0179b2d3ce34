"""Core metadata as far as resolving needs it, from its text or from inside a wheel."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from email.errors import MessageError
from email.parser import HeaderParser
from typing import BinaryIO

from safepip.core.errors import VerificationError
from safepip.core.index import WheelMetadata
from safepip.core.origin import Layer, Origin, Place

_SUFFIX = ".dist-info/METADATA"
_BROKEN = "the file is broken; tell its author, or choose another version"
_DAMAGE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error,
    NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError,
)  # fmt: skip
"""What zipfile and the decompressors raise over bytes that are no wheel."""


def parse_metadata(raw: bytes, source: str, filename: str) -> WheelMetadata:
    """Read METADATA.

    Args:
        source: ``sidecar``, ``range``, ``wheel``, ``sdist`` or ``build``.
        filename: for messages.

    Raises:
        VerificationError: no name or version, or more than one.
    """
    # The description is neither needed nor parsed; headers are ASCII where they matter.
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    try:
        message = HeaderParser().parsestr(head.decode("utf-8", "surrogateescape") + "\n\n")
    except MessageError as error:
        raise _wrong(filename, f"cannot be parsed: {error}") from None
    required = {name: [str(v).strip() for v in message.get_all(name, [])] for name in ("Name", "Version")}
    for name, values in required.items():
        if len(values) != 1 or not values[0]:
            raise _wrong(filename, f"names {len(values) or 'no'} {name}")
    requires_python = [str(v).strip() for v in message.get_all("Requires-Python", [])]
    if len(requires_python) > 1:
        raise _wrong(filename, "has several Requires-Python")
    return WheelMetadata(
        name=required["Name"][0],
        version=required["Version"][0],
        requires_dist=tuple(_unfolded(v) for v in message.get_all("Requires-Dist", [])),
        requires_python=requires_python[0] if requires_python and requires_python[0] else None,
        provides_extra=frozenset(str(v).strip() for v in message.get_all("Provides-Extra", [])),
        raw=raw,
        source=source,
    )


def read_metadata(wheel: BinaryIO, filename: str, max_bytes: int) -> bytes:
    """METADATA from inside a wheel, reading no more of it than needed.

    Raises:
        VerificationError: no wheel, no METADATA or several, or one larger than ``max_bytes``.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = _member(archive, filename)
            if member.file_size > max_bytes:
                raise _wrong(filename, f"is larger than {max_bytes:,} bytes")
            with archive.open(member) as stream:
                raw = stream.read(max_bytes + 1)
    except OSError as error:
        if error.errno is not None:  # the disk's failure; that of bz2 over damaged bytes has none
            raise
        raise _no_wheel(filename, error) from None
    except _DAMAGE as error:
        raise _no_wheel(filename, error) from None
    if len(raw) > max_bytes:
        raise _wrong(filename, f"is larger than {max_bytes:,} bytes")
    return raw


def _member(archive: zipfile.ZipFile, filename: str) -> zipfile.ZipInfo:
    found = [m for m in archive.infolist() if m.filename.endswith(_SUFFIX) and m.filename.count("/") == 1]
    if len(found) != 1:
        raise _wrong(filename, f"stands {len(found)} times in the wheel")
    return found[0]


def _no_wheel(filename: str, error: Exception) -> VerificationError:
    return VerificationError(
        f"{filename} is no readable wheel: {error}",
        reference="record-mismatch",
        origin=_at(filename),
        hint=_BROKEN,
    )


def _unfolded(value: object) -> str:
    return " ".join(str(value).split())


def _wrong(filename: str, what: str) -> VerificationError:
    return VerificationError(
        f"the metadata of {filename} {what}",
        reference="metadata-mismatch",
        origin=_at(filename),
        hint=_BROKEN,
    )


def _at(filename: str) -> Origin:
    return Origin(layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=filename)
