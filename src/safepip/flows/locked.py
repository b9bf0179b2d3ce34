"""From a lock to a plan: each locked file's place judged, and its project's route fixed to it.

A lock is the word of a project. It may say which file, with which digests; where files may come from
is decided by policy and configuration as for every other. No index is asked for what is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName

from safepip.core.digest import AcceptableDigests, Digest, Digests
from safepip.core.finding import Finding, Refuse
from safepip.core.index import FileEntry, Index, Trust
from safepip.core.plan import Route, RouteReason
from safepip.core.subjects import LockedFile, RequirementKind, RequirementLine
from safepip.core.url import Url
from safepip.flows.placing import Placing
from safepip.route import NotFound, Routed, Router

if TYPE_CHECKING:
    from safepip.core.ports import IndexClient
    from safepip.flows.guarded import Guarded
    from safepip.policy.schema import Policy


class LockedRouter(Router):
    """A router that knows the routes of locked projects and asks nobody about them."""

    def __init__(
        self,
        indexes: Sequence[Index],
        client: IndexClient,
        *,
        locked: Mapping[NormalizedName, Routed],
        **options: Any,
    ) -> None:
        """``options``: as :class:`~safepip.route.router.Router` has them."""
        super().__init__(indexes, client, **options)
        self._locked = locked

    def prefetch(self, project: NormalizedName) -> None:
        if project not in self._locked:
            super().prefetch(project)

    def find(self, project: NormalizedName) -> Routed | NotFound:
        return self._locked.get(project) or super().find(project)

    def refusals(self, projects: Sequence[NormalizedName]) -> list[Refuse]:
        return super().refusals([project for project in projects if project not in self._locked])


def locked_router(
    guarded: Guarded, client: IndexClient, objection: Callable[[Routed], Finding | None]
) -> Router:
    """What routes the roots of a run, and everything that they need."""
    return LockedRouter(
        guarded.indexes,
        client,
        patterns_only=guarded.patterns_only,
        objection=objection,
        locked=_locked_here(guarded),
    )


def _locked_here(guarded: Guarded) -> Mapping[NormalizedName, Routed]:
    """The routes of the locked projects among these very roots, or among what their lock holds a build to."""
    lines = (*guarded.roots, *guarded.constraints)
    names = {line.locked.project for line in lines if line.locked is not None}
    return {project: routed for project, routed in guarded.locked.items() if project in names}


def route_locked(
    lines: Iterable[RequirementLine],
    indexes: Sequence[Index],
    policy: Policy,
    trust: Trust,
    *,
    patterns_only: bool,
) -> tuple[dict[NormalizedName, Routed], tuple[Finding, ...]]:
    """Where each locked wheel or source archive comes from, and what speaks against it.

    What locks hold for builds is judged as everything else; where it comes from, its build asks.

    Args:
        indexes: every index of the run.
        trust: for files that belong to no index.
        patterns_only: whether a name that no pattern decides has no route.
    """
    from safepip.flows.locked_builds import pins_of, weak_digests

    told = tuple(lines)
    place = partial(Placing, indexes=indexes, policy=policy, trust=trust, patterns_only=patterns_only)
    routes, findings = _route_each(told, place)
    for pins in pins_of(told):
        findings += (*_route_each(pins, place)[1], *weak_digests(pins))
    return routes, tuple(dict.fromkeys(findings))


def _route_each(
    lines: Iterable[RequirementLine], place: Callable[[LockedFile], Placing]
) -> tuple[dict[NormalizedName, Routed], list[Finding]]:
    routes: dict[NormalizedName, Routed] = {}
    findings: list[Finding] = []
    for line in lines:
        locked = line.locked
        if locked is None:
            continue
        placing = place(locked)
        findings += placing.misfits(line)
        if line.kind is not RequirementKind.NAMED:
            continue
        answer = placing.index()
        if isinstance(answer, Finding):
            findings.append(answer)
        else:
            routes[locked.project] = routed(line, locked, answer, placing.url)
    return routes, findings


def routed(line: RequirementLine, locked: LockedFile, index: Index, url: Url | None) -> Routed:
    """The one file that will do for the line, on the index that it belongs to."""
    file = FileEntry(
        filename=locked.filename,
        url=locked.url if url is None else replace(url, fragment="").without_secrets,
        digests=_all_digests(line.hashes),
        size=locked.size,
        upload_time=locked.upload_time,
        page=locked.lock,
        where=f"line {locked.origin.line}",
        locked=locked.origin,
    )
    route = Route(project=locked.project, indexes=(index,), reason=RouteReason.LOCK)
    return Routed(route=route, files=((index, (file,)),))


def _all_digests(acceptable: AcceptableDigests) -> Digests:
    """A lock has one digest an algorithm: they say what the file is."""
    return Digests.of(
        Digest(algorithm=algorithm, hex=digest)
        for algorithm, digests in acceptable.by_algorithm.items()
        for digest in digests
    )
