"""Which indexes exist, from pip's settings and the policy."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from safepip.core.errors import ConfigurationError, UsageError
from safepip.core.index import Index, IndexKind, Trust
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.project import Pattern
from safepip.core.url import Url
from safepip.flows.indexes import NamedPlaces, configured_indexes
from safepip.policy.schema import Policy, TlsEnvironment, Unlisted
from safepip.policy.urls import same_index
from tests.policy.support import written

CONFIG = Origin(layer=Layer.OPERATOR, kind=Place.FILE, place="pip.conf", line=2)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine with these paths and variables."""

    paths: frozenset[str] = frozenset()
    environ: dict[str, str] = field(default_factory=dict)
    default_index_url: str = "https://default.example/simple"

    def absolute(self, path: str) -> str:
        return path if path.startswith("/") else f"/here/{path}"

    def exists(self, path: str) -> bool:
        return path in self.paths

    def is_dir(self, path: str) -> bool:
        return path in self.paths


def said(value: str) -> Sourced[str]:
    return Sourced(value=value, origin=CONFIG)


def urls(indexes: tuple[Index, ...]) -> list[str]:
    return [str(index.url) for index in indexes]


def test_with_nothing_configured_there_is_pips_default_named_pypi() -> None:
    (index,) = configured_indexes(NamedPlaces(), Policy(), Machine())

    assert (index.name, str(index.url), index.built_in) == ("pypi", "https://default.example/simple", True)


def test_the_operators_index_url_takes_the_place_of_the_default_and_is_called_pypi() -> None:
    (index,) = configured_indexes(
        NamedPlaces(index_url=said("https://proxy.example/simple/")), Policy(), Machine()
    )

    assert (index.name, str(index.url)) == ("pypi", "https://proxy.example/simple")


def test_extra_indexes_and_link_pages_follow_in_order() -> None:
    places = NamedPlaces(
        extra_index_urls=(said("https://b.example/simple"),), find_links=(said("https://c.example/wheels/"),)
    )

    indexes = configured_indexes(places, Policy(), Machine())

    assert [index.kind for index in indexes] == [IndexKind.SIMPLE, IndexKind.SIMPLE, IndexKind.LINKS]


def test_the_same_index_named_twice_is_one() -> None:
    places = NamedPlaces(
        index_url=said("https://a.example/simple"), extra_index_urls=(said("https://A.example/simple/"),)
    )

    assert urls(configured_indexes(places, Policy(), Machine())) == ["https://a.example/simple"]


def test_a_folder_named_like_a_url_never_takes_the_indexs_place() -> None:
    machine = Machine(paths=frozenset({"/here/https://a.example/simple", "https://a.example/simple"}))

    (index,) = configured_indexes(NamedPlaces(index_url=said("https://a.example/simple")), Policy(), machine)

    assert index.kind is IndexKind.SIMPLE


def test_a_local_folder_is_an_index_called_by_its_path() -> None:
    machine = Machine(paths=frozenset({"/here/wheels"}))

    index = configured_indexes(NamedPlaces(find_links=(said("wheels"),)), Policy(), machine)[1]

    assert (index.name, index.kind) == ("/here/wheels", IndexKind.LOCAL_FOLDER)


def test_a_file_url_is_a_local_simple_index() -> None:
    index = configured_indexes(
        NamedPlaces(extra_index_urls=(said("file:///srv/simple"),)), Policy(), Machine()
    )[1]

    assert (index.name, index.kind) == ("/srv/simple", IndexKind.LOCAL_SIMPLE)


@pytest.mark.parametrize("location", ["nowhere", "index.example/simple"])
def test_a_location_that_is_neither_url_nor_path_names_its_line(location: str) -> None:
    with pytest.raises(UsageError) as caught:
        configured_indexes(NamedPlaces(index_url=said(location)), Policy(), Machine())

    assert caught.value.origin == CONFIG


def test_no_index_leaves_only_links() -> None:
    machine = Machine(paths=frozenset({"/here/wheels"}))
    places = NamedPlaces(
        extra_index_urls=(said("https://b.example/simple"),), find_links=(said("wheels"),), no_index=True
    )

    assert [index.kind for index in configured_indexes(places, Policy(), machine)] == [IndexKind.LOCAL_FOLDER]


def listed(name: str, url: str, *, built_in: bool = False) -> Index:
    return Index(name=name, url=Url.parse(url), patterns=(Pattern.parse("acme-*"),), built_in=built_in)


def test_once_an_index_is_listed_the_default_is_not_added() -> None:
    policy = Policy(
        indexes=(listed("corp", "https://corp.example/simple"),), unlisted=said_level(Unlisted.DENY)
    )

    assert urls(configured_indexes(NamedPlaces(), policy, Machine())) == ["https://corp.example/simple"]


def said_level(value: Unlisted) -> Sourced[Unlisted]:
    return Sourced(value=value, origin=CONFIG)


def test_an_unlisted_url_is_kept_out() -> None:
    policy = Policy(
        indexes=(listed("corp", "https://corp.example/simple"),), unlisted=said_level(Unlisted.DENY)
    )
    places = NamedPlaces(index_url=said("https://evil.example/simple"))

    assert urls(configured_indexes(places, policy, Machine())) == ["https://corp.example/simple"]


def test_pypi_in_the_policy_stands_for_the_operators_index_url() -> None:
    policy = Policy(
        indexes=(listed("pypi", "https://default.example/simple", built_in=True),),
        unlisted=said_level(Unlisted.DENY),
    )
    places = NamedPlaces(index_url=said("https://proxy.example/simple"))

    (index,) = configured_indexes(places, policy, Machine())

    assert (index.name, str(index.url), index.patterns[0].text) == (
        "pypi",
        "https://proxy.example/simple",
        "acme-*",
    )


def test_credentials_of_the_operators_configuration_serve_a_listed_index() -> None:
    policy = Policy(
        indexes=(listed("corp", "https://corp.example/simple"),), unlisted=said_level(Unlisted.DENY)
    )
    places = NamedPlaces(extra_index_urls=(said("https://me:pw@corp.example/simple/"),))

    (index,) = configured_indexes(places, policy, Machine())

    assert index.url.credentials is not None
    assert index.url.credentials.username == "me"


def test_the_cert_option_is_the_only_root_for_every_index() -> None:
    machine = Machine(paths=frozenset({"/ca.pem"}), environ={"REQUESTS_CA_BUNDLE": "/other.pem"})

    (index,) = configured_indexes(NamedPlaces(cert=said("/ca.pem")), Policy(), machine)

    assert index.trust == Trust(ca_bundle="/ca.pem")


def test_the_policys_bundle_beats_the_cert_option() -> None:
    machine = Machine(paths=frozenset({"/policy.pem", "/ca.pem"}))
    policy = Policy(ca_bundle=Sourced(value="/policy.pem", origin=CONFIG))

    (index,) = configured_indexes(NamedPlaces(cert=said("/ca.pem")), policy, machine)

    assert index.trust.ca_bundle == "/policy.pem"


def test_environment_bundles_count_unless_the_policy_ignores_them() -> None:
    machine = Machine(paths=frozenset({"/env.pem"}), environ={"CURL_CA_BUNDLE": "/env.pem"})
    ignoring = Policy(tls_environment=Sourced(value=TlsEnvironment.IGNORE, origin=CONFIG))

    honoured = configured_indexes(NamedPlaces(), Policy(), machine)[0].trust
    ignored = configured_indexes(NamedPlaces(), ignoring, machine)[0].trust

    assert (honoured.ca_bundle, ignored) == ("/env.pem", Trust(honour_environment=False))


def test_a_missing_bundle_stops_the_run() -> None:
    with pytest.raises(ConfigurationError, match="CA bundle not found"):
        configured_indexes(NamedPlaces(cert=said("/gone.pem")), Policy(), Machine())


def test_one_index_is_the_same_with_another_slash_or_userinfo_but_not_on_another_port() -> None:
    one = Url.parse("https://a.example/simple")

    assert same_index(one, Url.parse("https://u:p@A.example:443/simple/"))
    assert not same_index(one, Url.parse("https://a.example:8443/simple"))


def test_pypi_that_stands_for_a_listed_index_is_that_index_with_its_trust() -> None:
    corp = Index(
        name="corp",
        url=Url.parse("https://corp.example/simple"),
        patterns=(Pattern.parse("acme-*"),),
        trust=Trust(ca_bundle="/corp.pem"),
    )
    pypi = Index(
        name="pypi", url=Url.parse("https://unset.example/"), patterns=(Pattern.parse("*"),), built_in=True
    )
    places = NamedPlaces(index_url=said("https://me:pw@corp.example/simple/"))
    for listed in ((corp, pypi), (pypi, corp)):
        (index,) = configured_indexes(places, Policy(indexes=listed), Machine())
        assert (index.name, index.trust.ca_bundle) == ("corp", "/corp.pem")
        assert [pattern.text for pattern in index.patterns] == ["acme-*", "*"]
        assert index.url.credentials is not None

    elsewhere = configured_indexes(NamedPlaces(), Policy(indexes=(corp, pypi)), Machine())
    assert [[pattern.text for pattern in index.patterns] for index in elsewhere] == [["acme-*"], ["*"]]


def test_a_page_of_links_can_be_listed() -> None:
    listed = written(
        '[[index]]\nname = "wheels"\nurl = "https://wheels.example/stable.html"\npackages = ["torch"]\n'
        '[[index]]\nname = "pypi"\n'
    ).indexes
    named = NamedPlaces(find_links=(said("https://wheels.example/stable.html"),))
    for places in (NamedPlaces(), named):
        wheels, pypi = configured_indexes(places, Policy(indexes=listed), Machine())
        assert (wheels.name, wheels.kind, pypi.kind) == ("wheels", IndexKind.LINKS, IndexKind.SIMPLE)
        assert [pattern.text for pattern in wheels.patterns] == ["torch"]
