"""What the core asks of the world. :mod:`safepip.io` implements these; tests implement them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.digest import AcceptableDigests
from safepip.core.events import Event
from safepip.core.index import Answer, FileEntry, Index, WheelMetadata
from safepip.core.kept import Kept, KeptFile, Removal
from safepip.core.plan import Plan, Step
from safepip.core.value import value


class Files(Protocol):
    """Reading local and remote texts that the user named."""

    def read_bytes(self, path: str) -> bytes:
        """Raises OSError."""

    def exists(self, path: str) -> bool: ...

    def is_dir(self, path: str) -> bool: ...

    def fetch_text(self, url: str) -> bytes:
        """A remote requirement or constraint file, over verified HTTPS on every hop.

        Raises safepip errors: Refused (plaintext, TLS), Undecided (no answer).
        """


class Clock(Protocol):
    """One run has one now."""

    def now(self) -> datetime:
        """Aware, UTC."""


class EventSink(Protocol):
    """Where events go. Must be safe to call from any thread."""

    def __call__(self, event: Event) -> None: ...


@value
class InstalledDistribution:
    """A distribution in the target environment.

    Attributes:
        name: as its metadata writes it.
        version: None where the text is no PEP 440 version.
        version_text: as written.
        location: the folder (a path entry) it stands in, as pip prints it.
        metadata: bytes of METADATA (or PKG-INFO).
        editable: installed with ``-e``.
        direct_url: text of ``direct_url.json``; None if there is none.
        requested: whether ``REQUESTED`` exists.
        installer: text of ``INSTALLER``; empty if missing.
        in_user_site: whether it lies in the user scheme.
        in_scheme: whether it lies in the environment's own purelib or platlib (so pip may replace it).
    """

    name: str
    project: NormalizedName
    version: Version | None
    version_text: str
    location: str
    metadata: bytes = field(repr=False, default=b"")
    editable: bool = False
    direct_url: str | None = None
    requested: bool = False
    installer: str = ""
    in_user_site: bool = False
    in_scheme: bool = True


@value
class Environment:
    """Facts about the target, read once by running its interpreter.

    Attributes:
        python: path of the target's interpreter.
        prefix: its ``sys.prefix`` (where the site ``pip.conf`` stands).
        version: full version, such as ``3.13.0``.
        markers: ``packaging.markers.default_environment()`` as the target sees itself.
        tags: supported tags, best first.
        installed: what is installed, first on the path first.
        paths: ``sysconfig.get_paths()``.
        is_virtual: whether it is a virtual environment.
        externally_managed: the message of EXTERNALLY-MANAGED (PEP 668), None if not managed.
        user_site: path of the user site; ``user_site_enabled`` whether it is on the path.
    """

    python: str
    prefix: str
    version: str
    markers: Mapping[str, str]
    tags: tuple[Tag, ...] = field(repr=False)
    installed: Mapping[NormalizedName, InstalledDistribution] = field(repr=False)
    paths: Mapping[str, str] = field(repr=False)
    is_virtual: bool = True
    externally_managed: str | None = None
    user_site: str = ""
    user_site_enabled: bool = False


class IndexClient(Protocol):
    """Asks indexes. Every method returns at once; the work runs on threads.

    Answers are remembered for the run: asking twice makes one request.
    """

    def listing(self, index: Index, project: NormalizedName) -> Future[Answer]:
        """What the index says about the project. The future never raises for what an index does;
        that is :class:`~safepip.core.index.Unknown`.
        """

    def metadata(self, index: Index, file: FileEntry) -> Future[WheelMetadata]:
        """Core metadata of a wheel: sidecar, else by range, else from the whole file.

        The future raises Refused, Undecided or VerificationError.
        """

    def close(self) -> None:
        """End the threads; whatever still runs is given up."""


@value
class Wanted:
    """A file to be had, and what is known of it.

    Attributes:
        acceptable: the user's own hashes; empty if there are none.
    """

    file: FileEntry
    index: Index
    acceptable: AcceptableDigests = AcceptableDigests()


class Store(Protocol):
    """Verified files, addressed by sha256."""

    def ensure(self, steps: Sequence[Step], indexes: Mapping[str, Index]) -> Mapping[NormalizedName, Path]:
        """Have every step's file in the store, each digest checked on the way in and on every use.

        All digests of page, fragment and user must agree with the bytes. Raises Refused with one
        ``hash-mismatch`` finding a file (exit 13), Undecided, VerificationError.
        """

    def all_of(self, wanted: Sequence[Wanted]) -> Sequence[Path]:
        """The same for files that no plan chose between, in the order of the question."""

    def have(self, file: FileEntry, index: Index, acceptable: AcceptableDigests) -> Path:
        """One file, checked as :meth:`ensure` does: a source whose contents are asked for while planning."""

    def close(self) -> None:
        """End the threads; what was fetched and verified stays."""


class KeptFiles(Protocol):
    """What the store and the page cache hold between runs."""

    def everything(self) -> Kept:
        """What is there now; nothing where there is no folder. Raises SafepipError if it cannot be read."""

    def remove(self, files: Iterable[KeptFile]) -> Removal:
        """Remove these, and the folders that are empty then. Safe beside other runs, which fetch again.

        Raises SafepipError where one cannot be removed.
        """


@value
class ApplyOptions:
    """pip's own install options that are forwarded, as we write them; everything else is ours.

    Attributes:
        arguments: such as ``("--target", "/abs/dir", "--no-compile")``, written by
            :mod:`safepip.flows`, never the user's text unparsed.
        flat: use ``--no-deps`` and the complete list; else roots as requirements and the rest as
            constraints, where pip's own answer equals the plan.
        quiet: number of ``-q``; ``verbose`` number of ``-v``.
    """

    arguments: tuple[str, ...] = ()
    flat: bool = False
    quiet: int = 0
    verbose: int = 0
    no_color: bool = False


@value
class Applied:
    """How applying ended: pip's exit code, and what it said (stderr lines worth showing)."""

    exit_code: int
    messages: tuple[str, ...] = ()


class Applier(Protocol):
    """Puts the verified files of a plan into the environment, all or nothing.

    One way is pip in a subprocess; another, from a store of unpacked wheels, may follow.
    """

    def warm_up(self) -> None:
        """Begin whatever can be begun before the plan is known. Changes nothing."""

    def apply(self, plan: Plan, files: Mapping[NormalizedName, Path], options: ApplyOptions) -> Applied:
        """Make the environment as planned, or leave it as it was."""

    def close(self) -> None:
        """Give up without applying."""


class Draft(Protocol):
    """A private copy of a text file, for an editor; the file itself changes all at once or not at all."""

    @property
    def before(self) -> bytes | None:
        """What the file held; None: there was none."""

    @property
    def after(self) -> bytes | None:
        """What the copy holds now."""

    def edit(self, editor: str) -> int:
        """Run a shell command line on the copy and wait; its exit code."""

    def save(self) -> None:
        """Put the copy in the file's place. Raises CommandError: it cannot be, or the file has changed."""

    def keep(self) -> str:
        """Let the copy stay when the draft is closed; its path."""

    def close(self) -> None: ...


class Output(Protocol):
    """A file that a command writes for the user; it changes all at once or not at all."""

    @property
    def before(self) -> bytes | None:
        """What it held; None: there was none, or it is a device or a pipe."""

    def write(self, content: bytes) -> None:
        """Put this in its place, with the permissions that it had.

        Raises CommandError: it cannot be written, or somebody else has changed it.
        """


class Pip(Protocol):
    """The pip that safepip depends on, for commands that it applies as they are."""

    def run(
        self, arguments: Sequence[str], *, python: str | None, changes: bool = False, complete: bool = False
    ) -> int:
        """Run pip on the target with its own standard streams; returns its exit code.

        Args:
            changes: whether it changes what is installed, and so waits for others that do, and they for it.
            complete: whether the arguments say everything in force: pip then reads no variable and no file.
        """

    def run_offline(self, arguments: Sequence[str], *, python: str | None, offered: Sequence[str]) -> int:
        """Run pip without configuration and without an index, on a folder of empty files.

        Args:
            arguments: a command line that we wrote.
            offered: names of the files; pip reads versions from them and nothing else.
        """
