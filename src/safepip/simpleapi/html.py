"""HTML project pages (PEP 503, 592, 629, 658, 714, 740, 792), and pages of links.

Frozen at version 1.4 of the simple API (PEP 833): no sizes, no upload times, one digest a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypedDict

from safepip.core.digest import Digests
from safepip.core.index import FileEntry, Listing, ProjectStatus
from safepip.core.url import Url, UrlError
from safepip.simpleapi.filenames import is_archive
from safepip.simpleapi.page import (
    NO_DIGESTS,
    Entries,
    EntryError,
    Page,
    PageError,
    absolute,
    check_api_version,
    digests_of,
    filename_of,
    project_status,
)
from safepip.simpleapi.tokens import Anchor, Tokens, tokenize

_INDEX_TITLE = re.compile(r"\b(links for|simple index|index of|directory listing for)\b", re.IGNORECASE)
_OLD_PACKAGES = (".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg")
"""What the first indexes held besides archives; nobody installs them, but their pages are index pages."""
_NOT_A_FILE = ("#", "?", "javascript:", "mailto:")


def parse_html(text: str, page: Page) -> Listing:
    """Read an HTML page.

    Raises:
        PageError: no index page at all, another major version, an unusable ``<base>``, an unknown
            project status.
    """
    tokens = tokenize(text)
    base = _base(tokens, page.url)
    shown = page.url.without_secrets
    entries = Entries(page=page)
    for anchor in tokens.anchors:
        _add(anchor, base, shown, entries)
    metas = _metas(tokens)
    notes = check_api_version(metas.get("pypi:repository-version", ["1.0"])[0])
    if not _links_archives(tokens, entries):
        _check_is_index_page(tokens, has_version="pypi:repository-version" in metas)
    status = metas.get("pypi:project-status")
    return entries.listing(
        status=project_status(status[0]) if status else ProjectStatus.ACTIVE,
        status_reason=metas.get("pypi:project-status-reason", [""])[0],
        tracks=tuple(metas.get("pypi:tracks", ())),
        alternate_locations=tuple(metas.get("pypi:alternate-locations", ())),
        notes=notes,
    )


def single_file(url: Url) -> FileEntry:
    """A file that is named by its URL instead of a page of links.

    Raises:
        PageError: its name or digest is malformed.
    """
    text = url.without_secrets
    try:
        bare = absolute(text, text)
        return FileEntry(filename=filename_of(bare), url=bare, digests=_fragment_digests(text), page=bare)
    except EntryError as error:
        raise PageError(f"is a file that cannot be used: {error}") from None


def _base(tokens: Tokens, url: Url) -> str:
    """What relative links start from: the first ``<base href>``, else the page."""
    if tokens.base is None:
        return url.without_secrets
    try:
        base = url.join(tokens.base)
    except UrlError as error:
        raise PageError(f"has an unusable <base href>: it {error}") from None
    if base.scheme != url.scheme:
        raise PageError(
            f"has a <base href> with {base.scheme!r}, so its relative links would leave {url.scheme}",
            rule="plaintext-link",
        )
    if base.credentials:
        raise PageError("has a <base href> with credentials")
    return base.without_secrets


def _metas(tokens: Tokens) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, content in tokens.metas:
        if name.startswith("pypi:"):
            found.setdefault(name, []).append(content)
    return found


def _add(anchor: Anchor, base: str, shown: str, entries: Entries) -> None:
    href = anchor.attributes.get("href")
    if not href or href.startswith(_NOT_A_FILE):
        return
    where = f"line {anchor.line}"
    try:
        url = absolute(base, href)
        if url.partition("?")[0].endswith("/"):
            return
        filename = filename_of(url)
        if entries.page.project is None:
            if not is_archive(filename):
                return
        else:
            _check_text(anchor.text, filename)
        entries.add(
            FileEntry(
                filename=filename,
                url=url,
                digests=_fragment_digests(href),
                where=where,
                page=shown,
                **_attributes(anchor.attributes),
            )
        )
    except EntryError as error:
        entries.keep_out(where, error)


def _links_archives(tokens: Tokens, entries: Entries) -> bool:
    """Whether any link leads to a package, be it one that is left out; a login form's lead elsewhere."""
    if any(map(is_archive, entries.found)):
        return True
    paths = (re.split("[?#]", anchor.attributes.get("href", ""), maxsplit=1)[0] for anchor in tokens.anchors)
    return any(is_archive(path) or path.lower().endswith(_OLD_PACKAGES) for path in paths)


def _check_text(text: str, filename: str) -> None:
    """The text must be the file name. A web server's own listing may cut it (``demo-1.0-py3-no..>``)."""
    shortened = text.endswith("..>") and len(text) > len("..>") and filename.startswith(text[:-3])
    if text != filename and not shortened:
        raise EntryError(f"it is called {text[:100]!r}, but its URL ends in {filename!r}")


class _Attributes(TypedDict):
    requires_python: str | None
    yanked: str | None
    sidecar: Digests | None
    provenance: str | None


def _attributes(given: Mapping[str, str]) -> _Attributes:
    """What the ``data-`` attributes say; ``data-core-metadata`` before its old name (PEP 714)."""
    return {
        "requires_python": given.get("data-requires-python") or None,
        "yanked": given.get("data-yanked"),
        "sidecar": _sidecar(given.get("data-core-metadata", given.get("data-dist-info-metadata"))),
        "provenance": given.get("data-provenance") or None,
    }


def _fragment_digests(href: str) -> Digests:
    """``#sha256=…``; several joined by ``&`` must name different algorithms."""
    fragment = href.partition("#")[2]
    if not fragment:
        return NO_DIGESTS
    named: dict[str, object] = {}
    for piece in fragment.split("&"):
        name, equals, value = piece.partition("=")
        if equals and named.setdefault(name, value) != value:
            raise EntryError(f"it has two different {name} digests")
    return digests_of(named)


def _sidecar(value: str | None) -> Digests | None:
    if value is None or value in {"false", ""}:
        return None
    if value == "true":
        return NO_DIGESTS
    name, equals, digest = value.partition("=")
    if not equals:
        raise EntryError(f"its data-core-metadata is unreadable: {value[:100]!r}")
    return digests_of({name: digest})


def _check_is_index_page(tokens: Tokens, *, has_version: bool) -> None:
    """A page without files means "absent" only if it is an index page: a login form is not."""
    if not tokens.is_html:
        raise PageError("is no HTML page")
    if tokens.asks:
        raise PageError(
            "lists no file and holds a form or a script: a login or error page, not an index page"
        )
    if has_version or _INDEX_TITLE.search(tokens.title):
        return
    if tokens.visible or tokens.title or tokens.anchors:
        raise PageError("lists no file and does not look like an index page")
