"""RECORD against the members it lists: complete and true, both ways.

Format: "Recording installed projects" (PEP 376, 627) and the wheel specification. pip does not
check it on installation; what it does not list is never noticed or removed again.
"""

from __future__ import annotations

import base64
import binascii
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from safepip.verify.names import Fault

STRONG = frozenset({"sha256", "sha384", "sha512"})
_HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")


@dataclass(frozen=True, slots=True)
class Row:
    """What RECORD says of one file; ``digest`` raw bytes, ``size`` None where not given."""

    algorithm: str
    digest: bytes
    size: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a member is.

    Attributes:
        digests: by algorithm; the one that RECORD names.
        head: its first bytes.
    """

    size: int
    digests: Mapping[str, bytes]
    head: bytes = b""


class BadRecord(ValueError):
    """RECORD cannot be read; the message says why."""


def parse(content: bytes) -> dict[str, Row | None]:
    """RECORD by path; None for a row without a digest. Raises BadRecord."""
    try:
        rows = list(csv.reader(content.decode("utf-8").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRecord(f"cannot be read: {error}") from error
    found: dict[str, Row | None] = {}
    for row in filter(None, rows):
        path, row_value = _row(row)
        if found.setdefault(path, row_value) != row_value:
            raise BadRecord(f"lists {path!r} twice, differently")
    return found


def _row(row: list[str]) -> tuple[str, Row | None]:
    path, digest, size = [*row, "", ""][:3]
    if len(row) > 3:  # path, digest, size
        raise BadRecord(f"has a row of {len(row)} columns for {path!r}")
    if not digest:
        return path, None
    algorithm, _, encoded = digest.partition("=")
    try:
        return path, Row(algorithm.lower(), _decoded(algorithm.lower(), encoded), int(size) if size else None)
    except (binascii.Error, ValueError):
        raise BadRecord(f"has an unreadable digest or size for {path!r}") from None


def _decoded(algorithm: str, encoded: str) -> bytes:
    """The digest's bytes: base64 as specified, or hexadecimal as a few build tools write it."""
    if len(encoded) == _HEX_LENGTH.get(algorithm):
        return bytes.fromhex(encoded)
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)


def compare(
    record: Mapping[str, Row | None], measured: Mapping[str, Measured], dist_info: str
) -> Iterator[Fault]:
    """What RECORD and the members do not agree about.

    Args:
        measured: every member that is a file, by name.
        dist_info: the folder whose RECORD it is: it and its signatures need no row.
    """
    exempt = {f"{dist_info}/{name}" for name in _UNLISTED}
    for name, found in measured.items():
        if name in exempt:
            continue
        if name not in record:
            yield Fault("record-mismatch", "has files that RECORD does not list", name)
            continue
        row = record[name]
        if row is None or row.algorithm not in STRONG:
            yield Fault("record-mismatch", "has files that RECORD lists without a strong digest", name)
        elif found.digests[row.algorithm] != row.digest or row.size not in {None, found.size}:
            yield Fault("record-mismatch", "has files that are not what RECORD says", name)
    for name in record.keys() - measured.keys() - exempt:
        yield Fault("record-mismatch", "lacks files that RECORD lists", name)
