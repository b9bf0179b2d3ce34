"""The main path: ``safepip install``, top to bottom.

No index is asked before every setting has passed the rules, and nothing is put anywhere before
every file of the plan has been verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from safepip.core.errors import ApplyError, ExitCode
from safepip.core.events import StageBegan
from safepip.flows.applying import apply_options, check_target
from safepip.flows.guard import Guarded, guard
from safepip.flows.judging import judge_artifacts, judge_each, judge_plan, stop_if_denied
from safepip.flows.self_overwrite import lands_here, self_overwrites
from safepip.flows.settings import check_settings, resolve_options

if TYPE_CHECKING:
    from safepip.core.plan import Plan
    from safepip.core.ports import Environment
    from safepip.flows.world import Connection, Target, World
    from safepip.pipcompat.argv import Invocation, OwnOptions


def install(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Resolve, fetch, verify, apply. Returns pip's exit code.

    Raises:
        Refused, Undecided, VerificationError, ResolutionError and the other SafepipErrors; the
        environment is then as it was.
    """
    with closing(world.target(own.python)) as target:
        guarded = guard(invocation, own, world, target)
        check_settings(guarded.settings, installs=True)
        check_target(guarded.settings, target.environment, world)
        # As soon as an index is asked, something is likely to be installed: let pip get ready meanwhile.
        with closing(world.connect(guarded.transport, begin=target.applier.warm_up)) as connection:
            plan = make_plan(guarded, target.environment, connection, world)
            if own.explain:
                world.show.explained(plan)
                return ExitCode.OK
            keep_safepip_working(plan, guarded, target.environment, world)
            if guarded.settings.report:
                world.show.reported(plan, target.environment, guarded.settings.report)
            if guarded.settings.dry_run:
                world.show.would_install(plan)
                return ExitCode.OK
            if not plan.steps:
                return ExitCode.OK
            owned = {} if guarded.settings.elsewhere else target.owned
            files = verified_files(plan, guarded, connection, world, installed=owned)
            return _apply(plan, files, guarded, target, world)


def make_plan(guarded: Guarded, environment: Environment, connection: Connection, world: World) -> Plan:
    """Route and resolve every requirement; judge what came out."""
    from safepip.resolve.request import ResolveRequest
    from safepip.resolve.resolver import resolve
    from safepip.route import Router

    world.sink(StageBegan(stage="resolving"))
    plan = resolve(
        ResolveRequest(
            roots=guarded.roots,
            constraints=guarded.constraints,
            options=resolve_options(guarded.settings, environment),
            direct_trust=guarded.trust,
        ),
        environment=environment,
        router=Router(guarded.indexes, connection.client, patterns_only=guarded.patterns_only),
        client=connection.client,
        policy=guarded.policy,
        now=guarded.context.now,
        sink=world.sink,
        context=guarded.context,
    )
    judge_plan(plan, guarded, world)
    world.show.satisfied(plan)
    return plan


def keep_safepip_working(plan: Plan, guarded: Guarded, environment: Environment, world: World) -> None:
    """Raise Refused where the plan would take from safepip what it runs on."""
    if plan.steps and lands_here(guarded.settings, environment, world):
        stop_if_denied(judge_each(self_overwrites(plan, environment), guarded.context), world)


def verified_files(
    plan: Plan,
    guarded: Guarded,
    connection: Connection,
    world: World,
    *,
    installed: Mapping[NormalizedName, Iterable[str]],
) -> Mapping[NormalizedName, Path]:
    """Every file of the plan, its digests checked and its contents inspected.

    Args:
        installed: files of what is in the environment and may not be overwritten by another package.
    """
    world.sink(StageBegan(stage="downloading", total=len(plan.steps)))
    # A direct file brings an index of its own, which nobody configured.
    indexes = {i.name: i for i in guarded.indexes} | {s.index: s.route.index for s in plan.steps if s.direct}
    files = connection.store.ensure(plan.steps, indexes)
    world.sink(StageBegan(stage="verifying", total=len(plan.steps)))
    judge_artifacts(connection.inspect(plan.steps, files, installed=installed), plan, guarded, world)
    return files


def _apply(
    plan: Plan, files: Mapping[NormalizedName, Path], guarded: Guarded, target: Target, world: World
) -> int:
    world.audit.admitted(plan, files)
    world.sink(StageBegan(stage="installing", total=len(plan.steps)))
    applied = target.applier.apply(plan, files, apply_options(guarded.settings, plan, world))
    if applied.exit_code != ExitCode.OK:
        raise ApplyError("pip could not apply the plan; the environment is as it was", notes=applied.messages)
    world.show.installed(plan, applied)
    return applied.exit_code
