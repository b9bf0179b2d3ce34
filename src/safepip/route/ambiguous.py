"""Findings about a name that more than one index could answer for, and the lines that settle it."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from safepip.core.finding import Finding, Location
from safepip.core.index import FileEntry, Index, Serves
from safepip.core.origin import BUILT_IN, Place
from safepip.core.project import Pattern
from safepip.core.value import value


@value
class Row:
    """What one index has, as the table shows it: all of it as text, ``-`` for what is not known."""

    index: str
    newest: str
    uploaded: str
    files: str
    identical: str


def ambiguous_project(
    project: NormalizedName, served: Sequence[tuple[Index, Serves]], configured: Sequence[Index]
) -> Finding:
    """Several indexes serve the project with different files, and nothing says whose it is.

    Args:
        served: each serving index with its answer.
        configured: every index that may be asked; the lines to paste must keep them all.
    """
    first, *others = (index for index, _ in served)
    names = ", ".join(index.label for index in (first, *others))
    return Finding(
        rule="ambiguous-project",
        message=f"{project} is served by {len(served)} indexes with different files ({names}), and nothing says whose it is",
        origin=(others[-1] if others else first).place,
        subject=project,
        notes=(*_table(served), *_page_claims(served)),
        related=tuple(
            Location(origin=index.place, label=f"also serves {project}") for index in (first, *others[:-1])
        ),
        help=_lines_to_paste(project, _likely_owner(served), configured),
    )


def two_patterns(project: NormalizedName, matches: Sequence[tuple[Index, Pattern]]) -> Finding:
    """Two indexes claim the name by patterns of the same weight."""
    (first, pattern), *others = matches
    claims = " and ".join(f"{index.name} ({match.text!r})" for index, match in matches)
    return Finding(
        rule="ambiguous-project",
        message=f"two patterns of the same weight claim {project}: {claims}",
        origin=first.origin,
        subject=project,
        related=tuple(
            Location(origin=index.origin, label=f"{match.text!r} stands here") for index, match in others
        ),
        help=f"leave {pattern.text!r} in one [[index]] only",
    )


def unrouted_project(project: NormalizedName, indexes: Sequence[Index]) -> Finding:
    """No pattern gives the name to an index, and policy wants one."""
    origin = indexes[0].place if indexes else BUILT_IN
    return Finding(
        rule="unrouted-project",
        message=f"no pattern says which index {project} comes from, so none is asked",
        origin=origin,
        subject=project,
        decided_by='[rules] "unrouted-project"',
        help=f'add "{project}", or "*", to the packages of the index that it should come from',
    )


def what_each_has(served: Sequence[tuple[Index, Serves]]) -> Iterator[Row]:
    """One row for each index that serves the project."""
    offered = [{(f.filename, f.digests.sha256) for f in answer.listing.files} for _, answer in served]
    counts = Counter(file for files in offered for file in files)
    for (index, answer), files in zip(served, offered, strict=True):
        newest, uploaded = _newest(answer.listing.files)
        same = sum(1 for file in files if file[1] is not None and counts[file] > 1)
        yield Row(
            index=index.label, newest=newest, uploaded=uploaded, files=str(len(files)), identical=str(same)
        )


def _table(served: Sequence[tuple[Index, Serves]]) -> Iterator[str]:
    head = Row(
        index="index", newest="newest", uploaded="uploaded", files="files", identical="same as elsewhere"
    )
    rows = [head, *what_each_has(served)]
    widths = [max(len(getattr(row, name)) for row in rows) for name in Row.__dataclass_fields__]
    for row in rows:
        cells = (getattr(row, name) for name in Row.__dataclass_fields__)
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _newest(files: Sequence[FileEntry]) -> tuple[str, str]:
    """Newest version and the date it was uploaded, as texts; ``-`` for what is not known."""
    dated = [(version, file) for file in files if (version := _version(file.filename)) is not None]
    if not dated:
        return "-", "-"
    newest = max(version for version, _ in dated)
    times = [file.upload_time for version, file in dated if version == newest and file.upload_time]
    return str(newest), f"{max(times):%Y-%m-%d}" if times else "-"


def _version(filename: str) -> Version | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _page_claims(served: Sequence[tuple[Index, Serves]]) -> Iterator[str]:
    """What pages say about other places and owners. Shown, never believed (PEP 708 was rejected, PEP 752 is a draft)."""
    for index, answer in served:
        if answer.listing.tracks:
            yield f"{index.name} says that it tracks {', '.join(answer.listing.tracks)}"
        if answer.listing.alternate_locations:
            yield f"{index.name} says that it is also at {', '.join(answer.listing.alternate_locations)}"
        if answer.listing.namespaces:
            yield f"{index.name} says that the name lies in the namespace {', '.join(answer.listing.namespaces)}"


def _likely_owner(served: Sequence[tuple[Index, Serves]]) -> Index:
    """A private index that serves the name is the likelier owner; the person decides."""
    return next((index for index, _ in served if not index.built_in), served[0][0])


def _lines_to_paste(project: NormalizedName, owner: Index, configured: Sequence[Index]) -> str:
    """A policy that routes the name to ``owner`` and leaves every other name as it is.

    Where a policy lists indexes already, the one line that changes; else every index, because one that
    is not listed would no longer be asked.
    """
    begin = f"say in safepip.toml whose it is; if {owner.label} is right"
    if _is_listed(owner):
        return f"{begin}, its [[index]] ({owner.origin}) needs:\n{_packages(owner, project)}"
    if any(map(_is_listed, configured)):
        configured = (owner,)
    names = _names(configured)
    tables = [
        _index_table(index, names[index.name], project if index is owner else None) for index in configured
    ]
    return f"{begin}:\n" + "\n".join(tables)


def _is_listed(index: Index) -> bool:
    """Whether an ``[[index]]`` of a policy names it, rather than a setting of pip."""
    return index.origin.key == "index"


def _names(indexes: Sequence[Index]) -> dict[str, str]:
    """Index name → a name that a policy may give it, each another one; hosts for those without."""
    given: dict[str, str] = {}
    for index in sorted(indexes, key=lambda index: not index.built_in):
        plain = index.name if index.url.without_secrets != index.name else index.url.host
        stem = re.sub("[^A-Za-z0-9._-]+", "-", plain).strip("._-") or "index"
        candidates = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
        given[index.name] = next(name for name in candidates if name not in given.values())
    return given


def _index_table(index: Index, name: str, project: NormalizedName | None) -> str:
    lines = ["[[index]]", f'name = "{name}"']
    # What only this command line said will be said again, and then has to be listed.
    if not index.built_in or index.origin.kind is Place.ARGUMENT:
        lines.append(f'url = "{index.url.without_secrets}"')
    if index.patterns or project:
        lines.append(_packages(index, project))
    return "\n".join(lines)


def _packages(index: Index, project: NormalizedName | None) -> str:
    patterns = [pattern.text for pattern in index.patterns] + ([project] if project else [])
    return "packages = [" + ", ".join(f'"{pattern}"' for pattern in patterns) + "]"
