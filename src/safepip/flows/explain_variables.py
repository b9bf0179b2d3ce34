"""What variables decide that are no options of pip: roots of trust and proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safepip.core.origin import BUILT_IN, Layer, Origin, Place, Sourced
from safepip.flows.indexes import bundle_in_force
from safepip.policy.schema import TlsEnvironment

if TYPE_CHECKING:
    from safepip.flows.explain_settings import InForce
    from safepip.flows.surroundings import Surroundings

SYSTEM_ROOTS = "the operating system's store"
_OPENSSL_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order in which they count (:func:`urllib.request.getproxies_environment`)."""


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
                return _from_variable(name, path)
    return Sourced(value=SYSTEM_ROOTS, origin=BUILT_IN)


def said_by_variables(dest: str, known: InForce, around: Surroundings) -> tuple[Sourced[str], ...]:
    """What variables that are no option of pip's say in the place of one that nobody gave."""
    if dest == "cert" and (roots := roots_in_force(known, around)).origin.kind is Place.ENVIRONMENT:
        return (roots,)
    if dest == "proxy" and known.transport.proxy_from_environment:
        names = (name for name in _PROXY_VARIABLES if around.environ.get(name))
        return tuple(_from_variable(name, around.environ[name]) for name in names)[:1]
    return ()


def _from_variable(name: str, text: str) -> Sourced[str]:
    return Sourced(value=text, origin=Origin(layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place=name))
