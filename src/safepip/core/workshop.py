"""What building asks of the world: private rooms, unpacked sources, backends in processes of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from packaging.utils import NormalizedName

from safepip.core.build import BuildSystem, BuiltWheel, Commit, Described, Job, Source
from safepip.core.digest import Digests
from safepip.core.index import Index, WheelMetadata
from safepip.core.plan import Plan
from safepip.core.ports import Environment
from safepip.core.repository import Repository
from safepip.core.subjects import RequirementLine
from safepip.core.url import Url


class Sources(Protocol):
    """What the resolver learns about code that has to be built. Runs it only where policy admits that."""

    def direct(self, line: RequirementLine, url: Url, index: Index) -> Described:
        """What a folder or archive is that the user named.

        Raises:
            Refused, BuildError, and whatever fetching it raises.
        """

    def listed(self, job: Job) -> WheelMetadata:
        """Metadata of an admitted source distribution: its own where it is final, else the backend's."""


class Repositories(Protocol):
    """Where code of version control comes from. Nothing of it is run."""

    def checkout(self, repository: Repository, commit: Commit, index: Index, folder: Path) -> Sequence[str]:
        """Put the files of a commit into ``folder/tree``, with its history; lines for the person.

        Its tags and branches, and what they point to, are listed in ``folder/names``.

        Args:
            index: stands for its host: roots of trust and credentials.
            folder: new.

        Raises:
            Undecided: the host gave no answer.
            ResolutionError: there is no such commit.
            VerificationError: something else passes for it, or it holds what may not be written.
            SafepipError: git is missing or too old; the disk is full.
        """


class Backend(Protocol):
    """The build backend of one unpacked source. Every method runs its code, and raises BuildError."""

    def supports_editable(self) -> bool:
        """Whether it can make a wheel that leads to the folder (PEP 660)."""

    def requires(self) -> tuple[str, ...]:
        """What it needs besides what ``pyproject.toml`` says (``get_requires_for_build_wheel``)."""

    def metadata(self) -> WheelMetadata:
        """What METADATA of the wheel will say. Also raises VerificationError."""

    def build(self, name: str) -> BuiltWheel:
        """Make the wheel. ``name`` is what messages call it by now."""


class Room(Protocol):
    """An environment that backends run in."""

    @property
    def environment(self) -> Environment:
        """What it is and has now."""

    def apply(self, plan: Plan, files: Mapping[NormalizedName, Path]) -> None:
        """Put verified wheels into it, before a backend runs in it. Raises ApplyError."""

    def backend(self, tree: Path, system: BuildSystem, source: Source, name: str) -> Backend: ...


class Workshop(Protocol):
    """Where sources are unpacked and built; closing it removes everything."""

    def room(self) -> Room:
        """A new empty environment of the target's interpreter; on disk when something is put into it or runs there."""

    def target_room(self) -> Room:
        """The target itself (``--no-build-isolation``); nothing may be applied to it."""

    def is_directory(self, path: str) -> bool: ...

    def unpack(self, archive: Path, filename: str, subdirectory: str) -> Path:
        """The project's folder in a fresh copy of a source archive. Raises VerificationError."""

    def new_folder(self) -> Path:
        """The path of a folder that nothing stands at, private to the run."""

    def inside(self, tree: Path, subdirectory: str, name: str) -> Path:
        """A folder of an unpacked project. Raises BuildError where it is none, or leads out of it."""

    def static_metadata(self, archive: Path, job: Job) -> WheelMetadata | None:
        """What a source distribution says of itself, where that is final. Nothing is unpacked or run.

        That it is another project or version than its index lists is final too: it need not run to be refused.
        None: only a build can tell. Raises VerificationError.
        """

    def read(self, tree: Path, name: str) -> bytes | None:
        """A small file of an unpacked project; None if there is none. Raises BuildError."""

    def passed_on(self) -> Mapping[str, str]:
        """The variables that every backend gets from outside."""

    def digests(self, path: Path) -> Digests:
        """Sha256 of a file."""

    def lacks(self) -> Sequence[str]:
        """What of the isolation this system did not give to what has run, in words."""

    def shortcomings(self) -> Sequence[str]:
        """The same, each once: what has not been said yet."""

    def close(self) -> None: ...
