"""The file that ``lock`` writes: which one, what it held, what it will hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, UsageError
from safepip.core.lock_page import LockDifference
from safepip.core.origin import Origin, Place, Sourced
from safepip.flows.lock_keeping import Kept
from safepip.lock.changes import Change, changes
from safepip.lock.previous import Format, read_previous
from safepip.pipcompat.callbacks import is_lock_name, is_remote
from safepip.pipcompat.sourcename import lock_name, project_name, split_group

if TYPE_CHECKING:
    from safepip.core.locking import Answer
    from safepip.core.ports import Output
    from safepip.core.subjects import RequirementLine
    from safepip.flows.world import Options, World
    from safepip.pipcompat.argv import OwnOptions

STDOUT = "-"
DEFAULT_REQUIREMENTS = "requirements.lock.txt"
"""Where hashed requirements go unless told otherwise: by this name they are no input of anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a lock goes, and what stands there.

    Attributes:
        name: as it was written; ``-``: stdout.
        folder: absolute; what a lock says of local paths is relative to it.
        output: None: stdout.
        kept: what stands there, and what of it is to stay; None: nothing does.
    """

    name: str
    format: Format
    folder: str
    output: Output | None
    kept: Kept | None

    @property
    def before(self) -> bytes | None:
        return None if self.output is None else self.output.before


def destination(own: OwnOptions, config: Options, world: World) -> Destination:
    """Where the lock goes.

    Raises:
        UsageError, CommandError: it cannot go there; it would take the place of what it is made from.
        RequirementFileError: what stands there is no lock.
    """
    form = Format(own.lock.format)
    name = _name(form, config)
    if name == STDOUT:
        _check_stdout(own)
        world.show.reserve()
        return Destination(name=name, format=form, folder=world.around.cwd, output=None, kept=None)
    path = world.around.absolute(name)
    _check_name(name, form, world)
    _check_inputs(name, config, world)
    output = world.output(path)
    return Destination(
        name=name,
        format=form,
        folder=world.around.folder_of(path),
        output=output,
        kept=_kept(output.before, form, name, own),
    )


def content(to: Destination, answers: Sequence[Answer], policy_digest: str) -> bytes:
    """What the file is to hold. Raises CommandError, VerificationError: the answers make no lock."""
    if to.format is Format.PYLOCK:
        from safepip.lock.document import merge
        from safepip.lock.write import pylock_bytes

        return pylock_bytes(merge(answers, base=to.folder, policy_digest=policy_digest))
    from safepip.lock.requirements import requirements_text

    text = None if to.kept is None else to.kept.previous.text
    return requirements_text(answers, base=to.folder, previous=text).encode()


def is_same(before: bytes | None, after: bytes) -> bool:
    """Whether a file says what it should. By which policy it was made, another machine may not share."""
    return before is not None and _without_policy(before) == _without_policy(after)


def difference(to: Destination, after: bytes) -> LockDifference | None:
    """What the new content has another way than the file; None where there is none."""
    if to.kept is None:
        return None
    before = to.kept.previous
    found = changes(before, before if to.before == after else read_previous(after, to.format, place=to.name))
    return LockDifference(
        added=tuple(_pinned(one, one.after) for one in found.added),
        removed=tuple(_pinned(one, one.before) for one in found.removed),
        changed=tuple(f"{_pinned(one, one.before)} → {_versions(one.after)}" for one in found.changed),
        other_files=tuple(_pinned(one, one.after) for one in found.other_files),
    )


def _kept(before: bytes | None, form: Format, name: str, own: OwnOptions) -> Kept | None:
    if not before:
        return None
    return Kept(previous=read_previous(before, form, place=name), options=own.lock)


def _name(form: Format, config: Options) -> str:
    said = config.items("output_file")
    if said:
        return said[-1].value
    return "pylock.toml" if form is Format.PYLOCK else DEFAULT_REQUIREMENTS


def _check_stdout(own: OwnOptions) -> None:
    if own.lock.check:
        raise UsageError(
            "--check compares with a file, and -o - names none",
            reference="usage",
            hint="name the file that is to be checked",
        )
    if own.report_format != "text":
        raise UsageError(
            f"-o - and --report-format {own.report_format} both want stdout",
            reference="usage",
            hint="write the lock to a file: -o FILE",
        )


def _check_name(name: str, form: Format, world: World) -> None:
    named_as_lock = is_lock_name(name)
    if form is Format.PYLOCK and not named_as_lock:
        # pip's own words.
        world.show.noted([f"WARNING: {name} is not a valid lock file name."])
        if name.endswith((".txt", ".in")):
            world.show.noted(
                [f"{name} will hold a pylock.toml; for hashed requirements: --format requirements"]
            )
    if form is Format.REQUIREMENTS and named_as_lock:
        raise UsageError(
            f"{name} is the name of a pylock.toml, and pip would read requirements there as one",
            reference="usage",
            hint=f"give them another name, such as {DEFAULT_REQUIREMENTS}",
        )


def _check_inputs(name: str, config: Options, world: World) -> None:
    """Raise CommandError where the output would take the place of what the lock is made from."""
    around = world.around
    place = around.one_name(around.absolute(name))
    for said in _inputs(config):
        if not is_remote(said.value) and around.one_name(around.absolute(said.value)) == place:
            raise _written_over(name, said.origin)


def _written_over(name: str, origin: Origin) -> CommandError:
    return CommandError(
        f"{name} is what the lock is to be made from, and would be written over",
        reference="lock-input",
        origin=origin,
        hint="write to another file with -o; for requirements the custom is to keep what is asked for in "
        "requirements.in, and to lock it into requirements.txt",
    )


def check_nested(to: Destination, lines: Iterable[RequirementLine], world: World) -> None:
    """Raise CommandError where a file that another one names would be written over."""
    if to.output is None:
        return
    around = world.around
    place = around.one_name(around.absolute(to.name))
    for line in lines:
        origin = line.origin
        local = origin.kind is Place.FILE and not is_remote(origin.place)
        if local and around.one_name(around.absolute(origin.place)) == place:
            raise _written_over(to.name, origin)


def _inputs(config: Options) -> Iterator[Sourced[str]]:
    """Every file that was named; for those that they name themselves see :func:`check_nested`."""
    for said in config.items("requirements"):
        name = lock_name(said) or project_name(said)
        yield said if name is None else Sourced(value=name.location, origin=said.origin)
    for dest in ("constraints", "build_constraints", "requirements_from_scripts"):
        yield from config.items(dest)
    for said in config.items("dependency_groups"):
        yield Sourced(value=split_group(said.value)[0], origin=said.origin)


_POLICY_KEY = b'policy = "'


def _without_policy(text: bytes) -> list[bytes]:
    return [line for line in text.splitlines() if not line.startswith(_POLICY_KEY)]


def _pinned(change: Change, versions: Iterable[object]) -> str:
    build = " (for builds)" if change.build else ""
    return f"{change.project} {_versions(versions)}".rstrip() + build


def _versions(versions: Iterable[object]) -> str:
    return ", ".join(map(str, versions))
