"""Every requirement and constraint, typed or in files, each with its origin.

Reads through a port only and judges nothing; :mod:`safepip.rules` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, RequirementFileError
from safepip.core.limits import Limits
from safepip.core.origin import Sourced
from safepip.core.subjects import RequirementKind, RequirementLine, Setting
from safepip.flows.gathered import Gathered, with_file_options
from safepip.flows.indexes import is_url
from safepip.flows.settings import Settings, read_settings
from safepip.flows.sources import LockRequest, ProjectRequest, Sources, check_sources, collect_sources
from safepip.flows.typed_hashes import with_hashes
from safepip.pipcompat.requirement import parse_requirement

if TYPE_CHECKING:
    from safepip.core.digest import Digest
    from safepip.core.finding import Finding
    from safepip.core.ports import Files
    from safepip.flows.near import Meant, Near
    from safepip.flows.world import Options
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.pipcompat.reqfile import RequirementFile

_PLACES = frozenset({"index-url", "extra-index-url", "find-links"})
_ASKING = ("editables", "requirements", "dependency_groups", "requirements_from_scripts")
"""What asks for something beside the arguments, by pip's ``dest``."""


def gather(
    invocation: Invocation,
    own: OwnOptions,
    config: Options,
    world: Near,
    *,
    files: Files,
    target: Meant,
) -> Gathered:
    """Everything in pip's order: constraints, arguments, groups, editables, files and locks, the script.

    Args:
        files: local and remote texts.
        target: waited for only where a lock or script asks what it is.

    Raises:
        RequirementFileError, UsageError, CommandError: in pip's words where pip has some.
        Refused: a remote file without HTTPS. Also what ``files.fetch_text`` raises.
    """
    sources = _sources(invocation, config, world)
    reader = _reader(invocation, config, world, files, target)
    build = [_only_constraints(reader.apart(path)) for path in config.items("build_constraints")]
    for path in config.items("constraints"):
        reader.file(path, constraint=True)
    typed = _typed_requirements(invocation, own, config, world)
    groups = reader.groups(sources)
    editables = [_typed(path, config, world, editable=True) for path in config.items("editables")]
    reader.everything(sources)
    gathered = Gathered(
        roots=(*typed, *groups, *editables, *reader.roots, *reader.script(config)),
        constraints=reader.constraints,
        build_constraints=tuple(line for one in build for line in one.lines),
        build_settings=tuple(said for one in build for said in one.settings),
        settings=tuple(reader.said),
        findings=tuple(reader.findings),
    )
    if not invocation.arguments and not any(config.items(dest) for dest in _ASKING):
        raise _nothing_to_do(invocation, config)
    return gathered


def _reader(invocation: Invocation, config: Options, world: Near, files: Files, target: Meant) -> _Reader:
    settings = read_settings(config)
    of_locks = invocation.typed == "sync"
    return _Reader(files=files, world=world, target=target, settings=settings, of_locks=of_locks)


def _sources(invocation: Invocation, config: Options, world: Near) -> Sources:
    """What ``-r`` and ``--group`` name; ``lock`` also reads projects."""
    sources = collect_sources(
        config.items("requirements"),
        config.items("dependency_groups"),
        world.around,
        projects=invocation.command == "lock",
    )
    check_sources(sources, config)
    return sources


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Files one after the other: what one says about formats holds for the locks after it.

    Attributes:
        of_locks: whether the command is one for locks, which are no experiment there.
    """

    files: Files
    world: Near
    target: Meant
    settings: Settings
    of_locks: bool
    lines: list[RequirementLine] = field(default_factory=list)
    said: list[Setting] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def roots(self) -> tuple[RequirementLine, ...]:
        return tuple(line for line in self.lines if not line.constraint)

    @property
    def constraints(self) -> tuple[RequirementLine, ...]:
        return tuple(line for line in self.lines if line.constraint)

    def groups(self, sources: Sources) -> list[RequirementLine]:
        """What the dependency groups of projects ask for."""
        if not sources.groups:
            return []
        from safepip.pipcompat.groups import read_groups

        return list(read_groups(sources.groups, self.files))

    def everything(self, sources: Sources) -> None:
        for source in sources.files:
            if isinstance(source, LockRequest):
                self._lock(source)
            elif isinstance(source, ProjectRequest):
                self._project(source)
            else:
                self.file(source, constraint=False)
        if sources.locks:
            from safepip.flows.locks import check_locked

            check_locked(self.lines, self._settings())

    def file(self, path: Sourced[str], *, constraint: bool) -> None:
        """A requirement or constraint file, and every one that it names."""
        read = _read(path, self.files, self.world, constraint=constraint)
        self.lines += read.lines
        self.said += [_absolute(setting, self.world) for setting in read.settings]

    def apart(self, path: Sourced[str]) -> RequirementFile:
        """A file of build constraints, whose options have no effect on anything else."""
        try:
            return _read(path, self.files, self.world, constraint=True)
        except RequirementFileError as error:
            # pip looks whether it is there before it takes it for constraints.
            error.message = error.message.replace("open constraint file", "open requirements file", 1)
            raise

    def script(self, config: Options) -> Iterable[RequirementLine]:
        """What the script named by ``--requirements-from-script`` needs."""
        named = config.items("requirements_from_scripts")
        if not named:
            return ()
        from safepip.flows.scripts import script_requirements

        return script_requirements(
            named,
            self.files,
            self.world,
            lambda: self.target.environment,
            self._settings(),
        )

    def _lock(self, request: LockRequest) -> None:
        from safepip.flows.locks import EXPERIMENTAL, LockReader

        if not self.of_locks:
            self.world.show.noted([EXPERIMENTAL])
        reader = LockReader(files=self.files, around=self.world.around, environment=self.target.environment)
        lines, findings = reader.read(request, self._settings().format_control)
        self.lines += lines
        self.findings += findings

    def _project(self, request: ProjectRequest) -> None:
        from safepip.flows.projects import project_requirements

        self.lines += project_requirements(
            request, self.files, lambda: self.target.environment, self._settings()
        )

    def _settings(self) -> Settings:
        return with_file_options(self.settings, tuple(self.said))


def _read(path: Sourced[str], files: Files, world: Near, *, constraint: bool) -> RequirementFile:
    from safepip.pipcompat.reqfile import read

    return read(
        path,
        constraint=constraint,
        files=files,
        environ=world.around.environ,
        limits=Limits(),
        hide=world.show.hide,
    )


def _only_constraints(read: RequirementFile) -> RequirementFile:
    """Raise where a file of build constraints would add requirements: pip puts them into every build."""
    for line in read.lines:
        if not line.constraint:
            raise RequirementFileError(
                "a requirement among build constraints: it is in a file that one of theirs names with -r",
                reference="requirement-file",
                origin=line.origin,
                hint="name the file with -c, so that it only constrains",
            )
    return read


def _absolute(setting: Setting, world: Near) -> Setting:
    """A folder as the operator's own folders are written, so that the two can be compared."""
    if setting.option not in _PLACES or is_url(setting.value) or not setting.value.strip():
        return setting
    return replace(setting, value=world.around.absolute(setting.value))


def _typed_requirements(
    invocation: Invocation, own: OwnOptions, config: Options, world: Near
) -> list[RequirementLine]:
    arguments = [argument for argument in invocation.arguments if argument.value.strip()]
    typed = [_typed(said, config, world, hashes=given) for said, given in with_hashes(arguments, own)]
    world.show.noted([_not_the_folder(line) for line in typed if _is_named_like_a_folder(line, world)])
    return typed


def _typed(
    said: Sourced[str],
    config: Options,
    world: Near,
    *,
    editable: bool = False,
    hashes: Sequence[Digest] = (),
) -> RequirementLine:
    settings = tuple(item.value for item in config.items("config_settings"))
    return parse_requirement(
        said.value,
        said.origin,
        editable=editable,
        hash_options=hashes,
        config_settings=settings,
        exists=world.around.exists,
        is_dir=world.around.is_dir,
    )


def _is_named_like_a_folder(line: RequirementLine, world: Near) -> bool:
    """Whether a bare name could as well have been meant as the path of what stands here."""
    named = line.requirement
    return (
        line.kind is RequirementKind.NAMED
        and named is not None
        and not named.specifier
        and world.around.is_dir(named.name)
    )


def _not_the_folder(line: RequirementLine) -> str:
    name = line.requirement.name if line.requirement else line.text
    return (
        f"warning: {name} is looked for by its name, and there is a folder ./{name} here: "
        f"write ./{name} if that is meant"
    )


def _nothing_to_do(invocation: Invocation, config: Options) -> CommandError:
    command = invocation.command
    links = " ".join(item.value for item in config.items("find_links"))
    meant = f'(maybe you meant "pip {command} {links}"?)' if links else f'(see "pip help {command}")'
    return CommandError(f"You must give at least one requirement to {command} {meant}")
