"""What is remembered of an index, a route or a file, whichever of its names the record knows the index by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safepip.core.index import FileEntry, Index
    from safepip.core.plan import Route
    from safepip.core.record import Known, KnownFile, KnownRoute
    from safepip.route import Routed


def first_use(index: Index, file: FileEntry, before: Known) -> KnownFile | None:
    keys = ((name, file.filename) for name in _names(index))
    return next((before.files[key] for key in keys if key in before.files), None)


def used_before_upload(
    index: Index, file: FileEntry, before: Known, beside: Iterable[FileEntry]
) -> KnownFile | None:
    """The first used of the files beside it, where that was before this one was uploaded; None also where
    the page gives no upload time.
    """
    uploaded = file.upload_time
    if uploaded is None or all(known.since >= uploaded for known in before.files.values()):
        return None
    used = (known for other in beside if (known := first_use(index, other, before)) is not None)
    first = min(used, key=lambda known: known.since, default=None)
    return first if first is not None and first.since < uploaded else None


def same_name(route: Route, known: KnownRoute) -> Index | None:
    return next((index for index in route.indexes if known.index in _names(index)), None)


def is_there(index: Index, known: KnownRoute) -> bool:
    """Whether the name stands for the same place. A policy's own name is its author's to move; the name
    ``pypi`` is whichever index pip's settings happen to say in this run.
    """
    return not index.built_in or index.url.without_secrets == known.url


def shares_files(routed: Routed, before: Known) -> bool:
    """Whether a file that was installed before is offered with the same bytes: another address of the
    same packages (a mirror, a company's proxy), where a stranger's project of that name has none.
    """
    return any(
        known.filename == file.filename and known.digest.hex == file.digests.sha256
        for known in before.files.values()
        for _, files in routed.files
        for file in files
    )


def _names(index: Index) -> tuple[str, ...]:
    """What the record may call it: its name, or what it was called before a policy gave it one."""
    return (index.name, index.url.without_secrets)
