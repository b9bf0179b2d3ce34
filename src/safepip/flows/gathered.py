"""Everything that is asked for, and what files add to pip's options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from safepip.core.finding import Finding
from safepip.core.subjects import RequirementLine, Setting
from safepip.pipcompat.fold import add_names
from safepip.resolve.request import FormatControl, ReleaseControl

if TYPE_CHECKING:
    from packaging.markers import Marker

    from safepip.flows.near import Near
    from safepip.flows.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is asked for, and by whom.

    Attributes:
        build_constraints: for what builds need; they say nothing about anything else.
        settings: options inside requirement and constraint files.
        build_settings: those inside files of build constraints; they have no effect.
        findings: what was found in lock files while they were read; not judged yet.
    """

    roots: tuple[RequirementLine, ...] = ()
    constraints: tuple[RequirementLine, ...] = ()
    build_constraints: tuple[RequirementLine, ...] = ()
    settings: tuple[Setting, ...] = ()
    build_settings: tuple[Setting, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def subjects(self) -> tuple[RequirementLine | Setting, ...]:
        """Everything that rules look at."""
        return (
            *self.settings,
            *self.build_settings,
            *self.roots,
            *self.constraints,
            *self.build_constraints,
        )

    @property
    def no_index(self) -> bool:
        """Whether a file says ``--no-index``: it only takes away, so it counts."""
        return any(setting.option == "no-index" for setting in self.settings)

    def for_markers(self, markers: Mapping[str, str], world: Near) -> Gathered:
        """Without what is not meant for this target; said in pip's words, as pip does."""
        world.show.noted([ignoring(line) for line in self.not_for(markers)])
        return self.meant_for(markers)

    def meant_for(self, markers: Mapping[str, str]) -> Gathered:
        """Without what is not meant for this target."""
        verdicts = _verdicts((*self.roots, *self.constraints), markers)
        return replace(
            self,
            roots=tuple(line for line in self.roots if verdicts[_marker(line)]),
            constraints=tuple(line for line in self.constraints if verdicts[_marker(line)]),
        )

    def not_for(self, markers: Mapping[str, str]) -> tuple[RequirementLine, ...]:
        """The requirements that are not meant for this target."""
        verdicts = _verdicts(self.roots, markers)
        return tuple(line for line in self.roots if not verdicts[_marker(line)])

    def with_file_options(self, settings: Settings) -> Settings:
        """The settings after what files may say about formats, pre-releases and hashes."""
        return with_file_options(settings, self.settings)


def overruled(said: Iterable[Setting], wanted: FormatControl) -> Iterator[str]:
    """What a file asks for in vain: sources, where the command line or configuration wants wheels only."""
    for one in said:
        if one.option == "no-binary" and one.value != ":none:":
            named, _ = add_names(one.value, frozenset(), frozenset())
            if ":all:" in wanted.only_binary or named & wanted.only_binary:
                yield f"--no-binary {one.value} ({one.origin}) has no effect on what --only-binary asks for"


def with_file_options(settings: Settings, said: tuple[Setting, ...]) -> Settings:
    """The settings after these options of requirement files, in their order.

    Where the command line or configuration wants wheels only, no file asks for sources.
    """
    wanted = settings.format_control
    for one in said:
        settings = _with_option(settings, one)
    return replace(settings, format_control=_without_sources(settings.format_control, wanted))


def _marker(line: RequirementLine) -> Marker | None:
    return line.marker or (line.requirement.marker if line.requirement else None)


def _verdicts(lines: Iterable[RequirementLine], markers: Mapping[str, str]) -> dict[Marker | None, bool]:
    """Whether what has a marker is meant for a target. Lock files repeat a few many times."""
    target = {**markers, "extra": ""}
    distinct = {_marker(line) for line in lines}
    return {marker: marker is None or marker.evaluate(target) for marker in distinct}


def ignoring(line: RequirementLine) -> str:
    """pip's words for a requirement that is not meant for the target."""
    name = line.requirement.name if line.requirement else line.text
    return f"Ignoring {name}: markers '{_marker(line)}' don't match your environment"


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


def _without_sources(control: FormatControl, wanted: FormatControl) -> FormatControl:
    """What files made of ``--no-binary`` and ``--only-binary``, without what loosens the latter."""
    everything = ":all:" in wanted.only_binary
    sources = control.no_binary
    return FormatControl(
        no_binary=sources & wanted.no_binary if everything else sources - wanted.only_binary,
        only_binary=control.only_binary | wanted.only_binary,
    )


def _releases(control: ReleaseControl, said: Setting) -> ReleaseControl:
    if said.option == "all-releases":
        told, other = add_names(said.value, control.all_releases, control.only_final)
        return ReleaseControl(all_releases=told, only_final=other)
    told, other = add_names(said.value, control.only_final, control.all_releases)
    return ReleaseControl(all_releases=other, only_final=told)
