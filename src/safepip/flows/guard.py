"""The first half of every guarded command: gather every setting, read the policy, judge.

Nothing has been asked of an index when this returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from safepip.flows.gather import Gathered, gather
from safepip.flows.indexes import NamedPlaces, configured_indexes
from safepip.flows.judging import stop_if_denied
from safepip.flows.policies import read_policy
from safepip.flows.settings import Settings, read_settings
from safepip.flows.transport import read_transport
from safepip.pipcompat.effective import EffectiveConfig
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge

if TYPE_CHECKING:
    from safepip.core.index import Index
    from safepip.core.origin import Sourced
    from safepip.core.subjects import RequirementLine
    from safepip.flows.world import Target, Transport, World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.policy.schema import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """Everything that was said, judged.

    Attributes:
        config: every option in force with its origin.
        roots, constraints: requirements in pip's order.
        indexes: every index that may be asked.
        context: what rules are told; later stages judge with the same.
    """

    config: EffectiveConfig
    settings: Settings
    transport: Transport
    policy: Policy
    roots: tuple[RequirementLine, ...]
    constraints: tuple[RequirementLine, ...]
    indexes: tuple[Index, ...]
    context: RuleContext


def guard(invocation: Invocation, own: OwnOptions, world: World, target: Target) -> Guarded:
    """Gather and judge.

    Raises:
        Refused: a setting or requirement that policy denies; all of them at once.
        UsageError, ConfiguredValueError, ConfigurationError, RequirementFileError: bad input.
    """
    gathered = gather(invocation, own, world, target)
    world.manner(gathered.config)
    policy, policy_findings = read_policy(own, world)
    settings = gathered.with_file_options(read_settings(gathered.config))
    indexes = configured_indexes(_named_places(gathered), policy, world.around)
    context = RuleContext(
        policy=policy,
        now=world.clock.now(),
        indexes=indexes,
        requires_hashes=_requires_hashes(settings, gathered),
    )
    subjects = (*gathered.config.settings, *gathered.file_settings, *gathered.roots, *gathered.constraints)
    stop_if_denied((*policy_findings, *gathered.findings, *judge(subjects, context)), world)
    return Guarded(
        config=gathered.config,
        settings=settings,
        transport=read_transport(gathered.config, world),
        policy=policy,
        roots=gathered.roots,
        constraints=gathered.constraints,
        indexes=indexes,
        context=context,
    )


def _requires_hashes(settings: Settings, gathered: Gathered) -> bool:
    """pip's rule: ``--require-hashes``, or one hashed line of a file asks hashes of all."""
    if settings.require_hashes:
        return True
    lines = (*gathered.roots, *gathered.constraints)
    return not settings.no_require_hashes and any(line.from_file and line.hash_options for line in lines)


def _named_places(gathered: Gathered) -> NamedPlaces:
    config = gathered.config
    return NamedPlaces(
        index_url=_one(config, "index_url"),
        extra_index_urls=config.items("extra_index_urls"),
        find_links=config.items("find_links"),
        no_index=bool(config.value("no_index")) or gathered.no_index,
        cert=_one(config, "cert"),
        client_cert=_one(config, "client_cert"),
    )


def _one(config: EffectiveConfig, dest: str) -> Sourced[str] | None:
    """The value that somebody set; None where only pip's default holds."""
    items = config.items(dest)
    return items[-1] if items else None
