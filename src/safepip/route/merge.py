"""Files of several indexes as one list, where a route allows that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from safepip.core.index import Answer, FileEntry, Index, Serves
from safepip.core.plan import Route


def common_digests(groups: Sequence[Sequence[Serves]]) -> frozenset[str]:
    """sha256 of the files that every group offers under the same file name.

    A group is an index with its mirrors. A file without a published sha256 is common to nobody.
    """
    return frozenset(digest for _, digest in _common(groups))


def _common(groups: Sequence[Sequence[Serves]]) -> set[tuple[str, str]]:
    """File name and sha256 of what every group offers."""
    offered = [
        {
            (file.filename, digest)
            for answer in group
            for file in answer.listing.files
            if (digest := file.digests.sha256) is not None
        }
        for group in groups
    ]
    return set.intersection(*offered) if offered else set()


def _common_of(route: Route, answers: Mapping[str, Answer]) -> set[tuple[str, str]]:
    """The same for the route: a common digest under another name is a file that one index made up."""
    groups: dict[str, list[Serves]] = {}
    for index in route.indexes:
        answer = answers[index.name]
        if isinstance(answer, Serves):
            groups.setdefault(index.mirror_of or index.name, []).append(answer)
    return _common(list(groups.values()))


def merged_files(
    route: Route, answers: Mapping[str, Answer]
) -> tuple[tuple[Index, tuple[FileEntry, ...]], ...]:
    """What may be chosen from, by index; each file name once, the route's first index winning.

    A file is yanked when any index of the route says so. Later indexes stand first: pip prefers
    the last of equal files, and equal files must come from the route's first index.
    """
    if len(route.indexes) == 1:
        return tuple((index, _files(answers[index.name])) for index in route.indexes)
    yanked = {
        file.filename: file.yanked
        for index in route.indexes
        for file in _files(answers[index.name])
        if file.yanked is not None
    }
    common = None if route.only_digests is None else _common_of(route, answers)
    seen: set[str] = set()
    merged = []
    for index in route.indexes:
        kept = []
        for file in _files(answers[index.name]):
            if file.filename in seen:
                continue
            if common is not None and (file.filename, file.digests.sha256) not in common:
                continue
            seen.add(file.filename)
            reason = yanked.get(file.filename)
            kept.append(file if reason == file.yanked else replace(file, yanked=reason))
        merged.append((index, tuple(kept)))
    return tuple(reversed(merged))


def _files(answer: Answer) -> tuple[FileEntry, ...]:
    return answer.listing.files if isinstance(answer, Serves) else ()
