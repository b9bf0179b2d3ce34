"""Merging policy files: only ever tighter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from time import process_time

import pytest

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Finding, Level
from safepip.core.origin import Layer
from safepip.policy.schema import HashMode, Policy, PolicyFile, Unlisted
from safepip.policy.tighten import merge

from .support import untrusted, written

CORP = '[[index]]\nname = "corp"\nurl = "https://nexus.example/simple"\n'
PYPI = '[[index]]\nname = "pypi"\n'


def rules_of(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def hashes(mode: str, layer: Layer = Layer.PROJECT, *, trusted: bool = True) -> PolicyFile:
    return written(f'[hashes]\nmode = "{mode}"\n', layer, trusted=trusted)


def test_without_files_the_defaults_hold() -> None:
    policy, findings = merge([])
    assert policy == Policy()
    assert not findings


# A key that nobody stronger set ---------------------------------------------------------------


def test_a_trusted_file_may_loosen_a_default() -> None:
    policy, findings = merge([hashes("index", Layer.OPERATOR)])
    assert policy.hash_mode.value is HashMode.INDEX
    assert str(policy.hash_mode.origin) == "named.toml:2:8"
    assert not findings


def test_a_weaker_file_may_tighten() -> None:
    policy, findings = merge([hashes("files", Layer.MACHINE), hashes("required", Layer.USER)])
    assert policy.hash_mode.value is HashMode.REQUIRED
    assert policy.hash_mode.origin.place == "user.toml"
    assert not findings


def test_a_weaker_file_cannot_loosen_and_both_places_are_named() -> None:
    policy, (finding,) = merge([hashes("index", Layer.PROJECT), hashes("required", Layer.MACHINE)])
    assert policy.hash_mode.value is HashMode.REQUIRED
    assert (finding.rule, finding.level) == ("policy-loosened", Level.WARN)
    assert str(finding.origin) == "safepip.toml:2:8"
    assert str(finding.related[0].origin) == "machine.toml:2:8"


def test_equal_values_are_no_attempt_to_loosen() -> None:
    _, findings = merge([hashes("files", Layer.MACHINE), hashes("files", Layer.USER)])
    assert not findings


def test_allow_sets_are_intersected() -> None:
    policy, findings = merge(
        [
            written('[builds]\nsdists = ["acme-*", "psycopg2"]', Layer.MACHINE),
            written('[builds]\nsdists = ["acme-sdk", "numpy"]', Layer.USER),
        ]
    )
    assert [str(pattern) for pattern in policy.sdists.value] == ["acme-sdk"]
    assert rules_of(findings) == ["policy-loosened"]


def test_url_sets_are_intersected() -> None:
    policy, findings = merge(
        [
            written('[urls]\nallow = ["https://files.example/*"]', Layer.MACHINE),
            written('[urls]\nallow = ["https://files.example/acme/*"]', Layer.USER),
        ]
    )
    assert policy.urls_allow.value == ("https://files.example/acme/*",)
    assert not findings


def test_an_exclusive_bundle_is_not_replaced_by_a_weaker_file() -> None:
    policy, findings = merge(
        [
            written('[tls]\nca-bundle = "a.pem"', Layer.USER),
            written('[tls]\nca-bundle = "b.pem"', Layer.OPERATOR),
        ]
    )
    assert policy.ca_bundle.value == "/project/a.pem"
    assert rules_of(findings) == ["policy-loosened"]


def test_levels_rise_and_never_fall() -> None:
    policy, findings = merge(
        [
            written('[rules]\nyanked-release = "warn"\nstartup-hook = "warn"', Layer.MACHINE),
            written('[rules]\nyanked-release = "deny"\nstartup-hook = "off"', Layer.USER),
        ]
    )
    assert {rule: level.value for rule, level in policy.levels.items()} == {
        "yanked-release": Level.DENY,
        "startup-hook": Level.WARN,
    }
    assert rules_of(findings) == ["policy-loosened"]


# Exemptions -----------------------------------------------------------------------------------

EXEMPT = '[[allow]]\nrule = "fresh-release"\npackage = "acme"\nreason = "ours"\n'
DENY_FRESH = '[rules]\nfresh-release = "deny"\n'


def test_an_exemption_of_a_trusted_file_counts() -> None:
    policy, findings = merge([written(EXEMPT, Layer.OPERATOR)])
    assert len(policy.exemptions) == 1
    assert not findings


def test_a_file_may_deny_and_exempt() -> None:
    policy, _ = merge([written(DENY_FRESH + EXEMPT, Layer.USER)])
    assert len(policy.exemptions) == 1


def test_an_exemption_from_what_a_stronger_file_denies_does_not_count() -> None:
    policy, findings = merge([written(EXEMPT, Layer.OPERATOR), written(DENY_FRESH, Layer.MACHINE)])
    assert policy.exemptions == ()
    assert rules_of(findings) == ["policy-loosened"]


def test_a_weaker_file_that_denies_ends_an_exemption() -> None:
    policy, findings = merge([written(EXEMPT, Layer.MACHINE), written(DENY_FRESH, Layer.OPERATOR)])
    assert policy.exemptions == ()
    assert not findings


# Indexes --------------------------------------------------------------------------------------


def test_files_add_indexes_and_patterns() -> None:
    policy, findings = merge(
        [
            written(PYPI + 'packages = ["*"]', Layer.USER),
            written(CORP + 'packages = ["acme-*"]', Layer.OPERATOR),
        ]
    )
    assert [index.name for index in policy.indexes] == ["pypi", "corp"]
    assert not findings


def test_listing_an_index_denies_unlisted_ones() -> None:
    policy, _ = merge([written(CORP, Layer.USER)])
    assert policy.unlisted.value is Unlisted.DENY
    assert policy.unlisted.origin.layer is Layer.DEFAULT
    explicit, _ = merge([written(CORP + '[indexes]\nunlisted = "allow"', Layer.USER)])
    assert explicit.unlisted.value is Unlisted.ALLOW


@pytest.mark.parametrize(
    "other",
    [
        '[[index]]\nname = "corp"\nurl = "https://evil.example/simple"\n',
        CORP + 'unavailable = "skip"',
        CORP + "absent-status = [403]",
        CORP + 'digests = "record"',
        CORP + 'ca-bundle = "b.pem"',
        CORP + 'file-hosts = ["evil.example"]',
    ],
)
def test_another_word_about_the_same_index_is_an_error(other: str) -> None:
    first = CORP + 'ca-bundle = "a.pem"\nfile-hosts = ["cdn.example"]'
    with pytest.raises(ConfigurationError, match="has another"):
        merge([written(first, Layer.MACHINE), written(other, Layer.USER)])


def test_the_same_word_about_an_index_is_none() -> None:
    policy, findings = merge(
        [
            written(CORP + 'ca-bundle = "a.pem"', Layer.MACHINE),
            written(CORP + 'packages = ["acme"]', Layer.USER),
        ]
    )
    (corp,) = policy.indexes
    assert corp.trust.ca_bundle == "/project/a.pem"
    assert [str(pattern) for pattern in corp.patterns] == ["acme"]
    assert not findings


@pytest.mark.parametrize("pattern", ["acme-*", "ACME_*", "acme-sdk", "acme-sdk-*"])
def test_a_weaker_file_cannot_take_names_from_a_stronger_files_index(pattern: str) -> None:
    strong = written(CORP + 'packages = ["acme-*"]', Layer.MACHINE)
    weak = written(f'{PYPI}packages = ["{pattern}"]', Layer.USER)
    with pytest.raises(ConfigurationError, match="claims"):
        merge([weak, strong])


@pytest.mark.parametrize("pattern", ["acme", "acm-*", "other", "*"])
def test_other_names_may_go_elsewhere(pattern: str) -> None:
    strong = written(CORP + 'packages = ["acme-*"]', Layer.MACHINE)
    policy, findings = merge([strong, written(f'{PYPI}packages = ["{pattern}"]', Layer.USER)])
    assert len(policy.indexes) == 2
    assert not findings


MIRROR = '[[index]]\nname = "mirror"\nurl = "https://mirror.example/simple"\nmirror-of = "corp"\n'


@pytest.mark.parametrize("layer", [Layer.OPERATOR, Layer.PROJECT])
def test_a_weaker_file_cannot_add_a_mirror_to_a_stronger_files_index(layer: Layer) -> None:
    """A mirror's files count as those of the index itself: it would serve names that are that index's alone."""
    strong = written(CORP + 'packages = ["acme-*"]', Layer.MACHINE)
    with pytest.raises(ConfigurationError, match="which a stronger policy lists") as error:
        merge([strong, written(MIRROR + CORP, layer)])
    assert error.value.origin is not None
    assert error.value.origin.layer is layer


def test_a_mirror_stands_beside_its_index_where_no_stronger_file_lists_it() -> None:
    weaker = written(CORP + 'packages = ["acme-*"]', Layer.OPERATOR)
    policy, findings = merge([written(MIRROR + CORP, Layer.USER), weaker])
    assert {index.name: index.mirror_of for index in policy.indexes} == {"mirror": "corp", "corp": None}
    assert not findings


def test_a_list_of_many_names_is_joined_in_no_time() -> None:
    names = ", ".join(f'"acme-{number}"' for number in range(8000))
    files = [written(f"{CORP}packages = [{names}]", layer) for layer in (Layer.MACHINE, Layer.USER)]
    began = process_time()
    policy, _ = merge(files)
    assert len(policy.indexes[0].patterns) == 8000
    assert process_time() - began < 5


def test_star_is_everything_else_and_may_be_refined() -> None:
    strong = written(PYPI + 'packages = ["*"]', Layer.MACHINE)
    policy, _ = merge([strong, written(CORP + 'packages = ["acme"]', Layer.USER)])
    assert len(policy.indexes) == 2


def test_an_index_cannot_shorten_a_stronger_cooldown() -> None:
    strong = written('[cooldown]\nmin-age = "5 days"', Layer.MACHINE)
    stricter = written('[cooldown]\nmin-age = "7 days"', Layer.OPERATOR)
    policy, findings = merge([strong, written(CORP + 'min-age = "0 days"', Layer.USER), stricter])
    assert policy.indexes[0].min_age == timedelta(days=7)
    assert policy.min_age.value == timedelta(days=7)
    assert rules_of(findings) == ["policy-loosened"]


def test_an_index_may_shorten_its_own_files_cooldown() -> None:
    policy, findings = merge(
        [written('[cooldown]\nmin-age = "5 days"\n' + CORP + 'min-age = "0 days"', Layer.USER)]
    )
    assert policy.indexes[0].min_age == timedelta(0)
    assert not findings


def test_the_longer_cooldown_of_one_index_counts() -> None:
    policy, findings = merge(
        [written(CORP + 'min-age = "3 days"', Layer.MACHINE), written(CORP + 'min-age = "1 day"', Layer.USER)]
    )
    assert policy.indexes[0].min_age == timedelta(days=3)
    assert rules_of(findings) == ["policy-loosened"]


@pytest.mark.parametrize("original", ["nobody", "corp"])
def test_a_mirror_of_nothing_is_an_error(original: str) -> None:
    with pytest.raises(ConfigurationError, match="mirrors"):
        merge([written(f'{CORP}mirror-of = "{original}"', Layer.USER)])


def test_a_mirror_of_a_listed_index_is_fine() -> None:
    policy, _ = merge([written(f'{CORP}mirror-of = "pypi"\n{PYPI}', Layer.USER)])
    assert policy.indexes[0].mirror_of == "pypi"


# A project file that nobody has trusted -------------------------------------------------------

STRANGER = f"""\
{CORP}packages = ["*"]
[tls]
ca-bundle = "evil.pem"
environment = "ignore"
[hashes]
mode = "index"
[builds]
sdists = ["*"]
[vcs]
allow = ["git+https://evil.example/*"]
[cooldown]
min-age = "0 days"
[log]
file = "/home/me/.bashrc"
[rules]
unlisted-index = "off"
fresh-release = "deny"
yanked-release = "warn"
[[allow]]
rule = "unhashed-requirement"
reason = "trust me"
"""


def test_a_strangers_folder_changes_no_index_root_route_or_exemption() -> None:
    policy, findings = merge([untrusted(STRANGER)])
    default = Policy()
    for name in Policy.__dataclass_fields__:
        if name != "sources":
            assert getattr(policy, name) == getattr(default, name), name
    assert rules_of(findings) == ["untrusted-policy"]


def test_what_was_set_aside_is_listed() -> None:
    policy, (finding,) = merge([untrusted(STRANGER)])
    (source,) = policy.sources
    assert set(source.set_aside) == {
        '[[index]] name = "corp", url = "https://nexus.example/simple", packages = ["*"]',
        '[[allow]] rule = "unhashed-requirement", reason = "trust me"',
        'tls.ca-bundle = "/project/evil.pem"',
        'tls.environment = "ignore"',
        'hashes.mode = "index"',
        'builds.sdists = ["*"]',
        'vcs.allow = ["git+https://evil.example/*"]',
        'cooldown.min-age = "0 days"',
        'log.file = "/home/me/.bashrc"',
        'rules.unlisted-index = "off"',
        'rules.fresh-release = "deny"',
        'rules.yanked-release = "warn"',
    }
    assert len(finding.notes) == len(source.set_aside)
    assert "--policy safepip.toml" in (finding.help or "")


def test_a_strangers_refusals_count_at_once() -> None:
    policy, findings = merge(
        [
            untrusted(
                '[hashes]\nmode = "required"\n[builds]\nlocal = "deny"\n'
                '[urls]\nallow = ["https://files.example/*"]\n[indexes]\nunlisted = "deny"\n'
                '[rules]\ndirect-url = "deny"\n'
            ),
        ]
    )
    assert policy.hash_mode.value is HashMode.REQUIRED
    assert policy.local_builds.value is False
    assert policy.urls_allow.value == ("https://files.example/*",)
    assert policy.unlisted.value is Unlisted.DENY
    assert policy.levels["direct-url"].value is Level.DENY
    assert not findings
    assert policy.sources[-1].set_aside == ()


def test_a_stranger_who_asks_for_less_than_the_machine_is_told_so() -> None:
    policy, findings = merge([hashes("required", Layer.MACHINE), hashes("index", trusted=False)])
    assert policy.hash_mode.value is HashMode.REQUIRED
    assert rules_of(findings) == ["policy-loosened"]


def test_a_strangers_denial_ends_an_exemption_but_changes_no_version() -> None:
    exempt = '[[allow]]\nrule = "{}"\nreason = "ours"\n'
    kept, _ = merge(
        [written(exempt.format("fresh-release"), Layer.USER), untrusted('[rules]\nfresh-release = "deny"')]
    )
    ended, _ = merge(
        [written(exempt.format("direct-url"), Layer.USER), untrusted('[rules]\ndirect-url = "deny"')]
    )
    assert len(kept.exemptions) == 1
    assert ended.exemptions == ()


# What one file says of all indexes, and another of one ------------------------------------------------

GENERAL = '[tls]\nca-bundle = "a.pem"\n'


def test_a_stronger_bundle_for_all_indexes_is_not_replaced_by_a_weaker_one_for_one() -> None:
    policy, findings = merge(
        [written(GENERAL, Layer.MACHINE), written(CORP + 'ca-bundle = "b.pem"', Layer.USER)]
    )
    assert policy.indexes[0].trust.ca_bundle is None
    assert policy.ca_bundle.value == "/project/a.pem"
    (finding,) = findings
    assert (finding.rule, finding.subject) == ("policy-loosened", "ca-bundle of index corp")
    assert str(finding.related[0].origin) == "machine.toml:2:13"


@pytest.mark.parametrize("layers", [(Layer.USER, Layer.MACHINE), (Layer.USER, Layer.USER)])
def test_the_bundle_of_one_index_stands_beside_a_general_one_that_is_no_stronger(
    layers: tuple[Layer, Layer],
) -> None:
    general, own = layers
    one, other = written(CORP + 'ca-bundle = "b.pem"', own), written(GENERAL, general)
    if general is own:
        both = written(GENERAL + CORP + 'ca-bundle = "b.pem"', own)
        policy, findings = merge([both])
    else:
        policy, findings = merge([one, other])
    assert policy.indexes[0].trust.ca_bundle == "/project/b.pem"
    assert not findings


@pytest.mark.parametrize(
    "one, other",
    [
        (GENERAL, '[tls]\nca-bundle = "b.pem"\n'),
        (GENERAL, CORP + 'ca-bundle = "b.pem"'),
        ('[log]\nfile = "a"\n', '[log]\nfile = "b"\n'),
    ],
)
def test_two_files_of_one_layer_that_contradict_each_other_are_an_error(one: str, other: str) -> None:
    """Else the order in which they are named would decide."""
    for texts in ((one, other), (other, one)):
        with pytest.raises(ConfigurationError, match="neither file is stronger"):
            merge([written(text, Layer.OPERATOR, place=f"{n}.toml") for n, text in enumerate(texts)])


def test_a_weaker_file_that_asks_for_a_longer_cooldown_of_all_gets_it_of_each() -> None:
    policy, findings = merge(
        [
            written(CORP + 'min-age = "0 days"', Layer.MACHINE),
            written('[cooldown]\nmin-age = "3 days"', Layer.USER),
        ]
    )
    assert policy.indexes[0].min_age == timedelta(days=3)
    assert not findings


def test_one_index_under_two_names_is_an_error() -> None:
    other = CORP.replace('"corp"', '"other"').replace("/simple", "/simple/")
    with pytest.raises(ConfigurationError, match=r"has the URL of 'corp' in machine\.toml:1:1"):
        merge([written(CORP, Layer.MACHINE), written(other, Layer.USER)])
    with pytest.raises(ConfigurationError, match="has the URL of"):
        merge([written(CORP + 'packages = ["a"]\n' + other + 'packages = ["b"]', Layer.USER)])


def test_the_same_patterns_in_other_words_are_no_attempt_to_loosen() -> None:
    policy, findings = merge(
        [
            written('[builds]\nsdists = ["*", "acme"]', Layer.MACHINE),
            written('[builds]\nsdists = ["*"]', Layer.USER),
        ]
    )
    assert [str(pattern) for pattern in policy.sdists.value] == ["*", "acme"]
    assert not findings


# A stranger's word about what is there already ---------------------------------------------------------


def test_what_would_change_nothing_is_not_set_aside() -> None:
    policy, findings = merge(
        [
            hashes("index", Layer.USER),
            untrusted('[tls]\nenvironment = "honour"\n[hashes]\nmode = "index"\n[builds]\nsdists = []\n'),
        ]
    )
    assert policy.sources[-1].set_aside == ()
    assert not findings


def test_a_stranger_cannot_stop_a_run_by_contradicting_others() -> None:
    trusted = written(CORP + 'packages = ["acme"]\nca-bundle = "a.pem"\n' + GENERAL, Layer.USER)
    policy, findings = merge(
        [
            trusted,
            untrusted(
                PYPI + 'url = "https://evil.example/simple"\npackages = ["acme"]\n[tls]\nca-bundle = "b.pem"'
            ),
        ]
    )
    assert [index.name for index in policy.indexes] == ["corp"]
    assert rules_of(findings) == ["policy-loosened", "untrusted-policy"]


def test_a_strangers_word_about_source_builds_is_set_aside() -> None:
    """Refusing an archive has the resolver take another version."""
    policy, _ = merge([written('[builds]\nsdists = ["*"]', Layer.USER), untrusted("[builds]\nsdists = []")])
    assert [str(pattern) for pattern in policy.sdists.value] == ["*"]
    assert policy.sources[-1].set_aside == ("builds.sdists = []",)


def test_the_command_that_is_offered_is_one_word_for_the_path() -> None:
    """Whoever copies it runs it; a folder of a clone may be called like a command."""
    file = written(CORP, Layer.PROJECT, trusted=False)
    named = replace(file, source=replace(file.source, path="/clone/$(touch me)/safepip.toml"))
    _, (finding,) = merge([named])
    assert "--policy '/clone/$(touch me)/safepip.toml')" in (finding.help or "")


def test_the_environments_of_locks_are_the_strongest_files() -> None:
    ours, theirs = '[lock]\nenvironments = ["linux-arm64-3.12"]', '[lock]\nenvironments = ["win32-cp311"]'
    policy, findings = merge([written(ours, Layer.USER), written(theirs)])
    assert [str(name) for name in policy.lock_environments.value] == ["linux-aarch64-cp312"]
    assert [(finding.rule, finding.subject) for finding in findings] == [
        ("policy-loosened", "lock.environments")
    ]
    policy, findings = merge([written(theirs)])
    assert [str(name) for name in policy.lock_environments.value] == ["windows-x86-cp311"]
    assert not findings


def test_a_stranger_does_not_say_what_is_locked_for() -> None:
    policy, (finding,) = merge([untrusted('[lock]\nenvironments = ["linux-x86_64-cp311"]')])
    assert policy.lock_environments.value == ()
    assert finding.rule == "untrusted-policy"
    assert policy.sources[-1].set_aside == ('lock.environments = ["linux-x86_64-cp311"]',)


def test_a_flood_of_what_is_set_aside_is_cut_in_the_finding_and_kept_for_show() -> None:
    many = "".join(f'[[allow]]\nrule = "fresh-release"\nreason = "{n}"\n' for n in range(50))
    policy, (finding,) = merge([untrusted(many)])
    assert len(policy.sources[0].set_aside) == 50
    assert len(finding.notes) == 13
    assert finding.notes[-1] == "and 38 more, which safepip policy show lists"
