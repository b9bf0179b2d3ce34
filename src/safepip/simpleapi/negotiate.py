"""What to ask an index for, and which parser reads the answer."""

from __future__ import annotations

import codecs

from packaging.utils import NormalizedName

from safepip.core.index import Listing
from safepip.core.limits import Limits
from safepip.core.url import Url
from safepip.simpleapi.json import parse_json
from safepip.simpleapi.page import Page, PageError

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPES = frozenset({"application/vnd.pypi.simple.v1+html", "text/html"})
ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
"""As the specification recommends: JSON first, HTML where the index knows nothing better."""

_CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1"})
"""Names by :mod:`codecs`. Others (UTF-7 above all) let a page read differently than it looks."""


def parse_page(
    body: bytes,
    content_type: str,
    page_url: Url,
    project: NormalizedName | None,
    *,
    index_name: str,
    limits: Limits,
) -> Listing:
    """Read an index page.

    Args:
        body: decoded from its content coding.
        content_type: the header as sent; empty if there was none.
        page_url: where the page came from, after redirects.
        project: whose page it should be; None for a page of links, which serves many.

    Raises:
        PageError: the page is no answer that can be relied on.
    """
    media_type, charset = _media_type(content_type)
    page = Page(url=page_url, project=project, index=index_name, limits=limits)
    if media_type == JSON_TYPE:
        if charset != "utf-8":
            raise PageError(f"is JSON in {charset}, where only UTF-8 is allowed")
        return parse_json(_decode(body, charset), page)
    if media_type in HTML_TYPES:
        # Loading it takes as long as reading a page, and most indexes answer in JSON.
        from safepip.simpleapi.html import parse_html

        return parse_html(_decode(body, charset), page)
    described = repr(media_type) if media_type else "no content type"
    raise PageError(f"has {described}, which is none of the simple API's")


def _media_type(header: str) -> tuple[str, str]:
    """Media type in lower case, and the charset by its :mod:`codecs` name."""
    media_type, *parameters = header.split(";")
    charset = "utf-8"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"')
    return media_type.strip().lower(), _known_charset(charset)


def _known_charset(name: str) -> str:
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        known = ""
    if known not in _CHARSETS:
        raise PageError(f"is in the character set {name!r}; UTF-8, ASCII and Latin-1 are read")
    return known


def _decode(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise PageError(f"is no valid {charset}: {error.reason} at byte {error.start}") from None
