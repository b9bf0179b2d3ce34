"""What several values of one callback option make together, in the order they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from safepip.pipcompat.option import Option

Names = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatControl:
    """``--no-binary`` and ``--only-binary`` after pip's merging: normalised names, or ``:all:``."""

    no_binary: Names = frozenset()
    only_binary: Names = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseControl:
    """``--all-releases`` and ``--only-final``, merged likewise."""

    all_releases: Names = frozenset()
    only_final: Names = frozenset()


_EMPTY: Mapping[str, object] = MappingProxyType(
    {
        "format_control": FormatControl(),
        "release_control": ReleaseControl(),
        "refresh_package": frozenset(),
    }
)


def initial(option: Option) -> object:
    """The value before anybody said anything."""
    return _EMPTY.get(option.dest, option.default)


def fold(option: Option, piece: object, before: object) -> object:
    """The value after one more piece (see :mod:`safepip.pipcompat.callbacks`)."""
    growing = _FOLDS.get(option.callback or "")
    return piece if growing is None else growing(piece, before)


def add_names(names: str, target: Names, other: Names) -> tuple[Names, Names]:
    """As ``handle_mutual_excludes``: ``:all:`` covers what stands before it, ``:none:`` empties.

    Args:
        target: the names of the option that is given; ``other``: those of its opposite.
    """
    words = names.split(",")
    while ":all:" in words:
        target, other = frozenset({":all:"}), frozenset()
        words = words[words.index(":all:") + 1 :]
        if ":none:" not in words:
            return target, other
    for word in words:
        if word == ":none:":
            target = frozenset()
            continue
        name = canonical(word)
        target, other = target | {name}, other - {name}
    return target, other


def as_tuple(value: object) -> tuple[object, ...]:
    """None is nothing, a tuple itself, anything else one element."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def canonical(name: str) -> str:
    """A project name as pip compares it. Not checked: pip does not check it here either."""
    # Imported late: `safepip list` needs no names.
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def _no_binary(piece: object, before: object) -> FormatControl:
    control = before if isinstance(before, FormatControl) else FormatControl()
    target, other = add_names(str(piece), control.no_binary, control.only_binary)
    return FormatControl(no_binary=target, only_binary=other)


def _only_binary(piece: object, before: object) -> FormatControl:
    control = before if isinstance(before, FormatControl) else FormatControl()
    target, other = add_names(str(piece), control.only_binary, control.no_binary)
    return FormatControl(no_binary=other, only_binary=target)


def _all_releases(piece: object, before: object) -> ReleaseControl:
    control = before if isinstance(before, ReleaseControl) else ReleaseControl()
    target, other = add_names(str(piece), control.all_releases, control.only_final)
    return ReleaseControl(all_releases=target, only_final=other)


def _only_final(piece: object, before: object) -> ReleaseControl:
    control = before if isinstance(before, ReleaseControl) else ReleaseControl()
    target, other = add_names(str(piece), control.only_final, control.all_releases)
    return ReleaseControl(all_releases=other, only_final=target)


def _refresh(piece: object, before: object) -> Names:
    return add_names(str(piece), before if isinstance(before, frozenset) else frozenset(), frozenset())[0]


def _groups(piece: object, before: object) -> tuple[object, ...]:
    return (*as_tuple(before), piece)


def _settings(piece: object, before: object) -> Mapping[str, object]:
    """A key that is given again becomes a list of its values."""
    key, value = map(str, as_tuple(piece))
    settings: dict[str, object] = dict(before) if isinstance(before, Mapping) else {}
    settings[key] = (*as_tuple(settings[key]), value) if key in settings else value
    return MappingProxyType(settings)


_FOLDS: Mapping[str, Callable[[object, object], object]] = MappingProxyType(
    {
        "no_binary": _no_binary,
        "only_binary": _only_binary,
        "all_releases": _all_releases,
        "only_final": _only_final,
        "refresh_package": _refresh,
        "dependency_group": _groups,
        "config_settings": _settings,
    }
)
GROWING = frozenset(_FOLDS)
"""Callbacks whose values add to what was said before; the others replace it."""
