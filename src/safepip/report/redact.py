"""The one place that masks secrets in free text: lines of files, command lines, messages.

URLs that were parsed hide their userinfo by type (:class:`safepip.core.url.Url`). What is left is
text that was never parsed, or could not be. It is masked generously: to hide a host is a nuisance,
to show a password is not to be undone. ``${VAR}`` is no secret and stays. Every repetition that
could run over another start is bounded, so that a hostile line costs linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MASK = "****"
_SHORTEST = 6
"""Characters of a hidden text: a shorter one is no secret, and stands in other words too."""

_USERINFO = re.compile(
    r"""
    (?:[a-z][a-z0-9+.-]{1,30}:[/\\]+ | //)  # a scheme with any number of slashes, or none at all
    (?P<userinfo>
        [^/?\#\s]*                          # RFC 3986: whatever stands before the authority's last @
      | [^\s/?\#@:\[]* : (?!\d*(?:[/?\#\s]|\Z))
        (?: [^/?\#]{0,1024} | \S{0,1024} | .{0,1024} )  # unreadable, yet a password: with a space, slash, # in it
    )@
  | (?<![^\s'"=,;(]) (?![a-z]:\\)          # user:password@proxy without a scheme; C:\ is none
    (?P<bare>[^\s:@/=]{1,255}:[^\s@/]{1,1024})@(?!sha\d+:)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PARAMETER = re.compile(
    r"""
    [?&;] (?:[\w.~%-]{0,255}(?:token|secret|passw|pwd|signature|api[-_]?key|access[-_]?key|credential)[\w.~%-]{0,255}
          |sig|key|auth)
    = (?P<value>[^&;\s\#"'<>]+)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_VARIABLE = re.compile(r"\$\{[A-Za-z0-9_-]+\}\Z")
_NO_SECRET = frozenset({"git"})
"""User names that everybody knows: SSH remotes of code hosts."""
_PLACEHOLDER = "[user:passwd"
"""How pip's own help shows where they go in the URL of a proxy."""


_NAMED: dict[str, str] = {}
"""Texts that nothing may show, and the variable that each came from: what stands in a URL behind its host
is no secret by its looks. For the whole process, as the output is."""


def hide(variable: str, value: str) -> None:
    """Show ``variable`` from now on wherever ``value`` stands, in whatever message."""
    if len(value) >= _SHORTEST:
        _NAMED[value] = variable


def has_hidden(text: str) -> bool:
    """Whether something stands in the text that :func:`hide` was told of."""
    return any(value in text for value in _NAMED)


def named_secrets(text: str) -> tuple[str, ...]:
    """For each secret that stands in the text outside of userinfo, what is shown for it: ``${TOKEN}``, ``token=****``."""
    hidden = [variable for value, variable in _NAMED.items() if value in text]
    parameters = [
        f"{match[0].removesuffix(match['value'])[1:]}{MASK}"
        for match in _PARAMETER.finditer(text)
        if not _VARIABLE.match(match["value"])
    ]
    return tuple(dict.fromkeys((*hidden, *parameters)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Characters ``start`` to ``end`` (exclusive) of a text, and what to show for them."""

    start: int
    end: int
    mask: str


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Every secret in the text, in order, none overlapping another."""
    if "@" not in text and "=" not in text and not has_hidden(text):
        return ()
    found: list[Secret] = []
    everything = [*_userinfos(text), *_parameters(text), *_hidden(text)]
    for secret in sorted(everything, key=lambda secret: secret.start):
        if not found or secret.start >= found[-1].end:
            found.append(secret)
    return tuple(found)


def redact(text: str) -> str:
    """The text with ``****`` for every password, token and user name in it."""
    parts: list[str] = []
    position = 0
    for secret in find_secrets(text):
        parts += (text[position : secret.start], secret.mask)
        position = secret.end
    return "".join(parts) + text[position:]


def _userinfos(text: str) -> Iterator[Secret]:
    for match in _USERINFO.finditer(text):
        group = "userinfo" if match["userinfo"] is not None else "bare"
        mask = _mask(match[group])
        if mask != match[group]:
            yield Secret(start=match.start(group), end=match.end(group), mask=mask)


def _parameters(text: str) -> Iterator[Secret]:
    for match in _PARAMETER.finditer(text):
        if not _VARIABLE.match(match["value"]):
            yield Secret(start=match.start("value"), end=match.end("value"), mask=MASK)


def _hidden(text: str) -> Iterator[Secret]:
    for value, variable in _NAMED.items():
        for match in re.finditer(re.escape(value), text):
            yield Secret(start=match.start(), end=match.end(), mask=variable)


def _mask(userinfo: str) -> str:
    """``****``, with variables left in their place: ``****:${PASSWORD}``."""
    if not userinfo or userinfo in {_PLACEHOLDER, *_NO_SECRET}:
        return userinfo
    name, colon, password = userinfo.partition(":")
    parts = [name, password] if colon else [name]
    if not any(_VARIABLE.match(part) for part in parts):
        return MASK
    return ":".join(part if _VARIABLE.match(part) or not part else MASK for part in parts)
