"""Digests, and which algorithms count. One table.

Only the SHA-2 digests of at least 256 bits prove anything here; the older ones can be forged, so
they never count *for* a file, but a wrong one still counts *against* it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType


class DigestError(ValueError):
    """The text is not ``algorithm:hex``; the message says why."""


class Algorithm(Enum):
    """A hash algorithm that indexes and files may name (simple API, PEP 503), weakest first."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"

    @property
    def strong(self) -> bool:
        """Whether a digest of this algorithm may admit a file."""
        return self in STRONG

    @property
    def hex_length(self) -> int:
        return _HEX_LENGTH[self]


_HEX_LENGTH = {
    Algorithm.MD5: 32,
    Algorithm.SHA1: 40,
    Algorithm.SHA224: 56,
    Algorithm.SHA256: 64,
    Algorithm.SHA384: 96,
    Algorithm.SHA512: 128,
}
STRONG = frozenset({Algorithm.SHA256, Algorithm.SHA384, Algorithm.SHA512})
_HEX = re.compile(r"[0-9a-f]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True, order=False)
class Digest:
    """One digest; ``hex`` is lower case and of the algorithm's length."""

    algorithm: Algorithm
    hex: str

    @classmethod
    def of(cls, algorithm: str, hex_digits: str) -> Digest:
        """Check and build.

        Raises:
            DigestError: unknown algorithm, wrong length, or not hexadecimal.
        """
        try:
            known = Algorithm(algorithm.lower())
        except ValueError:
            raise DigestError(f"unknown hash algorithm {algorithm!r}") from None
        lowered = hex_digits.lower()
        if len(lowered) != known.hex_length or not _HEX.match(lowered):
            raise DigestError(
                f"not a {known.value} digest ({known.hex_length} hexadecimal digits): {hex_digits!r}"
            )
        return cls(algorithm=known, hex=lowered)

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read ``sha256:…``, as ``--hash`` writes it. Raises DigestError."""
        algorithm, colon, digits = text.partition(":")
        if not colon:
            raise DigestError(f"expected ALGORITHM:HEX, got {text!r}")
        return cls.of(algorithm, digits)

    def __str__(self) -> str:
        return f"{self.algorithm.value}:{self.hex}"


@dataclass(frozen=True, slots=True)
class Digests:
    """What one source says about one file: at most one digest an algorithm."""

    by_algorithm: Mapping[Algorithm, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, digests: Iterable[Digest]) -> Digests:
        """Raises DigestError where one algorithm is given twice with different digests."""
        found: dict[Algorithm, str] = {}
        for digest in digests:
            if found.setdefault(digest.algorithm, digest.hex) != digest.hex:
                raise DigestError(f"two different {digest.algorithm.value} digests for one file")
        return cls(MappingProxyType(found))

    @property
    def strong(self) -> tuple[Digest, ...]:
        """The digests that may admit a file, strongest last."""
        return tuple(
            Digest(algorithm=a, hex=h)
            for a, h in sorted(self.by_algorithm.items(), key=lambda i: i[0].hex_length)
            if a.strong
        )

    @property
    def sha256(self) -> str | None:
        """The sha256, which is what tells files of several indexes apart; None if not given."""
        return self.by_algorithm.get(Algorithm.SHA256)

    def conflicts_with(self, other: Digests) -> tuple[Algorithm, ...]:
        """Algorithms that both name with different digests; empty if they agree."""
        return tuple(a for a, h in self.by_algorithm.items() if other.by_algorithm.get(a, h) != h)

    def __iter__(self) -> Iterator[Digest]:
        return (Digest(algorithm=a, hex=h) for a, h in self.by_algorithm.items())

    def __bool__(self) -> bool:
        return bool(self.by_algorithm)

    def __hash__(self) -> int:
        return hash(frozenset(self.by_algorithm.items()))


@dataclass(frozen=True, slots=True)
class AcceptableDigests:
    """What a requirement accepts: several digests an algorithm mean one per acceptable file.

    A file is accepted when, for *every* algorithm named, its digest is among those listed. Empty
    accepts nothing and stands for "no hash was given".
    """

    by_algorithm: Mapping[Algorithm, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, digests: Iterable[Digest]) -> AcceptableDigests:
        found: dict[Algorithm, set[str]] = {}
        for digest in digests:
            found.setdefault(digest.algorithm, set()).add(digest.hex)
        return cls(MappingProxyType({a: frozenset(h) for a, h in found.items()}))

    def accepts(self, digests: Digests) -> bool | None:
        """True or False where the known digests decide; None where the bytes must be hashed first."""
        if not self.by_algorithm:
            return None
        verdict: bool | None = True
        for algorithm, allowed in self.by_algorithm.items():
            known = digests.by_algorithm.get(algorithm)
            if known is None:
                verdict = None if verdict is True else verdict
            elif known not in allowed:
                return False
        return verdict

    @property
    def strong(self) -> bool:
        """Whether at least one strong algorithm is named."""
        return any(a.strong for a in self.by_algorithm)

    def __bool__(self) -> bool:
        return bool(self.by_algorithm)

    def __hash__(self) -> int:
        return hash(frozenset(self.by_algorithm.items()))
