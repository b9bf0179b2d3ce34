"""URLs in policy: which ones a list of patterns admits, and when two name the same index.

A pattern is a whole URL or a prefix that ends in ``/*``, so that ``https://files.example/*`` can
never admit ``https://files.example.attacker.example/``. User names play no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from safepip.core.url import Url, UrlError

_ANY_HOST = re.compile(r"[a-z][a-z0-9+.-]*://\*\Z", re.IGNORECASE)
_Key = tuple[str, tuple[str, str, int | None] | None, str, str]
"""Scheme, origin, path and query; origin None for any host."""
_EMPTY_HOST = re.compile(r"[^:/?#]+:///", re.IGNORECASE)


def check_url_pattern(pattern: str) -> None:
    """Raises UrlError for what is neither a URL, nor a URL that ends in ``/*``, nor ``https://*``."""
    _parsed(pattern)


def admits_url(patterns: Iterable[str], url: Url) -> bool:
    """Whether one of the patterns covers the URL. Empty admits nothing.

    A path with ``.`` or ``..`` segments, escaped or not, is covered by whole-host patterns only:
    the server may read it as another path.
    """
    return any(_covers(_parsed(pattern), url) for pattern in patterns)


def url_pattern_covers(outer: str, inner: str) -> bool:
    """Whether everything that ``inner`` admits is admitted by ``outer`` too."""
    return bool(covered_by([outer], [inner]))


def covered_by(wide: Sequence[str], narrow: Iterable[str]) -> list[str]:
    """Those of the second list that one of the first covers."""
    whole, prefixes = _by_key(wide)
    return [pattern for pattern in narrow if _is_covered(_parsed(pattern), whole, prefixes)]


def meet_url_patterns(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """Patterns that admit what both lists admit: two patterns either nest or share nothing."""
    return tuple(dict.fromkeys([*covered_by(other, one), *covered_by(one, other)]))


def _by_key(patterns: Iterable[str]) -> tuple[set[_Key], set[_Key]]:
    """The whole URLs and the prefixes, to be looked up: comparing each with each would take minutes."""
    whole: set[_Key] = set()
    prefixes: set[_Key] = set()
    for pattern in map(_parsed, patterns):
        (prefixes if pattern.any_path else whole).add(pattern.key)
    return whole, prefixes


def _is_covered(narrow: _Pattern, whole: set[_Key], prefixes: set[_Key]) -> bool:
    if (narrow.scheme, None, "", "") in prefixes or narrow.key in (prefixes if narrow.any_path else whole):
        return True
    if narrow.url is None:
        return False
    origin, path = narrow.url.origin, narrow.url.path
    if (narrow.scheme, origin, "/", "") in prefixes:
        return True
    ends = (place + 1 for place, character in enumerate(path) if character == "/")
    return not _climbs(path) and any((narrow.scheme, origin, path[:end], "") in prefixes for end in ends)


def same_index(one: Url, other: Url) -> bool:
    """Whether two URLs name one index: userinfo, a trailing slash and the fragment aside."""
    return (one.origin, one.path.rstrip("/"), one.query) == (
        other.origin,
        other.path.rstrip("/"),
        other.query,
    )


class _Pattern:
    """A pattern taken apart. ``url`` None stands for any host."""

    __slots__ = ("any_path", "scheme", "url")

    def __init__(self, scheme: str, url: Url | None, *, any_path: bool) -> None:
        self.scheme, self.url, self.any_path = scheme, url, any_path

    @property
    def key(self) -> _Key:
        """What two patterns that mean the same have in common."""
        if self.url is None:
            return (self.scheme, None, "", "")
        return (self.scheme, self.url.origin, self.url.path, self.url.query)


def _parsed(pattern: str) -> _Pattern:
    if _ANY_HOST.match(pattern):
        scheme = pattern.partition(":")[0].lower()
        _check_scheme(scheme)
        return _Pattern(scheme, None, any_path=True)
    any_path = pattern.endswith("/*")
    stem = pattern[:-1] if any_path else pattern
    if "*" in stem:
        raise UrlError(f"may have one '*', as the last character after a '/', unlike {pattern!r}")
    url = Url.parse(stem)
    _check_scheme(url.scheme)
    if not url.host or _EMPTY_HOST.match(stem):
        raise UrlError(f"must name a host, unlike {pattern!r}")
    if any_path and (url.query or url.fragment):
        raise UrlError(f"must end in '/*' before any '?' or '#', unlike {pattern!r}")
    return _Pattern(url.scheme, url, any_path=any_path)


def _check_scheme(scheme: str) -> None:
    if scheme not in {"https", "git+https", "git+ssh"}:
        raise UrlError(f"must begin with https://, git+https:// or git+ssh://, not {scheme}:")


def _covers(pattern: _Pattern, url: Url) -> bool:
    if pattern.scheme != url.scheme:
        return False
    if pattern.url is None:
        return True
    if pattern.url.origin != url.origin:
        return False
    if not pattern.any_path:
        return (pattern.url.path, pattern.url.query) == (url.path, url.query)
    if pattern.url.path == "/":
        return True
    return url.path.startswith(pattern.url.path) and not _climbs(url.path)


def _climbs(path: str) -> bool:
    segments = re.split(r"[/\\]", unquote(path))
    return any(segment in {".", ".."} for segment in segments)
