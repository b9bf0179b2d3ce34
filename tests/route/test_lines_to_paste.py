"""The lines that settle an ambiguous name are a policy, and do what they say and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name

from safepip.core.errors import Refused
from safepip.core.finding import Finding
from safepip.core.index import Index
from safepip.core.origin import Layer, Origin, Place
from safepip.flows.indexes import NamedPlaces, configured_indexes
from safepip.policy.schema import Policy
from safepip.route import Routed, Router
from tests.fakes.world import World
from tests.flows.test_indexes import Machine, said
from tests.policy.support import written
from tests.support.wheels import make_wheel


def stolen(world: World, *indexes: Index, name: str = "acme") -> Finding:
    """The refusal after each of these indexes has published a file of its own under the name."""
    for index in indexes:
        world.publish(index, name, content=make_wheel(name, description=index.name))
    with pytest.raises(Refused) as caught:
        Router(world.indexes, world).find(canonicalize_name(name))
    (finding,) = caught.value.findings
    assert finding.rule == "ambiguous-project"
    return finding


def pasted(finding: Finding) -> tuple[Index, ...]:
    """What the strict reader makes of the lines."""
    return written((finding.help or "").partition(":\n")[2]).indexes


def unnamed(world: World, url: str) -> Index:
    return world.index(url, url=url)


def built_in(world: World) -> Index:
    return world.index("pypi", url="https://default.example/simple", built_in=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://corp.example/simple",
        "https://corp.example:8443/simple",
        "https://127.0.0.1:8443/simple",
        "https://[::1]:8443/simple",
        "https://pypi/simple",
    ],
)
def test_the_lines_of_unnamed_indexes_are_a_policy(url: str) -> None:
    world = World()
    public, corp = built_in(world), unnamed(world, url)
    lines = pasted(stolen(world, public, corp))

    assert {str(index.url) for index in lines if not index.built_in} == {url}
    assert {pattern.text: index.url for index in lines for pattern in index.patterns} == {"acme": corp.url}


def test_indexes_of_one_host_get_two_names() -> None:
    world = World()
    one, two = (unnamed(world, f"https://nexus.example/repository/{path}/simple") for path in ("a", "b"))
    lines = pasted(stolen(world, one, two))

    assert [index.name for index in lines] == ["nexus.example", "nexus.example-2"]


def test_pasting_gives_no_other_private_name_to_the_public_index() -> None:
    world = World()
    public, corp = built_in(world), unnamed(world, "https://corp.example/simple")
    lines = pasted(stolen(world, public, corp))
    world.publish(corp, "acme-core")

    world.asked.clear()
    by_url = {index.url: index.name for index in world.indexes}
    after = tuple(replace(index, name=by_url[public.url if index.built_in else index.url]) for index in lines)
    settled = Router(after, world).find(canonicalize_name("acme"))
    other = Router(after, world).find(canonicalize_name("acme-core"))

    assert isinstance(settled, Routed)
    assert settled.route.index.url == corp.url
    assert isinstance(other, Routed)
    assert other.route.index.url == corp.url
    assert (public.name, "acme") not in world.asked


def test_where_indexes_are_listed_already_one_line_changes() -> None:
    world = World()
    policy = written(
        '[[index]]\nname = "corp"\nurl = "https://corp.example/simple"\npackages = ["other-*"]\n'
        'ca-bundle = "corp.pem"\n[[index]]\nname = "public"\nurl = "https://public.example/simple"\n'
    )
    corp, public = (
        world.index(i.name, *(p.text for p in i.patterns), url=str(i.url)) for i in policy.indexes
    )
    listed = [
        replace(index, origin=read.origin) for index, read in zip((corp, public), policy.indexes, strict=True)
    ]
    for index in listed:
        world.publish(index, "acme", content=make_wheel("acme", description=index.name))
    with pytest.raises(Refused) as caught:
        Router(listed, world).find(canonicalize_name("acme"))

    help_line = caught.value.findings[0].help or ""
    assert help_line.endswith(
        'if corp is right, its [[index]] (safepip.toml:1:1) needs:\npackages = ["other-*", "acme"]'
    )


def test_an_index_that_a_listing_policy_let_in_needs_its_own_table_only() -> None:
    world = World()
    let_in = unnamed(world, "https://corp.example/simple")
    listed = replace(
        built_in(world),
        origin=Origin(layer=Layer.USER, kind=Place.FILE, place="policy.toml", line=1, key="index"),
    )
    for index in (listed, let_in):
        world.publish(index, "acme", content=make_wheel("acme", description=index.name))
    with pytest.raises(Refused) as caught:
        Router((listed, let_in), world).find(canonicalize_name("acme"))

    (only,) = pasted(caught.value.findings[0])
    assert (only.url, [str(pattern) for pattern in only.patterns]) == (let_in.url, ["acme"])


def test_what_the_lines_list_is_what_was_configured() -> None:
    """Pasted beside the same pip.conf, they name the same indexes."""
    places = NamedPlaces(
        index_url=said("https://proxy.example/simple"),
        extra_index_urls=(said("https://corp.example/simple"),),
    )
    before = configured_indexes(places, Policy(), Machine())
    world = World()
    for index in before:
        world.index(index.name, url=str(index.url), built_in=index.built_in)
    lines = pasted(stolen(world, *world.indexes))

    after = configured_indexes(places, Policy(indexes=lines), Machine())
    assert [index.url for index in after] == [index.url for index in before]


def test_a_namespace_is_shown_and_decides_nothing() -> None:
    world = World()
    public, corp = built_in(world), unnamed(world, "https://corp.example/simple")
    world.claim_places(public, "acme", tracks=(), namespaces=("acme",))

    assert "pypi says that the name lies in the namespace acme" in stolen(world, public, corp).notes
