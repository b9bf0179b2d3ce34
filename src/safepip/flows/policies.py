"""The policy files of every layer, found, read and merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError, ResolutionError, Undecided
from safepip.core.origin import Layer, Origin, Place
from safepip.policy.discover import PROJECT_FILE, PYPROJECT, PolicyLocation, locate
from safepip.policy.read import has_policy, parse
from safepip.policy.tighten import merge
from safepip.rules import known_rules

if TYPE_CHECKING:
    from safepip.core.finding import Finding
    from safepip.flows.world import World
    from safepip.pipcompat.argv import OwnOptions
    from safepip.policy.schema import Policy, PolicyFile

_NOT_ASKED = (
    "this folder's policy names indexes that were not asked, because nobody has trusted it: "
    "see safepip policy show, then safepip policy trust"
)


def read_policy(own: OwnOptions, world: World) -> tuple[Policy, tuple[Finding, ...]]:
    """The policy in force, and what was set aside or asked for less than a stronger file.

    Raises:
        ConfigurationError: a file that cannot be read, or says something unknown.
        Refused, UsageError: ``--allow`` of what may not be allowed.
    """
    return merged(policy_files(own, world), own)


def merged(files: Sequence[PolicyFile], own: OwnOptions) -> tuple[Policy, tuple[Finding, ...]]:
    """The policy of these files, with what the command line exempts. Raises as :func:`read_policy`."""
    policy, findings = merge(files)
    if not own.allow:
        return policy, findings
    from safepip.policy.allowing import exemptions_for_this_run

    reason = own.reason.value if own.reason else ""
    exempted = exemptions_for_this_run(own.allow, reason, files, known_rules())
    return replace(policy, exemptions=(*exempted, *policy.exemptions)), findings


def policy_files(own: OwnOptions, world: World) -> list[PolicyFile]:
    """Every policy file that takes part, as written, strongest first. To be called once: one may be a pipe.

    Raises:
        ConfigurationError: a file that cannot be read, or says something unknown.
    """
    return [read_located(location, world) for location in policy_locations(own, world)]


def policy_locations(own: OwnOptions, world: World) -> tuple[PolicyLocation, ...]:
    """Where they stand. A project's file that is a stranger's is passed over, and said.

    Raises ConfigurationError where that cannot be known.
    """
    around = world.around
    passed_over: list[str] = []
    locations = locate(
        machine=around.machine_policy,
        user_config_dir=around.user_config_dir,
        working_directory=around.cwd,
        named=_named(own, around.environ, world),
        exists=lambda path: _stands(path, world) and not _is_strangers(path, world, passed_over),
        has_policy=lambda path: has_policy(_found_text(path, Layer.PROJECT, world), place=path),
    )
    world.show.noted(passed_over)
    return locations


def read_located(location: PolicyLocation, world: World) -> PolicyFile:
    """Read one file; a project's counts in full if this user trusts what it says.

    Raises ConfigurationError.
    """
    text = _text(location, world)
    _refuse_changeable(location, world)
    file = parse(
        text,
        place=location.path,
        layer=location.layer,
        directory=world.around.folder_of(location.path),
        known_rules=known_rules(),
        table=location.table,
        trusted=location.trusted,
    )
    if location.trusted:
        return file
    from safepip.flows.policy_trust import with_trust

    return with_trust(file, world)


@contextmanager
def telling_what_was_set_aside(policy: Policy) -> Iterator[None]:
    """Say of a failure that an index of the folder's own policy might have had the answer."""
    try:
        yield
    except (ResolutionError, Undecided) as error:
        aside = [what for source in policy.sources for what in source.set_aside]
        if any(what.startswith("[[index]]") for what in aside):
            error.notes = (*error.notes, _NOT_ASKED)
        raise


def _stands(path: str, world: World) -> bool:
    """Whether a policy file is there; a link that leads nowhere is, and reading it will say so.

    Only of the machine's own file must it be known: the folders of others may be closed to us.
    """
    try:
        return world.around.stands(path)
    except OSError as error:
        if path == world.around.machine_policy:
            raise _unreadable(Origin(layer=Layer.MACHINE, kind=Place.FILE, place=path), error) from None
        return False


def _is_strangers(path: str, world: World, passed_over: list[str]) -> bool:
    """Whether a file of the walk belongs to somebody with whom this folder has nothing to do.

    In a folder that all may write to, such as the one for temporary files, anybody could forbid anything
    to everybody below it.
    """
    if not path.endswith((PROJECT_FILE, PYPROJECT)):
        return False
    try:
        owner = world.around.stranger(path)
    except OSError:
        return False  # gone meanwhile, or unreadable: reading it says so
    if owner is not None:
        passed_over.append(f"{path} belongs to {owner}, and is no policy for this folder")
    return owner is not None


def _named(own: OwnOptions, environ: Mapping[str, str], world: World) -> list[str]:
    named = [said.value for said in own.policies]
    if variable := environ.get("SAFEPIP_POLICY"):
        named.append(variable)
    return [world.around.absolute(path) for path in named]


def _text(location: PolicyLocation, world: World) -> bytes:
    """What the user names may be a pipe; what is merely found may not."""
    if not location.required:
        return _found_text(location.path, location.layer, world)
    try:
        return world.files.read_bytes(location.path)
    except OSError as error:
        raise _unreadable(_origin(location), error) from None


def _found_text(path: str, layer: Layer, world: World) -> bytes:
    try:
        return world.found_text(path)
    except OSError as error:
        raise _unreadable(Origin(layer=layer, kind=Place.FILE, place=path), error) from None


def _refuse_changeable(location: PolicyLocation, world: World) -> None:
    if location.layer is not Layer.MACHINE:
        return
    try:
        others = world.around.changeable_by(location.path)
    except OSError as error:
        raise _unreadable(_origin(location), error) from None
    if others is not None:
        raise ConfigurationError(
            f"the machine's policy is no rule for anybody: {others} may change it",
            reference="policy",
            origin=_origin(location),
            hint="give the file and its folder to the superuser, and let nobody else write there",
        )


def _origin(location: PolicyLocation) -> Origin:
    return Origin(layer=location.layer, kind=Place.FILE, place=location.path)


def _unreadable(origin: Origin, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the policy cannot be read: {error.strerror or error}",
        reference="policy",
        origin=origin,
        hint="mend or remove the file; a policy that cannot be read is never skipped",
    )
