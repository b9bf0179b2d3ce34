"""The first half of every guarded command: gather every setting, read the policy, judge.

Nothing has been asked of an index when this returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.finding import Finding
from safepip.core.origin import Place
from safepip.core.url import Url
from safepip.flows.auditing import open_audit
from safepip.flows.configuration import read_config
from safepip.flows.gather import gather
from safepip.flows.gathered import Gathered, overruled
from safepip.flows.guarded import Guarded, patterns_only
from safepip.flows.indexes import NamedPlaces, configured_indexes, default_trust, with_named_in_files
from safepip.flows.judging import judge_each, stop_if_denied
from safepip.flows.policies import read_policy
from safepip.flows.settings import Settings, check_settings, read_settings
from safepip.flows.transport import read_transport, requirement_texts
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge, judge_unknown

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.index import Index, Trust
    from safepip.core.origin import Sourced
    from safepip.flows.world import Options, Target, World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.pipcompat.effective import EffectiveConfig
    from safepip.policy.schema import Policy
    from safepip.route import Routed


_EFFECTS: Mapping[str, str] = MappingProxyType(
    {
        "requirements": "also asked for: -r",
        "editables": "also asked for: -e",
        "dependency_groups": "also asked for: --group",
        "requirements_from_scripts": "also asked for: --requirements-from-script",
        "constraints": "constrained by",
        "build_constraints": "builds constrained by",
        "target_dir": "installing into",
        "prefix_path": "installing below the prefix",
        "root_path": "installing below the root",
        "json_report_file": "writing a report to",
        "log": "writing a log to",
        "download_dir": "saving into",
        "wheel_dir": "saving into",
    }
)
"""By pip's ``dest``: what changes what is installed, or where something is written."""


def guard(
    invocation: Invocation, own: OwnOptions, world: World, target: Target, *, installs: bool = True
) -> Guarded:
    """Gather and judge. Where nothing is installed, the command's words are its own business.

    Raises:
        Refused: a setting or requirement that policy denies; all of them at once.
        UsageError, ConfiguredValueError, ConfigurationError, RequirementFileError: bad input.
    """
    config = _configured(invocation, world, target, installs=installs)
    policy, policy_findings = read_policy(own, world)
    open_audit(invocation.command or "", policy, world)
    transport = read_transport(config, world)
    places = named_places(config)
    trust = default_trust(places, policy, world.around)
    texts = requirement_texts(transport, trust, policy, world)
    whole = gather(invocation, own, config, world, files=texts, target=target) if installs else Gathered()
    places = places.without_index(whole.no_index)
    indexes = configured_indexes(places, policy, world.around)
    gathered = whole.for_markers(target.environment.markers, world) if installs else whole
    settings = _with_file_options(gathered, config, world)
    context = _context(policy, indexes, world, requires_hashes=_requires_hashes(settings, whole))
    locked, objections = _route_locked(gathered, indexes, policy, trust)
    found = judge_each((*policy_findings, *gathered.findings, *objections), context)
    stop_if_denied((*found, *_judge_all(config, gathered, context)), world)
    world.show.noted(tuple(unasked(config)) if installs else ())
    return Guarded(
        config=config,
        settings=settings,
        transport=transport,
        policy=policy,
        roots=gathered.roots,
        constraints=gathered.constraints,
        indexes=with_named_in_files(indexes, gathered.settings, places, policy, world.around),
        trust=trust,
        context=context,
        build_constraints=gathered.build_constraints,
        locked=locked,
    )


def _configured(invocation: Invocation, world: World, target: Target, *, installs: bool) -> EffectiveConfig:
    config = read_config(invocation, world, target)
    world.manner(config)
    if installs:
        # As pip: before any file is read.
        check_settings(read_settings(config), installs=invocation.command == "install")
    return config


def _with_file_options(gathered: Gathered, config: EffectiveConfig, world: World) -> Settings:
    said = read_settings(config)
    world.show.noted(tuple(overruled(gathered.settings, said.format_control)))
    return gathered.with_file_options(said)


def _route_locked(
    gathered: Gathered, indexes: tuple[Index, ...], policy: Policy, trust: Trust
) -> tuple[Mapping[NormalizedName, Routed], tuple[Finding, ...]]:
    """Where the files of locks come from, and what speaks against it."""
    if not any(line.locked for line in gathered.roots):
        return {}, ()
    from safepip.flows.locked import route_locked

    return route_locked(gathered.roots, indexes, policy, trust, patterns_only=patterns_only(policy))


def _context(
    policy: Policy, indexes: tuple[Index, ...], world: World, *, requires_hashes: bool
) -> RuleContext:
    return RuleContext(
        policy=policy,
        now=world.clock.now(),
        indexes=indexes,
        requires_hashes=requires_hashes,
        default_index_url=Url.parse(world.around.default_index_url),
        passed=world.audit.passed,
    )


def _judge_all(config: EffectiveConfig, gathered: Gathered, context: RuleContext) -> tuple[Finding, ...]:
    """What the rules say about every setting and requirement."""
    subjects = (*config.settings, *gathered.subjects)
    return (*judge_unknown(config.unknown, context), *judge(subjects, context))


def _requires_hashes(settings: Settings, gathered: Gathered) -> bool:
    """Decide by pip's rule: ``--require-hashes``, or one hashed line of a file asks hashes of all.

    Also one whose marker means another environment: the same file asks the same everywhere.
    """
    if settings.require_hashes:
        return True
    lines = (*gathered.roots, *gathered.constraints)
    return not settings.no_require_hashes and any(line.from_file and line.hash_options for line in lines)


def named_places(config: Options) -> NamedPlaces:
    """Where to look and whom to trust, as far as somebody said so."""
    return NamedPlaces(
        index_url=_one(config, "index_url"),
        extra_index_urls=config.items("extra_index_urls"),
        find_links=config.items("find_links"),
        no_index=bool(config.value("no_index")),
        cert=_one(config, "cert"),
        client_cert=_one(config, "client_cert"),
    )


def unasked(config: Options) -> Iterator[str]:
    """What configuration or environment adds to the command, so that nobody is surprised by it."""
    for dest, effect in _EFFECTS.items():
        for said in config.items(dest):
            if said.origin.kind is not Place.ARGUMENT:
                yield f"{effect} {said.value} ({said.origin})"


def _one(config: Options, dest: str) -> Sourced[str] | None:
    """The value that somebody set; None where only pip's default holds."""
    items = config.items(dest)
    return items[-1] if items else None
