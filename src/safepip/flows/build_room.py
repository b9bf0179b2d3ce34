"""The room that a source is built in: what it needs is routed, resolved, fetched, verified and put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.build import Source, read_build_system
from safepip.core.errors import BuildError, ResolutionError
from safepip.core.limits import Limits
from safepip.flows.build_requirements import check_present, missing_in
from safepip.flows.build_supply import Supply
from safepip.flows.opening import Needed, Opening, Project, Ready

if TYPE_CHECKING:
    from safepip.core.build import BuildSystem
    from safepip.core.workshop import Backend, Room, Workshop
    from safepip.flows.build import Builds
    from safepip.flows.built_wheels import KeptBuilds
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import Connection, World


METADATA_FAILED = "metadata-generation-failed: Encountered error while generating package metadata."
"""pip's name and words for it."""


class Preparation:
    """Opens each source once.

    Args:
        nested: makes what builds the sources that a build needs.
        kept: what earlier runs built.
        inside: URLs of the sources that wait for this one.
    """

    def __init__(
        self,
        guarded: Guarded,
        connection: Connection,
        world: World,
        shop: Callable[[], Workshop],
        nested: Callable[[Guarded, tuple[str, ...]], Builds],
        *,
        kept: KeptBuilds,
        inside: tuple[str, ...],
    ) -> None:
        self._guarded = guarded
        self._world = world
        self._open_shop = shop
        self._supply = Supply(
            guarded,
            connection,
            world,
            lambda inner, opening: nested(inner, (*inside, opening.source.url)),
        )
        self._kept = kept
        self._inside = inside
        self._ready: dict[Source, Ready] = {}
        self._projects: dict[Source, Project] = {}
        self._unasked: set[Source] = set()

    @property
    def _shop(self) -> Workshop:
        return self._open_shop()

    def known(self, source: Source) -> Project | None:
        return self._projects.get(source)

    def open(self, opening: Opening) -> Project:
        """Let the source's own code say what the wheel will be.

        Raises:
            BuildError: it is no project, its backend failed, or it needs itself.
            Refused, Undecided and the others: what its build needs cannot be had.
        """
        project = self._projects.get(opening.source)
        if project is None:
            project = self._projects[opening.source] = self._built_before(opening) or self._run(opening)
        return project

    def _run(self, opening: Opening) -> Project:
        ready = self._made_ready(opening)
        what = "editable metadata" if opening.source.editable else "metadata"
        with self._saying_whose(opening, f"Preparing {what} (pyproject.toml)", METADATA_FAILED):
            metadata = ready.backend.metadata()
        self._world.show.noted(self._shop.shortcomings())
        return Project(made=ready.backend, metadata=metadata, inputs=ready.inputs)

    def _built_before(self, opening: Opening) -> Project | None:
        """With the wheel of an earlier build of all the same inputs; then nothing of the source runs."""
        if not self._kept.knows(opening):
            return None
        self._check_nesting(opening)
        environment = self._shop.room().environment

        def inputs_of(requires: tuple[str, ...]) -> str | None:
            return self._kept.key(opening, environment, *self._supply.wheels(environment, requires, opening))

        found = self._kept.found(self._system(opening).requires, inputs_of)
        return None if found is None else Project(made=found[0], metadata=found[1])

    def check(self, opening: Opening) -> None:
        """Raise as :meth:`open` does where what ``pyproject.toml`` asks for cannot be had; nothing of it runs."""
        if self._guarded.settings.build_isolation and opening.source not in self._ready:
            self._check_nesting(opening)
            self._supply.plan(self._shop.room().environment, self._system(opening).requires, opening)

    def needs(self, opening: Opening, *, runs: bool) -> Needed:
        """What a build of it needs.

        Args:
            runs: whether its backend may be asked; what it has said already counts in any case.
        """
        if runs:
            self._made_ready(opening)
            self._world.show.noted(self._shop.shortcomings())
        ready = self._ready.get(opening.source)
        self._check_nesting(opening)
        texts = ready.needs if ready is not None else self._system(opening).requires
        if ready is None:
            self._say_unasked(opening)
        needed = self._needed(texts, opening)
        declared = self._system(opening).requires
        if runs or texts == declared:
            return needed
        return replace(needed, declared=self._needed(declared, opening))

    def _needed(self, texts: tuple[str, ...], opening: Opening) -> Needed:
        guarded, builds = self._supply.request(texts, opening)
        return Needed(guarded=guarded, builds=builds)

    def _say_unasked(self, opening: Opening) -> None:
        """Say once that what a backend needs besides ``pyproject.toml`` is not known."""
        if opening.source not in self._unasked:
            self._unasked.add(opening.source)
            note = (
                f"{opening.name} is built for other environments only: what its backend asks for there, "
                "besides what its pyproject.toml says, is not locked"
            )
            self._world.show.noted([note])

    @contextmanager
    def said(self, what: str) -> Iterator[None]:
        """pip's two lines around a piece of work."""
        self.say(f"  {what}: started")
        try:
            yield
        except (BuildError, ResolutionError):
            self.say(f"  {what}: finished with status 'error'")
            raise
        self.say(f"  {what}: finished with status 'done'")

    @contextmanager
    def _saying_whose(self, opening: Opening, what: str, *notes: str) -> Iterator[None]:
        """As :meth:`said`; a failure also says whose it is, in pip's words."""
        try:
            with self.said(what):
                yield
        except (BuildError, ResolutionError) as error:
            project = opening.name.partition("==")[0]
            error.notes = (*error.notes, *notes, f"Failed to build {project!r} when {what.lower()}")
            raise

    def say(self, line: str) -> None:
        """What is built for a build goes on in silence, as in pip."""
        if not self._inside:
            self._world.show.building(line)

    def _check_nesting(self, opening: Opening) -> None:
        url = opening.source.url
        if url in self._inside or len(self._inside) >= Limits().build_nesting_max:
            raise BuildError(
                f"{url} is already being built: {opening.name.partition('==')[0]} from {url}",
                reference="build-needs-itself",
                origin=opening.origin,
                notes=(" -> ".join((*self._inside, url)),),
                hint="have the index offer a wheel of it, or of what its build needs",
            )

    def _system(self, opening: Opening) -> BuildSystem:
        content = self._shop.read(opening.tree, "pyproject.toml")
        if content is None and self._shop.read(opening.tree, "setup.py") is None:
            raise BuildError(
                f"{opening.name} does not appear to be a Python project: "
                "neither 'setup.py' nor 'pyproject.toml' found.",
                reference="no-project",
                origin=opening.origin,
            )
        return read_build_system(content, opening.name)

    def _made_ready(self, opening: Opening) -> Ready:
        ready = self._ready.get(opening.source)
        if ready is None:
            self._check_nesting(opening)
            ready = self._ready[opening.source] = self._furnished(opening, self._system(opening))
        return ready

    def _furnished(self, opening: Opening, system: BuildSystem) -> Ready:
        if not self._guarded.settings.build_isolation:
            return Ready(backend=self._backend_in_target(opening, system), needs=())
        room = self._shop.room()
        with self._saying_whose(opening, "Installing build dependencies"):
            inputs = self._provide(room, system.requires, opening)
        self._warn_without_setuptools(system, room, opening)
        backend = room.backend(opening.tree, system, opening.source, opening.name)
        self._check_editable(backend, opening)
        what = "editable" if opening.source.editable else "wheel"
        with self._saying_whose(opening, f"Getting requirements to build {what}"):
            asked = backend.requires()
        self._kept.remember_asked(opening, inputs, asked)
        needs = (*system.requires, *asked)
        if not missing_in(asked, room.environment, opening.name):
            return Ready(backend=backend, needs=needs, inputs=inputs)
        # A room that a backend has been in is the backend's: what it left there would run whenever
        # something was put there, and outside of what it is confined to.
        room = self._shop.room()
        with self._saying_whose(opening, "Installing backend dependencies"):
            inputs = self._provide(room, needs, opening)
        backend = room.backend(opening.tree, system, opening.source, opening.name)
        return Ready(backend=backend, needs=needs, inputs=inputs)

    def _warn_without_setuptools(self, system: BuildSystem, room: Room, opening: Opening) -> None:
        missing = missing_in(
            system.checked, room.environment, opening.name, against="PEP 517/518 supported requirements"
        )
        if missing:
            without = f"pip cannot fall back to setuptools without {' and '.join(missing)}."
            self._world.show.noted(
                (
                    f"Missing build requirements in pyproject.toml for {opening.name}.",
                    f"The project does not specify a build backend, and {without}",
                )
            )

    def _check_editable(self, backend: Backend, opening: Opening) -> None:
        if not opening.source.editable:
            return
        with self._saying_whose(opening, "Checking if build backend supports build_editable"):
            supported = backend.supports_editable()
        if not supported:
            raise BuildError(
                f"Project {opening.name} uses a build backend that is missing the 'build_editable' hook, so "
                "cannot be installed in editable mode.",
                reference="no-editable-hook",
                origin=opening.origin,
                hint="consider using a build backend that supports PEP 660",
            )

    def _backend_in_target(self, opening: Opening, system: BuildSystem) -> Backend:
        """``--no-build-isolation``: the target has what is needed, or the build fails."""
        room = self._shop.target_room()
        backend = room.backend(opening.tree, system, opening.source, opening.name)
        self._check_editable(backend, opening)
        if self._guarded.settings.check_build_dependencies:
            check_present(system.requires, room.environment, opening.name)
        return backend

    def _provide(self, room: Room, texts: tuple[str, ...], opening: Opening) -> str | None:
        """Put there what a build needs; the key of what the build depends on then."""
        made, wheels = self._supply.wheels(room.environment, texts, opening)
        inputs = self._kept.key(opening, room.environment, made, wheels)
        if made.steps:
            self._world.audit.admitted(made, wheels)
            room.apply(made, wheels)
        return inputs
