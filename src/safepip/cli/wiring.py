"""The real world: the only module that knows which class implements which port."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.cli.presenter import StreamPresenter
from safepip.core.errors import ExitCode, Refused, SafepipError

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.events import Event
    from safepip.core.finding import Finding
    from safepip.core.index import Index
    from safepip.core.limits import Limits
    from safepip.core.plan import Step
    from safepip.core.ports import Applier, Clock, Environment, Files, IndexClient, Pip, Store
    from safepip.flows.world import Transport
    from safepip.pipcompat.argv import Invocation, OwnOptions


class RealTarget:
    """Implements :class:`safepip.flows.world.Target` with one process in the target's interpreter."""

    def __init__(self, python: str, environ: Mapping[str, str]) -> None:
        from safepip.io.agent import Agent

        self._agent = Agent(python, environ)
        self._environ = environ

    @property
    def prefix(self) -> str:
        return str(self._agent.facts()["prefix"])

    @cached_property
    def environment(self) -> Environment:
        from safepip.io.target import environment, python_path

        return environment(self._agent, python_path(self._environ))

    @cached_property
    def applier(self) -> Applier:
        from safepip.io.apply import PipApplier

        return PipApplier(self._agent, lambda: self.environment)

    def close(self) -> None:
        self._agent.close()


class RealConnection:
    """Implements :class:`safepip.flows.world.Connection`."""

    def __init__(self, client: IndexClient, store: Store, limits: Limits) -> None:
        self.client = client
        self.store = store
        self._limits = limits

    def inspect(
        self, steps: Sequence[Step], files: Mapping[NormalizedName, Path]
    ) -> tuple[Finding, ...]:
        from safepip.io.inspect import inspect_files

        return inspect_files(steps, files, self._limits)

    def close(self) -> None:
        self.client.close()
        self.store.close()


class RealWorld:
    """Implements :class:`safepip.flows.world.World`."""

    def __init__(self) -> None:
        self.around = Machine()
        self.show = StreamPresenter(cwd=self.around.cwd)
        self._own: OwnOptions | None = None
        self._progress: Progress | None = None

    def begin(self, own: OwnOptions, invocation: Invocation) -> None:
        """Take from the command line what decides how to speak, before anything can go wrong."""
        self._own = own
        self.show.format = own.report_format
        self.show.command = invocation.command or ""
        given = [option.dest for option in invocation.options]
        self._speak(given.count("verbose") - given.count("quiet"), no_color="no_color" in given)

    def manner(self, options: Options) -> None:
        """See the port."""
        from safepip.flows.settings import read_settings

        settings = read_settings(options)
        self._speak(settings.verbosity, no_color=settings.no_color)
        self._bar = str(options.value("progress_bar") or "auto")

    def _speak(self, verbosity: int, *, no_color: bool) -> None:
        self.show.quiet = max(0, -verbosity)
        self._verbosity = verbosity
        self.show.color = wants_color(
            is_terminal=sys.stderr.isatty(), environ=self.around.environ, no_color=no_color
        )
