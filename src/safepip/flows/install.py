"""The main path: ``safepip install``, top to bottom.

No index is asked before every setting has passed the rules, and nothing is put anywhere before
every file of the plan has been verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.errors import ApplyError, ExitCode, UsageError
from safepip.core.events import StageBegan
from safepip.core.ports import Applied
from safepip.flows.applying import apply_options, check_target, warnings_without_pip, with_replaced
from safepip.flows.build import Builds
from safepip.flows.guard import guard
from safepip.flows.guarded import Guarded
from safepip.flows.judging import judge_artifacts, judge_each, stop_if_denied
from safepip.flows.planning import fetched, make_plan, memory_of, to_fetch, with_digests
from safepip.flows.self_overwrite import lands_here, self_overwrites, stand_apart

if TYPE_CHECKING:
    from safepip.core.plan import Plan
    from safepip.core.ports import Environment
    from safepip.flows.settings import Settings
    from safepip.flows.world import Connection, Target, World
    from safepip.pipcompat.argv import Invocation, OwnOptions


class Aim(Protocol):
    """What a command makes of an environment besides putting the plan into it, as ``install`` does."""

    def check(self, guarded: Guarded) -> None:
        """Raise UsageError where what was said does not go with the command."""

    def standing(self, guarded: Guarded, environment: Environment) -> Environment:
        """The environment with only that installed which may stand for what is asked for."""

    def completed(self, plan: Plan, guarded: Guarded, target: Target, world: World) -> Plan:
        """The plan with whatever else the environment needs to be as wanted."""


def install(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Resolve, fetch, verify, apply. Returns pip's exit code.

    Raises:
        Refused, Undecided, VerificationError, ResolutionError and the other SafepipErrors; the
        environment is then as it was.
    """
    return bring_about(None, invocation, own, world)


def bring_about(aim: Aim | None, invocation: Invocation, own: OwnOptions, world: World) -> int:
    """The path of every command that changes an environment; see :func:`install`.

    Args:
        aim: None: the plan is all that is wanted.
    """
    with closing(world.target(own.python)) as target:

        def warm_up() -> None:
            target.applier.warm_up()

        world.show.noted(target.recover())
        guarded = guard(invocation, own, world, target, locked=aim is not None)
        if aim:
            aim.check(guarded)
        _check(guarded.settings, own, target, world)
        environment = _standing(aim, guarded, target)
        if _adds_something(guarded, environment):
            # Let pip get ready meanwhile; where all may be there already, not before an index is asked.
            warm_up()
        with (
            closing(world.connect(guarded.transport, begin=warm_up)) as connection,
            closing(Builds(guarded, connection, world, lambda: world.workshop(target))) as builds,
        ):
            plan = make_plan(guarded, environment, connection, world, builds)
            if environment is not target.environment and not guarded.settings.elsewhere:
                plan = with_replaced(plan, target.alone, environment)
            plan = aim.completed(plan, guarded, target, world) if aim else plan
            world.show.satisfied(plan)
            if guarded.settings.report:
                plan = with_digests(plan, guarded, connection, world)
            if _only_tells(own, plan, guarded, environment, world):
                return ExitCode.OK
            if plan.changes_nothing:
                said = warnings_without_pip(guarded.settings, environment, world)
                world.show.installed(plan, Applied(exit_code=ExitCode.OK, messages=said))
                return ExitCode.OK
            staying = _staying(plan, guarded, target)
            plan, files = verified_files(plan, guarded, connection, world, builds, installed=staying)
            return _apply(plan, files, guarded, target, world)


def _standing(aim: Aim | None, guarded: Guarded, target: Target) -> Environment:
    """What is installed, as far as it may stand for what is asked for."""
    # Neither PYTHONPATH nor a look-alike decides that something with a hash is there already.
    environment = target.vouched_for if guarded.counts_hashes else target.environment
    return aim.standing(guarded, environment) if aim else environment


def _staying(plan: Plan, guarded: Guarded, target: Target) -> Mapping[NormalizedName, Iterable[str]]:
    """The files of what is there and stays, which nothing may overwrite."""
    if guarded.settings.elsewhere:
        return {}
    going = {one.project for one in plan.removed}
    return {project: files for project, files in target.owned.items() if project not in going}


def _only_tells(
    own: OwnOptions, plan: Plan, guarded: Guarded, environment: Environment, world: World
) -> bool:
    """Tell what somebody asked to be told; whether no more is wanted.

    Raises Refused where what else is wanted would take from safepip what it runs on.
    """
    settings = guarded.settings
    if own.explain:
        world.show.explained(plan)
        return True
    keep_safepip_working(plan, guarded, environment, world)
    if settings.report:
        world.show.reported(plan, environment, settings.report)
    if settings.dry_run:
        world.show.would_install(plan)
    return settings.dry_run


def _adds_something(guarded: Guarded, environment: Environment) -> bool:
    """Whether something is asked for by a name that is not installed."""
    named = (line.requirement for line in guarded.roots)
    return any(one is not None and canonicalize_name(one.name) not in environment.installed for one in named)


def _check(settings: Settings, own: OwnOptions, target: Target, world: World) -> None:
    """Raise UsageError, or in pip's words, where this cannot be done, before an index is asked."""
    if settings.report == "-" and own.report_format != "text":
        raise UsageError(
            f"--report - and --report-format {own.report_format} both want stdout",
            reference="usage",
            hint="write one of them to a file: --report FILE",
        )
    check_target(settings, target.environment, world)


def keep_safepip_working(plan: Plan, guarded: Guarded, environment: Environment, world: World) -> None:
    """Raise Refused where the plan would take from safepip what it runs on."""
    if plan.steps and lands_here(guarded.settings, environment, world):
        stop_if_denied(judge_each(self_overwrites(plan, environment), guarded.context), world)


def verified_files(
    plan: Plan,
    guarded: Guarded,
    connection: Connection,
    world: World,
    builds: Builds,
    *,
    installed: Mapping[NormalizedName, Iterable[str]],
) -> tuple[Plan, Mapping[NormalizedName, Path]]:
    """Every file of the plan, its digests checked and its contents inspected.

    Returns the plan with the wheels that were built in the places of their sources, and the files.

    Args:
        installed: files of what is in the environment and may not be overwritten by another package.
    """
    world.sink(StageBegan(stage="downloading", total=len(to_fetch(plan))))
    files = fetched(plan, guarded, connection)
    made, wheels = builds.built(plan, files)
    world.sink(StageBegan(stage="verifying", total=len(plan.steps)))
    findings = connection.inspect(made.steps, wheels, installed=installed)
    judge_artifacts(builds.relevant(findings, made), made, guarded, world)
    memory_of(guarded, world).remember(plan, files)
    return made, wheels


def _apply(
    plan: Plan, files: Mapping[NormalizedName, Path], guarded: Guarded, target: Target, world: World
) -> int:
    world.audit.admitted(plan, files)
    stand_apart(plan, guarded.settings, target, world)
    world.sink(StageBegan(stage="installing", total=len(plan.steps)))
    applied = target.applier.apply(plan, files, apply_options(guarded.settings, plan, world))
    if applied.exit_code != ExitCode.OK:
        said = "\n".join(applied.messages)
        raise ApplyError("pip could not apply the plan; the environment is as it was", notes=(said,))
    # What the resolver has warned of already, pip warns of again.
    fresh = tuple(line for line in applied.messages if line not in plan.notes)
    world.show.installed(plan, replace(applied, messages=fresh))
    return applied.exit_code
