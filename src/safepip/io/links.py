"""Where the files of an index may come from, judged before a connection is opened."""

from __future__ import annotations

from safepip.core.errors import Refused
from safepip.core.finding import Finding
from safepip.core.index import FileEntry, Index
from safepip.core.origin import Layer, Origin, Place
from safepip.core.url import Url, UrlError

_DECIDED = "safepip's default (no setting allows plaintext)"


def place_of(file: FileEntry) -> Origin:
    """Where the file stands on its page, or in the lock that names it, for findings."""
    if file.locked is not None:
        return file.locked
    return Origin(
        layer=Layer.INDEX, kind=Place.INDEX, place=file.page or file.filename, key=file.where or None
    )


def allows_plaintext(index: Index) -> bool:
    """Whether the index's own loopback address may be reached over plain http."""
    return index.allows_plaintext and index.url.is_loopback


def is_listed_host(url: Url, index: Index) -> bool:
    """Whether the policy names the host (``host`` or ``host:port``) among the index's file hosts."""
    return index.file_hosts is not None and url.scheme == "https" and url.netloc in index.file_hosts


def refuses_file_host(url: Url, index: Index, *, has_strong_digest: bool) -> str | None:
    """Why a file may not come from there; None if it may. The scheme is judged elsewhere."""
    if url.origin == index.url.origin or is_listed_host(url, index):
        return None
    if index.file_hosts is not None:
        return f"{url.netloc} is not among the file-hosts of {index.name}"
    if not has_strong_digest:
        return f"{url.netloc} is not the index's own host, and the page gives no strong digest"
    return None


def refuses_page_redirect(url: Url, index: Index) -> str | None:
    """Why a page may not come from there: pages have no digest, so the host must be known."""
    if url.origin == index.url.origin or is_listed_host(url, index):
        return None
    return f"{url.netloc} is not the host of {index.name}, and not among its file-hosts"


def judge_link(file: FileEntry, index: Index) -> Url:
    """The URL of a file, parsed once and admitted.

    Raises:
        Refused: not https, unreadable, with credentials, or on a host that may not serve the file.
    """
    try:
        url = Url.parse(file.url)
    except UrlError as error:
        raise _refused(
            "plaintext-link", f"the link of {file.filename} cannot be read: it {error}", file
        ) from None
    own_plaintext = url.scheme == "http" and url.origin == index.url.origin and allows_plaintext(index)
    if url.scheme != "https" and not own_plaintext:
        raise _refused("plaintext-link", f"{file.filename} is linked as {url}, which is not https", file)
    if url.credentials is not None:
        raise _refused("credentials-in-url", f"the link of {file.filename} carries credentials: {url}", file)
    reason = refuses_file_host(url, index, has_strong_digest=bool(file.digests.strong))
    if reason is not None:
        raise _refused(
            "file-host",
            f"{file.filename} is linked as {url}: {reason}",
            file,
            instruction=f'if {url.netloc} is meant, add it to the file-hosts of "{index.name}" in safepip.toml',
        )
    return url


def judge_local_link(file: FileEntry) -> Url:
    """The ``file:`` URL of a file in a local folder.

    Raises:
        Refused: a local page links to somewhere remote: a folder of the operator's is no index, so
            nothing says with which roots and digests to fetch it.
    """
    try:
        url = Url.parse(file.url)
    except UrlError as error:
        raise _refused("file-host", f"the link of {file.filename} cannot be read: it {error}", file) from None
    if url.scheme == "file" and not url.host:
        return url
    rule = "file-host" if url.scheme == "https" else "plaintext-link"
    raise _refused(
        rule,
        f"a local page links {file.filename} as {url}",
        file,
        instruction="download the file into the folder, or configure its index",
    )


def _refused(rule: str, message: str, file: FileEntry, instruction: str | None = None) -> Refused:
    return Refused((
        Finding(
            rule=rule,
            message=message,
            origin=place_of(file),
            subject=file.filename,
            help=instruction or "the index must link its files with plain https URLs; tell its operator",
            decided_by=_DECIDED if rule == "plaintext-link" else "safepip's default",
        ),
    ))  # fmt: skip
