"""Which index a locked file belongs to, and what refuses it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from safepip.core.digest import AcceptableDigests, Digest
from safepip.core.finding import Finding
from safepip.core.index import Index, IndexKind, Trust
from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.plan import RouteReason
from safepip.core.project import Pattern
from safepip.core.subjects import LockedFile, RequirementKind, RequirementLine
from safepip.core.url import Url
from safepip.flows.locked import LockedRouter, route_locked
from safepip.policy.schema import Policy
from safepip.route import Routed
from tests.fakes.world import World
from tests.rules.subjects import context

SHA256 = Digest.of("sha256", "a" * 64)
DEMO = canonicalize_name("demo")
FILE = Origin(layer=Layer.PROJECT, kind=Place.FILE, place="pylock.toml", line=8, column=1)
INDEX = Origin(layer=Layer.PROJECT, kind=Place.FILE, place="pylock.toml", line=6, column=9)
TRUST = Trust(ca_bundle="/ca.pem", client_cert="/me.pem")
HASHED = AcceptableDigests.of([SHA256])


def index(name: str, *patterns: str, hosts: frozenset[str] | None = None, **fields: object) -> Index:
    return Index(
        name=name,
        url=Url.parse(str(fields.pop("url", f"https://{name}.example/simple"))),
        patterns=tuple(Pattern.parse(one) for one in patterns),
        file_hosts=hosts,
        trust=TRUST,
        **fields,  # type: ignore[arg-type]  # keywords of tests
    )


CORP, PUBLIC = index("corp"), index("public")
STRICT = index("corp", hosts=frozenset({"files.example"}))


def line(
    url: str = "https://files.example/demo-1.0-py3-none-any.whl",
    *,
    recorded: str | None = None,
    remote: bool = False,
    hashes: AcceptableDigests = HASHED,
) -> RequirementLine:
    locked = LockedFile(
        project=DEMO,
        lock="pylock.toml",
        remote=remote,
        filename="demo-1.0-py3-none-any.whl",
        url=url,
        origin=FILE,
        index=None if recorded is None else Sourced(value=recorded, origin=INDEX),
    )
    return RequirementLine(
        text="demo==1.0",
        kind=RequirementKind.NAMED,
        requirement=Requirement("demo==1.0"),
        origin=FILE,
        hashes=hashes,
        from_file=True,
        locked=locked,
    )


def place(
    asked: RequirementLine, *indexes: Index, policy: str = "", patterns_only: bool = False
) -> Index | Finding:
    routes, findings = route_locked(
        [asked], indexes, context(policy).policy if policy else Policy(), TRUST, patterns_only=patterns_only
    )
    if findings:
        assert not routes
        (finding,) = findings
        return finding
    return routes[DEMO].route.index


@pytest.mark.parametrize(
    "asked, indexes, name",
    [
        (line(), [CORP], "corp"),
        (line(), [STRICT], "corp"),
        (line("https://corp.example/f/demo.whl"), [STRICT], "corp"),
        (line(recorded="https://corp.example/simple/"), [PUBLIC, CORP], "corp"),
        (line(), [index("corp", "demo"), PUBLIC], "corp"),
        (line(recorded="https://corp.example/simple"), [index("corp", "de*"), PUBLIC], "corp"),
        (line("https://public.example/f/demo.whl"), [CORP, PUBLIC], "public"),
        (line(recorded="https://mirror.example/simple"), [CORP, index("mirror", mirror_of="corp")], "mirror"),
        (line("http://127.0.0.1:3141/demo.whl"), [index("devpi", url="http://127.0.0.1:3141/simple", allows_plaintext=True)], "devpi"),
    ],
)  # fmt: skip
def test_a_locked_file_belongs_to_its_projects_index(
    asked: RequirementLine, indexes: list[Index], name: str
) -> None:
    found = place(asked, *indexes)
    assert isinstance(found, Index), found
    assert found.name == name
    assert found in indexes


def test_where_nothing_says_whose_it_is_the_lock_and_its_digest_do() -> None:
    found = place(line(), CORP, PUBLIC)
    assert isinstance(found, Index)
    assert (found.name, found.direct, found.trust.client_cert) == ("https://files.example/", True, None)


def test_a_path_beside_a_local_lock_is_the_projects_own_file() -> None:
    found = place(line("file:///project/wheels/demo-1.0-py3-none-any.whl"), index("corp", "demo"))
    assert isinstance(found, Index)
    assert (found.kind, found.name) == (IndexKind.LOCAL_FOLDER, "/project/wheels")


@pytest.mark.parametrize(
    "asked, indexes, rule, origin",
    [
        # The index that is recorded is none, or not the project's.
        (line(recorded="https://evil.example/simple"), [CORP], "lock-drift", INDEX),
        (line(recorded="https://public.example/simple"), [index("corp", "demo"), PUBLIC], "lock-drift", INDEX),
        (line(recorded="https://public.example/simple"), [CORP], "lock-drift", INDEX),
        (line(recorded="not a url"), [CORP], "lock-drift", INDEX),
        # Foreign hosts.
        (line("https://evil.example/demo.whl"), [STRICT], "file-host", FILE),
        (line("https://evil.example/demo.whl"), [index("corp", "demo", hosts=frozenset()), PUBLIC], "file-host", FILE),
        (line("https://evil.example/demo.whl", recorded="https://corp.example/simple"), [STRICT, PUBLIC], "file-host", FILE),
        # Transport.
        (line("http://files.example/demo.whl"), [CORP], "plaintext-link", FILE),
        (line("http://127.0.0.1:3141/demo.whl"), [CORP], "plaintext-link", FILE),
        (line("ftp://files.example/demo.whl"), [CORP], "lock-source", FILE),
        (line("https://me:pw@files.example/demo.whl"), [CORP], "credentials-in-url", FILE),
        (line(recorded="https://me:pw@corp.example/simple"), [CORP], "credentials-in-url", INDEX),
        (line("https://files.example/de mo.whl"), [CORP], "lock-source", FILE),
        # Files of machines.
        (line("file:///etc/demo.whl", remote=True), [CORP], "remote-reaches-local", FILE),
        (line("file://server/share/demo.whl"), [CORP], "lock-source", FILE),
        (line("file:////server/share/demo.whl"), [CORP], "lock-source", FILE),
        # No digest that can be checked.
        (line(hashes=AcceptableDigests()), [CORP], "weak-digest", FILE),
    ],
)  # fmt: skip
def test_a_locked_file_from_elsewhere_is_refused(
    asked: RequirementLine, indexes: list[Index], rule: str, origin: Origin
) -> None:
    routes, findings = route_locked([asked], indexes, Policy(), TRUST, patterns_only=False)
    assert [(one.rule, one.origin, one.subject) for one in findings] == [(rule, origin, "demo")]
    assert "pw" not in str(findings)
    assert not routes or rule == "weak-digest"


def test_a_name_that_no_pattern_gives_an_index_needs_one_where_policy_says_so() -> None:
    found = place(line(), CORP, patterns_only=True)
    assert isinstance(found, Finding)
    assert (found.rule, found.origin) == ("unrouted-project", FILE)
    assert isinstance(place(line(), index("corp", "demo"), patterns_only=True), Index)


def test_two_indexes_with_the_same_pattern_are_refused() -> None:
    found = place(line(), index("corp", "demo"), index("public", "demo"))
    assert isinstance(found, Finding)


def test_a_file_of_no_index_needs_a_url_that_policy_admits() -> None:
    allowed = 'urls.allow = ["https://other.example/*"]'
    found = place(line(), CORP, PUBLIC, policy=allowed)
    assert isinstance(found, Finding)
    assert found.rule == "direct-url"
    assert isinstance(place(line("https://other.example/demo.whl"), CORP, PUBLIC, policy=allowed), Index)


def test_what_a_lock_names_is_asked_of_nobody() -> None:
    world = World()
    corp = world.index("corp")
    world.publish(corp, "other")
    routes, _ = route_locked([line()], [corp], Policy(), TRUST, patterns_only=False)
    router = LockedRouter([corp], world, locked=routes)
    router.prefetch(DEMO)
    found = router.find(DEMO)
    assert isinstance(found, Routed)
    assert found.route.reason is RouteReason.LOCK
    ((_, (file,)),) = found.files
    assert (file.locked, file.digests.sha256) == (FILE, SHA256.hex)
    assert router.refusals([DEMO]) == []
    assert world.asked == []
    router.find(canonicalize_name("other"))
    assert world.asked == [("corp", "other")]


def test_the_fragment_of_a_url_is_no_part_of_what_is_asked_for() -> None:
    asked = line(f"https://files.example/demo.whl?x=1#{str(SHA256).replace(':', '=')}")
    routes, _ = route_locked([asked], [CORP], Policy(), TRUST, patterns_only=False)
    ((_, (file,)),) = routes[DEMO].files
    assert file.url == "https://files.example/demo.whl?x=1"


def test_a_lock_entry_that_is_no_file_has_no_route() -> None:
    asked = line()
    repository = replace(
        asked,
        kind=RequirementKind.VCS,
        hashes=AcceptableDigests(),
        locked=replace(asked.locked, filename=""),  # type: ignore[type-var]  # it has one
    )
    assert route_locked([repository], [CORP], Policy(), TRUST, patterns_only=False) == ({}, ())
