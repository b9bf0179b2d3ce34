"""Merging policy files: only ever tighter."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Finding, Level
from safepip.core.origin import Layer
from safepip.policy.schema import HashMode, Policy, PolicyFile, TlsEnvironment, Unlisted
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


# Properties -----------------------------------------------------------------------------------

PATTERNS = st.lists(st.sampled_from(["*", "a-*", "a-b", "a-b-*", "c", "A_B"]), max_size=3, unique=True)
URLS = st.lists(
    st.sampled_from(
        [
            "https://*",
            "https://a.example/*",
            "https://a.example/x/*",
            "https://a.example/x/f.whl",
            "https://b.example/*",
        ]
    ),
    max_size=3,
    unique=True,
)
EXEMPTIBLE = ["yanked-release", "fresh-release", "direct-url"]


def listed(items: list[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"


@st.composite
def texts(draw: st.DrawFn) -> str:
    lines = []
    for table, key, values in (
        ("indexes", "unlisted", st.sampled_from(['"allow"', '"deny"'])),
        ("tls", "environment", st.sampled_from(['"honour"', '"ignore"'])),
        ("hashes", "mode", st.sampled_from(['"required"', '"files"', '"index"'])),
        ("cooldown", "min-age", st.sampled_from(['"0 days"', '"1 day"', '"1 week"'])),
        ("urls", "allow", URLS.map(listed)),
    ):
        if draw(st.booleans()):
            lines += [f"[{table}]", f"{key} = {draw(values)}"]
    if draw(st.booleans()):
        lines += [
            "[builds]",
            f"sdists = {listed(draw(PATTERNS))}",
            f'local = "{draw(st.sampled_from(["allow", "deny"]))}"',
        ]
    lines.append("[rules]")
    lines += [
        f'{r} = "{draw(st.sampled_from(["off", "warn", "deny"]))}"' for r in EXEMPTIBLE if draw(st.booleans())
    ]
    lines += [f'[[allow]]\nrule = "{r}"\nreason = "x"' for r in EXEMPTIBLE if draw(st.booleans())]
    return "\n".join(lines)


LAYERS = [Layer.MACHINE, Layer.USER, Layer.OPERATOR, Layer.PROJECT]
FILES = st.lists(st.tuples(texts(), st.sampled_from(LAYERS)), max_size=4)
NAMES = ["a-b", "a-b-c", "a-x", "c", "d"]
PLACES = [
    "https://a.example/", "https://a.example/x/f.whl", "https://a.example/x/g.whl", "https://b.example/f", "https://c.example/",
]  # fmt: skip


def strength(policy: Policy) -> dict[str, object]:
    """What the policy admits, in a form that can be compared."""
    from safepip.core.url import Url
    from safepip.policy.urls import admits_url

    return {
        "unlisted": policy.unlisted.value,
        "environment": policy.tls_environment.value is TlsEnvironment.IGNORE,
        "hashes": policy.hash_mode.value,
        "age": policy.min_age.value,
        "local": not policy.local_builds.value,
        "unbuilt": frozenset(n for n in NAMES if not any(p.matches(n) for p in policy.sdists.value)),  # type: ignore[arg-type]
        "unfetched": frozenset(p for p in PLACES if not admits_url(policy.urls_allow.value, Url.parse(p))),
        **{rule: policy.level(rule, Level.DENY).value for rule in EXEMPTIBLE},
        "unexempt": frozenset(EXEMPTIBLE) - {exemption.rule for exemption in policy.exemptions},
    }


@given(FILES)
def test_the_result_is_at_least_as_strict_as_every_layer(files: list[tuple[str, Layer]]) -> None:
    policy, _ = merge([written(text, layer) for text, layer in files])
    merged = strength(policy)
    for text, layer in files:
        file = written(text, layer)
        alone = strength(merge([file])[0])
        explicit = {
            "unlisted": "unlisted", "environment": "tls_environment", "hashes": "hash_mode", "age": "min_age",
            "local": "local_builds", "unbuilt": "sdists", "unfetched": "urls_allow",
        }  # fmt: skip
        for name, field in explicit.items():
            if field in file.values:
                assert merged[name] >= alone[name], name  # type: ignore[operator]
        for rule, level in file.levels.items():
            assert merged[rule] >= level.value  # type: ignore[operator]
            if level.value is Level.DENY and rule not in {e.rule for e in file.exemptions}:
                assert rule in merged["unexempt"]  # type: ignore[operator]


@given(FILES)
def test_merging_the_same_files_twice_changes_nothing(files: list[tuple[str, Layer]]) -> None:
    once = [written(text, layer, place=f"{number}.toml") for number, (text, layer) in enumerate(files)]
    assert strength(merge(once)[0]) == strength(merge([*once, *once])[0])


@given(st.lists(texts(), max_size=3))
def test_the_order_of_equal_layers_does_not_matter(files: list[str]) -> None:
    read = [written(text, Layer.USER, place=f"{number}.toml") for number, text in enumerate(files)]
    results = [strength(merge(order)[0]) for order in permutations(read)]
    assert all(result == results[0] for result in results)


@given(FILES, texts())
def test_a_stranger_never_loosens_anything(files: list[tuple[str, Layer]], stranger: str) -> None:
    trusted = [written(text, layer) for text, layer in files]
    before = strength(merge(trusted)[0])
    after = strength(merge([*trusted, untrusted(stranger)])[0])
    for name, value in before.items():
        assert after[name] >= value, name  # type: ignore[operator]
    # and what chooses versions, roots or indexes stays exactly as it was
    for name in ("age", "environment", "fresh-release"):
        assert after[name] == before[name]
