"""``safepip policy init``: a first policy from what is configured, installed and locked. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ExitCode, Refused, SafepipError
from safepip.core.finding import Finding, Level
from safepip.core.origin import Layer
from safepip.core.url import Url
from safepip.flows.configuration import read_config
from safepip.flows.gather import gather
from safepip.flows.gathered import Gathered
from safepip.flows.guard import named_places
from safepip.flows.indexes import configured_indexes
from safepip.flows.judging import judge_each
from safepip.flows.policies import policy_locations, read_located
from safepip.flows.policy_findings import REQUIREMENT_FILES, Seen, drafted
from safepip.pipcompat.argv import parse as parse_arguments
from safepip.pipcompat.argv import split_own
from safepip.pipcompat.own import GRAMMAR
from safepip.policy.discover import table_of
from safepip.policy.draft import draft_text
from safepip.policy.read import parse
from safepip.policy.schema import Policy
from safepip.policy.tighten import merge
from safepip.rules import known_rules
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge, judge_unknown

if TYPE_CHECKING:
    from safepip.flows.indexes import NamedPlaces
    from safepip.flows.world import Target, World
    from safepip.pipcompat.argv import GivenOption, Invocation, OwnOptions
    from safepip.pipcompat.effective import EffectiveConfig
    from safepip.policy.schema import PolicyFile

DEFAULT_OUTPUT = "safepip.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was found out about this machine.

    Attributes:
        stronger: the machine's, the user's and the named policy files.
        gathered: what requirement files of the working directory say.
    """

    config: EffectiveConfig
    places: NamedPlaces
    stronger: Sequence[PolicyFile]
    gathered: Gathered


def init(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Write the file, then say what it would refuse today.

    Raises:
        CommandError: a file stands there already, or it cannot be written.
        ConfigurationError, UsageError: a configuration that cannot be read.
    """
    path = world.around.absolute(own.output.value if own.output else DEFAULT_OUTPUT)
    _refuse_shared(path)
    over = "force" in own.flags
    if not over and world.around.exists(path):
        raise _taken(path)
    with closing(world.target(own.python)) as target:
        known = _known(invocation, own, target, world)
        policy, _ = merge(known.stronger)
        seen = Seen(
            indexes=configured_indexes(known.places, policy, world.around),
            installed=target.environment.installed,
            lines=known.gathered.roots,
        )
        text = draft_text(drafted(seen, world))
    findings = _refused_by(text, path, known, world)
    _write(path, text, world, over=over)
    _tell(path, findings, world)
    return ExitCode.OK


def _known(invocation: Invocation, own: OwnOptions, target: Target, world: World) -> _Known:
    asked = replace(invocation, command=GRAMMAR, arguments=(), options=tuple(_options(invocation, world)))
    config = read_config(asked, world, target)
    world.manner(config)
    return _Known(
        config=config,
        places=named_places(config),
        stronger=[
            read_located(one, world) for one in policy_locations(own, world) if one.layer < Layer.PROJECT
        ],
        gathered=_gathered(asked, own, config, target, world),
    )


def _options(invocation: Invocation, world: World) -> Iterator[GivenOption]:
    """What was typed, and the requirement files that stand here as if they had been."""
    yield from invocation.options
    if not any(option.dest == "requirements" for option in invocation.options):
        found = [name for name in REQUIREMENT_FILES if world.around.exists(world.around.absolute(name))]
        _, rest = split_own([GRAMMAR, *(f"--requirement={name}" for name in found)])
        yield from parse_arguments(rest).options


def _gathered(
    asked: Invocation, own: OwnOptions, config: EffectiveConfig, target: Target, world: World
) -> Gathered:
    """What the files ask for; nothing remote is read. What cannot be read is said, and left out."""
    if not config.items("requirements"):
        return Gathered()
    try:
        return gather(asked, own, config, world, files=world.files, target=target)
    except SafepipError as error:
        world.show.noted([f"requirement files are left out of this: {_why(error)}"])
        return Gathered()


def _why(error: SafepipError) -> str:
    """The error, or the first thing that was refused, with its place."""
    told = error.findings[0] if isinstance(error, Refused) else error
    return f"{told.message} ({told.origin})" if told.origin else told.message


def _refused_by(text: str, path: str, known: _Known, world: World) -> tuple[Finding, ...]:
    """What the new policy makes of the settings of today; also proves that it can be read."""
    file = parse(
        text,
        place=path,
        layer=Layer.PROJECT,
        directory=world.around.folder_of(path),
        known_rules=known_rules(),
    )
    policy, told = merge([*known.stronger, file])
    context = _context(policy, known, world)
    return (
        *judge_each(told, context),
        *judge_unknown(known.config.unknown, context),
        *judge((*known.config.settings, *known.gathered.subjects), context),
    )


def _context(policy: Policy, known: _Known, world: World) -> RuleContext:
    return RuleContext(
        policy=policy,
        now=world.clock.now(),
        indexes=configured_indexes(known.places, policy, world.around),
        default_index_url=Url.parse(world.around.default_index_url),
    )


def _write(path: str, text: str, world: World, *, over: bool) -> None:
    try:
        world.write_text(path, text, over=over)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}", reference="disk") from None


def _tell(path: str, findings: tuple[Finding, ...], world: World) -> None:
    refused = sum(finding.denies for finding in findings)
    if not findings:
        world.show.noted(["this policy would refuse nothing of today's configuration"])
    else:
        others = len(findings) - refused
        counts = f"{refused} refused, {others} set aside or warned of"
        world.show.noted([f"what this policy would make of today's configuration: {counts}"])
        world.show.warned([replace(finding, level=Level.WARN) for finding in findings])
    world.show.policy_written(path)


def _refuse_shared(path: str) -> None:
    """Raise CommandError for a file of which a policy has only one table: the rest of it would be lost."""
    if table_of(path):
        raise CommandError(
            f"{path} holds more than a policy",
            reference="usage",
            hint="write safepip.toml, or another file and copy it under [tool.safepip]",
        )


def _taken(path: str) -> CommandError:
    return CommandError(
        f"{path} is there already", reference="usage", hint="write another with --output, or use --force"
    )
