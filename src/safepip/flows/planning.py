"""From judged requirements to a judged plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.digest import Digest, Digests
from safepip.core.events import StageBegan
from safepip.flows.judging import judge_plan
from safepip.flows.policies import telling_what_was_set_aside
from safepip.flows.remembering import Memory
from safepip.flows.settings import resolve_options

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.plan import Plan, Step
    from safepip.core.ports import Environment, EventSink, IndexClient
    from safepip.core.workshop import Sources
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import Connection, World


def make_plan(
    guarded: Guarded,
    environment: Environment,
    connection: Connection,
    world: World,
    sources: Sources | None = None,
) -> Plan:
    """Route and resolve every requirement; judge what came out. ``sources``: what builds; None: they are refused."""
    memory = memory_of(guarded, world)
    # What builds need is found out on the way: the stage is the command's. Of locks all is known.
    if not (guarded.of_build or all(line.locked for line in guarded.roots)):
        world.sink(StageBegan(stage="resolving"))
    with telling_what_was_set_aside(guarded.policy):
        plan = chosen(guarded, environment, connection.client, memory, sink=world.sink, sources=sources)
    judge_plan(plan, guarded, world)
    return plan


def chosen(
    guarded: Guarded,
    environment: Environment,
    client: IndexClient,
    memory: Memory,
    *,
    sink: EventSink,
    sources: Sources | None = None,
) -> Plan:
    """Route and resolve every requirement; what came out is not judged yet."""
    from safepip.flows.recorded import recorded
    from safepip.flows.routing import router_of
    from safepip.resolve.request import ResolveRequest
    from safepip.resolve.resolver import resolve

    client = recorded(client, guarded.indexes, memory)
    request = ResolveRequest(
        roots=guarded.roots,
        constraints=guarded.constraints,
        options=resolve_options(guarded.settings, environment),
        direct_trust=guarded.trust,
        sources=sources,
    )
    return resolve(
        request,
        environment=environment,
        router=router_of(guarded, client, memory.objection),
        client=client,
        policy=guarded.policy,
        now=guarded.context.now,
        sink=sink,
        context=guarded.context,
        first_use=memory.check,
    )


def memory_of(guarded: Guarded, world: World) -> Memory:
    """The record of first uses, under this run's policy."""
    return Memory(world.first_uses(guarded.policy.record.value), guarded.context, world.sink, world.measure)


def with_digests(plan: Plan, guarded: Guarded, connection: Connection, world: World) -> Plan:
    """The plan as a report names it: with a digest for the files of local folders, which are read for it."""
    bare = tuple(
        s for s in plan.steps if not s.file.digests.strong and (s.source is None or s.source.is_archive)
    )
    if not bare:
        return plan
    files = fetched(replace(plan, steps=bare), guarded, connection)
    measured = {s.project: world.measure(files[s.project], Digests())[0] for s in bare}
    return replace(plan, steps=tuple(_with_digest(step, measured.get(step.project)) for step in plan.steps))


def _with_digest(step: Step, sha256: str | None) -> Step:
    if sha256 is None:
        return step
    return replace(step, file=replace(step.file, digests=Digests.of([Digest.of("sha256", sha256)])))


def to_fetch(plan: Plan) -> list[Step]:
    """The steps that are files somewhere; a folder or repository that is built is there already."""
    return [step for step in plan.steps if step.source is None or step.source.is_archive]


def fetched(plan: Plan, guarded: Guarded, connection: Connection) -> Mapping[NormalizedName, Path]:
    """The file of every step, its digests checked; a folder that is built needs none."""
    steps = to_fetch(plan)
    # A direct file brings an index of its own, which nobody configured; so does one of a lock.
    own = {step.index: step.route.index for step in steps if step.direct or step.file.locked}
    return connection.store.ensure(steps, {index.name: index for index in guarded.indexes} | own)
