"""The target environment as a port: one process in its interpreter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.ports import Applier, Environment


class RealTarget:
    """Implements :class:`safepip.flows.world.Target` with one process in the target's interpreter."""

    def __init__(self, python: str, environ: Mapping[str, str], reason: str = "") -> None:
        from safepip.io.agent import Agent

        self.reason = reason
        self._agent = Agent(python, environ)
        self._environ = environ

    @property
    def prefix(self) -> str:
        return str(self._agent.facts()["prefix"])

    @property
    def base_prefix(self) -> str:
        return str(self._agent.facts()["base_prefix"])

    @cached_property
    def environment(self) -> Environment:
        from safepip.io.target import environment, python_path

        return environment(self._agent, python_path(self._environ))

    @cached_property
    def alone(self) -> Environment:
        from safepip.io.target import environment, python_path

        return environment(self._agent) if python_path(self._environ) else self.environment

    @cached_property
    def vouched_for(self) -> Environment:
        from safepip.io.soundness import vouched_for

        return vouched_for(self.alone)

    @cached_property
    def owned(self) -> Mapping[NormalizedName, Iterable[str]]:
        from safepip.io.extent import owned_paths

        return owned_paths(self.environment)

    @cached_property
    def applier(self) -> Applier:
        from safepip.io.apply import PipApplier

        # The pip that applies has no PYTHONPATH either.
        return PipApplier(self._agent, lambda: self.alone)

    def recover(self) -> list[str]:
        from safepip.io.recovery import recover

        return recover(self._agent.facts())

    def close(self) -> None:
        self._agent.close()
