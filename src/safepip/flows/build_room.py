"""The room that a source is built in: what it needs is routed, resolved, fetched, verified and put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.build import Source, read_build_system
from safepip.core.errors import BuildError, ExitCode, ResolutionError
from safepip.core.index import WheelMetadata
from safepip.core.limits import Limits
from safepip.flows.build_requirements import as_lines, check_present, for_build, missing_in
from safepip.flows.judging import judge_each, stop_if_denied

if TYPE_CHECKING:
    from safepip.core.build import BuildSystem
    from safepip.core.origin import Origin
    from safepip.core.workshop import Backend, Room, Workshop
    from safepip.flows.build import Builds
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import Connection, World


METADATA_FAILED = "metadata-generation-failed: Encountered error while generating package metadata."
"""pip's name and words for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An unpacked source that is to be run, and who asked for it.

    Attributes:
        name: as messages call it.
        from_file: whether a requirement file brought it in.
    """

    name: str
    source: Source
    tree: Path
    from_file: bool
    origin: Origin | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A source whose backend is ready, and has said what it is."""

    backend: Backend
    metadata: WheelMetadata


class Preparation:
    """Opens each source once.

    Args:
        nested: makes what builds the sources that a build needs.
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
        inside: tuple[str, ...],
    ) -> None:
        self._guarded = guarded
        self._connection = connection
        self._world = world
        self._open_shop = shop
        self._nested = nested
        self._inside = inside
        self._projects: dict[Source, Project] = {}

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
            self._check_nesting(opening)
            backend = self._backend(opening, self._system(opening))
            what = "editable metadata" if opening.source.editable else "metadata"
            with self._saying_whose(opening, f"Preparing {what} (pyproject.toml)", METADATA_FAILED):
                metadata = backend.metadata()
            self._world.show.noted(self._shop.shortcomings())
            project = self._projects[opening.source] = Project(backend=backend, metadata=metadata)
        return project

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

    def _backend(self, opening: Opening, system: BuildSystem) -> Backend:
        if not self._guarded.settings.build_isolation:
            return self._backend_in_target(opening, system)
        room = self._shop.room()
        with self._saying_whose(opening, "Installing build dependencies"):
            self._provide(room, system.requires, opening)
        self._warn_without_setuptools(system, room, opening)
        backend = room.backend(opening.tree, system, opening.source, opening.name)
        self._check_editable(backend, opening)
        what = "editable" if opening.source.editable else "wheel"
        with self._saying_whose(opening, f"Getting requirements to build {what}"):
            asked = backend.requires()
        if not missing_in(asked, room.environment, opening.name):
            return backend
        # A room that a backend has been in is the backend's: what it left there would run whenever
        # something was put there, and outside of what it is confined to.
        room = self._shop.room()
        with self._saying_whose(opening, "Installing backend dependencies"):
            self._provide(room, (*system.requires, *asked), opening)
        return room.backend(opening.tree, system, opening.source, opening.name)

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

    def _provide(self, room: Room, texts: tuple[str, ...], opening: Opening) -> None:
        """Put there what a build needs, as carefully as anything is put anywhere."""
        from safepip.flows.planning import fetched, make_plan, memory_of

        # Where an archive has been unpacked is gone when the message is read.
        tree = str(opening.tree) if opening.source.directory else opening.source.url
        lines = as_lines(texts, opening.name, f"{tree}/pyproject.toml", from_file=opening.from_file)
        guarded = for_build(self._guarded, lines)
        builds = self._nested(guarded, (*self._inside, opening.source.url))
        if not lines:
            return
        plan = make_plan(guarded, room.environment, self._connection, self._world, builds)
        files = fetched(plan, guarded, self._connection)
        made, wheels = builds.built(plan, files)
        findings = builds.relevant(self._connection.inspect(made.steps, wheels, installed={}), made)
        stop_if_denied(judge_each(findings, guarded.context), self._world, exit_code=ExitCode.VERIFICATION)
        memory_of(guarded, self._world).remember(plan, files)
        if made.steps:
            self._world.audit.admitted(made, wheels)
            room.apply(made, wheels)
