"""Everything that is in force, gathered as a guarded command gathers it, without stopping at a refusal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from safepip.core.errors import UsageError
from safepip.core.finding import Finding, Level
from safepip.core.url import Url
from safepip.flows.configuration import read_config
from safepip.flows.gather import gather
from safepip.flows.gathered import Gathered
from safepip.flows.guard import named_places
from safepip.flows.indexes import (
    configured_indexes,
    default_trust,
    is_url,
    with_named_in_files,
)
from safepip.flows.judging import judge_each
from safepip.flows.policies import merged, policy_files
from safepip.flows.settings import Settings, read_settings
from safepip.flows.transport import read_transport, requirement_texts
from safepip.pipcompat import table
from safepip.pipcompat.own import GRAMMAR
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge, judge_unknown

if TYPE_CHECKING:
    from safepip.core.index import Index, Trust
    from safepip.flows.indexes import NamedPlaces
    from safepip.flows.world import Target, Transport, World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.pipcompat.effective import EffectiveConfig
    from safepip.policy.schema import Policy, PolicyFile


OFFLINE = "offline"
"""The flag that keeps everything on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a guarded command would work with.

    Attributes:
        files: the policy files as written, strongest first.
        places: where pip's settings look and whom they trust.
        indexes: every index that may be asked.
        findings: what rules say, warnings and refusals.
    """

    config: EffectiveConfig
    policy: Policy
    files: tuple[PolicyFile, ...]
    places: NamedPlaces
    trust: Trust
    transport: Transport
    settings: Settings
    indexes: tuple[Index, ...]
    context: RuleContext
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether a guarded command would end here."""
        return any(finding.denies for finding in self.findings)

    @property
    def patterns_only(self) -> bool:
        """Whether a name that no pattern decides may not be asked for."""
        return self.policy.level("unrouted-project", Level.OFF).value is Level.DENY


def gather_in_force(
    invocation: Invocation, own: OwnOptions, world: World, target: Target, *, command: str = GRAMMAR
) -> InForce:
    """Gather and judge, as :func:`safepip.flows.guard.guard` does.

    Args:
        command: whose sections of the configuration count.

    Raises:
        UsageError, ConfiguredValueError, ConfigurationError, RequirementFileError: what cannot be read.
    """
    asked = _as_command(invocation, command)
    config = read_config(asked, world, target)
    world.manner(config)
    files = tuple(policy_files(own, world))
    policy, policy_findings = merged(files, own)
    transport = read_transport(config, world)
    places = named_places(config)
    trust = default_trust(places, policy, world.around)
    from_files = bool(config.items("requirements"))
    _check_offline(own, config)
    texts = world.files if OFFLINE in own.flags else requirement_texts(transport, trust, policy, world)
    gathered = gather(asked, own, config, world, files=texts, target=target) if from_files else Gathered()
    places = places.without_index(gathered.no_index)
    indexes = configured_indexes(places, policy, world.around)
    context = _context(policy, indexes, world)
    subjects = (*config.settings, *gathered.settings)
    told = (*judge_each(policy_findings, context), *judge_unknown(config.unknown, context))
    return InForce(
        config=config,
        policy=policy,
        files=files,
        places=places,
        trust=trust,
        transport=transport,
        settings=gathered.with_file_options(read_settings(config)),
        indexes=with_named_in_files(indexes, gathered.settings, places, policy, world.around),
        context=context,
        findings=(*told, *judge(subjects, context)),
    )


def _check_offline(own: OwnOptions, config: EffectiveConfig) -> None:
    for said in config.items("requirements"):
        if OFFLINE in own.flags and is_url(said.value) and not said.value.startswith("file:"):
            raise UsageError(
                "--offline reads no requirement file from afar",
                reference="usage",
                origin=said.origin,
                hint="download the file, and name the local copy",
            )


def _as_command(invocation: Invocation, command: str) -> Invocation:
    """The same options given to another command, as far as it has them; no requirement is typed."""
    known = {option.dest for option in table.options_of(command)}
    options = tuple(given for given in invocation.options if given.dest in known)
    return replace(invocation, command=command, options=options, arguments=())


def _context(policy: Policy, indexes: tuple[Index, ...], world: World) -> RuleContext:
    return RuleContext(
        policy=policy,
        now=world.clock.now(),
        indexes=indexes,
        default_index_url=Url.parse(world.around.default_index_url),
    )
