"""What a flow is given: the ports of one run, opened as late as they can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Of annotations only: most commands need few of them.
    from packaging.utils import NormalizedName

    from safepip.core.built import BuiltWheels
    from safepip.core.digest import Digests
    from safepip.core.finding import Finding
    from safepip.core.index import Trust
    from safepip.core.kept import Saved
    from safepip.core.mirror import Examined, MirroredFile, MirrorFolder
    from safepip.core.origin import Origin, Sourced
    from safepip.core.plan import Plan, Step
    from safepip.core.ports import (
        Applier,
        Clock,
        Draft,
        Environment,
        EventSink,
        Files,
        IndexClient,
        KeptFiles,
        Output,
        Pip,
        Store,
    )
    from safepip.core.record import Record
    from safepip.core.trusted import TrustedPolicies
    from safepip.core.url import Url
    from safepip.core.workshop import Repositories, Workshop
    from safepip.flows.presenter import Presenter
    from safepip.flows.surroundings import Surroundings


class Options(Protocol):
    """Effective option values by pip's ``dest``; see :mod:`safepip.pipcompat.effective`."""

    def value(self, dest: str) -> object:
        """None where the command has no such option."""

    def origin(self, dest: str) -> Origin: ...

    def items(self, dest: str) -> tuple[Sourced[str], ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """Settings of pip on how to connect, in force.

    Attributes:
        timeout_seconds: connect and read; None: the default.
        retries: attempts after the first; None: the default.
        proxy: ``--proxy``; None: the environment decides, if it may.
        proxy_from_environment: False after ``--no-proxy-env``.
        keyring: whether the ``keyring`` program may be asked for credentials.
        asks: whether the person may be asked for them, where a terminal is there.
        cache_dir: folder of safepip's own caches; None: keep nothing after the run.
        whole_files: whether files may come; else pages and metadata only.
    """

    timeout_seconds: float | None = None
    retries: int | None = None
    proxy: str | None = None
    proxy_from_environment: bool = True
    keyring: bool = False
    asks: bool = False
    cache_dir: str | None = None
    whole_files: bool = True


class Connection(Protocol):
    """The index client and the store of one run; closing it ends their threads."""

    @property
    def client(self) -> IndexClient: ...

    @property
    def store(self) -> Store: ...

    @property
    def repositories(self) -> Repositories: ...

    def inspect(
        self,
        steps: Sequence[Step],
        files: Mapping[NormalizedName, Path],
        *,
        installed: Mapping[NormalizedName, Iterable[str]],
    ) -> tuple[Finding, ...]:
        """What is wrong inside the verified files, without running them (:mod:`safepip.verify`).

        Args:
            installed: the files of what stays in the environment, which nothing may overwrite.
        """

    def examine(self, files: Sequence[tuple[MirroredFile, Path]]) -> Sequence[Examined]:
        """What each verified file of a mirror is, each for itself, without running it.

        Raises VerificationError for an archive that cannot be read.
        """

    def close(self) -> None: ...


class Target(Protocol):
    """The environment that is worked on."""

    @property
    def reason(self) -> str:
        """Why this environment and no other, in a few words."""

    @property
    def prefix(self) -> str:
        """``sys.prefix``: where the site configuration file stands. Known without waiting if possible."""

    @property
    def base_prefix(self) -> str:
        """``sys.base_prefix``: by which pip knows a Python of Homebrew's."""

    @property
    def environment(self) -> Environment:
        """Everything about it; waits for the target's interpreter the first time."""

    @property
    def alone(self) -> Environment:
        """The same without what ``PYTHONPATH`` adds to what is installed."""

    @property
    def vouched_for(self) -> Environment:
        """The same without what is not as its own RECORD says, which can stand for nothing that has a hash."""

    @property
    def owned(self) -> Mapping[NormalizedName, Iterable[str]]:
        """The files of each installed distribution, as its RECORD lists them."""

    @property
    def applier(self) -> Applier:
        """Puts files into it."""

    def recover(self) -> Sequence[str]:
        """Undo what a killed command left half done; lines for the person. Before ``environment``."""

    def close(self) -> None: ...


class Audit(Protocol):
    """The audit log of one run. Until :meth:`open` nothing is kept."""

    def open(self, places: Sequence[Sourced[str]], *, command: str, policy: str, now: datetime) -> None:
        """Begin to keep decisions for these files; two names of one file are one.

        Args:
            places: absolute paths, each with whoever named it.
            policy: what tells merged policies apart (:func:`safepip.policy.fingerprint.fingerprint`).

        Raises:
            ConfigurationError: a file that cannot be written, before anything else happens.
        """

    def passed(self, finding: Finding, decided_by: str) -> None:
        """Policy let something pass that a rule spoke against."""

    def warned(self, findings: Sequence[Finding]) -> None: ...

    def admitted(self, plan: Plan, files: Mapping[NormalizedName, Path]) -> None:
        """Every file of the plan has been verified. Written down at once, so before anything changes.

        Raises ConfigurationError where it cannot be written.
        """


class World(Protocol):
    """Everything outside. :mod:`safepip.cli.wiring` builds the real one, tests a simulated one."""

    @property
    def around(self) -> Surroundings: ...

    @property
    def files(self) -> Files:
        """Local texts only."""

    @property
    def clock(self) -> Clock: ...

    @property
    def sink(self) -> EventSink: ...

    @property
    def pip(self) -> Pip: ...

    def first_uses(self, path: str | None) -> Record:
        """What earlier runs remembered in this file; None: in the user's own."""

    def measure(self, path: Path, digests: Digests) -> tuple[str, int]:
        """Sha256 and size in bytes of a verified file; read only where the sha256 is not among the digests."""

    @property
    def show(self) -> Presenter: ...

    @property
    def audit(self) -> Audit: ...

    def manner(self, options: Options) -> None:
        """Take quietness, colour and progress from pip's options in force."""

    def python_for(self, option: str | None) -> str:
        """The interpreter of the environment a command works on, absolute. Raises SafepipError."""

    def runs_in(self, prefix: str) -> bool:
        """Whether safepip itself imports its packages from the environment with this prefix."""

    def stand_apart(self, names: Iterable[str]) -> None:
        """Let safepip go on with these top-level packages and modules as they are, though they be replaced."""

    def target(self, python: str | None) -> Target:
        """Find the target environment and begin to ask it. Raises CommandError if there is none."""

    def workshop(self, target: Target) -> Workshop:
        """Where sources are built for this target. Nothing is made before something is built."""

    def texts(self, transport: Transport, trust: Trust, admits: Callable[[Url], bool]) -> Files:
        """Requirement and constraint files, local and remote.

        Args:
            admits: whether policy lets a remote one come from this URL.
        """

    def connect(self, transport: Transport, *, begin: Callable[[], None] = lambda: None) -> Connection:
        """Nothing is sent yet, nor made that only a question needs.

        Args:
            begin: called once, before the first question to an index.
        """

    def built_wheels(self, cache_dir: str) -> BuiltWheels:
        """What earlier runs built, as far as the cache folder still has it. Nothing is opened yet."""

    def kept(self, cache_dir: str) -> KeptFiles:
        """What earlier runs left below the cache folder."""

    def draft(self, path: str) -> Draft:
        """A private copy of the file at this absolute path."""

    def output(self, path: str) -> Output:
        """The file at this absolute path, which is to be written. Raises CommandError: it cannot be read."""

    @property
    def trusted(self) -> TrustedPolicies:
        """The project policies that this user trusts."""

    def found_text(self, path: str) -> bytes:
        """A file that was found rather than named. Raises OSError, also for a pipe, a device or too much."""

    def write_text(self, path: str, text: str, *, over: bool) -> None:
        """Write a file at once or not at all.

        Args:
            over: whether it may take the place of another.

        Raises:
            FileExistsError: something stands there, and it may not be replaced.
            OSError: it cannot be written.
        """

    def mirror(self, folder: str, *, flat: bool) -> MirrorFolder:
        """The folder of a mirror; ``flat``: without pages. Nothing is made yet."""

    def save(self, source: Path, folder: str, filename: str) -> Saved:
        """Copy a verified file to where ``download`` puts it. Raises OSError."""
