"""What both page formats share: when a page, or one file on it, is malformed.

A page that cannot be relied on as a whole is a :class:`PageError`. One malformed file is left out
with a note, because anybody who may upload could otherwise hide a whole project.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote, urljoin

from packaging.utils import NormalizedName

from safepip.core.digest import Algorithm, DigestError, Digests
from safepip.core.index import FileEntry, Listing, ProjectStatus
from safepip.core.limits import Limits
from safepip.core.url import Url
from safepip.core.value import value

KNOWN_MINOR = 5
"""Newest minor version of the simple API whose fields are read (1.5 is reserved by PEP 752)."""

NO_DIGESTS = Digests()
_ALGORITHMS = {algorithm.value: algorithm for algorithm in Algorithm}
_HEX_64 = re.compile(r"[0-9a-f]{64}\Z")
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\Z")
_ODD_REFERENCE = re.compile(r"[\x00-\x20\\\x7f-\xa0\u2028\u2029\ud800-\udfff]")
_FILENAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+!~@-]*\Z")
_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_BELOW = re.compile(r"((?:\.\./)*)((?:[A-Za-z0-9_][A-Za-z0-9._+!~%-]*/)*[A-Za-z0-9_][A-Za-z0-9._+!~%-]*)\Z")
"""References that climb, then descend through plainly named folders: ascent and descent."""
_NOTES_MAX = 5
_NOTE_MAX_CHARS = 300


class PageError(ValueError):
    """The page is no answer that can be relied on; the message says why.

    Attributes:
        rule: id of the rule that the page breaks.
    """

    def __init__(self, message: str, *, rule: str = "index-unavailable") -> None:
        super().__init__(message)
        self.rule = rule


class EntryError(ValueError):
    """One file of the page is malformed; the message says why."""


@value
class Page:
    """Where a page stands and what it is asked to be.

    Attributes:
        url: final URL of the page, which relative links start from.
        project: whose page it should be; None for a page of links, which serves many.
        index: name of the index.
    """

    url: Url
    project: NormalizedName | None
    index: str
    limits: Limits


@dataclass(slots=True, kw_only=True)
class Entries:
    """Collects the files of one page and keeps malformed ones out."""

    page: Page
    found: dict[str, FileEntry] = field(default_factory=dict)
    kept_out: list[str] = field(default_factory=list)

    def add(self, entry: FileEntry) -> None:
        """Raises PageError where one name stands for two files, or there are too many files."""
        known = self.found.setdefault(entry.filename, entry)
        if known is not entry:
            self._check_same(known, entry)
        elif len(self.found) > self.page.limits.listed_files_max:
            raise PageError(f"lists more than {self.page.limits.listed_files_max} files")

    def keep_out(self, where: str, error: EntryError) -> None:
        self.kept_out.append(
            f"{self.page.url.without_secrets} ({where}): left out: {str(error)[:_NOTE_MAX_CHARS]}"
        )

    def listing(
        self, *, versions: tuple[str, ...] = (), status: ProjectStatus, notes: tuple[str, ...], **more: object
    ) -> Listing:
        """The finished listing. ``more`` are further fields of :class:`Listing`."""
        excess = len(self.kept_out) - _NOTES_MAX
        shown = (*self.kept_out[:_NOTES_MAX], *([f"and {excess} more files left out"] if excess > 0 else []))
        return Listing(
            project=self.page.project or NormalizedName(""),
            index=self.page.index,
            files=tuple(self.found.values()),
            versions=versions,
            status=status,
            notes=(*notes, *shown),
            **more,  # type: ignore[arg-type]  # names and types are the two parsers' business
        )

    @staticmethod
    def _check_same(known: FileEntry, other: FileEntry) -> None:
        digests = set(known.digests.strong) & set(other.digests.strong)
        agree = digests and not known.digests.conflicts_with(other.digests)
        if not agree and (known.url != other.url or known.digests != other.digests):
            raise PageError(f"lists {known.filename} twice, as two different files")


def check_api_version(text: str) -> tuple[str, ...]:
    """Notes on a version marker (PEP 629).

    Raises:
        PageError: not ``Major.Minor``, or a major version other than 1.
    """
    match = _VERSION.match(text)
    if not match:
        raise PageError(f"has the unreadable API version {text!r}")
    if match[1] != "1":
        raise PageError(f"speaks version {text} of the simple API; safepip knows version 1")
    if int(match[2]) > KNOWN_MINOR:
        return (f"the page speaks version {text} of the simple API; safepip knows 1.{KNOWN_MINOR}",)
    return ()


def project_status(text: str) -> ProjectStatus:
    """Raises PageError for a status that PEP 792 does not know: what it forbids is unknown."""
    try:
        return ProjectStatus(text)
    except ValueError:
        raise PageError(f"gives the unknown project status {text!r}") from None


def absolute(base: str, reference: str) -> str:
    """The URL text of a reference, without its fragment, still unjudged.

    Raises:
        EntryError: characters that ``urljoin`` would drop or readers take differently.
    """
    if bad := _ODD_REFERENCE.search(reference):
        raise EntryError(f"its URL contains the character {bad[0]!r}")
    bare = reference.partition("#")[0]
    if bare.startswith("https://"):
        return bare
    if simple := _BELOW.match(bare):
        return _folder(base, simple[1]) + simple[2]
    try:
        return bare if _ABSOLUTE.match(bare) else urljoin(base, bare)
    except ValueError as error:
        raise EntryError(f"its URL is unreadable: {error}") from None


@lru_cache(maxsize=64)
def _folder(base: str, ascent: str) -> str:
    """What ``../../`` means; pages repeat the same ascent thousands of times, and urljoin is slow."""
    return urljoin(base, ascent or ".")


def filename_of(url: str) -> str:
    """Last path segment of a URL text, percent-decoded once.

    Raises:
        EntryError: it is no plain file name.
    """
    name = url.partition("?")[0].rpartition("/")[2]
    if "%" in name:
        name = unquote(name)
    if not _FILENAME.match(name):
        raise EntryError(f"{name!r} is no file name")
    return name


def digests_of(named: Mapping[str, object]) -> Digests:
    """Digests of known algorithms; others are ignored.

    Raises:
        EntryError: not hexadecimal, or of the wrong length.
    """
    if len(named) == 1:
        text = named.get("sha256")
        if isinstance(text, str) and _HEX_64.match(text):
            return Digests(MappingProxyType({Algorithm.SHA256: text}))
    found: dict[Algorithm, str] = {}
    for name, text in named.items():
        algorithm = _ALGORITHMS.get(name.lower())
        if algorithm is None:
            continue
        if not isinstance(text, str):
            raise EntryError(f"its {name} digest is no text")
        if found.setdefault(algorithm, _digest(algorithm, text)) != text.lower():
            raise EntryError(f"it has two different {name} digests")
    return Digests(MappingProxyType(found)) if found else NO_DIGESTS


def _digest(algorithm: Algorithm, text: str) -> str:
    from safepip.core.digest import Digest

    try:
        return Digest.of(algorithm.value, text).hex
    except DigestError as error:
        raise EntryError(f"its digest is {error}") from None
