"""Which indexes exist in this run: pip's settings and the policy, as one tuple of :class:`Index`.

A URL is a URL: a folder that happens to be called ``https:`` never takes its place (pip looks for
a path first). What requirement files name is judged first, and counts only where policy lets it pass.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from safepip.core.errors import ConfigurationError, UsageError
from safepip.core.finding import Level
from safepip.core.index import Index, IndexKind, Trust
from safepip.core.origin import BUILT_IN, Layer, Origin, Place, Sourced
from safepip.core.url import Url, UrlError
from safepip.policy.schema import Policy, TlsEnvironment, Unlisted
from safepip.policy.urls import same_index

if TYPE_CHECKING:
    from safepip.core.subjects import Setting

BUILT_IN_NAME = "pypi"
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Bundles that requests, and so pip, lets replace the roots; in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPlaces:
    """What pip's settings say about where to look and whom to trust, in force.

    Attributes:
        index_url: None: nobody set it, so pip's default.
        no_index: ``--no-index``: only find-links count.
    """

    index_url: Sourced[str] | None = None
    extra_index_urls: tuple[Sourced[str], ...] = ()
    find_links: tuple[Sourced[str], ...] = ()
    no_index: bool = False
    cert: Sourced[str] | None = None
    client_cert: Sourced[str] | None = None

    def without_index(self, wanted: bool) -> NamedPlaces:
        """The same, with ``no_index`` if it is wanted: nothing ever takes it back."""
        return replace(self, no_index=self.no_index or wanted)


class Surroundings(Protocol):
    """What has to be asked of the machine to understand a location.

    Attributes:
        default_index_url: pip's own constant.
        environ: for the CA variables.
    """

    @property
    def default_index_url(self) -> str: ...

    @property
    def environ(self) -> Mapping[str, str]: ...

    def absolute(self, path: str) -> str:
        """Against the working directory, ``~`` expanded."""

    def exists(self, path: str) -> bool: ...


def configured_indexes(places: NamedPlaces, policy: Policy, around: Surroundings) -> tuple[Index, ...]:
    """Every index that may be asked, in the order they were named.

    Raises:
        UsageError: a location that is neither a readable URL nor an existing path.
        ConfigurationError: a CA bundle that cannot be found.
    """
    operator = list(_operator_indexes(places, around))
    if policy.indexes:
        chosen = [*_listed(policy, operator), *(i for i in operator if i.kind.local)]
        unlisted = [i for i in operator if not i.kind.local and not _is_listed(i, chosen)]
        chosen += [i for i in unlisted if _lets_in(policy, i)]
    else:
        chosen = operator
    if places.no_index:
        chosen = [i for i in chosen if i.kind is not IndexKind.SIMPLE]
    roots = default_trust(places, policy, around)
    return tuple(_with_trust(index, roots, policy) for index in _distinct(chosen))


def with_named_in_files(
    indexes: tuple[Index, ...],
    settings: Iterable[Setting],
    places: NamedPlaces,
    policy: Policy,
    around: Surroundings,
) -> tuple[Index, ...]:
    """The indexes and, after them, those of requirement files that policy let pass.

    Call it when everything has been judged: a place that is neither known nor let pass has ended the
    run. One that passes counts beside the others; were it left out, its names would be looked for
    in other indexes.

    Args:
        settings: what requirement files say, judged.
    """
    named: list[Index] = []
    for said in settings:
        location = Sourced(value=said.value, origin=said.origin)
        if said.option in {"index-url", "extra-index-url"}:
            named.append(_simple_index(location, around))
        elif said.option == "find-links":
            named.append(_links_index(location, around))
    if places.no_index:
        named = [index for index in named if index.kind is not IndexKind.SIMPLE]
    roots = default_trust(places, policy, around)
    new = (index for index in named if not any(same_index(index.url, known.url) for known in indexes))
    return (*indexes, *(_with_trust(index, roots, policy) for index in _distinct(new)))


def is_url(location: str) -> bool:
    """Whether a location is a URL rather than a path; a Windows drive is no scheme."""
    scheme, colon, _ = location.partition(":")
    return bool(colon) and len(scheme) > 1 and scheme.replace("+", "").replace("-", "").isalnum()


def _operator_indexes(places: NamedPlaces, around: Surroundings) -> Iterator[Index]:
    if places.index_url is None:
        url = Url.parse(around.default_index_url)
        yield Index(name=BUILT_IN_NAME, url=url, origin=BUILT_IN, built_in=True)
    else:
        first = _simple_index(places.index_url, around)
        yield replace(first, name=first.name if first.kind.local else BUILT_IN_NAME, built_in=True)
    for extra in places.extra_index_urls:
        yield _simple_index(extra, around)
    for links in places.find_links:
        yield _links_index(links, around)


def _simple_index(location: Sourced[str], around: Surroundings) -> Index:
    url = _url(location, around, "index URL")
    if url.query or url.fragment:
        raise UsageError(
            "index URL has a query or fragment, behind which no project's name can stand",
            origin=location.origin,
            hint="write it as https://HOST/PATH",
        )
    kind = IndexKind.LOCAL_SIMPLE if url.scheme == "file" else IndexKind.SIMPLE
    url = replace(url, path=url.path.rstrip("/") or "/")
    return Index(name=_name(url), url=url, kind=kind, origin=location.origin)


def _links_index(location: Sourced[str], around: Surroundings) -> Index:
    url = _url(location, around, "find-links location")
    kind = IndexKind.LOCAL_FOLDER if url.scheme == "file" else IndexKind.LINKS
    return Index(name=_name(url), url=url, kind=kind, origin=location.origin)


def _name(url: Url) -> str:
    return url.local_path if url.scheme == "file" else url.without_secrets


def _url(location: Sourced[str], around: Surroundings, what: str) -> Url:
    text = location.value
    if not text.strip():
        # pip takes the working directory for it, and serves whatever lies there.
        raise UsageError(
            f"{what} is empty",
            reference="index-unavailable",
            origin=location.origin,
            hint="leave the option out, or check the variable that it was to come from",
        )
    if not is_url(text):
        path = around.absolute(text)
        if not around.exists(path):
            raise UsageError(
                f"{what} {text!r} is neither a URL nor an existing path",
                reference="index-unavailable",
                origin=location.origin,
                hint="write the whole URL, beginning with https://, or the path of a folder that exists",
            )
        return Url.parse(Path(path).as_uri())
    try:
        url = Url.parse(text)
    except UrlError as error:
        raise UsageError(
            f"{what} {error}", origin=location.origin, hint="write it as https://HOST/PATH"
        ) from None
    if url.scheme == "file" and url.host not in {"", "localhost"} and os.name != "nt":
        # pip: non-local file URIs are not supported on this platform.
        raise UsageError(
            f"{what} names a folder of {url.host}", origin=location.origin, hint="write it as file:///PATH"
        )
    return url


def _listed(policy: Policy, operator: list[Index]) -> Iterator[Index]:
    """The policy's own indexes; ``pypi`` without a URL stands for the operator's index-url.

    Where that is the URL of another listed index, ``pypi`` is that index, and its patterns count there.
    """
    own = next((index for index in operator if index.built_in), None)
    built_in = next((index for index in policy.indexes if index.built_in), None)
    for index in policy.indexes:
        if index is built_in:
            if own is None or not _is_listed(own, (i for i in policy.indexes if i is not built_in)):
                yield index if own is None else replace(index, url=own.url, kind=own.kind)
            continue
        known = next((o for o in operator if same_index(o.url, index.url)), None)
        more = built_in.patterns if built_in is not None and known is not None and known is own else ()
        # Credentials that the operator's configuration carries for a listed index stay in use.
        credentials = index.url.credentials or (known.url.credentials if known else None)
        url = replace(index.url, credentials=credentials)
        yield replace(index, url=url, patterns=(*index.patterns, *more))


def _lets_in(policy: Policy, index: Index) -> bool:
    """Whether an index that no ``[[index]]`` lists may be asked all the same.

    One that the command line names is asked as soon as nothing refuses it: to drop it in silence
    would send its names to the others. One of the configuration is set aside with a warning.
    """
    if policy.unlisted.value is Unlisted.ALLOW or policy.unlisted_by_stranger:
        return True
    lowered = policy.level("unlisted-index", Level.DENY).value is not Level.DENY
    exempt = any(exemption.rule == "unlisted-index" for exemption in policy.exemptions)
    return index.origin.kind is Place.ARGUMENT and (lowered or exempt)


def _is_listed(index: Index, listed: Iterable[Index]) -> bool:
    return any(same_index(index.url, other.url) for other in listed)


def _distinct(indexes: Iterable[Index]) -> Iterator[Index]:
    seen: list[Index] = []
    for index in indexes:
        if not any(same_index(index.url, other.url) and index.kind is other.kind for other in seen):
            seen.append(index)
            yield index


def default_trust(places: NamedPlaces, policy: Policy, around: Surroundings) -> Trust:
    """Roots for everything without its own bundle, strongest word first.

    Raises:
        ConfigurationError: the bundle does not exist.
    """
    bundle = bundle_in_force(places, policy, around)
    if bundle.value is not None and not around.exists(bundle.value):
        raise _missing(bundle.value, bundle.origin, "CA bundle")
    client = places.client_cert.value if places.client_cert else None
    return Trust(
        ca_bundle=bundle.value,
        ca_digest=policy.agreed_digest(policy.ca_bundle.value),
        client_cert=around.absolute(client) if client else None,
        honour_environment=policy.tls_environment.value is TlsEnvironment.HONOUR,
    )


def bundle_in_force(places: NamedPlaces, policy: Policy, around: Surroundings) -> Sourced[str | None]:
    """The only roots that count where an index has none of its own, and who said so; None: the system's."""
    bundle = policy.ca_bundle if policy.ca_bundle.value is not None else places.cert
    if bundle is not None and bundle.value:
        return Sourced(value=around.absolute(bundle.value), origin=bundle.origin)
    honour = policy.tls_environment.value is TlsEnvironment.HONOUR
    path, origin = _environment_bundle(around.environ) if honour else (None, BUILT_IN)
    return Sourced(value=path, origin=origin)


def _environment_bundle(environ: Mapping[str, str]) -> tuple[str | None, Origin]:
    for name in _CA_VARIABLES:
        if path := environ.get(name):
            return path, Origin(layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place=name)
    return None, BUILT_IN


def _with_trust(index: Index, roots: Trust, policy: Policy) -> Index:
    own = index.trust.ca_bundle
    return replace(
        index,
        trust=Trust(
            ca_bundle=own or roots.ca_bundle,
            ca_digest=policy.agreed_digest(own) if own else roots.ca_digest,
            client_cert=index.trust.client_cert or roots.client_cert,
            honour_environment=roots.honour_environment,
        ),
    )


def _missing(path: str, origin: Origin, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} not found: {path}",
        reference="tls-failure",
        origin=origin,
        hint="name a PEM file that exists; nothing is verified against a missing file",
    )
