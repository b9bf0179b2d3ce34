"""What builds need: routed, resolved, fetched and verified as carefully as anything that is put anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.errors import ExitCode
from safepip.core.plan import Plan
from safepip.flows.build_requirements import as_lines, for_build
from safepip.flows.judging import judge_each, stop_if_denied
from safepip.flows.locked_builds import check_pins

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.build import Source
    from safepip.core.ports import Environment
    from safepip.flows.build import Builds
    from safepip.flows.guarded import Guarded
    from safepip.flows.opening import Opening
    from safepip.flows.world import Connection, World

Wanted = tuple["Source", tuple[str, ...]]
"""A source, and the requirement texts of its build; before anything is put there, all rooms are alike."""


class Supply:
    """Has each thing once, however many rooms it is for.

    Args:
        nested: makes what builds the sources among what a build of a source needs.
    """

    def __init__(
        self,
        guarded: Guarded,
        connection: Connection,
        world: World,
        nested: Callable[[Guarded, Opening], Builds],
    ) -> None:
        self._guarded = guarded
        self._connection = connection
        self._world = world
        self._nested = nested
        self._requests: dict[Wanted, tuple[Guarded, Builds]] = {}
        self._plans: dict[Wanted, Plan] = {}
        self._wheels: dict[Wanted, tuple[Plan, Mapping[NormalizedName, Path]]] = {}

    def request(self, texts: tuple[str, ...], opening: Opening) -> tuple[Guarded, Builds]:
        """The requirements of a build under the command's policy, and what builds for them."""
        wanted = opening.source, texts
        if wanted not in self._requests:
            # Where an archive has been unpacked is gone when the message is read.
            tree = str(opening.tree) if opening.source.directory else opening.source.url
            lines = as_lines(texts, opening.name, f"{tree}/pyproject.toml", from_file=opening.from_file)
            guarded = for_build(self._guarded, lines, opening.name, opening.pins)
            self._requests[wanted] = guarded, self._nested(guarded, opening)
        return self._requests[wanted]

    def plan(self, environment: Environment, texts: tuple[str, ...], opening: Opening) -> Plan:
        """What would be put into the room. Nothing of the source has to run for it.

        Args:
            environment: of the empty room.

        Raises:
            Refused: also where something of it needs a hash and has none; all of that at once.
            Undecided, ResolutionError and the others, as for any requirement.
        """
        from safepip.flows.planning import make_plan

        wanted = opening.source, texts
        if not texts:
            return Plan(steps=())
        if wanted not in self._plans:
            guarded, builds = self.request(texts, opening)
            if opening.pins is not None:
                check_pins(guarded, opening.pins, environment, self._world)
            self._plans[wanted] = make_plan(guarded, environment, self._connection, self._world, builds)
        return self._plans[wanted]

    def wheels(
        self, environment: Environment, texts: tuple[str, ...], opening: Opening
    ) -> tuple[Plan, Mapping[NormalizedName, Path]]:
        """The same, and its verified wheels. Raises as :meth:`plan`, and what fetching and building raise."""
        wanted = opening.source, texts
        if wanted not in self._wheels:
            self._wheels[wanted] = self._had(self.plan(environment, texts, opening), texts, opening)
        return self._wheels[wanted]

    def _had(
        self, plan: Plan, texts: tuple[str, ...], opening: Opening
    ) -> tuple[Plan, Mapping[NormalizedName, Path]]:
        from safepip.flows.planning import fetched, memory_of

        if not plan.steps:
            return plan, {}
        guarded, builds = self.request(texts, opening)
        files = fetched(plan, guarded, self._connection)
        made, wheels = builds.built(plan, files)
        findings = builds.relevant(self._connection.inspect(made.steps, wheels, installed={}), made)
        stop_if_denied(judge_each(findings, guarded.context), self._world, exit_code=ExitCode.VERIFICATION)
        memory_of(guarded, self._world).remember(plan, files)
        return made, wheels
