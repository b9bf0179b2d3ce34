"""What a build asks for: as requirements, and whether an environment has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from safepip.core.errors import BuildError, Refused
from safepip.core.origin import Layer, Origin, Place
from safepip.core.specifier import read_requirement
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.flows.settings import Settings
from safepip.flows.way_out import way_out

if TYPE_CHECKING:
    from safepip.core.ports import Environment
    from safepip.flows.guarded import Guarded


def as_lines(texts: Iterable[str], name: str, place: str, *, from_file: bool) -> tuple[RequirementLine, ...]:
    """Requirements of a build, each once.

    Args:
        name: who builds.
        place: path of the ``pyproject.toml`` that stands for them.
        from_file: whether a requirement file brought the source in: then they need hashes as it does.

    Raises:
        BuildError: a backend asked for what is no requirement.
        Refused: one names a URL of its own choice.
    """
    origin = Origin(layer=Layer.ARTIFACT, kind=Place.FILE, place=place, key="build-system.requires")
    return tuple(_line(text, name, origin, from_file=from_file) for text in dict.fromkeys(texts))


def _line(text: str, name: str, origin: Origin, *, from_file: bool) -> RequirementLine:
    from safepip.resolve.mismatch import transitive_url

    requirement = _parsed(text, name)
    if requirement.url is not None:
        raise Refused([transitive_url(name, requirement, origin)])
    return RequirementLine(
        text=text,
        kind=RequirementKind.NAMED,
        requirement=requirement,
        origin=origin,
        from_file=from_file,
        extras=frozenset(requirement.extras),
    )


def for_build(
    guarded: Guarded,
    lines: tuple[RequirementLine, ...],
    name: str,
    pins: Sequence[RequirementLine] | None = None,
) -> Guarded:
    """The command's policy and indexes, with the requirements of a build in the place of its own.

    pip passes the same options on; constraints are those of ``--build-constraint`` alone, and one hash
    among them asks hashes of all.

    Args:
        name: what is built.
        pins: what a lock has for this build.
    """
    hashed = any(line.hash_options for line in guarded.build_constraints)
    settings = guarded.settings
    made = replace(
        guarded,
        roots=lines,
        constraints=guarded.build_constraints,
        locked={},
        built=name,
        way_out=guarded.way_out or way_out(guarded),
        settings=Settings(
            prefer_binary=settings.prefer_binary,
            format_control=settings.format_control,
            release_control=settings.release_control,
            pre=settings.pre,
            uploaded_prior_to=settings.uploaded_prior_to,
            verbosity=settings.verbosity,
            no_color=settings.no_color,
        ),
        context=replace(guarded.context, requires_hashes=guarded.context.requires_hashes or hashed),
    )
    if not pins:
        return made
    from safepip.flows.locked_builds import with_pins

    return with_pins(made, pins)


def check_present(texts: Iterable[str], environment: Environment, name: str) -> None:
    """Raise BuildError, in pip's words, where a build's requirement is not met by what is there."""
    if missing := missing_in(texts, environment, name):
        raise BuildError(
            f"Some build dependencies for {name} are missing: {', '.join(missing)}.",
            reference="build-dependencies",
        )


def missing_in(
    texts: Iterable[str], environment: Environment, name: str, against: str = "the backend dependencies"
) -> list[str]:
    """What of a build's requirements is not there, quoted and sorted.

    Args:
        against: what asks for it, as pip calls it.

    Raises:
        BuildError: something is there in another version, or what was asked for is no requirement.
    """
    missing, conflicting = [], []
    for requirement in _meant(texts, environment, name):
        installed = environment.installed.get(canonicalize_name(requirement.name))
        if installed is None:
            missing.append(repr(str(requirement)))
        elif installed.version is None or not requirement.specifier.contains(
            installed.version, prereleases=True
        ):
            conflicting.append(
                f"{installed.name}=={installed.version_text} is incompatible with {requirement}"
            )
    if conflicting:
        raise BuildError(
            f"Some build dependencies for {name} conflict with {against}: {', '.join(sorted(conflicting))}.",
            reference="build-dependencies",
        )
    return sorted(missing)


def _meant(texts: Iterable[str], environment: Environment, name: str) -> Iterator[Requirement]:
    for text in texts:
        requirement = _parsed(text, name)
        if requirement.marker is None or requirement.marker.evaluate({**environment.markers, "extra": ""}):
            yield requirement


def _parsed(text: str, name: str) -> Requirement:
    try:
        return read_requirement(text)
    except InvalidRequirement as error:
        raise BuildError(
            f"{name} needs {text!r} to be built, which is no requirement: {str(error).partition(chr(10))[0]}",
            reference="invalid-build-requirement",
        ) from None
