"""``safepip explain`` alone: everything that is in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from safepip.core.explained import ConfigurationPage, IndexFacts, PolicyFileFacts, SettingPage, TargetFacts
from safepip.core.origin import Sourced
from safepip.flows.configuration import configuration_places
from safepip.flows.explain_pages import exemption_text, option_page, set_policy
from safepip.flows.explain_variables import roots_in_force
from safepip.flows.explain_words import OptionWord
from safepip.pipcompat import table
from safepip.pipcompat.options import PIP_VERSION
from safepip.pipcompat.own import GRAMMAR

if TYPE_CHECKING:
    from safepip.core.index import Index
    from safepip.flows.explain_settings import InForce
    from safepip.flows.surroundings import Surroundings
    from safepip.flows.world import Target, World


def overview(known: InForce, world: World, target: Target) -> ConfigurationPage:
    """The whole effective configuration."""
    environment = target.environment
    roots = roots_in_force(known, world.around)
    return ConfigurationPage(
        target=TargetFacts(
            python=environment.python,
            version=environment.version,
            prefix=environment.prefix,
            reason=target.reason,
        ),
        pip_version=PIP_VERSION,
        roots=roots,
        cache_dir=known.transport.cache_dir,
        indexes=tuple(index_facts(index, roots.value) for index in known.indexes),
        files=tuple(_files(world, target)),
        options=tuple(_options(known, world.around)),
        unknown=tuple(
            Sourced(value=f"{s.option} = {s.value}", origin=s.origin) for s in known.config.unknown
        ),
        policy_files=tuple(
            PolicyFileFacts(
                path=source.path,
                layer=source.layer.name.lower(),
                trusted=source.trusted,
                set_aside=source.set_aside,
            )
            for source in known.policy.sources
        ),
        policy=tuple(set_policy(known)),
        exemptions=tuple(exemption_text(exemption) for exemption in known.policy.exemptions),
        findings=known.findings,
    )


def index_facts(index: Index, roots: str) -> IndexFacts:
    """An index without its secrets.

    Args:
        roots: what counts where it has no bundle of its own.
    """
    return IndexFacts(
        name=index.name,
        url=index.url.without_secrets,
        kind=index.kind.value,
        origin=index.origin,
        patterns=tuple(pattern.text for pattern in index.patterns),
        roots="" if index.kind.local else index.trust.ca_bundle or roots,
        special=tuple(_special(index)),
    )


def _special(index: Index) -> Iterator[str]:
    if index.url.credentials is not None:
        yield "with credentials"
    if index.trust.client_cert:
        yield f"client certificate {index.trust.client_cert}"
    if index.mirror_of:
        yield f"mirror of {index.mirror_of}"
    if index.file_hosts is not None:
        yield f"files from {', '.join(sorted(index.file_hosts)) or 'its own host'} only"
    if index.min_age is not None:
        yield f"min-age {index.min_age}"
    if index.skip_unavailable:
        yield "skipped where it does not answer"
    if index.allows_plaintext:
        yield "plaintext, on this machine"


def _options(known: InForce, around: Surroundings) -> Iterator[SettingPage]:
    """Every option that somebody set, in pip's order, each ``dest`` once."""
    seen: set[str] = set()
    for option in table.options_of(GRAMMAR):
        if option.dest in seen or not _was_set(option.dest, known):
            continue
        seen.add(option.dest)
        yield option_page(OptionWord(option=option, command=GRAMMAR), known, around)


def _was_set(dest: str, known: InForce) -> bool:
    return bool(known.config.items(dest) or known.config.effective(dest).shadowed)


def _files(world: World, target: Target) -> Iterator[tuple[str, str]]:
    """pip's configuration files that exist, weakest first."""
    places = configuration_places(world, target)
    return ((kind.value, path) for kind, path in places if world.around.exists(path))
