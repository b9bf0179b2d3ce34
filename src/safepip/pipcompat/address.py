"""How pip tells addresses from paths and names (``pip._internal.vcs``, ``utils.urls``, ``utils.filetypes``)."""

from __future__ import annotations

import os.path
import re
from urllib.parse import unquote, urlsplit

VCS_SCHEMES = {
    "bzr": ("bzr+http", "bzr+https", "bzr+ssh", "bzr+sftp", "bzr+ftp", "bzr+lp", "bzr+file"),
    "git": ("git+http", "git+https", "git+ssh", "git+git", "git+file"),
    "hg": ("hg+file", "hg+http", "hg+https", "hg+ssh", "hg+static-http"),
    "svn": ("svn+ssh", "svn+http", "svn+https", "svn+svn", "svn+file"),
}
ALL_VCS = tuple(scheme for schemes in VCS_SCHEMES.values() for scheme in schemes)
_URL_SCHEMES = frozenset({"http", "https", "file", "ftp", *ALL_VCS})
_ARCHIVES = (
    *(".zip", ".whl", ".tar.bz2", ".tbz", ".tar.gz", ".tgz", ".tar"),
    *(".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma"),
)
_DRIVE = re.compile(r"/[A-Za-z]:(/|\Z)")


def scheme_of(text: str) -> str:
    """The scheme in lower case, as ``urlsplit`` sees it; empty where there is none."""
    if ":" not in text:
        return ""
    try:
        return urlsplit(text).scheme
    except ValueError:
        return ""


def is_url(text: str) -> bool:
    """Whether pip reads this as an address rather than a name or path."""
    return scheme_of(text) in _URL_SCHEMES


def local_path(url: str) -> str:
    """The path that a ``file:`` URL names. Raises ValueError where it names another machine."""
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"}:
        raise ValueError(f"non-local file URIs are not supported on this platform: {url!r}")
    path = unquote(parts.path)
    return path[1:] if os.path.sep == "\\" and _DRIVE.match(path) else path


def looks_like_path(name: str) -> bool:
    """By its looks alone: a separator in it, or a dot in front."""
    return os.path.sep in name or (os.path.altsep or os.path.sep) in name or name.startswith(".")


def is_archive(path: str) -> bool:
    """Whether the suffix is one that pip unpacks."""
    return path.lower().endswith(_ARCHIVES)
