"""Every requirement and constraint, typed or in files, each with its origin.

Reads through a port only and judges nothing; :mod:`safepip.rules` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, UsageError
from safepip.core.limits import Limits
from safepip.core.origin import Sourced
from safepip.core.subjects import RequirementLine, Setting
from safepip.flows.indexes import is_url
from safepip.pipcompat.fold import add_names
from safepip.pipcompat.requirement import parse_requirement
from safepip.resolve.request import FormatControl, ReleaseControl

if TYPE_CHECKING:
    from packaging.markers import Marker

    from safepip.core.digest import Digest
    from safepip.core.ports import Files
    from safepip.flows.settings import Settings
    from safepip.flows.world import Options, World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.pipcompat.reqfile import RequirementFile

_LATER = {
    "dependency_groups": "--group",
    "requirements_from_scripts": "--requirements-from-script",
    "build_constraints": "--build-constraint",
}
"""Inputs that this version does not read; they are refused, never left out."""
_PLACES = frozenset({"index-url", "extra-index-url", "find-links"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is asked for, and by whom.

    Attributes:
        settings: options inside requirement and constraint files.
    """

    roots: tuple[RequirementLine, ...] = ()
    constraints: tuple[RequirementLine, ...] = ()
    settings: tuple[Setting, ...] = ()

    @property
    def no_index(self) -> bool:
        """Whether a file says ``--no-index``: it only takes away, so it counts."""
        return any(setting.option == "no-index" for setting in self.settings)

    def for_markers(self, markers: Mapping[str, str], world: World) -> Gathered:
        """Without what is not meant for this target; said in pip's words, as pip does."""
        ignored = [line for line in self.roots if not _is_meant(line, markers)]
        world.show.noted([_ignoring(line) for line in ignored])
        return replace(
            self,
            roots=tuple(line for line in self.roots if line not in ignored),
            constraints=tuple(line for line in self.constraints if _is_meant(line, markers)),
        )

    def with_file_options(self, settings: Settings) -> Settings:
        """The settings after what files may say about formats, pre-releases and hashes."""
        for said in self.settings:
            settings = _with_option(settings, said)
        return settings


def gather(invocation: Invocation, own: OwnOptions, config: Options, files: Files, world: World) -> Gathered:
    """Everything in pip's order: constraints, arguments, editables, requirement files.

    Raises:
        RequirementFileError, UsageError, CommandError: in pip's words where pip has some.
    """
    for dest, option in _LATER.items():
        if config.items(dest):
            raise CommandError(
                f"{option} is not part of this version of safepip",
                reference="missing-option",
                origin=config.origin(dest),
                hint="it is refused rather than left out; name the requirements themselves",
            )
    constraint_files = [_read(path, files, world, constraint=True) for path in config.items("constraints")]
    requirement_files = [_read(path, files, world, constraint=False) for path in config.items("requirements")]
    arguments = [argument for argument in invocation.arguments if argument.value.strip()]
    hashes = _hashes_of(len(arguments), own)
    typed = [_typed(said, config, world, hashes=own) for said, own in zip(arguments, hashes, strict=True)]
    editables = [_typed(path, config, world, editable=True) for path in config.items("editables")]
    everything = (*constraint_files, *requirement_files)
    lines = [line for one in everything for line in one.lines]
    gathered = Gathered(
        roots=(*typed, *editables, *(line for line in lines if not line.constraint)),
        constraints=tuple(line for line in lines if line.constraint),
        settings=tuple(_absolute(setting, world) for one in everything for setting in one.settings),
    )
    if not gathered.roots and not config.items("requirements"):
        raise _nothing_to_do(invocation, config)
    return gathered


def _marker(line: RequirementLine) -> Marker | None:
    return line.marker or (line.requirement.marker if line.requirement else None)


def _is_meant(line: RequirementLine, markers: Mapping[str, str]) -> bool:
    marker = _marker(line)
    return marker is None or marker.evaluate({**markers, "extra": ""})


def _ignoring(line: RequirementLine) -> str:
    name = line.requirement.name if line.requirement else line.text
    return f"Ignoring {name}: markers '{_marker(line)}' don't match your environment"


def _read(path: Sourced[str], files: Files, world: World, *, constraint: bool) -> RequirementFile:
    from safepip.pipcompat.reqfile import read

    return read(path, constraint=constraint, files=files, environ=world.around.environ, limits=Limits())


def _absolute(setting: Setting, world: World) -> Setting:
    """A folder as the operator's own folders are written, so that the two can be compared."""
    if setting.option not in _PLACES or is_url(setting.value) or not setting.value.strip():
        return setting
    return replace(setting, value=world.around.absolute(setting.value))


def _typed(
    said: Sourced[str],
    config: Options,
    world: World,
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


def _hashes_of(count: int, own: OwnOptions) -> list[tuple[Digest, ...]]:
    """For each requirement typed, its ``--hash`` options: all for the only one, or one each in order."""
    given = tuple(said.value for said in own.hashes)
    if not given:
        return [()] * count
    if count == 1:
        return [given]
    if count == len(given):
        return [(digest,) for digest in given]
    raise UsageError(
        f"{len(given)} --hash options do not fit {count} requirements",
        origin=own.hashes[0].origin,
        hint="give one requirement with any number of hashes, or exactly one hash for each, in order",
    )


def _nothing_to_do(invocation: Invocation, config: Options) -> CommandError:
    command = invocation.command
    links = " ".join(item.value for item in config.items("find_links"))
    meant = f'(maybe you meant "pip {command} {links}"?)' if links else f'(see "pip help {command}")'
    return CommandError(f"You must give at least one requirement to {command} {meant}")


def _with_option(settings: Settings, said: Setting) -> Settings:
    if said.option in {"no-binary", "only-binary"}:
        return replace(settings, format_control=_formats(settings.format_control, said))
    if said.option in {"all-releases", "only-final"}:
        return replace(settings, release_control=_releases(settings.release_control, said))
    if said.option == "pre":
        return replace(settings, release_control=ReleaseControl(all_releases=frozenset({":all:"})))
    if said.option == "require-hashes":
        return replace(settings, require_hashes=True)
    return replace(settings, prefer_binary=True) if said.option == "prefer-binary" else settings


def _formats(control: FormatControl, said: Setting) -> FormatControl:
    if said.option == "no-binary":
        told, other = add_names(said.value, control.no_binary, control.only_binary)
        return FormatControl(no_binary=told, only_binary=other)
    told, other = add_names(said.value, control.only_binary, control.no_binary)
    return FormatControl(no_binary=other, only_binary=told)


def _releases(control: ReleaseControl, said: Setting) -> ReleaseControl:
    if said.option == "all-releases":
        told, other = add_names(said.value, control.all_releases, control.only_final)
        return ReleaseControl(all_releases=told, only_final=other)
    told, other = add_names(said.value, control.only_final, control.all_releases)
    return ReleaseControl(all_releases=other, only_final=told)
