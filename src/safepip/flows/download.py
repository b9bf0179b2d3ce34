"""``safepip download`` and ``wheel``: the same path as install, ending in a folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ExitCode
from safepip.core.events import StageBegan
from safepip.core.kept import Saved, SaveOutcome
from safepip.core.subjects import RequirementKind
from safepip.flows.applying import check_virtualenv
from safepip.flows.build import Builds
from safepip.flows.guard import guard
from safepip.flows.install import verified_files
from safepip.flows.judging import judge_artifacts
from safepip.flows.planning import fetched, make_plan, memory_of

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.plan import Plan
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import Connection, World
    from safepip.pipcompat.argv import Invocation, OwnOptions


def download(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Save every verified file of the plan in ``--dest`` or ``--wheel-dir``, never over a different file.

    Raises:
        as :func:`safepip.flows.install.install`; CommandError where the folder cannot be written.
    """
    with closing(world.target(own.python)) as target:
        guarded = guard(invocation, own, world, target)
        check_virtualenv(guarded.settings, target.environment)
        if invocation.command == "download":
            _check_files(guarded)
        # pip: both resolve as if nothing were installed.
        guarded = replace(guarded, settings=replace(guarded.settings, ignore_installed=True))
        with (
            closing(world.connect(guarded.transport)) as connection,
            closing(
                Builds(guarded, connection, world, lambda: world.workshop(target), editables=False)
            ) as builds,
        ):
            plan = make_plan(guarded, target.environment, connection, world, builds)
            world.show.satisfied(plan)
            if own.explain:
                world.show.explained(plan)
                return ExitCode.OK
            asked = plan
            if invocation.command == "wheel":
                plan, files = verified_files(plan, guarded, connection, world, builds, installed={})
            else:
                plan, files = _verified_as_they_are(plan, guarded, connection, world)
            world.audit.admitted(plan, files)
            built = _built(plan) if invocation.command == "wheel" else frozenset()
            saved = _saved(plan, files, guarded.settings.download_dir, world, built=built)
            world.show.noted([_replaced(saved[one]) for one in built if _is_other(saved[one])])
            world.show.downloaded(asked, [one for project, one in saved.items() if project not in built])
            return ExitCode.OK


def _check_files(guarded: Guarded) -> None:
    """Raise CommandError for repositories. pip makes a zip of the folder that it has run the build in."""
    repositories = [line for line in guarded.roots if line.kind is RequirementKind.VCS]
    if repositories:
        raise CommandError(
            "a repository has no file to download",
            reference="repository-download",
            origin=repositories[0].origin,
            notes=tuple(line.name or line.text for line in repositories),
            hint="`safepip wheel` builds a wheel of it; `git clone` brings its code",
        )


def _built(plan: Plan) -> frozenset[NormalizedName]:
    """Whose wheels were made here. pip tells of a build, and then copies the wheel without a word."""
    return frozenset(step.project for step in plan.steps if step.source is not None)


def _is_other(saved: Saved) -> bool:
    return saved.outcome is SaveOutcome.REPLACED


def _replaced(saved: Saved) -> str:
    """Nothing was downloaded, so what pip says of a bad download is not to be said; but a file is gone."""
    return f"the newly built {saved.path} has replaced another file of that name"


def _saved(
    plan: Plan,
    files: Mapping[NormalizedName, Path],
    folder: str,
    world: World,
    *,
    built: Collection[NormalizedName],
) -> Mapping[NormalizedName, Saved]:
    """Put every file of the plan into the folder. Raises CommandError, in pip's words for what was built."""
    saved = {}
    for step in plan.as_pinned:
        try:
            saved[step.project] = world.save(files[step.project], folder, step.file.filename)
        except OSError as error:
            what = "copy built wheel" if step.project in built else "save"
            raise CommandError(f"Failed to {what} {step.asked_name} to {folder}: {error}") from None
    return saved


def _verified_as_they_are(
    plan: Plan, guarded: Guarded, connection: Connection, world: World
) -> tuple[Plan, Mapping[NormalizedName, Path]]:
    """Sources stay sources; a folder is there already, so pip leaves it out too."""
    kept = replace(plan, steps=tuple(s for s in plan.steps if s.source is None or s.source.is_archive))
    world.sink(StageBegan(stage="downloading", total=len(kept.steps)))
    files = fetched(kept, guarded, connection)
    wheels = [step for step in kept.steps if step.source is None]
    world.sink(StageBegan(stage="verifying", total=len(wheels)))
    judge_artifacts(connection.inspect(wheels, files, installed={}), kept, guarded, world)
    memory_of(guarded, world).remember(kept, files)
    return kept, files
