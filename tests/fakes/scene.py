"""A whole machine in memory: files, variables, indexes, one environment, and what was said to the person.

``Scene().run("install", "demo")`` goes the way of ``safepip install demo`` from the arguments to the exit
code, with :class:`tests.fakes.world.World` for the indexes. Only the disk, the network, the target's
interpreter and pip are made up; nothing real is read.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName

from safepip.cli.commands import flow_for, treatment_of
from safepip.cli.presenter import StreamPresenter
from safepip.core.digest import Digests
from safepip.core.errors import ConfigurationError, Refused, SafepipError
from safepip.core.events import Event, Found
from safepip.core.finding import Finding
from safepip.core.index import Index, Trust
from safepip.core.limits import Limits
from safepip.core.plan import Plan, Step
from safepip.core.ports import Applied, ApplyOptions, Environment
from safepip.core.record import Known, KnownFile
from safepip.core.trusted import TrustedPolicy
from safepip.core.url import Url
from safepip.flows.world import Options, Transport
from safepip.io.inspect import inspect_files
from safepip.pipcompat.argv import parse, split_own
from safepip.report.choose import reporter_for
from safepip.report.facts import outcome_of
from tests.fakes.world import Unwired, World
from tests.resolve.asking import environment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CWD = "/project"
HOME = "/home/me"
DEFAULT_INDEX = "https://default.example/simple"


@dataclass(kw_only=True)
class Around:
    """The machine, as far as settings depend on it; ``disk`` holds every file by its absolute path."""

    disk: dict[str, bytes]
    environ: dict[str, str] = field(default_factory=dict)
    platform: str = "linux"
    cwd: str = CWD
    home: str = HOME
    default_index_url: str = DEFAULT_INDEX
    own_cache_dir: str = f"{HOME}/.cache/safepip"
    machine_policy: str = "/etc/safepip/policy.toml"
    user_config_dir: str = f"{HOME}/.config/safepip"
    user_data_dir: str = f"{HOME}/.local/share/safepip"
    text_encoding: str = "utf-8"
    others: dict[str, str] = field(default_factory=dict)
    strangers: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """Folders by the links that lead to them."""

    def absolute(self, path: str) -> str:
        expanded = path.replace("~", self.home, 1) if path.startswith("~") else path
        return posixpath.normpath(posixpath.join(self.cwd, expanded))

    def real(self, path: str) -> str:
        """Without links."""
        place = self.absolute(path)
        link = next((link for link in self.links if place.startswith(f"{link}/")), None)
        return place if link is None else self.links[link] + place[len(link) :]

    def exists(self, path: str) -> bool:
        return self.real(path) in self.disk or self.is_dir(path)

    def is_dir(self, path: str) -> bool:
        folder = self.absolute(path).rstrip("/") + "/"
        return any(name.startswith(folder) for name in self.disk)

    def stands(self, path: str) -> bool:
        return self.exists(path)

    def changeable_by(self, path: str) -> str | None:
        return self.others.get(path)

    def stranger(self, path: str) -> str | None:
        return self.strangers.get(path)

    def one_name(self, path: str) -> str:
        return self.real(path)

    def folder_of(self, path: str) -> str:
        return posixpath.dirname(self.absolute(path))


@dataclass(kw_only=True)
class Disk:
    """Local and remote texts; ``remote`` by URL."""

    around: Around
    remote: Mapping[str, bytes | SafepipError] = field(default_factory=dict)

    def read_bytes(self, path: str) -> bytes:
        try:
            return self.around.disk[self.around.real(path)]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", path) from None

    def exists(self, path: str) -> bool:
        return self.around.exists(path)

    def is_dir(self, path: str) -> bool:
        return self.around.is_dir(path)

    def fetch_text(self, url: str) -> bytes:
        found = self.remote.get(url)
        if found is None:
            raise Unwired(f"nothing at {url}")
        if isinstance(found, SafepipError):
            raise found
        return found


@dataclass
class Remembered:
    """The record of first uses."""

    known_by_project: dict[str, Known] = field(default_factory=dict)

    def known(self, project: NormalizedName) -> Known:
        return self.known_by_project.get(project, Known(project=project))

    def remember(self, known: Sequence[Known], *, over: Collection[tuple[str, str]] = ()) -> list[KnownFile]:
        del over  # one run at a time
        self.known_by_project |= {one.project: one for one in known}
        return []

    def forget(self, project: NormalizedName) -> bool:
        return self.known_by_project.pop(project, None) is not None


@dataclass
class Trusting:
    """The project policies that the user trusts; ``broken`` is why nobody can know."""

    place: str = f"{HOME}/.local/share/safepip/trusted.json"
    by_path: dict[str, TrustedPolicy] = field(default_factory=dict)
    broken: ConfigurationError | None = None

    def everything(self) -> Sequence[TrustedPolicy]:
        if self.broken is not None:
            raise self.broken
        return tuple(self.by_path.values())

    def remember(self, trusted: TrustedPolicy) -> None:
        self.everything()
        self.by_path[trusted.path] = trusted

    def forget(self, path: str) -> bool:
        self.everything()
        return self.by_path.pop(path, None) is not None


@dataclass
class Audit:
    """Keeps nothing."""

    def open(self, *_places: object, **_about: object) -> None: ...
    def passed(self, finding: Finding, decided_by: str) -> None: ...
    def warned(self, findings: Sequence[Finding]) -> None: ...
    def admitted(self, plan: Plan, files: object) -> None: ...


@dataclass
class Capturing(StreamPresenter):
    """The real presenter, its streams kept."""

    lines_out: list[str] = field(default_factory=list)
    lines_err: list[str] = field(default_factory=list)

    def out(self, text: str) -> None:
        self.lines_out.append(text)

    def err(self, text: str) -> None:
        self.lines_err.append(text)


@dataclass
class Applier:
    """Puts nothing anywhere, and remembers what it was to put."""

    applied: list[Plan] = field(default_factory=list)

    def warm_up(self) -> None: ...

    def apply(self, plan: Plan, files: Mapping[NormalizedName, Path], options: ApplyOptions) -> Applied:
        del files, options
        self.applied.append(plan)
        return Applied(exit_code=0)

    def close(self) -> None: ...


@dataclass
class Target:
    """The environment, as it was set up."""

    environment: Environment
    applier: Applier
    reason: str = "--python"
    owned: Mapping[NormalizedName, Iterable[str]] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return "/environment"

    @property
    def base_prefix(self) -> str:
        return "/usr"

    @property
    def vouched_for(self) -> Environment:
        return self.environment

    @property
    def alone(self) -> Environment:
        return self.environment

    def recover(self) -> Sequence[str]:
        return ()

    def close(self) -> None: ...


@dataclass
class Connection:
    """The simulated indexes and store; files are looked into in ``folder``, or not at all without one."""

    client: World
    folder: Path | None = None

    @property
    def store(self) -> World:
        return self.client

    def inspect(
        self,
        steps: Sequence[Step],
        files: Mapping[NormalizedName, Path],
        *,
        installed: Mapping[NormalizedName, Iterable[str]],
    ) -> tuple[Finding, ...]:
        if self.folder is None:
            return ()
        paths = {step.project: self.folder / step.file.filename for step in steps}
        for step in steps:
            paths[step.project].write_bytes(self.client.content_of(step.file))
        del files
        return inspect_files(steps, paths, Limits(), installed=installed)

    def close(self) -> None: ...


@dataclass
class RealConnection(Connection):
    """The real client and store of :mod:`tests.support.connected`."""

    real: Any = None

    def __init__(self, real: Any) -> None:
        self.real = real
        self.client = real.client

    @property
    def store(self) -> Any:
        return self.real.store

    def inspect(self, steps: Sequence[Step], files: Any, *, installed: Any) -> tuple[Finding, ...]:
        return inspect_files(steps, files, Limits(), installed=installed)


@dataclass
class WrittenFile:
    """A file that a command writes."""

    around: Around
    path: str

    @property
    def before(self) -> bytes | None:
        return self.around.disk.get(self.around.real(self.path))

    def write(self, content: bytes) -> None:
        self.around.disk[self.around.real(self.path)] = content


class NoWorkshop:
    """Nothing is built here; whoever tries has set up the wrong scene."""

    def __getattr__(self, name: str) -> object:
        raise Unwired(f"the workshop was asked for {name}")

    def close(self) -> None: ...


@dataclass
class Clock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW


@dataclass
class Ended:
    """How a command ended.

    Attributes:
        findings: everything that rules said, warnings first.
    """

    code: int
    out: str
    err: str
    error: SafepipError | None = None
    findings: tuple[Finding, ...] = ()


class Scene:
    """Implements :class:`safepip.flows.world.World`."""

    def __init__(
        self,
        files: Mapping[str, str | bytes] | None = None,
        environ: Mapping[str, str] | None = None,
        target: Environment | None = None,
    ) -> None:
        self.around = Around(disk={}, environ=dict(environ or {}))
        self.files = Disk(around=self.around, remote={})
        self.indexes = World()
        self.clock = Clock()
        self.record = Remembered()
        self.trusted = Trusting()
        self.audit = Audit()
        self.show = Capturing(cwd=CWD)
        self.pip: Any = None
        self.environment = target or environment()
        self.applier = Applier()
        self.folder: Path | None = None
        self.real: Any = None
        self.safepip_lives_here = False
        for path, text in (files or {}).items():
            self.write(path, text)

    def write(self, path: str, text: str | bytes) -> str:
        """A file; relative paths stand in the working directory. Returns the absolute path."""
        absolute = self.around.absolute(path)
        self.around.disk[absolute] = text.encode() if isinstance(text, str) else text
        return absolute

    def default_index(self) -> Index:
        """An empty index in the place of pip's default."""
        return self.indexes.index("pypi", url=DEFAULT_INDEX, built_in=True)

    def run(self, *argv: str) -> Ended:
        """One command line, as ``safepip.cli.main`` runs it."""
        error: SafepipError | None = None
        self.show.lines_out.clear()
        self.show.lines_err.clear()
        self.show.told.clear()
        try:
            own, rest = split_own(argv)
            invocation = parse(rest)
            self.show.format, self.show.command = own.report_format, invocation.command or ""
            treatment_of(invocation, self.around.environ)
            code = flow_for(str(invocation.command))(invocation, own, self)
        except SafepipError as raised:
            error, code = raised, raised.exit_code
            outcome = outcome_of(raised, consequence="nothing was installed")
            self.show.err(reporter_for(self.show.format, version="0")(outcome).rstrip("\n"))
        denied = error.findings if isinstance(error, Refused) else ()
        findings = (*self.show.told, *denied)
        return Ended(int(code), _text(self.show.lines_out), _text(self.show.lines_err), error, findings)

    # --- flows.world.World ------------------------------------------------------------------------

    def sink(self, event: Event) -> None:
        if isinstance(event, Found):
            self.show.warned([event.finding])

    def manner(self, options: Options) -> None:
        del options

    def python_for(self, option: str | None) -> str:
        return option or self.environment.python

    def runs_in(self, prefix: str) -> bool:
        del prefix
        return self.safepip_lives_here

    def target(self, python: str | None) -> Target:
        del python
        return Target(self.environment, self.applier)

    def workshop(self, target: object) -> Any:
        del target
        return NoWorkshop()

    def texts(self, transport: Transport, trust: Trust, admits: Callable[[Url], bool]) -> Disk:
        del transport, trust, admits
        return self.files

    def connect(self, transport: Transport, *, begin: Callable[[], None] = lambda: None) -> Connection:
        del transport, begin
        return RealConnection(self.real) if self.real else Connection(self.indexes, self.folder)

    def first_uses(self, path: str | None) -> Remembered:
        del path  # one record
        return self.record

    def measure(self, path: Path, digests: Digests) -> tuple[str, int]:
        del path
        return str(digests.sha256), 1

    def found_text(self, path: str) -> bytes:
        return self.files.read_bytes(path)

    def write_text(self, path: str, text: str, *, over: bool) -> None:
        if path in self.around.disk and not over:
            raise FileExistsError(17, "File exists", path)
        self.write(path, text)

    def output(self, path: str) -> WrittenFile:
        return WrittenFile(self.around, path)

    def save(self, source: Path, folder: str, filename: str) -> str:
        del source
        return f"{folder}/{filename}"


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
