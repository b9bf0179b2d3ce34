"""HTML as far as index pages need it: anchors with their texts, and the few tags around them.

Large pages are thousands of anchors in one simple form, between a head and a tail. Those anchors
are read by one regular expression; head, tail and every page that deviates from the form go through
:mod:`html.parser`, which costs ten times as much. A property test holds both to the same result.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from safepip.simpleapi.page import PageError

Attributes = dict[str, str]
"""Name in lower case → value; an attribute without value has the empty text. The first one counts."""

_SIMPLE_ATTRIBUTE = (
    r'[ \t\r\n]+[a-zA-Z][a-zA-Z0-9-]*(?:="[^"<>&]*(?:&(?:lt|gt|amp|quot|\#39|\#x27|\#34);[^"<>&]*)*")?'
)
_SIMPLE_ANCHOR = re.compile(rf"<a((?:{_SIMPLE_ATTRIBUTE})+)[ \t\r\n]*>([^<>&]*)</a>")
_ATTRIBUTE = re.compile(r'([a-zA-Z][a-zA-Z0-9-]*)(?:="([^"]*)")?')
_GAP = re.compile(r"[ \t\r\n]*(?:<br[ ]?/?>)?[ \t\r\n]*\Z")
_INTERESTING = frozenset({"a", "base", "meta", "title", "h1", "html", "body"})
_BROKEN_MAX = 10
_HIDDEN = frozenset({"script", "style", "head", "title", "template"})


@dataclass(frozen=True, slots=True)
class Anchor:
    """One ``<a>``: attributes, text with white space stripped, 1-based line."""

    attributes: Attributes
    text: str
    line: int


@dataclass(slots=True)
class Tokens:
    """What a page holds.

    Attributes:
        anchors: in the page's order.
        base: ``href`` of the first ``<base>`` that has one; None if there is none.
        metas: ``name``, ``content`` of each ``<meta name=…>``.
        title: text of ``<title>`` and the ``<h1>``s.
        is_html: whether there was any ``<html>``, ``<body>``, ``<title>`` or ``<a>``.
        asks: whether there is a form, an input or a script, which no index page has.
        visible: whether the body has text outside of anchors and headings.
    """

    anchors: list[Anchor] = field(default_factory=list)
    base: str | None = None
    metas: list[tuple[str, str]] = field(default_factory=list)
    title: str = ""
    is_html: bool = False
    asks: bool = False
    visible: bool = False


def tokenize(text: str) -> Tokens:
    """Read a page, fast if its anchors have the simple form."""
    return _tokenize_simple(text) or tokenize_any(text)


def tokenize_any(text: str) -> Tokens:
    """Read any page with :mod:`html.parser`."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.finish()


def _tokenize_simple(text: str) -> Tokens | None:
    """None where the page deviates from the simple form in any way."""
    anchors: list[Anchor] = []
    line, counted, end = 1, 0, -1
    first = 0
    for match in _SIMPLE_ANCHOR.finditer(text):
        start = match.start()
        if end < 0:
            first = start
        elif not _GAP.match(text, end, start):
            return None
        line += text.count("\n", counted, start)
        counted, end = start, match.end()
        anchors.append(Anchor(_attributes(match[1]), match[2].strip(), line))
    if end < 0:
        return None
    return _around(text[:first], anchors, text[end:])


def _around(head: str, anchors: list[Anchor], tail: str) -> Tokens | None:
    """Head and tail by the full parser; None where one of them holds anchors, or an open element."""
    reader = _Reader()
    reader.feed(head)
    if reader.rawdata or not reader.neutral:
        return None
    reader.feed(tail)
    reader.close()
    tokens = reader.finish()
    if tokens.anchors:
        return None
    tokens.anchors, tokens.is_html = anchors, True
    return tokens


def _attributes(text: str) -> Attributes:
    found: Attributes = {}
    for name, value in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), unescape(value) if "&" in value else value)
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._tokens = Tokens()
        self._open: tuple[Attributes, int] | None = None
        self._text: list[str] = []
        self._hidden: Counter[str] = Counter()
        self._broken = 0
        self._heading = 0
        self._pieces: list[str] = []

    @property
    def neutral(self) -> bool:
        """Whether an anchor that follows would be read as an anchor of the body."""
        return self._open is None and not self._hidden and not self._heading and self.cdata_elem is None

    def finish(self) -> Tokens:
        self._end_anchor()
        self._tokens.title = " ".join(" ".join(self._pieces).split())
        return self._tokens

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tokens = self._tokens
        if tag in {"html", "body", "title", "a"}:
            tokens.is_html = True
        if tag in {"form", "input", "script", "iframe"}:
            tokens.asks = True
        if tag in _HIDDEN and tag != "head":
            self._hidden[tag] += 1
        if tag == "h1":
            self._heading += 1
        if tag in _INTERESTING:
            self._take(tag, attrs)

    def _take(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes: Attributes = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")
        if tag == "a":
            self._end_anchor()
            self._open, self._text = (attributes, self.getpos()[0]), []
        elif tag == "base" and self._tokens.base is None and "href" in attributes:
            self._tokens.base = attributes["href"]
        elif tag == "meta" and "name" in attributes:
            self._tokens.metas.append((attributes["name"].lower(), attributes.get("content", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_anchor()
        elif tag == "h1":
            self._heading = max(0, self._heading - 1)
        elif tag in self._hidden:
            self._hidden[tag] -= 1
            self._hidden = +self._hidden  # without those that reached zero

    def handle_data(self, data: str) -> None:
        if data[:1] == "<" and len(data) > 1:
            self._count_broken()
        if self._open is not None:
            self._text.append(data)
        elif self._heading or "title" in self._hidden:
            self._pieces.append(data)
        elif not self._hidden and data.strip():
            self._tokens.visible = True

    def _count_broken(self) -> None:
        """Tags without an end are text; each costs html.parser a search through the whole rest."""
        self._broken += 1
        if self._broken > _BROKEN_MAX:
            raise PageError(f"holds more than {_BROKEN_MAX} tags without an end")

    def _end_anchor(self) -> None:
        if self._open is not None:
            attributes, line = self._open
            self._tokens.anchors.append(Anchor(attributes, "".join(self._text).strip(), line))
            self._open = None
