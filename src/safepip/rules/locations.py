"""What the text of a setting or requirement points to. Shared by the rules about places."""

from __future__ import annotations

import re

from safepip.core.index import Index
from safepip.core.origin import Layer
from safepip.core.subjects import Setting
from safepip.core.url import Url, UrlError
from safepip.policy.schema import BUILT_IN_URL
from safepip.policy.urls import same_index
from safepip.rules.base import RuleContext

INDEX_OPTIONS = frozenset({"index-url", "extra-index-url", "find-links"})
"""Options that name places to look for packages (pip's ``cmdoptions.package_index``)."""
_PLAINTEXT = re.compile(r"\s*(?:(?:git|hg|svn|bzr)\+)?(?:http|ftp|git|svn|bzr)\s*:", re.IGNORECASE)
_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_USERINFO = re.compile(r"://[^/?#]*@")
_STRONGER = frozenset({Layer.MACHINE, Layer.USER, Layer.OPERATOR, Layer.DEFAULT})


def is_plaintext(text: str) -> bool:
    """Whether the text asks for an unencrypted connection, however odd the rest of it is."""
    return _PLAINTEXT.match(text) is not None


def is_remote(text: str) -> bool:
    """Whether the text is a URL that leaves this machine; a path and ``file:`` do not."""
    return _SCHEME.match(text) is not None and not text.strip().lower().startswith("file:")


def parsed(text: str) -> Url | None:
    """The URL, or None where the text is a path or unreadable."""
    try:
        return Url.parse(text.strip())
    except UrlError:
        return None


def shown(text: str) -> str:
    """The text without a user name or password, for messages."""
    url = parsed(text)
    return str(url) if url else _USERINFO.sub("://****@", text.strip())


def names(setting: Setting, index: Index) -> bool:
    """Whether the setting's value is this index; userinfo and a trailing slash aside."""
    url = parsed(setting.value)
    if url is None:
        return setting.value.strip().rstrip("/") == index.name.rstrip("/")
    return not _is_placeholder(index) and same_index(url, index.url)


def known_indexes(context: RuleContext) -> tuple[Index, ...]:
    """Indexes that a layer above the project's own files has named."""
    trusted = (index for index in context.indexes if index.origin.layer in _STRONGER)
    return (*context.policy.indexes, *trusted)


def _is_placeholder(index: Index) -> bool:
    return index.url == BUILT_IN_URL
