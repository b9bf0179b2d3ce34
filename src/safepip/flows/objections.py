"""What the record of first uses has against a route, a file, or its own silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safepip.core.finding import Finding, Level, Severity
from safepip.core.origin import Layer, Origin, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from safepip.core.digest import Digest
    from safepip.core.index import FileEntry, Index
    from safepip.core.plan import Route
    from safepip.core.record import Known, KnownFile, KnownRoute

_RECORD = "the record of first uses"


def elsewhere(route: Route, known: KnownRoute) -> Finding:
    """Another index than before."""
    project, index = route.project, route.index
    return _route_changed(
        project,
        index,
        f"came from {known.index} so far, and would now come from {index.label}",
        f"first installed from {known.index} on {known.since:%Y-%m-%d}",
        f'if it belongs to {index.label}, say so in safepip.toml: packages = ["{project}"] in its [[index]]; or',
    )


def moved(route: Route, index: Index, known: KnownRoute) -> Finding:
    """The same name, at another place that has nothing of what was there."""
    return _route_changed(
        route.project,
        index,
        f"came from {known.url} so far, and {index.label} has none of the files that were used",
        f"first installed from {known.url} on {known.since:%Y-%m-%d}",
        f"name {known.url} again (--index-url, --extra-index-url), or list both indexes in safepip.toml; "
        "if the project did move",
    )


def _route_changed(project: NormalizedName, index: Index, what: str, since: str, instead: str) -> Finding:
    return Finding(
        rule="route-changed",
        message=f"{project} {what}",
        origin=index.place,
        subject=project,
        notes=(since,),
        help=f"{instead}, once: --allow route-changed:{project} --reason WHY",
        decided_by=_RECORD,
    )


def republished(
    project: NormalizedName, index: Index, file: FileEntry, known: KnownFile, now: Digest | None = None
) -> Finding:
    """Other bytes than at the first use.

    Args:
        now: what was downloaded; None: the page or lock says so itself.
    """
    return Finding(
        rule="republished-file",
        message=f"{'the lock names' if file.locked else f'{index.label} offers'} other bytes than before "
        f"under the name {file.filename}",
        origin=file.locked or _page(index, file),
        subject=project,
        notes=(
            f"{known.digest} was first used on {known.since:%Y-%m-%d}",
            f"{now} was downloaded now"
            if now
            else f"now the {'lock' if file.locked else 'page'} says sha256:{file.digests.sha256}",
        ),
        help=(
            f"ask whoever {'made the lock' if file.locked else 'keeps the index'} why a released file changed; "
            "if that is right, once: "
            f"--allow republished-file:{project} --reason WHY"
        ),
        decided_by=_RECORD,
    )


def added(
    project: NormalizedName, version: Version, index: Index, file: FileEntry, used: KnownFile
) -> Finding:
    """A file that was added to a version after another file of it was used, and would take its place.

    Args:
        used: that other file, which is still offered.
    """
    return Finding(
        rule="republished-file",
        message=f"{index.label} has added {file.filename} to {project} {version}, which was used before",
        origin=_page(index, file),
        subject=project,
        notes=(
            f"{used.filename} was first used on {used.since:%Y-%m-%d %H:%M} UTC, and is still offered",
            f"{file.filename} was uploaded on {file.upload_time:%Y-%m-%d %H:%M} UTC, and would take its place",
        ),
        help=f"find out from the authors of {project} why a released version got another file "
        f"(`safepip explain {project}` shows what is remembered); if that is right, once: "
        f"--allow republished-file:{project} --reason WHY",
        decided_by=_RECORD,
    )


def _page(index: Index, file: FileEntry) -> Origin:
    """Where the index lists the file."""
    return Origin(
        layer=Layer.INDEX, kind=Place.INDEX, place=file.page or str(index.url), key=file.where or None
    )


def raced(news: Iterable[Known], first: KnownFile) -> Finding:
    """Another run, at the same time, was given other bytes under the same name.

    Args:
        news: what this run would have remembered.
        first: what the other one has remembered.
    """
    key = (first.index, first.filename)
    project, now = next((one.project, one.files[key]) for one in news if key in one.files)
    return Finding(
        rule="republished-file",
        message=f"{first.index} gave two runs at the same time different bytes under the name {first.filename}",
        origin=Origin(layer=Layer.INDEX, kind=Place.INDEX, place=first.index),
        subject=project,
        notes=(f"the other run remembered {first.digest}", f"this one has {now.digest}"),
        help="find out why; if the file is being replaced on purpose, run this again: then it is judged by the first",
        decided_by=_RECORD,
    )


def unwritten(error: OSError) -> Finding:
    """Nothing will tell next time."""
    return Finding(
        rule="unwritten-record",
        message=f"what was used for the first time cannot be remembered: {error.strerror or error}",
        origin=Origin(layer=Layer.USER, kind=Place.FILE, place=str(error.filename or "")),
        level=Level.WARN,
        help="make the folder writable; until then a changed file or route goes unnoticed",
        severity=Severity.LOW,
    )


def unremembered(file: FileEntry, project: NormalizedName, index: Index, error: OSError) -> Finding:
    """Neither a page nor the record says, next time, what the file has to be."""
    return Finding(
        rule="weak-digest",
        message=f"{index.label} gives no digest for {file.filename}, and that of its first use cannot be remembered: "
        f"{error.strerror or error}",
        origin=Origin(layer=Layer.USER, kind=Place.FILE, place=str(error.filename or "")),
        subject=project,
        help="make the folder writable, give the file's sha256 with --hash, or have the index publish one",
        decided_by=f'{index.origin}, digests = "record"',
    )
