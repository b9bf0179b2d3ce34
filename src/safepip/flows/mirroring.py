"""``safepip mirror``: every file of some locks, verified, as a static simple index or in one folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ExitCode, UsageError
from safepip.core.events import StageBegan
from safepip.core.finding import Finding
from safepip.core.index import WheelMetadata
from safepip.core.kept import Saved, SaveOutcome
from safepip.core.mirror import SIMPLE, Examined, MirroredFile
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Plan, Route, RouteReason, Step
from safepip.core.ports import Wanted
from safepip.flows.guard import judged, prepare
from safepip.flows.judging import judge_each, stop_if_denied
from safepip.flows.locks import LockOpener
from safepip.flows.mirror_contents import Contents, read_contents
from safepip.flows.mirror_files import Shelved, once_a_project, shelve
from safepip.flows.planning import memory_of
from safepip.flows.settings import read_settings
from safepip.pipcompat import table
from safepip.rules.engine import review_allowances
from safepip.simpleapi.write import pages

if TYPE_CHECKING:
    from safepip.core.mirror import MirrorFolder
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import Connection, World
    from safepip.pipcompat.argv import Invocation, OwnOptions

_TAKEN = frozenset(
    {"index_url", "extra_index_urls", "no_index", "find_links", "format_control", "require_hashes"}
)
"""Options of ``install`` that mean something here, by pip's ``dest``, besides its general ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One file that has been looked into."""

    shelved: Shelved
    path: Path
    listed: MirroredFile
    metadata: bytes | None


def mirror(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Fetch and verify every file of the locks, then put them into the folder, pages last.

    Raises:
        UsageError, CommandError: a command line that asks for something else; a folder that is none.
        Refused, Undecided, VerificationError, RequirementFileError: nothing has been put anywhere then.
    """
    folder, flat = _checked(invocation, own), "wheelhouse" in own.flags
    with closing(world.target(own.python)) as target:
        known = prepare(invocation, own, world, target, installs=False)
        opener = LockOpener(files=known.texts, around=world.around)
        contents = read_contents(invocation.arguments, opener, read_settings(known.config).format_control)
        guarded, found = judged(known, contents.gathered, contents.gathered, world)
    stop_if_denied(once_a_project(found, contents.projects), world)
    world.show.noted(tuple(_left_out(contents)))
    with (
        closing(world.connect(guarded.transport)) as connection,
        closing(world.mirror(folder, flat=flat)) as shelf,
    ):
        shelf.listed()  # a folder that cannot be added to is better known now
        files = _verified(contents, guarded, connection, world)
        shelf.begin()
        saved, listed = _written(files, shelf, world)
        world.show.saved(saved)
        there = sum(one.outcome is SaveOutcome.ALREADY_THERE for one in saved)
        world.show.noted(tuple(_summary(folder, listed, shelf, there=there, flat=flat)))
    return ExitCode.OK


def _checked(invocation: Invocation, own: OwnOptions) -> str:
    """The folder to write to. Raises where the command line asks for something else."""
    if own.to is None or not own.to.value.strip():
        raise UsageError(
            "mirror needs --to DIR: the folder to write to",
            reference="usage",
            hint="safepip mirror --to DIR pylock.toml",
        )
    if not invocation.arguments:
        raise CommandError(
            "You must give at least one lock to mirror", reference="usage", hint="name a pylock.toml"
        )
    general = {option.dest for option in table.main_options()}
    for given in invocation.options:
        if given.dest not in general and given.dest not in _TAKEN:
            raise UsageError(
                f"mirror has no option {given.spelled}",
                reference="usage",
                origin=given.origin,
                hint="a mirror holds everything that its locks name",
            )
    return own.to.value


def _left_out(contents: Contents) -> Iterator[str]:
    """What is not in the mirror; it shall surprise nobody who installs from it."""
    if contents.folders:
        yield f"warning: not in the mirror, being folders: {', '.join(contents.folders)}"
    if contents.left_out:
        names = ", ".join(sorted(set(contents.left_out)))
        yield f"warning: left out by --only-binary or --no-binary: {names}"


def _verified(contents: Contents, guarded: Guarded, connection: Connection, world: World) -> list[Verified]:
    """Every file, its digests checked and its contents examined."""
    memory = memory_of(guarded, world)
    shelf = shelve(contents, guarded, memory.check, world)
    world.sink(StageBegan(stage="downloading", total=len(shelf)))
    wanted = [Wanted(file=one.file, index=one.index, acceptable=one.acceptable) for one in shelf]
    paths = connection.store.all_of(wanted)
    world.sink(StageBegan(stage="verifying", total=len(shelf)))
    bare = [_mirrored(one, path, world) for one, path in zip(shelf, paths, strict=True)]
    examined = connection.examine(tuple(zip(bare, paths, strict=True)))
    _judge(shelf, examined, guarded, world)
    files = [
        Verified(shelved=one, path=path, listed=_with_metadata(file, seen), metadata=seen.metadata)
        for one, path, file, seen in zip(shelf, paths, bare, examined, strict=True)
    ]
    for some in _rounds(files):
        plan = Plan(steps=tuple(_step(one.shelved) for one in some))
        placed = {one.shelved.project: one.path for one in some}
        memory.remember(plan, placed)
        world.audit.admitted(plan, placed)
    return files


def _mirrored(one: Shelved, path: Path, world: World) -> MirroredFile:
    digest, size = world.measure(path, one.file.digests)
    return MirroredFile(
        project=one.project,
        version=one.version,
        filename=one.file.filename,
        sha256=digest,
        size=size,
        upload_time=one.file.upload_time,
    )


def _with_metadata(file: MirroredFile, seen: Examined) -> MirroredFile:
    sidecar = None if seen.metadata is None else sha256(seen.metadata).hexdigest()
    return replace(file, requires_python=seen.requires_python, metadata_sha256=sidecar)


def _judge(shelf: Sequence[Shelved], examined: Sequence[Examined], guarded: Guarded, world: World) -> None:
    """Raise Refused, with exit 13, where the contents of a file speak against it."""
    found: list[Finding] = []
    for one, seen in zip(shelf, examined, strict=True):
        found += judge_each(seen.findings, guarded.context, {one.project: one.version})
    projects = {one.project for one in shelf}
    stop_if_denied(
        (*found, *review_allowances(guarded.context, projects)), world, exit_code=ExitCode.VERIFICATION
    )


def _rounds(files: Sequence[Verified]) -> Iterator[list[Verified]]:
    """The files in parts that have one file a project, as plans do."""
    counted: Counter[str] = Counter()
    rounds: dict[int, list[Verified]] = {}
    for one in files:
        rounds.setdefault(counted[one.shelved.project], []).append(one)
        counted[one.shelved.project] += 1
    yield from rounds.values()


def _step(one: Shelved) -> Step:
    """The file as a step of an installation, for the record and the audit log."""
    metadata = WheelMetadata(
        name=one.project,
        version=str(one.version),
        requires_dist=(),
        requires_python=None,
        provides_extra=frozenset(),
        raw=b"",
    )
    return Step(
        name=one.project,
        project=one.project,
        version=one.version,
        route=Route(project=one.project, indexes=(one.index,), reason=RouteReason.LOCK),
        index=one.index.name,
        file=one.file,
        acceptable=one.acceptable,
        direct=one.index.direct,
        from_file=True,
        metadata=metadata,
    )


# --- Into the folder ---------------------------------------------------------------------------------


def _written(
    files: Sequence[Verified], shelf: MirrorFolder, world: World
) -> tuple[list[Saved], list[MirroredFile]]:
    """Save the files, then write pages that list them and what is there already.

    Raises Refused, with exit 13 and before anything is written, where what is there is not what it was.
    """
    there = {(file.project, file.filename.lower()): file for file in shelf.listed()}
    named = [(one, there.pop((one.listed.project, one.listed.filename.lower()), None)) for one in files]
    findings = [_other_bytes(one, old) for one, old in named if old and old.sha256 != one.listed.sha256]
    findings += [_damaged(file) for file in there.values() if not shelf.is_sound(file)]
    stop_if_denied(findings, world, exit_code=ExitCode.VERIFICATION)
    listed = [*there.values(), *(_with_time(one.listed, old) for one, old in named)]
    named.sort(key=lambda pair: pair[0].listed.filename)
    saved = [shelf.save(one.listed, one.path, one.metadata) for one, _ in named]
    shelf.publish(pages(listed))
    return saved, listed


def _with_time(file: MirroredFile, old: MirroredFile | None) -> MirroredFile:
    """Two locks name the file, and only one says when it was uploaded."""
    return replace(file, upload_time=file.upload_time or (old.upload_time if old else None))


def _other_bytes(one: Verified, old: MirroredFile) -> Finding:
    return Finding(
        rule="hash-mismatch",
        message=f"the mirror has another file called {old.filename}",
        origin=one.shelved.origin,
        subject=old.project,
        notes=(f"the mirror's is sha256:{old.sha256}", f"the lock's is sha256:{one.listed.sha256}"),
        help="find out which of the two is right; a mirror of this lock alone needs a folder of its own",
    )


def _damaged(file: MirroredFile) -> Finding:
    return Finding(
        rule="hash-mismatch",
        message=f"{file.filename} in the mirror is missing, or no longer what its page promises",
        origin=Origin(layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=file.filename),
        subject=file.project,
        notes=(f"its page says sha256:{file.sha256}",),
        help="name the lock that it came from too, so that it is fetched anew; or begin with an empty folder",
    )


def _summary(
    folder: str, listed: Sequence[MirroredFile], shelf: MirrorFolder, *, there: int, flat: bool
) -> Iterator[str]:
    projects = len({file.project for file in listed})
    what = f"{len(listed)} {'file' if len(listed) == 1 else 'files'} of {projects} {'project' if projects == 1 else 'projects'}"
    known = f"; {there} of the lock {'was' if there == 1 else 'were'} there already" if there else ""
    yield f"{folder} holds {what}{known}" if flat else f"{folder}/{SIMPLE} lists {what}{known}"
    if others := shelf.others([file.filename for file in listed]):
        yield f"warning: the folder also holds what no lock names here: {', '.join(others)}"
