"""JSON project pages (PEP 691, 700, 714, 740, 792; 708 and 752 as far as messages show them)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from packaging.utils import canonicalize_name

from safepip.core.digest import Digests
from safepip.core.index import FileEntry, Listing, ProjectStatus
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

_PLAIN_URL = re.compile(r"https://[A-Za-z0-9.:/_~+!-]+/([A-Za-z0-9_][A-Za-z0-9._+!~-]*)\Z")
"""Absolute URLs without anything to decode or doubt, as nearly all are; the name at their end."""

_SIZE_MAX = 1 << 62
"""Bytes; a larger number is no size, and sums of such could not be shown."""


def parse_json(text: str, page: Page) -> Listing:
    """Read a JSON page.

    Raises:
        PageError: no JSON object, another project's page, another major version, or a key whose
            type the standard does not allow.
    """
    document = _document(text)
    meta = _expect(document.get("meta", {}), dict, "meta")
    notes = check_api_version(_expect(meta.get("api-version", "1.0"), str, "meta.api-version"))
    _check_name(document, page)
    entries = Entries(page=page)
    base, shown = page.url.without_secrets, page.url.without_secrets
    for number, item in enumerate(_expect(document.get("files"), list, "files")):
        try:
            entries.add(_entry(item, base, shown, number))
        except EntryError as error:
            entries.keep_out(f"/files/{number}", error)
    status, reason = _status(document)
    return entries.listing(
        versions=_texts(document.get("versions"), "versions"),
        status=status,
        status_reason=reason,
        tracks=_texts(meta.get("tracks"), "meta.tracks"),
        alternate_locations=_texts(document.get("alternate-locations"), "alternate-locations"),
        namespaces=_namespaces(document.get("namespaces")),
        notes=notes,
    )


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PageError(f"is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise PageError("is no JSON object")
    return document


def _check_name(document: Mapping[str, Any], page: Page) -> None:
    name = _expect(document.get("name"), str, "name")
    if page.project is not None and canonicalize_name(name) != page.project:
        raise PageError(f"is the page of {name!r}, not of {page.project}")


def _entry(item: Any, base: str, shown: str, number: int) -> FileEntry:
    if not isinstance(item, dict):
        raise EntryError("it is no JSON object")
    get = item.get
    filename, reference, hashes = get("filename"), get("url"), get("hashes")
    if not (isinstance(filename, str) and isinstance(reference, str) and isinstance(hashes, dict)):
        raise EntryError("its filename, url or hashes is missing or of the wrong type")
    plain = _PLAIN_URL.match(reference)
    url = reference if plain else absolute(base, reference)
    if (plain[1] if plain else filename_of(url)) != filename:
        raise EntryError(f"it is called {filename!r}, but its URL ends in another name")
    uploaded, size, yanked = get("upload-time"), get("size"), get("yanked", False)
    return FileEntry(
        filename=filename,
        url=url,
        digests=digests_of(hashes),
        size=None if size is None else _size(size),
        upload_time=None if uploaded is None else _time(uploaded),
        requires_python=_text(get("requires-python"), "requires-python"),
        yanked=None if yanked is False else _yanked(yanked),
        sidecar=_sidecar(item),
        provenance=_text(get("provenance"), "provenance"),
        where=f"/files/{number}",
        page=shown,
    )


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _SIZE_MAX:
        raise EntryError("its size is no number of bytes")
    return value


def _time(value: Any) -> datetime:
    """``yyyy-mm-ddThh:mm:ss[.ffffff]Z`` (PEP 700)."""
    try:
        time = datetime.fromisoformat(value)
        in_utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise EntryError(f"its upload-time is unreadable: {value!r}") from None
    if time.tzinfo is None:
        raise EntryError(f"its upload-time has no time zone: {value!r}")
    return in_utc


def _text(value: Any, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise EntryError(f"its {name} is no text")


def _yanked(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "" if value else None
    raise EntryError("its yanked is neither true, false nor a text")


def _sidecar(item: Mapping[str, Any]) -> Digests | None:
    """``core-metadata`` counts; the old name only where it is missing (PEP 714)."""
    value = item["core-metadata"] if "core-metadata" in item else item.get("dist-info-metadata")
    if value is None or value is False:
        return None
    if value is True:
        return NO_DIGESTS
    if not isinstance(value, dict):
        raise EntryError("its core-metadata is neither true, false nor a table of digests")
    return digests_of(value) if value else None


def _status(document: Mapping[str, Any]) -> tuple[ProjectStatus, str]:
    table = document.get("project-status")
    if table is None:
        return ProjectStatus.ACTIVE, ""
    table = _expect(table, dict, "project-status")
    status = project_status(_expect(table.get("status", "active"), str, "project-status.status"))
    return status, _expect(table.get("reason") or "", str, "project-status.reason")


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    texts = _expect(value, list, name)
    if not all(isinstance(text, str) for text in texts):
        raise PageError(f"has something other than texts in {name!r}")
    return tuple(texts)


def _namespaces(value: Any) -> tuple[str, ...]:
    """Names of PEP 752 grants; ``null`` where no grant matches."""
    if value is None:
        return ()
    grants = _expect(value, list, "namespaces")
    return tuple(
        _expect(_expect(grant, dict, "namespaces").get("name"), str, "namespaces.name") for grant in grants
    )


def _expect(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise PageError(f"has no usable {name!r}")
    return value
