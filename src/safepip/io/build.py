"""Where sources are built: one private folder of the run, with an environment for each of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from itertools import count
from pathlib import Path

from packaging.utils import NormalizedName

from safepip.core.build import BuildSystem, Job, Source
from safepip.core.digest import Digests
from safepip.core.errors import ApplyError, BuildError
from safepip.core.index import WheelMetadata
from safepip.core.limits import Limits
from safepip.core.plan import Plan
from safepip.core.ports import ApplyOptions, Environment
from safepip.io.agent import Agent, minimal_environment
from safepip.io.apply import PipApplier
from safepip.io.build_backend import HookBackend
from safepip.io.build_environ import passed_on, scrubbed_environment
from safepip.io.build_output import Heard, nobody
from safepip.io.build_place import Place
from safepip.io.build_process import Processes
from safepip.io.build_unpack import read_member, unpack
from safepip.io.installed import scan
from safepip.io.interruption import deferring
from safepip.io.log import file_digests
from safepip.io.regular import open_regular
from safepip.io.target import environment
from safepip.io.wheel_metadata import parse_metadata
from safepip.verify.sdist import is_another, is_static

_QUIETLY = ApplyOptions(
    arguments=("--no-compile", "--no-warn-script-location", "--root-user-action", "ignore"),
    flat=True,
    quiet=1,
)


class PrivateWorkshop:
    """Implements :class:`safepip.core.workshop.Workshop`.

    Args:
        target: asked when a room is made, not before.
        environ: safepip's own, of which backends get a part.
        heard, shown: as of :class:`safepip.io.build_process.Processes`.
    """

    def __init__(
        self,
        target: Callable[[], Environment],
        environ: Mapping[str, str],
        limits: Limits = Limits(),
        heard: Heard = nobody,
        *,
        shown: bool = False,
    ) -> None:
        self._target = target
        self._environ = environ
        self._limits = limits
        self._heard = heard
        self._shown = shown
        self._numbers = count(1)
        self._told: set[str] = set()
        self._place: Place | None = None

    @property
    def _private(self) -> Path:
        if self._place is None:
            with deferring():
                self._place = Place()
            _furnish(self._place.folder, "tmp", "empty")
        return self._place.folder

    @cached_property
    def _processes(self) -> Processes:
        return Processes(self._private, self._target().python, self._limits, self._heard, shown=self._shown)

    def room(self) -> BuildRoom:
        """See the port."""
        folder, target = self._new("room"), self._target()
        # Of one interpreter: it need not be asked again what it is.
        empty = replace(
            target, python=interpreter_in(folder), prefix=str(folder), installed={}, is_virtual=True
        )

        def make() -> None:
            make_environment(target.python, folder, minimal_environment(self._environ, self._private))

        return BuildRoom(self, empty, self._environ, make)

    def target_room(self) -> BuildRoom:
        """See the port."""
        return BuildRoom(self, self._target(), self._environ, None)

    def is_directory(self, path: str) -> bool:
        return os.path.isdir(path)

    def unpack(self, archive: Path, filename: str, subdirectory: str) -> Path:
        """See the port."""
        return self.inside(
            unpack(archive, filename, self._new("source"), self._limits), subdirectory, filename
        )

    def new_folder(self) -> Path:
        """See the port."""
        return self._new("source")

    def inside(self, tree: Path, subdirectory: str, name: str) -> Path:
        """See the port."""
        inside = Path(os.path.realpath(tree / subdirectory))
        # What git keeps is no part of a commit: whoever makes tags would choose it.
        gits = ".git" in subdirectory.lower().split("/")
        if gits or not inside.is_relative_to(tree) or not inside.is_dir():
            raise BuildError(f"{name} has no folder {subdirectory!r}", reference="subdirectory")
        return inside

    def static_metadata(self, archive: Path, job: Job) -> WheelMetadata | None:
        """See the port."""
        filename = job.file.filename
        content = read_member(archive, filename, "PKG-INFO", self._limits)
        if content is None or not (is_static(content) or is_another(content, job.project, job.version)):
            return None
        return parse_metadata(content, "sdist", filename)

    def read(self, tree: Path, name: str) -> bytes | None:
        """See the port. A link is followed: a folder of the user's may have one."""
        path = tree / name
        if not path.is_file():
            return None
        try:
            with open_regular(path.resolve()) as stream:
                content = stream.read(self._limits.sidecar_max_bytes + 1)
        except OSError as error:
            raise BuildError(
                f"{path} cannot be read: {error.strerror}", reference="unreadable-source"
            ) from None
        if len(content) > self._limits.sidecar_max_bytes:
            raise BuildError(f"{path} is too large to be read", reference="unreadable-source")
        return content

    def passed_on(self) -> Mapping[str, str]:
        """See the port."""
        return passed_on(self._environ)

    def digests(self, path: Path) -> Digests:
        """See the port."""
        return file_digests(path)

    def lacks(self) -> Sequence[str]:
        """See the port."""
        if "_processes" not in self.__dict__:
            return ()
        network, files = self._processes.open_because, self._processes.free_because
        lines = (
            f"builds could reach the network ({network})" if network else "",
            f"builds could write outside of their own folders ({files})" if files else "",
        )
        return [line for line in lines if line]

    def shortcomings(self) -> Sequence[str]:
        """See the port."""
        new = [line for line in self.lacks() if line not in self._told]
        self._told.update(new)
        return new

    def close(self) -> None:
        if self._place is not None:
            self._place.close()

    def new_backend(
        self, tree: Path, system: BuildSystem, source: Source, name: str, python: str
    ) -> HookBackend:
        """A backend that runs in one of the rooms, with a home that no other build leaves anything in."""
        folder = self._new("made")
        _furnish(folder, "home", "tmp")
        return HookBackend(
            tree=tree,
            system=system,
            source=source,
            name=name,
            folder=folder,
            python=python,
            environ=scrubbed_environment(self._environ, folder, Path(python).parent),
            processes=self._processes,
            writable=self._writable(tree, source, folder, Path(python)),
            max_bytes=self._limits.sidecar_max_bytes,
        )

    def _writable(self, tree: Path, source: Source, folder: Path, python: Path) -> tuple[str, ...]:
        """Code of others may change its own copy and its room; the user's own works in place, on whatever it
        keeps beside itself.
        """
        if source.directory:
            return ()
        own = [
            path.relative_to(self._private).parts[0]
            for path in (tree, python)
            if path.is_relative_to(self._private)
        ]
        return (*(str(self._private / name) for name in own), str(folder))

    def _new(self, kind: str) -> Path:
        return self._private / f"{kind}-{next(self._numbers)}"


class BuildRoom:
    """Implements :class:`safepip.core.workshop.Room` with one environment.

    Args:
        known: what the environment is before anything is applied to it.
        make: makes it, once it is needed; None: it is the target, which is only looked at.
    """

    def __init__(
        self,
        workshop: PrivateWorkshop,
        known: Environment,
        environ: Mapping[str, str],
        make: Callable[[], None] | None,
    ) -> None:
        self._workshop = workshop
        self._environ = environ
        self._open = make is not None
        self._make = make
        self._known = known

    @property
    def environment(self) -> Environment:
        """See the port."""
        return self._known

    def apply(self, plan: Plan, files: Mapping[NormalizedName, Path]) -> None:
        """See the port."""
        if not self._open:
            raise ApplyError("nothing is put where a backend may have been", reference="build-environment")
        self._be_there()
        with closing(Agent(self._known.python, self._environ)) as agent:
            agent.warm()
            before = environment(agent)
            applied = PipApplier(agent, lambda: before).apply(plan, files, _QUIETLY)
        if applied.exit_code:
            raise ApplyError(
                "pip could not install build dependencies",
                reference="build-environment",
                notes=applied.messages,
            )
        library = tuple(dict.fromkeys((before.paths["purelib"], before.paths["platlib"])))
        self._known = replace(before, installed=scan(library, library=library, user_site=""))

    def backend(self, tree: Path, system: BuildSystem, source: Source, name: str) -> HookBackend:
        """See the port. From now on the room is in the hands of the code that is built."""
        self._open = False
        self._be_there()
        return self._workshop.new_backend(tree, system, source, name, self._known.python)

    def _be_there(self) -> None:
        make, self._make = self._make, None
        if make is not None:
            make()


def _furnish(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).mkdir(mode=0o700, parents=True)


def interpreter_in(folder: Path) -> str:
    """The interpreter of a virtual environment."""
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def make_environment(python: str, folder: Path, environ: Mapping[str, str]) -> None:
    """A virtual environment with nothing in it. Raises BuildError."""
    command = [python, "-I", "-m", "venv", "--without-pip", str(folder)]
    done = subprocess.run(
        command, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(
            f"{python} cannot make an environment to build in",
            reference="build-environment",
            notes=tuple((done.stdout + done.stderr).strip().splitlines()[-5:]),
            hint="install its venv module (some systems have it in a package of its own)",
        )
