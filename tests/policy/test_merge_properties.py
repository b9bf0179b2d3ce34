"""Held for any policy files: the merge is as strict as each of them, and a stranger's only refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.errors import ConfigurationError
from safepip.core.finding import Finding, Level
from safepip.core.origin import BUILT_IN, Layer
from safepip.core.url import Url
from safepip.policy.keys import SCALARS
from safepip.policy.schema import Policy, PolicyFile, TlsEnvironment
from safepip.policy.tighten import CHOOSES_VERSIONS, merge
from safepip.policy.urls import admits_url
from safepip.rules.base import RuleContext
from safepip.rules.engine import apply_policy

from .support import untrusted, written

LAYERS = [Layer.MACHINE, Layer.USER, Layer.OPERATOR, Layer.PROJECT]
RULES = ["yanked-release", "fresh-release", "direct-url", "startup-hook"]
PROJECTS = ["a-b", "a-x", "c"]
VERSIONS = ["1.0", "2.0rc1", "2.0"]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
URLS_ASKED = [
    "https://a.example/", "https://a.example/x/f.whl", "https://a.example/x/g.whl", "https://b.example/f",
]  # fmt: skip
ALLOWED_URLS = ["https://*", "https://a.example/*", "https://a.example/x/*", "https://a.example/x/f.whl"]


def one_of(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f'"{word}"' for word in words])


def lists_of(*words: str) -> st.SearchStrategy[str]:
    chosen = st.lists(st.sampled_from([f'"{word}"' for word in words]), max_size=3, unique=True)
    return chosen.map(lambda items: f"[{', '.join(items)}]")


KEYS = {
    "indexes.unlisted": one_of("allow", "deny"),
    "tls.ca-bundle": one_of("a.pem", "b.pem"),
    "tls.environment": one_of("honour", "ignore"),
    "hashes.mode": one_of("required", "files", "index"),
    "hashes.record": one_of("a.sqlite3", "b.sqlite3"),
    "builds.sdists": lists_of("*", "a-*", "a-b", "c"),
    "builds.local": one_of("allow", "deny"),
    "vcs.allow": lists_of("git+https://a.example/*", "git+https://a.example/x/*"),
    "urls.allow": lists_of(*ALLOWED_URLS),
    "cooldown.min-age": one_of("0 days", "1 day", "1 week"),
    "lock.environments": lists_of("linux-x86_64-cp311", "macos-arm64-cp312"),
    "log.file": one_of("a.jsonl", "b.jsonl"),
}
ENTRIES = {
    "corp": ('url = "https://corp.example/simple"', lists_of("c", "a-*")),
    "pypi": ("", lists_of("*")),
}


def test_every_scalar_key_is_generated() -> None:
    """A new key has to be held to the properties too."""
    assert {key.path for key in SCALARS} == set(KEYS)


@st.composite
def texts(draw: st.DrawFn) -> str:
    tables: dict[str, list[str]] = {}
    for path, values in KEYS.items():
        if draw(st.integers(0, 2)) == 0:
            table, _, key = path.partition(".")
            tables.setdefault(table, []).append(f"{key} = {draw(values)}")
    levels = [
        f'{rule} = "{draw(st.sampled_from(["off", "warn", "deny"]))}"'
        for rule in RULES
        if draw(st.booleans())
    ]
    lines = [line for table, keys in tables.items() for line in (f"[{table}]", *keys)]
    lines += ["[rules]", *levels]
    for rule in RULES:
        if draw(st.integers(0, 2)) == 0:
            package = draw(st.sampled_from(["", 'package = "a-*"', 'package = "a-b"', 'package = "a-b>=2"']))
            ends = draw(st.sampled_from(["", "expires = 2026-11-20", "expires = 2027-01-01"]))
            lines += ["[[allow]]", f'rule = "{rule}"', 'reason = "x"', package, ends]
    for name, (url, patterns) in ENTRIES.items():
        if draw(st.integers(0, 3)) == 0:
            lines += ["[[index]]", f'name = "{name}"', url, f"packages = {draw(patterns)}"]
            lines += [draw(st.sampled_from(["", 'min-age = "0 days"', 'min-age = "3 days"']))]
            lines += [draw(st.sampled_from(["", 'ca-bundle = "a.pem"', 'ca-bundle = "c.pem"']))]
    return "\n".join(lines)


FILES = st.lists(st.tuples(texts(), st.sampled_from(LAYERS)), max_size=4)


def merged(files: list[PolicyFile]) -> Policy | None:
    """The policy; None where two files contradict each other, which is an error and no policy."""
    try:
        return merge(files)[0]
    except ConfigurationError:
        return None


def outcome(policy: Policy, rule: str, project: str, version: str) -> Level:
    """What becomes of a finding of the rule about a file of the project."""
    finding = Finding(rule=rule, message="m", origin=BUILT_IN, subject=project)
    judged = apply_policy(finding, RuleContext(policy=policy, now=NOW), version=Version(version))
    return Level.OFF if judged is None else judged.level


@dataclass(frozen=True)
class Seen:
    """Everything about a policy that a run would notice, in forms that can be compared."""

    ordered: dict[str, object]
    outcomes: dict[tuple[str, str, str], Level]
    roots: dict[str, str | None]
    ages: dict[str, timedelta]
    routes: dict[str, str | None]
    log: str | None
    record: str | None
    environments: tuple[str, ...]


def seen(policy: Policy) -> Seen:
    names = [canonicalize_name(name) for name in PROJECTS]
    return Seen(
        ordered={
            "unlisted": policy.unlisted.value,
            "tls_environment": policy.tls_environment.value is TlsEnvironment.IGNORE,
            "hash_mode": policy.hash_mode.value,
            "min_age": policy.min_age.value,
            "local_builds": not policy.local_builds.value,
            "sdists": frozenset(n for n in names if not any(p.matches(n) for p in policy.sdists.value)),
            "urls_allow": frozenset(
                u for u in URLS_ASKED if not admits_url(policy.urls_allow.value, Url.parse(u))
            ),
            "vcs_allow": frozenset(
                u
                for u in ("git+https://a.example/r", "git+https://a.example/x/r")
                if not admits_url(policy.vcs_allow.value, Url.parse(u))
            ),
        },
        outcomes={
            (rule, project, version): outcome(policy, rule, project, version)
            for rule in RULES
            for project in PROJECTS
            for version in VERSIONS
        },
        roots={
            "": policy.ca_bundle.value,
            **{i.name: i.trust.ca_bundle or policy.ca_bundle.value for i in policy.indexes},
        },
        ages={i.name: policy.min_age.value if i.min_age is None else i.min_age for i in policy.indexes},
        routes={name: routed(policy, name) for name in PROJECTS},
        log=policy.log_file.value,
        record=policy.record.value,
        environments=tuple(map(str, policy.lock_environments.value)),
    )


def routed(policy: Policy, name: str) -> str | None:
    project = canonicalize_name(name)
    matching = [(p.specificity, i.name) for i in policy.indexes for p in i.patterns if p.matches(project)]
    return max(matching)[1] if matching else None


def speaks(file: PolicyFile, rule: str) -> bool:
    return rule in file.levels


@given(FILES)
def test_the_result_is_at_least_as_strict_as_every_file(files: list[tuple[str, Layer]]) -> None:
    policy = merged([written(text, layer) for text, layer in files])
    assume(policy is not None)
    assert policy is not None
    whole = seen(policy)
    for text, layer in files:
        file = written(text, layer)
        own = merged([file])
        assert own is not None
        alone = seen(own)
        for field, value in alone.ordered.items():
            if field in file.values:
                assert whole.ordered[field] >= value, field  # type: ignore[operator]  # each is ordered
        for (rule, project, version), level in alone.outcomes.items():
            if speaks(file, rule):
                assert whole.outcomes[rule, project, version] >= level, (rule, project, version)
        for name, age in whole.ages.items():
            if (
                name in alone.ages
                and own.indexes
                and any(i.name == name and i.min_age is not None for i in own.indexes)
            ):
                assert age >= alone.ages[name]
            elif "min_age" in file.values:
                assert age >= own.min_age.value


@given(FILES)
def test_the_strongest_file_decides_roots_and_routes(files: list[tuple[str, Layer]]) -> None:
    read = [written(text, layer, place=f"{n}.toml") for n, (text, layer) in enumerate(files)]
    policy = merged(read)
    assume(policy is not None and read)
    assert policy is not None
    strongest = min(read, key=lambda file: file.source.layer)
    own = merged([strongest])
    assert own is not None
    whole, alone = seen(policy), seen(own)
    for name, bundle in alone.roots.items():
        if bundle is not None:
            assert whole.roots[name] == bundle
    for name in PROJECTS:
        narrow = any(p.prefix and p.matches(canonicalize_name(name)) for i in own.indexes for p in i.patterns)
        if narrow:
            assert whole.routes[name] == alone.routes[name]


@given(FILES)
def test_merging_the_same_files_twice_changes_nothing(files: list[tuple[str, Layer]]) -> None:
    once = [written(text, layer, place=f"{number}.toml") for number, (text, layer) in enumerate(files)]
    first, second = merged(once), merged([*once, *once])
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert seen(first) == seen(second)


@given(st.lists(texts(), max_size=3), st.sampled_from(LAYERS))
def test_the_order_of_equal_layers_does_not_matter(files: list[str], layer: Layer) -> None:
    read = [written(text, layer, place=f"{number}.toml") for number, text in enumerate(files)]
    results = [None if (one := merged(list(order))) is None else seen(one) for order in permutations(read)]
    assert all(result == results[0] for result in results)


@given(FILES, texts())
def test_a_stranger_only_turns_answers_into_refusals(files: list[tuple[str, Layer]], text: str) -> None:
    trusted = [written(one, layer) for one, layer in files]
    before = merged(trusted)
    assume(before is not None)
    assert before is not None
    after, _ = merge([*trusted, untrusted(text)])
    old, new = seen(before), seen(after)
    for what, level in old.outcomes.items():
        assert new.outcomes[what] == level if what[0] in CHOOSES_VERSIONS else new.outcomes[what] >= level
    for field, value in old.ordered.items():
        assert new.ordered[field] >= value, field  # type: ignore[operator]  # each is ordered
    # What chooses versions, routes, roots and indexes is exactly as it was; nothing is written elsewhere.
    assert after.indexes == before.indexes
    assert (new.roots, new.ages, new.routes) == (old.roots, old.ages, old.routes)
    assert (new.log, new.record) == (old.log, old.record)
    assert new.environments == old.environments
    for field in ("min_age", "tls_environment", "sdists"):
        assert new.ordered[field] == old.ordered[field], field


@given(FILES, texts())
def test_what_is_set_aside_is_exactly_what_trust_would_change(
    files: list[tuple[str, Layer]], text: str
) -> None:
    others = [written(one, layer) for one, layer in files if layer is not Layer.PROJECT]
    assume(merged(others) is not None)
    stranger = untrusted(text)
    policy, _ = merge([*others, stranger])
    friend = replace(stranger, source=replace(stranger.source, trusted=True))
    trusted = merged([*others, friend])
    assume(trusted is not None)
    assert trusted is not None
    if not policy.sources[-1].set_aside:
        assert seen(policy) == seen(trusted)
