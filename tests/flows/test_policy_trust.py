"""What a project's policy may do before and after it is trusted, and what ends that trust."""

from __future__ import annotations

import hashlib

import pytest

from safepip.core.errors import ConfigurationError, ExitCode
from safepip.flows.indexes import NamedPlaces, configured_indexes, default_trust
from safepip.flows.policies import read_policy
from safepip.pipcompat.argv import split_own
from safepip.policy.schema import HashMode, Policy
from tests.fakes.scene import CWD, Scene

CORP = """\
[[index]]
name = "corp"
url = "https://corp.example/simple"
packages = ["acme-*"]
ca-bundle = "certs/ca.pem"
"""
LOOSE = CORP + '[hashes]\nmode = "index"\n'
FILE = f"{CWD}/safepip.toml"


def scene(text: str = LOOSE, **more: str) -> Scene:
    return Scene({"safepip.toml": text, "certs/ca.pem": "roots", ".git/HEAD": "", **more})


def in_force(world: Scene, *argv: str) -> tuple[Policy, list[str]]:
    own, _ = split_own(argv)
    policy, findings = read_policy(own, world)  # type: ignore[arg-type]  # a world of tests
    return policy, [finding.rule for finding in findings]


def trusted(world: Scene) -> bool:
    policy, _ = in_force(world)
    return policy.hash_mode.value is HashMode.INDEX


def test_a_found_policy_only_refuses_until_it_is_trusted() -> None:
    world = scene()
    policy, rules = in_force(world)
    assert (policy.indexes, policy.hash_mode.value) == ((), HashMode.FILES)
    assert rules == ["untrusted-policy"]

    assert world.run("policy", "trust").code == 0

    policy, rules = in_force(world)
    assert [index.name for index in policy.indexes] == ["corp"]
    assert policy.hash_mode.value is HashMode.INDEX
    assert rules == []


def test_a_policy_that_is_named_needs_no_trust() -> None:
    policy, rules = in_force(scene(), "--policy", "safepip.toml")
    assert [index.name for index in policy.indexes] == ["corp"]
    assert rules == []


@pytest.mark.parametrize(
    "text",
    [
        LOOSE + "# a comment\n",
        LOOSE.replace(" = ", "="),
        '[hashes]\nmode = "index"\n' + CORP,
        LOOSE.replace("\n", "\r\n"),
    ],
)
def test_other_layout_is_the_same_policy(text: str) -> None:
    world = scene()
    world.run("policy", "trust")
    world.write("safepip.toml", text)
    assert trusted(world)


@pytest.mark.parametrize(
    "text",
    [
        LOOSE.replace("corp.example", "evil.example"),
        LOOSE.replace("acme-*", "*"),
        LOOSE + '[tls]\nca-bundle = "certs/ca.pem"\n',
        LOOSE + '[[allow]]\nrule = "fresh-release"\nreason = "x"\n',
        LOOSE + '[[allow]]\nrule = "fresh-release"\nreason = "x"\nexpires = 2027-01-01\n',
    ],
)
def test_anything_else_that_it_says_ends_trust(text: str) -> None:
    world = scene()
    world.run("policy", "trust")
    world.write("safepip.toml", text)
    _, rules = in_force(world)
    assert "untrusted-policy" in rules
    assert not trusted(world)
    assert "has changed since you trusted it on 2026-11-21" in world.run("policy", "show").out


def test_the_bundle_that_a_policy_names_is_trusted_with_it() -> None:
    """Whoever may replace the bundle chooses the roots."""
    world = scene()
    world.run("policy", "trust")
    world.write("certs/ca.pem", "other roots")
    assert not trusted(world)
    assert "the CA bundle" in world.run("policy", "show").out
    world.write("certs/ca.pem", "roots")
    assert trusted(world)
    del world.around.disk[f"{CWD}/certs/ca.pem"]
    assert not trusted(world)


def test_the_roots_of_a_trusted_policy_are_those_that_were_looked_at() -> None:
    """The bundle is read again when an index is asked: its digest goes there with it."""
    both = '[tls]\nca-bundle = "certs/ca.pem"\n' + CORP.replace("certs/ca.pem", "certs/corp.pem")
    world = scene(both, **{"certs/corp.pem": "other roots"})
    assert world.run("policy", "trust").code == 0
    policy, _ = in_force(world)
    places = NamedPlaces()

    (corp,) = configured_indexes(places, policy, world.around)
    assert corp.trust.ca_digest == "sha256:" + hashlib.sha256(b"other roots").hexdigest()
    general = default_trust(places, policy, world.around)
    assert general.ca_digest == "sha256:" + hashlib.sha256(b"roots").hexdigest()


def test_a_bundle_that_is_no_file_any_more_ends_trust_whatever_the_folder_is_called() -> None:
    """Trusted by way of a link, the bundle was known by another path, and a folder has no digest."""
    world = scene()
    world.around.links["/link"] = CWD
    assert world.run("policy", "trust", "/link/safepip.toml").code == 0
    assert trusted(world)
    world.write("certs/ca.pem", "other roots")
    assert not trusted(world)
    del world.around.disk[f"{CWD}/certs/ca.pem"]
    world.write("certs/ca.pem/0a1b2c3d.0", "roots in a folder")
    assert not trusted(world)
    assert "in force" not in world.run("policy", "trust", "--list").out


def test_the_same_policy_in_another_folder_is_not_trusted() -> None:
    """Relative paths in it lead elsewhere there."""
    world = scene()
    world.run("policy", "trust")
    world.write("/elsewhere/safepip.toml", LOOSE)
    world.write("/elsewhere/certs/ca.pem", "roots")
    world.around.cwd = "/elsewhere"
    assert not trusted(world)


def test_an_edit_elsewhere_in_pyproject_does_not_end_trust() -> None:
    table = '[tool.safepip.hashes]\nmode = "index"\n'
    world = Scene({"pyproject.toml": '[project]\nname = "x"\n' + table, ".git/HEAD": ""})
    assert not trusted(world)
    world.run("policy", "trust")
    assert trusted(world)
    world.write("pyproject.toml", '[project]\nname = "y"\n[tool.other]\na = 1\n' + table)
    assert trusted(world)
    world.write(
        "pyproject.toml", '[project]\nname = "y"\n' + table + "[tool.safepip.builds]\nsdists = ['*']\n"
    )
    assert not trusted(world)


def test_trust_never_lifts_a_project_above_the_operator() -> None:
    world = scene(LOOSE + '[cooldown]\nmin-age = "0 days"\n')
    world.write("/home/me/.config/safepip/policy.toml", '[cooldown]\nmin-age = "5 days"\n')
    world.write("named.toml", '[hashes]\nmode = "required"\n')
    world.run("policy", "trust")
    policy, rules = in_force(world, "--policy", "named.toml")
    assert policy.hash_mode.value is HashMode.REQUIRED
    assert policy.min_age.value.days == 5
    assert policy.indexes
    assert set(rules) == {"policy-loosened"}


def test_a_list_of_trust_that_cannot_be_used_trusts_nothing_and_stops_nothing() -> None:
    world = scene()
    world.run("policy", "trust")
    world.trusted.broken = ConfigurationError("the list of trusted policies cannot be used: it is damaged")
    assert not trusted(world)
    assert "it is damaged" in world.run("policy", "show").out
    assert world.run("policy", "trust").code == ExitCode.BAD_POLICY


# Whose file it is --------------------------------------------------------------------------------


def test_a_policy_above_that_belongs_to_a_stranger_is_passed_over() -> None:
    """In the folder for temporary files, anybody could forbid anything to everybody."""
    world = Scene({"/safepip.toml": '[rules]\nunrouted-project = "deny"\n'})
    world.around.strangers["/safepip.toml"] = "user 1001"
    policy, _ = in_force(world)
    assert policy.sources == ()
    assert "/safepip.toml belongs to user 1001" in "\n".join(world.show.lines_err)


def test_a_strangers_pyproject_is_not_even_read() -> None:
    world = Scene({"/pyproject.toml": b"safepip \xff no TOML"})
    with pytest.raises(ConfigurationError):
        in_force(world)
    world.around.strangers["/pyproject.toml"] = "user 1001"
    assert in_force(world)[0].sources == ()


def test_a_policy_above_that_is_ones_own_counts() -> None:
    world = Scene({"/safepip.toml": '[rules]\ndirect-url = "deny"\n'})
    assert [source.path for source in in_force(world)[0].sources] == ["/safepip.toml"]


# What a run says -----------------------------------------------------------------------------------


def test_a_name_that_only_a_set_aside_index_has_is_explained() -> None:
    world = scene()
    world.default_index()
    ended = world.run("install", "acme-sdk")
    assert ended.code == ExitCode.ERROR
    assert "No matching distribution found for acme-sdk" in ended.err
    assert "names indexes that were not asked, because nobody has trusted it" in ended.err


def test_where_no_index_was_set_aside_nothing_is_added() -> None:
    world = scene('[hashes]\nmode = "index"\n')
    world.default_index()
    ended = world.run("install", "acme-sdk")
    assert "No matching distribution found for acme-sdk" in ended.err
    assert "were not asked" not in ended.err


@pytest.mark.parametrize("lowered", ["", '[rules]\nunlisted-index = "warn"\n'])
def test_a_stranger_cannot_send_names_to_another_index(lowered: str) -> None:
    """``unlisted = "deny"`` of a stranger must not drop the operator's private index in silence."""
    user = f'[[index]]\nname = "pypi"\n[indexes]\nunlisted = "allow"\n{lowered}'
    world = Scene(
        {"/home/me/.config/safepip/policy.toml": user, "safepip.toml": '[indexes]\nunlisted = "deny"\n'},
        environ={"PIP_EXTRA_INDEX_URL": "https://corp.example/simple"},
    )
    public = world.default_index()
    private = world.indexes.index("https://corp.example/simple", url="https://corp.example/simple")
    world.indexes.publish(private, "acme", "1.0")
    world.indexes.publish(public, "acme", "9.9")
    ended = world.run("install", "acme")
    assert ended.code == ExitCode.REFUSED
    assert not world.applier.applied
    assert ("ambiguous-project" if lowered else "unlisted-index") in ended.err
