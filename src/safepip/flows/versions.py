"""``index versions`` and ``list --outdated``: safepip asks the indexes, pip prints.

pip compares with file names only, so it is given a folder of empty files that are named like what
the routed index offers, and no index. Its output is then its own, and it has nothing to fetch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError
from safepip.core.project import InvalidName, project_name
from safepip.flows.guard import guard
from safepip.flows.guarded import Guarded
from safepip.flows.rederive import rederived
from safepip.flows.settings import resolve_options

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.ports import Environment
    from safepip.flows.world import Connection, World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.resolve.finder import Finder
    from safepip.resolve.offers import Offer


def answer(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Ask the routed indexes and let pip print. Returns pip's exit code.

    Raises:
        Refused, Undecided: an index that does not answer, or policy.
        CommandError: not exactly one project for ``index versions``.
    """
    with closing(world.target(own.python)) as target:
        guarded = guard(invocation, own, world, target, installs=False)
        environment = target.environment
        projects = list(_asked(invocation, environment))
        with closing(world.connect(guarded.transport)) as connection:
            # Of a list only the latest is shown, and --prefer-binary decides which that is.
            prefers = invocation.command == "list" and guarded.settings.prefer_binary
            finder = _finder(projects, guarded, environment, connection, world)
            offered = tuple(_offered(projects, finder, prefers_wheels=prefers))
        arguments = (*rederived(invocation, guarded.config), *_words(invocation))
        return world.pip.run_offline(arguments, python=environment.python, offered=offered)


def _asked(invocation: Invocation, environment: Environment) -> Iterator[NormalizedName]:
    if invocation.command == "list":
        yield from environment.installed
        return
    words = _words(invocation)
    if words[:1] != ["versions"]:
        return
    if len(words) != 2:
        raise CommandError("You need to specify exactly one argument")
    try:
        yield project_name(words[1])
    except InvalidName as error:
        raise CommandError(str(error), origin=invocation.arguments[1].origin) from None


def _words(invocation: Invocation) -> list[str]:
    return [argument.value for argument in invocation.arguments]


def _finder(
    projects: Iterable[NormalizedName],
    guarded: Guarded,
    environment: Environment,
    connection: Connection,
    world: World,
) -> Finder:
    """What routes as an installation would: by pattern, by what was first used, by who serves it.

    All indexes have been asked for all the projects, and may not have answered yet.
    """
    from safepip.flows.planning import memory_of
    from safepip.flows.routing import router_of
    from safepip.resolve.finder import Finder
    from safepip.resolve.target import Target

    options = resolve_options(guarded.settings, environment)
    router = router_of(guarded, connection.client, memory_of(guarded, world).objection)
    for project in projects:
        router.prefetch(project)
    return Finder(router, Target(environment, options), options)


def _offered(projects: Iterable[NormalizedName], finder: Finder, *, prefers_wheels: bool) -> Iterator[str]:
    """File names that pip would call candidates; yanked files and pre-releases left out, as pip does here.

    Args:
        prefers_wheels: whether a wheel is the latest even where a source archive is newer.
    """
    for project in projects:
        offers = list(_candidates(project, finder))
        if prefers_wheels and any(offer.wheel for offer in offers):
            offers = [offer for offer in offers if offer.wheel]
        yield from (offer.file.filename for offer in offers)


def _candidates(project: NormalizedName, finder: Finder) -> Iterator[Offer]:
    every = finder.allows_prereleases(project) is True
    for offer in finder.offers(project).offers:
        if offer.file.yanked is None and (every or not offer.version.is_prerelease):
            yield offer
