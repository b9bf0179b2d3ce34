"""``safepip explain`` alone: everything that is in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from safepip.core.explained import ConfigurationPage, IndexFacts, PolicyFileFacts, SettingPage, TargetFacts
from safepip.core.origin import BUILT_IN, Layer, Origin, Place, Sourced
from safepip.flows.configuration import configuration_places
from safepip.flows.explain_pages import exemption_text, option_page, set_policy
from safepip.flows.explain_words import OptionWord
from safepip.flows.indexes import bundle_in_force
from safepip.pipcompat import table
from safepip.pipcompat.options import PIP_VERSION
from safepip.pipcompat.own import GRAMMAR
from safepip.policy.schema import TlsEnvironment

if TYPE_CHECKING:
    from safepip.core.index import Index
    from safepip.flows.explain_settings import InForce
    from safepip.flows.surroundings import Surroundings
    from safepip.flows.world import Target, World

SYSTEM_ROOTS = "the operating system's store"
_OPENSSL_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def overview(known: InForce, world: World, target: Target) -> ConfigurationPage:
    """The whole effective configuration."""
    environment = target.environment
    return ConfigurationPage(
        target=TargetFacts(
            python=environment.python,
            version=environment.version,
            prefix=environment.prefix,
            reason=target.reason,
        ),
        pip_version=PIP_VERSION,
        roots=roots_in_force(known, world.around),
        cache_dir=known.transport.cache_dir,
        indexes=tuple(index_facts(index) for index in known.indexes),
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


def roots_in_force(known: InForce, around: Surroundings) -> Sourced[str]:
    """Whose certificates count where an index has no bundle of its own, and who said so."""
    bundle = bundle_in_force(known.places, known.policy, around)
    if bundle.value is not None:
        return Sourced(value=bundle.value, origin=bundle.origin)
    environment = known.policy.tls_environment
    if environment.value is TlsEnvironment.HONOUR:
        for name in _OPENSSL_VARIABLES:
            path = around.environ.get(name)
            if path and around.exists(path):
                origin = Origin(layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place=name)
                return Sourced(value=path, origin=origin)
    return Sourced(value=SYSTEM_ROOTS, origin=BUILT_IN)


def index_facts(index: Index) -> IndexFacts:
    """An index without its secrets."""
    return IndexFacts(
        name=index.name,
        url=index.url.without_secrets,
        kind=index.kind.value,
        origin=index.origin,
        patterns=tuple(pattern.text for pattern in index.patterns),
        roots="" if index.kind.local else index.trust.ca_bundle or SYSTEM_ROOTS,
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
