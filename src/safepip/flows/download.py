"""``safepip download`` and ``wheel``: the same path as install, ending in a folder."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ExitCode
from safepip.flows.guard import guard
from safepip.flows.install import make_plan, verified_files
from safepip.flows.settings import check_settings

if TYPE_CHECKING:
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions


def download(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Save every verified file of the plan in ``--dest`` or ``--wheel-dir``, never over a different file.

    Raises:
        as :func:`safepip.flows.install.install`; CommandError where the folder cannot be written.
    """
    with closing(world.target(own.python)) as target:
        guarded = guard(invocation, own, world, target)
        check_settings(guarded.settings, installs=False)
        # pip: both resolve as if nothing were installed.
        guarded = replace(guarded, settings=replace(guarded.settings, ignore_installed=True))
        with closing(world.connect(guarded.transport)) as connection:
            plan = make_plan(guarded, target.environment, connection, world)
            if own.explain:
                world.show.explained(plan)
                return ExitCode.OK
            files = verified_files(plan, guarded, connection, world, installed={})
            world.audit.admitted(plan, files)
            folder = guarded.settings.download_dir
            try:
                saved = [world.save(files[s.project], folder, s.file.filename) for s in plan.as_pinned]
            except OSError as error:
                raise CommandError(f"Could not save to {folder}: {error}") from None
            world.show.downloaded(plan, [path for path in saved if path])
            return ExitCode.OK
