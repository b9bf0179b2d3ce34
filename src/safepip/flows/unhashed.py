"""Before a file without hashes is refused: what else has none, so that the refusal names all of it at once.

Only pages and metadata are read for it. No file is fetched, and no code runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from safepip.core.errors import SafepipError
from safepip.core.subjects import RequirementKind
from safepip.flows.judging import by_place, unhashed, with_way_out
from safepip.flows.planning import chosen
from safepip.flows.remembering import Memory

if TYPE_CHECKING:
    from safepip.core.events import Event
    from safepip.core.finding import Finding
    from safepip.core.plan import Plan
    from safepip.core.ports import Environment, IndexClient
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import Target, World

RULE = "unhashed-requirement"
_REST_UNKNOWN = "what these need in turn needs hashes too, and is not known yet"


def with_all_unhashed(
    found: Iterable[Finding], guarded: Guarded, target: Target, world: World
) -> tuple[Finding, ...]:
    """The findings, with what the unhashed requirements bring in where these are all that stands in the way.

    The last of them says the one command that settles all.
    """
    told = tuple(found)
    others = [finding for finding in told if not (finding.rule == RULE and finding.denies)]
    named = [finding for finding in told if finding.rule == RULE and finding.denies]
    if not named:
        return told
    more = None if any(finding.denies for finding in others) else _brought_in(named, guarded, target, world)
    whole = sorted((*named, *(more or ())), key=by_place)
    if more is None:
        whole[-1] = replace(whole[-1], notes=(*whole[-1].notes, _REST_UNKNOWN))
    # A URL, a repository or a folder gets no hash from a lock.
    settles = any(line.kind is RequirementKind.NAMED and not line.hashes for line in guarded.roots)
    return (*others, *(with_way_out(whole, guarded) if settles else whole))


def _brought_in(
    named: Iterable[Finding], guarded: Guarded, target: Target, world: World
) -> list[Finding] | None:
    """What is to be installed for them; None where that cannot be told from pages and metadata alone."""
    if any(line.is_own_code or line.kind is RequirementKind.VCS for line in guarded.roots):
        return None  # only their code says what they need
    try:
        with closing(world.connect(replace(guarded.transport, whole_files=False))) as connection:
            plan = _plan(guarded, target.vouched_for, connection.client, world)
    except SafepipError:
        return None
    known = {canonicalize_name(finding.subject) for finding in named if finding.subject}
    return [finding for finding in unhashed(plan, guarded) if finding.subject not in known]


def _plan(guarded: Guarded, environment: Environment, client: IndexClient, world: World) -> Plan:
    """What would be chosen, in silence."""
    # Nothing that policy lets pass here is let pass in the end.
    context = replace(guarded.context, used=set(), passed=lambda _finding, _by: None)
    memory = Memory(world.first_uses(guarded.policy.record.value), context, _unheard, world.measure)
    return chosen(replace(guarded, context=context), environment, client, memory, sink=_unheard)


def _unheard(event: Event) -> None:
    """The run ends with a refusal: how far it came is nobody's concern."""
    del event
