"""The first half of every guarded command: gather every setting, read the policy, judge.

Nothing has been asked of an index when this returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
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
from safepip.flows.way_out import way_out
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge, judge_unknown

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.index import Index, Trust
    from safepip.core.origin import Sourced
    from safepip.core.ports import Files
    from safepip.flows.near import Near
    from safepip.flows.world import Options, Target, Transport, World
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
        "output_file": "writing the lock to",
        "download_dir": "saving into",
        "wheel_dir": "saving into",
    }
)
"""By pip's ``dest``: what changes what is installed, or where something is written."""


def guard(
    invocation: Invocation,
    own: OwnOptions,
    world: World,
    target: Target,
    *,
    installs: bool = True,
    locked: bool = False,
) -> Guarded:
    """Gather and judge. Where nothing is installed, the command's words are its own business.

    Args:
        locked: whether what is asked for is what somebody settled once: then one hash does not ask
            hashes of local projects and repositories beside it, which have none.

    Raises:
        Refused: a setting or requirement that policy denies; all of them at once.
        UsageError, ConfiguredValueError, ConfigurationError, RequirementFileError: bad input.
    """
    known = prepare(invocation, own, world, target, installs=installs)
    whole = (
        gather(invocation, own, known.config, world, files=known.texts, target=target)
        if installs
        else Gathered()
    )
    gathered = whole.for_markers(target.environment.markers, world) if installs else whole
    context = _context_of_lock(known, whole, world) if locked else None
    guarded, found = judged(known, whole, gathered, world, context)
    guarded = replace(guarded, way_out=way_out(guarded))
    stop_if_denied(_all_at_once(found, guarded, target, world), world)
    world.show.noted(tuple(unasked(known.config)) if installs else ())
    return guarded


def _all_at_once(
    found: tuple[Finding, ...], guarded: Guarded, target: Target, world: World
) -> tuple[Finding, ...]:
    """The same, and where a hash is missing, everything else that has none."""
    if not any(finding.denies for finding in found):
        return found
    from safepip.flows.unhashed import with_all_unhashed

    return with_all_unhashed(found, guarded, target, world)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is in force before any requirement has been read.

    Attributes:
        findings: what merging the policy's layers found; not judged yet.
        trust: TLS trust of everything that is no index.
        texts: requirement, constraint and lock files, local and remote.
        now: of this run.
        passed: see :class:`~safepip.rules.base.RuleContext`.
    """

    config: EffectiveConfig
    policy: Policy
    findings: tuple[Finding, ...]
    transport: Transport
    places: NamedPlaces
    trust: Trust
    texts: Files
    now: datetime
    passed: Callable[[Finding, str], None]


def prepare(
    invocation: Invocation, own: OwnOptions, world: World, target: Target, *, installs: bool = True
) -> Prepared:
    """Read configuration and policy, and open the audit log. Raises as :func:`guard`."""
    config = _configured(invocation, world, target, installs=installs)
    policy, findings = read_policy(own, world)
    open_audit(invocation.typed or invocation.command or "", policy, world)
    transport = read_transport(config, world)
    places = named_places(config)
    trust = default_trust(places, policy, world.around)
    return Prepared(
        config=config,
        policy=policy,
        findings=findings,
        transport=transport,
        places=places,
        trust=trust,
        texts=requirement_texts(transport, trust, policy, world),
        now=world.clock.now(),
        passed=world.audit.passed,
    )


def judged(
    known: Prepared,
    whole: Gathered,
    gathered: Gathered,
    world: Near,
    context: RuleContext | None = None,
) -> tuple[Guarded, tuple[Finding, ...]]:
    """Everything that was said, and what the rules find in it.

    Args:
        whole: what was gathered, also what is not meant for this environment.
        gathered: what is.
        context: what rules are told; None: made here.
    """
    places, policy = known.places.without_index(whole.no_index), known.policy
    indexes = configured_indexes(places, policy, world.around)
    settings = _with_file_options(gathered, known.config, world)
    if context is None:
        context = context_of(known, whole, world, requires_hashes=_requires_hashes(settings, whole))
    locked, objections = _route_locked(gathered, indexes, policy, known.trust)
    found = judge_each((*known.findings, *gathered.findings, *objections), context)
    guarded = Guarded(
        config=known.config,
        settings=settings,
        transport=known.transport,
        policy=policy,
        roots=gathered.roots,
        constraints=gathered.constraints,
        indexes=with_named_in_files(indexes, gathered.settings, places, policy, world.around),
        trust=known.trust,
        context=context,
        build_constraints=gathered.build_constraints,
        locked=locked,
    )
    return guarded, (*found, *_judge_all(known.config, gathered, context))


def _configured(invocation: Invocation, world: World, target: Target, *, installs: bool) -> EffectiveConfig:
    config = read_config(invocation, world, target)
    world.manner(config)
    if installs:
        # As pip: before any file is read.
        check_settings(read_settings(config), installs=invocation.command == "install")
    return config


def _with_file_options(gathered: Gathered, config: EffectiveConfig, world: Near) -> Settings:
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


def context_of(known: Prepared, whole: Gathered, world: Near, *, requires_hashes: bool) -> RuleContext:
    """What rules are told in this run."""
    return RuleContext(
        policy=known.policy,
        now=known.now,
        indexes=configured_indexes(known.places.without_index(whole.no_index), known.policy, world.around),
        requires_hashes=requires_hashes,
        default_index_url=Url.parse(world.around.default_index_url),
        passed=known.passed,
    )


def _context_of_lock(known: Prepared, whole: Gathered, world: Near) -> RuleContext:
    settings = whole.with_file_options(read_settings(known.config))
    return context_of(known, whole, world, requires_hashes=settings.require_hashes)


def _judge_all(config: EffectiveConfig, gathered: Gathered, context: RuleContext) -> tuple[Finding, ...]:
    """What the rules say about every setting and requirement."""
    subjects = (*config.settings, *gathered.subjects)
    return (*judge_unknown(config.unknown, context), *judge(subjects, context))


def _requires_hashes(settings: Settings, gathered: Gathered) -> bool:
    """Decide by pip's rule: ``--require-hashes``, or one hashed line of a file asks hashes of all.

    Also one whose marker means another environment: the same file asks the same everywhere. But locks that
    stand alone ask none of the folders and repositories that they name themselves: a commit id says what it
    is, and a folder is the user's own code. Everything else in a lock has its hash.
    """
    if settings.require_hashes:
        return True
    lines = (*gathered.roots, *gathered.constraints)
    asking = [line for line in lines if line.from_file and line.hash_options]
    alone = all(line.locked is not None for line in (*asking, *gathered.roots))
    return bool(asking) and not alone and not settings.no_require_hashes


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
