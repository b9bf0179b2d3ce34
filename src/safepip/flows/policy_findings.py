"""What can be known, without asking anybody, about where a machine's packages come from."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.index import Index, IndexKind
from safepip.core.origin import Layer
from safepip.core.project import InvalidName, project_name
from safepip.core.url import Url, UrlError
from safepip.policy.draft import Draft, DraftIndex
from safepip.policy.urls import same_index

if TYPE_CHECKING:
    from safepip.core.ports import InstalledDistribution
    from safepip.core.subjects import RequirementLine
    from safepip.flows.world import World

LOCK = "pylock.toml"
REQUIREMENT_FILES = ("requirements.txt", "requirements-dev.txt", "dev-requirements.txt", "requirements.lock")
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is configured and installed.

    Attributes:
        indexes: every index that may be asked today.
        lines: what the requirement files of the working directory ask for.
    """

    indexes: Sequence[Index]
    installed: Mapping[NormalizedName, InstalledDistribution]
    lines: Sequence[RequirementLine] = ()


def drafted(seen: Seen, world: World) -> Draft:
    """Everything for the file."""
    new = [index for index in seen.indexes if _can_be_listed(index)]
    locked = locked_names(_text(LOCK, world))
    listed = [index for index in seen.indexes if index.origin.layer < Layer.OPERATOR]
    entries = list(_entries(new, locked, alone=len(new) == 1 and not listed))
    claimed = {name for entry in entries for name in entry.packages}
    asked = (canonicalize_name(line.requirement.name) for line in seen.lines if line.requirement)
    names = {*seen.installed, *asked, *(name for names in locked.values() for name in names)}
    return Draft(
        day=f"{world.clock.now():%Y-%m-%d}",
        indexes=entries,
        elsewhere=[f"{index.name} ({index.origin})" for index in listed],
        left_out=[why for index in seen.indexes if (why := _left_out(index))],
        all_hashed=bool(seen.lines) and all(line.hashes.strong for line in seen.lines),
        undecided=sorted(names - claimed),
        urls=sorted(set(_urls(seen.installed.values()))),
        repositories=sorted(set(_repositories(seen.installed.values()))),
    )


def locked_names(lock: str | None) -> Mapping[str, Sequence[NormalizedName]]:
    """By index URL: the packages that a lock (PEP 751) has from it; under an empty text those without."""
    found: dict[str, list[NormalizedName]] = {}
    try:
        packages: Any = tomllib.loads(lock or "").get("packages", [])
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    for package in packages if isinstance(packages, list) else []:
        name = package.get("name") if isinstance(package, dict) else None
        if isinstance(name, str) and _is_name(name):
            place = package.get("index")
            found.setdefault(place if isinstance(place, str) else "", []).append(canonicalize_name(name))
    return found


def _can_be_listed(index: Index) -> bool:
    """Whether an ``[[index]]`` may say it, and none of a stronger file does."""
    remote = index.kind is IndexKind.SIMPLE and index.url.scheme == "https"
    return remote and (index.origin.layer >= Layer.OPERATOR)


def _left_out(index: Index) -> str:
    """Why a place is not in the file; empty where it is, or where a stronger file lists it."""
    if _can_be_listed(index) or index.origin.layer < Layer.OPERATOR:
        return ""
    place = index.url.without_secrets
    if index.kind.local:
        return f"{place} ({index.origin}): a folder that you name needs no entry"
    if index.url.scheme != "https":
        return f"{place} ({index.origin}): it is not encrypted; list it with its https: URL"
    if index.url.path.lower().endswith((".html", ".htm")) and not index.url.query:
        return f"{place} ({index.origin}): a page of links; list it with its names, or it will be set aside"
    return f"{place} ({index.origin}): a page of links without .html cannot be listed, and will be set aside"


def _entries(
    indexes: Iterable[Index], locked: Mapping[str, Sequence[NormalizedName]], *, alone: bool
) -> Iterator[DraftIndex]:
    taken: set[str] = set()
    for index in indexes:
        default = index.built_in and index.origin.layer is Layer.DEFAULT
        name = "pypi" if default else _free_name(index.url.host, taken)
        taken.add(name)
        yield DraftIndex(
            name=name,
            url=None if default else index.url.without_secrets,
            said_by="pip's own default index" if default else str(index.origin),
            packages=tuple(sorted(_names_from(index, locked))),
            alone=alone,
        )


def _free_name(host: str, taken: set[str]) -> str:
    stem = _NO_NAME.sub("-", host).strip("-._") or "index"
    return next(name for name in _numbered(stem) if name not in taken and name != "pypi")


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _names_from(index: Index, locked: Mapping[str, Sequence[NormalizedName]]) -> set[NormalizedName]:
    return {
        name
        for place, names in locked.items()
        for name in names
        if (url := _url(place)) is not None and same_index(url, index.url)
    }


def _url(text: str) -> Url | None:
    try:
        return Url.parse(text)
    except UrlError:
        return None


def _is_name(text: str) -> bool:
    try:
        project_name(text)
    except InvalidName:
        return False
    return True


def _text(name: str, world: World) -> str | None:
    """A file of the working directory; None where there is none that can be read."""
    try:
        return world.found_text(world.around.absolute(name)).decode()
    except (OSError, UnicodeDecodeError):
        return None


def _urls(installed: Iterable[InstalledDistribution]) -> Iterator[str]:
    for origin in _origins(installed):
        url = _url(str(origin.get("url", "")))
        if "archive_info" in origin and url is not None and url.scheme == "https":
            yield f"{url.without_secrets.rpartition('/')[0]}/*"


def _repositories(installed: Iterable[InstalledDistribution]) -> Iterator[str]:
    for origin in _origins(installed):
        control, url = origin.get("vcs_info"), _url(str(origin.get("url", "")))
        is_git = isinstance(control, dict) and control.get("vcs") == "git"
        if is_git and url is not None and url.scheme in {"https", "ssh"}:
            yield f"git+{url.without_secrets}"


def _origins(installed: Iterable[InstalledDistribution]) -> Iterator[dict[str, Any]]:
    """What ``direct_url.json`` (PEP 610) says, of those that have one that can be read."""
    for one in installed:
        try:
            said = json.loads(one.direct_url) if one.direct_url else None
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict):
            yield said
