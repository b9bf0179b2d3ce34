"""Wheels that earlier runs built, used again where every input of the build is the same.

Which wheel that is, only the user's record says, by a key over all inputs; what stands in the cache without
it is never looked at. A wheel that is taken is hashed, and inspected and judged like one that was just built.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from safepip.core.built import Inputs, archive_identity
from safepip.core.errors import BuildError, ConfigurationError, ResolutionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

    from safepip.core.build import BuiltWheel, Source
    from safepip.core.built import BuiltWheels
    from safepip.core.index import WheelMetadata
    from safepip.core.plan import Plan, Step
    from safepip.core.ports import Environment
    from safepip.core.workshop import Workshop
    from safepip.flows.guarded import Guarded
    from safepip.flows.opening import Opening
    from safepip.flows.world import Connection, World

T = TypeVar("T")
_NO_INPUTS = frozenset({"platform_release", "platform_version"})
"""What Python says of the kernel that happens to run; tags tell the platform."""


class KeptBuilds:
    """Built wheels between runs, as one command uses them; none where nothing is kept after it.

    A record or a cache that cannot be used is said once, and is no reason not to build.
    """

    def __init__(
        self, guarded: Guarded, connection: Connection, world: World, shop: Callable[[], Workshop]
    ) -> None:
        # Without isolation a build sees whatever the target has.
        self._folder = guarded.transport.cache_dir if guarded.settings.build_isolation else None
        self._opened: BuiltWheels | None = None
        self._connection = connection
        self._world = world
        self._shop = shop

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def knows(self, opening: Opening) -> bool:
        """Whether it is worth looking for a wheel."""
        source = opening.identity
        return bool(source) and bool(self._tried(lambda wheels: wheels.knows(source)))

    def key(
        self,
        opening: Opening,
        environment: Environment,
        plan: Plan,
        wheels: Mapping[NormalizedName, Path],
    ) -> str | None:
        """What tells builds of equal inputs; None where nothing tells what the source is.

        Args:
            environment: the build room's.
            plan, wheels: what the room holds.
        """
        if self._folder is None or not opening.identity:
            return None
        measured = [
            (step.file.filename, self._world.measure(wheels[step.project], step.file.digests)[0])
            for step in plan.steps
        ]
        return Inputs(
            source=opening.identity,
            subdirectory=opening.source.subdirectory,
            settings=opening.source.settings,
            interpreter=_interpreter(environment),
            environ=self._shop().passed_on(),
            room=measured,
        ).key

    def asked(self, key: str | None) -> tuple[str, ...] | None:
        """What the backend asked for in a room of the same inputs; None: nobody knows."""
        return None if key is None else self._tried(lambda wheels: wheels.asked(key))

    def find(self, key: str | None) -> tuple[BuiltWheel, WheelMetadata] | None:
        """The wheel of these inputs, its bytes as they were when it was built."""
        return None if key is None else self._tried(lambda wheels: wheels.find(key))

    def found(
        self, requires: tuple[str, ...], key_of: Callable[[tuple[str, ...]], str | None]
    ) -> tuple[BuiltWheel, WheelMetadata] | None:
        """The wheel that an earlier run built of the same inputs; None where a build has to find out.

        Args:
            requires: what ``pyproject.toml`` asks for.
            key_of: resolves requirements for the room, and gives the key of a build in it.
        """
        try:
            key = key_of(requires)
            found, asked = self.find(key), self.asked(key)
            if found is None and asked:
                found = self.find(key_of((*requires, *asked)))
            return found
        except (BuildError, ResolutionError):
            return None  # the build will fail over the same, and say so in its own words

    def remember_asked(self, opening: Opening, key: str | None, texts: tuple[str, ...]) -> None:
        if key is not None:
            self._tried(lambda wheels: wheels.remember_asked(opening.identity, key, texts))

    def keep(self, key: str | None, step: Step, wheel: BuiltWheel) -> Path | None:
        """The folder where the wheel stands for the next run; None where it is not kept.

        What policy may refuse for its contents is not kept for other runs to be refused for it.
        """
        if key is None or self._folder is None:
            return None
        findings = self._connection.inspect([step], {step.project: wheel.path}, installed={})
        if any(finding.rule != "startup-hook" for finding in findings):
            return None
        now, told = self._world.clock.now(), replace(wheel, lacked=tuple(self._shop().lacks()))
        return self._tried(lambda wheels: wheels.keep(key, told, now))

    def _tried(self, act: Callable[[BuiltWheels], T]) -> T | None:
        """None too where the record or the folder cannot be used; then nothing more is tried."""
        if self._folder is None:
            return None
        try:
            if self._opened is None:
                self._opened = self._world.built_wheels(self._folder)
            return act(self._opened)
        except ConfigurationError as error:
            self._give_up(error.message)
        except OSError as error:
            self._give_up(str(error))
        return None

    def _give_up(self, why: str) -> None:
        self.close()
        self._folder = None
        self._world.show.noted([f"built wheels are not kept: {why}"])


def identity_of(source: Source, filename: str) -> str:
    """What tells the code of a source from any other; empty for a folder, which may change."""
    if source.vcs is not None and not source.editable:
        return f"{source.vcs.system} {source.vcs.id} {source.vcs.names} {source.url}"
    sha256 = source.digests.sha256 if source.is_archive else None
    return archive_identity(sha256, filename) if sha256 else ""


def _interpreter(environment: Environment) -> dict[str, object]:
    said = {name: text for name, text in environment.markers.items() if name not in _NO_INPUTS}
    # Tags tell implementation, version, ABI, platform and C library; two builds of one Python may
    # have the same, and differ in where their headers are and what they compile with.
    return {
        "markers": said,
        "tags": [str(tag) for tag in environment.tags],
        "stdlib": environment.paths.get("stdlib", ""),
    }
