"""What is different between two locks, in versions and files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.lock.previous import Pin, Previous


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One project of which another lock says something else.

    Attributes:
        before, after: versions in order; several where environments differ; empty where the project is
            not there, or has no version (a folder).
        build: whether it is something that builds need.
    """

    project: NormalizedName
    before: tuple[Version, ...] = ()
    after: tuple[Version, ...] = ()
    build: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """False where versions and files are the same; markers and notes may differ all the same.

    Attributes:
        added, removed: projects that only one of the locks has.
        changed: other versions.
        other_files: the same versions, but other files, another index, or another place.
    """

    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    other_files: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.other_files)


def changes(old: Previous, new: Previous) -> Changes:
    """What the new lock changes: installed packages first, then those of builds; each sorted by name.

    A requirements file says neither what builds need nor which index is meant, so that of two one of
    which is such a file only the rest is compared.
    """
    kinds: list[tuple[Iterable[Pin], Iterable[Pin], bool]] = [(old.pins, new.pins, False)]
    if not old.text and not new.text:
        kinds.append((old.build_pins, new.build_pins, True))
    found: defaultdict[str, list[Change]] = defaultdict(list)
    for before, after, build in kinds:
        for kind, change in _compared(_by_project(before), _by_project(after), build):
            found[kind].append(change)
    return Changes(**{kind: tuple(listed) for kind, listed in found.items()})


def _compared(
    old: Mapping[NormalizedName, list[Pin]], new: Mapping[NormalizedName, list[Pin]], build: bool
) -> Iterable[tuple[str, Change]]:
    for project in sorted({*old, *new}):
        before, after = old.get(project, []), new.get(project, [])
        kind = _kind(before, after)
        if kind is not None:
            change = Change(project=project, before=_sorted(before), after=_sorted(after), build=build)
            yield kind, change


def _kind(before: list[Pin], after: list[Pin]) -> str | None:
    if not before:
        return "added"
    if not after:
        return "removed"
    if _sorted(before) != _sorted(after):
        return "changed"
    if set(map(_content, before)) != set(map(_content, after)) or _moved(before, after):
        return "other_files"
    return None


def _content(pin: Pin) -> tuple[object, ...]:
    return (pin.version, pin.digests, pin.place)


def _moved(before: list[Pin], after: list[Pin]) -> bool:
    """Whether both say which index, and not the same."""
    old, new = {pin.index for pin in before}, {pin.index for pin in after}
    return None not in old | new and old != new


def _by_project(pins: Iterable[Pin]) -> dict[NormalizedName, list[Pin]]:
    found: defaultdict[NormalizedName, list[Pin]] = defaultdict(list)
    for pin in pins:
        found[pin.project].append(pin)
    return found


def _sorted(pins: Iterable[Pin]) -> tuple[Version, ...]:
    return tuple(sorted({pin.version for pin in pins if pin.version is not None}))
