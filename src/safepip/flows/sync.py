"""``safepip sync``: an environment with what locks name, in their versions, and with nothing else.

The path is that of ``install``; what is installed and not part of the answer goes in the same step that
puts the rest in place. Kept are the tools that environments are made with, and whatever safepip itself
runs on, unless a lock has them in another version.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.digest import Algorithm, Digest, DigestError, Digests
from safepip.core.errors import CommandError, UsageError
from safepip.core.plan import Plan, Removed
from safepip.core.subjects import RequirementKind
from safepip.core.url import Url, UrlError
from safepip.flows.install import bring_about
from safepip.flows.self_overwrite import NO_NAMES, lands_here, stands_on
from safepip.pipcompat import table
from safepip.pipcompat.argv import GivenOption
from safepip.pipcompat.own import GRAMMAR
from safepip.pipcompat.sourcename import lock_name, split_group

if TYPE_CHECKING:
    from safepip.core.origin import Sourced
    from safepip.core.ports import Environment, InstalledDistribution
    from safepip.core.subjects import RequirementLine
    from safepip.flows.guarded import Guarded
    from safepip.flows.self_overwrite import Names
    from safepip.flows.world import Target, World
    from safepip.pipcompat.argv import Invocation, OwnOptions

_ELSEWHERE = "sync works on an environment as a whole; choose it with --python before the command"
_NO_SOURCE = "name every lock, or file of hashed requirements, as an argument of sync"
_SETTLED = "a lock has settled that; make a new one, or use install"
_REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "target_dir": _ELSEWHERE,
        "prefix_path": _ELSEWHERE,
        "root_path": _ELSEWHERE,
        "use_user_site": _ELSEWHERE,
        "editables": _NO_SOURCE,
        "requirements_from_scripts": _NO_SOURCE,
        "only_dependencies": _SETTLED,
        "ignore_installed": _SETTLED,
        "python_version": _SETTLED,
        "platforms": _SETTLED,
        "abis": _SETTLED,
        "implementation": _SETTLED,
    }
)
"""By pip's ``dest``: what has no meaning here, whoever said it, and what to do instead."""
_SEEDS = frozenset(map(canonicalize_name, ("pip",)))
_OLDER_SEEDS = frozenset(map(canonicalize_name, ("pip", "setuptools", "wheel")))
"""What ``venv`` and ``virtualenv`` put into environments of Pythons before 3.12."""


def sync(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Make the environment equal the locks that are named. Returns pip's exit code.

    Raises:
        CommandError, UsageError: no lock, or an option that has no meaning here.
        Refused and the other SafepipErrors, as ``install``; the environment is then as it was.
    """
    if own.hashes:
        raise UsageError("sync has no option --hash", reference="usage", origin=own.hashes[0].origin)
    named = [argument for argument in invocation.arguments if argument.value.strip()]
    if not named:
        raise CommandError('You must give at least one lock file to sync (see "safepip help sync")')
    return bring_about(Equal(named), _as_install(invocation, named), own, world)


class Equal:
    """An :class:`~safepip.flows.install.Aim`: makes the environment equal the answer.

    Args:
        named: the files that were given as arguments.
    """

    def __init__(self, named: Collection[Sourced[str]]) -> None:
        self._named = {argument.origin for argument in named}

    def check(self, guarded: Guarded) -> None:
        for source in guarded.config.items("requirements"):
            if source.origin not in self._named:
                raise _meaningless("requirement", source, _NO_SOURCE)
        for group in guarded.config.items("dependency_groups"):
            if lock_name(replace(group, value=split_group(group.value)[0])) is None:
                raise _meaningless("group", group, "the groups of a lock: --group pylock.toml:NAME")
        for dest, instead in _REFUSED.items():
            if guarded.config.value(dest):
                name = next(o.name for o in table.options_of(GRAMMAR) if o.dest == dest)
                said = guarded.config.items(dest)
                raise _meaningless(name, said[-1] if said else None, instead)
        if not guarded.roots:
            raise CommandError(
                "nothing is named for this environment, so nothing is removed from it either",
                reference="usage",
                hint="name the lock that was meant; `safepip uninstall` empties an environment",
            )

    def standing(self, guarded: Guarded, environment: Environment) -> Environment:
        """Without what came by another door; and what no lock names stands in for nothing that one lacks."""
        lines = {canonicalize_name(line.name): line for line in guarded.roots if line.name}
        installed = environment.installed
        whole = all(line.locked for line in guarded.roots)
        names = [project for project in lines if project in installed] if whole else installed
        came = {project: lines.get(project) for project in names}
        fits = {
            project: installed[project]
            for project, line in came.items()
            if line is None or _came_by(line, installed[project])
        }
        return replace(environment, installed=MappingProxyType(fits))

    def completed(self, plan: Plan, guarded: Guarded, target: Target, world: World) -> Plan:
        environment = target.alone
        own = stands_on(plan, environment) if lands_here(guarded.settings, environment, world) else NO_NAMES
        extraneous = {
            project: one
            for project, one in environment.installed.items()
            if one.in_scheme and project not in plan.resolved
        }
        kept = {project for project in extraneous if project in own | _seeds(environment)}
        gone = tuple(_removed(one) for project, one in sorted(extraneous.items()) if project not in kept)
        whole = replace(plan, removed=gone)
        world.show.noted([*_told_kept(kept, own), *_told_gone(whole)])
        return whole


def _as_install(invocation: Invocation, files: Iterable[Sourced[str]]) -> Invocation:
    """The same command as ``install`` understands it: ``-r`` for every file."""
    options = (*invocation.options, *map(_file, files))
    return replace(invocation, command=GRAMMAR, typed=invocation.command, options=options, arguments=())


def _file(argument: Sourced[str]) -> GivenOption:
    return GivenOption(
        option=table.by_name(GRAMMAR)["--requirement"],
        spelled="-r",
        value=argument.value,
        text=argument.value,
        origin=argument.origin,
        general=False,
    )


def _meaningless(name: str, said: Sourced[str] | None, instead: str) -> UsageError:
    return UsageError(
        f"sync does not take --{name}",
        reference="usage",
        origin=said.origin if said else None,
        hint=instead,
    )


def _came_by(line: RequirementLine, installed: InstalledDistribution) -> bool:
    """Whether it is installed from where the line says, as far as ``direct_url.json`` tells (PEP 610)."""
    if line.kind is RequirementKind.NAMED:
        return installed.direct_url is None and not installed.editable
    said = _facts(installed.direct_url)
    place = line.locked.url if line.locked else line.target or ""
    if line.kind is RequirementKind.VCS:
        commit = _facts(said.get("vcs_info")).get("commit_id")
        return isinstance(commit, str) and bool(commit) and commit in place
    return said.get("url") == _bare(place) and _has_bytes(line, _facts(said.get("archive_info")))


def _has_bytes(line: RequirementLine, archive: Mapping[str, Any]) -> bool:
    """Whether the digest that was noted when it was installed is one of the line's."""
    noted = _facts(archive.get("hashes")).get(Algorithm.SHA256.value)
    try:
        return line.hashes.accepts(Digests.of([Digest.of(Algorithm.SHA256.value, str(noted))])) is True
    except DigestError:
        return False


def _facts(said: object) -> Mapping[str, Any]:
    """A JSON object, written or read; an empty one where it is none."""
    try:
        found = json.loads(said) if isinstance(said, str) else said
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _bare(url: str) -> str | None:
    """As ``direct_url.json`` has it: without fragment and secrets."""
    try:
        return replace(Url.parse(url), fragment="").without_secrets
    except UrlError:
        return None


def _seeds(environment: Environment) -> Names:
    version = tuple(int(part) for part in environment.markers["python_version"].split("."))
    return _SEEDS if version >= (3, 12) else _OLDER_SEEDS


def _removed(one: InstalledDistribution) -> Removed:
    return Removed(name=one.name, project=one.project, version=one.version_text)


def _told_kept(kept: set[NormalizedName], own: Names) -> Iterator[str]:
    seeds, needed = sorted(kept - own), sorted(kept & own)
    if needed:
        yield f"safepip runs in this environment and keeps what it runs on: {', '.join(needed)}"
    if seeds:
        yield f"{', '.join(seeds)} stay{'s' * (len(seeds) == 1)}, though no lock names {'it' if len(seeds) == 1 else 'them'}"


def _told_gone(plan: Plan) -> Iterator[str]:
    if plan.removed:
        names = ", ".join(f"{one.name} {one.version}" for one in plan.removed)
        yield f"not locked, to be removed: {names}"
    elif plan.changes_nothing:
        yield "the environment is as locked: nothing to do"
