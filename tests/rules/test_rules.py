"""Each rule about settings and requirements: what it refuses, and the twin that it lets pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from safepip.core.finding import Level
from safepip.core.origin import Layer, Origin
from safepip.core.subjects import RequirementKind, RequirementLine, Setting
from safepip.policy.schema import PolicyFile
from safepip.policy.tighten import merge
from safepip.rules import registry
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge
from tests.policy.support import written

from .subjects import ARGUMENT, COMMIT, MD5, PIP_CONF, REQUIREMENTS, SHA256, VARIABLE, context, line, setting

Subject = Setting | RequirementLine
VCS, PATH, URL = RequirementKind.VCS, RequirementKind.PATH, RequirementKind.URL

CORP = '[[index]]\nname = "corp"\nurl = "https://nexus.example/simple"\npackages = ["acme-*"]\n'
PYPI = '[[index]]\nname = "pypi"\npackages = ["*"]\n'
DEVPI = '[[index]]\nname = "devpi"\nurl = "http://127.0.0.1:3141/dev"\nunsafe-plaintext = true\n'
WHEEL = "https://files.example/demo-1.0-py3-none-any.whl"


def said(origin: Origin, text: str) -> Origin:
    return replace(origin, text=text)


@dataclass(frozen=True, kw_only=True)
class Case:
    rule: str
    bad: Subject
    ok: Subject | None = None
    """The benign twin under the same policy; None: the same subject under ``fine``."""
    policy: str = ""
    fine: RuleContext | None = None
    level: Level = Level.DENY
    context: RuleContext | None = None

    @property
    def told(self) -> RuleContext:
        return self.context or context(self.policy)


CASES = [
    Case(
        rule="plaintext-index",
        bad=setting("index-url", "http://mirror.example/simple"),
        ok=setting("index-url", "https://mirror.example/simple"),
    ),
    Case(
        rule="plaintext-index",
        bad=setting("extra-index-url", " HTTP://mirror.example/simple", PIP_CONF),
        ok=setting("extra-index-url", "https://mirror.example/http:/simple", PIP_CONF),
    ),
    Case(
        rule="plaintext-index",
        bad=setting("find-links", "http://mirror.example/links.html", REQUIREMENTS),
        ok=setting("find-links", "./http/wheels", REQUIREMENTS),
    ),
    Case(
        rule="plaintext-index",
        bad=setting("index-url", "http://127.0.0.1:3141/dev", VARIABLE),
        fine=context(DEVPI),
    ),
    Case(rule="plaintext-index", bad=setting("index-url", "http://localhost/simple"), fine=None, ok=setting("proxy", "http://proxy.example:3128")),
    Case(
        rule="plaintext-index",
        bad=setting("index-url", "http://127.0.0.1:9999/dev"),
        ok=setting("index-url", "http://127.0.0.1:3141/dev/"),
        policy=DEVPI,
    ),
    Case(rule="plaintext-index", bad=setting("index-url", "http:\\\\mirror.example"), ok=setting("index-url", "https://mirror.example")),
    Case(rule="plaintext-link", bad=line(f"demo @ {WHEEL.replace('https', 'http')}", SHA256), ok=line(f"demo @ {WHEEL}", SHA256)),
    Case(
        rule="plaintext-link",
        bad=line(f"demo @ git+http://git.example/demo@{COMMIT}", kind=VCS),
        ok=line(f"demo @ git+https://git.example/demo@{COMMIT}", kind=VCS),
    ),
    Case(rule="plaintext-link", bad=line("demo @ git+git://git.example/demo", kind=VCS), ok=line("git@x/demo.whl", kind=PATH)),
    Case(
        rule="plaintext-link",
        bad=setting("requirement", "http://files.example/requirements.txt", PIP_CONF),
        ok=setting("requirement", "https://files.example/requirements.txt", PIP_CONF),
    ),
    Case(rule="plaintext-link", bad=line("demo @ http://files.example/demo.whl", constraint=True), ok=line("demo==1.0", constraint=True)),
    Case(rule="unsafe-option", bad=setting("use-deprecated", "legacy-certs"), ok=setting("use-feature", "fast-deps")),
    Case(rule="unsafe-option", bad=setting("use-deprecated", "legacy-resolver", VARIABLE), level=Level.WARN, ok=setting("pre", "true", VARIABLE)),
    Case(rule="unsafe-option", bad=setting("keyring-provider", "import", PIP_CONF), level=Level.WARN, ok=setting("keyring-provider", "disabled", PIP_CONF)),
    Case(rule="trusted-host", bad=setting("trusted-host", "mirror.example"), ok=setting("index-url", "https://mirror.example")),
    Case(rule="trusted-host", bad=setting("trusted-host", "mirror.example", REQUIREMENTS), ok=setting("pre", "true", REQUIREMENTS)),
    Case(rule="trusted-host", bad=setting("trusted-host", "mirror.example", PIP_CONF), level=Level.WARN, ok=setting("trusted-host", "", PIP_CONF)),
    Case(rule="trusted-host", bad=setting("trusted-host", "mirror.example", VARIABLE), level=Level.WARN, ok=setting("cert", "ca.pem", VARIABLE)),
    Case(
        rule="credentials-in-url",
        bad=setting("index-url", "https://me:s3cret@nexus.example/simple", said(REQUIREMENTS, "-i https://me:s3cret@nexus.example/simple")),
        ok=setting("index-url", "https://me:s3cret@nexus.example/simple", said(REQUIREMENTS, "-i https://me:${TOKEN}@nexus.example/simple")),
    ),
    Case(
        rule="credentials-in-url",
        bad=setting("index-url", "https://me:a@nexus.example/s", said(REQUIREMENTS, "-i https://me:a${TOKEN}@nexus.example/s")),
        ok=setting("index-url", "https://a@nexus.example/s", said(REQUIREMENTS, "-i https://${TOKEN}@nexus.example/s")),
    ),
    Case(
        rule="credentials-in-url",
        bad=setting("extra-index-url", "https://me:s3cret@nexus.example/simple", PIP_CONF),
        level=Level.WARN,
        ok=setting("extra-index-url", "https://nexus.example/simple", PIP_CONF),
    ),
    Case(
        rule="credentials-in-url",
        bad=setting("index-url", "https://token@nexus.example/simple", said(REQUIREMENTS, "-i https://token@nexus.example/simple")),
        level=Level.WARN,
        ok=setting("index-url", "https://nexus.example/a@b", REQUIREMENTS),
    ),
    Case(
        rule="credentials-in-url",
        bad=line(f"demo @ https://me:s3cret@files.example/demo.whl#sha256={'a' * 64}"),
        ok=line(f"demo @ git+ssh://git@git.example/demo@{COMMIT}", kind=VCS),
    ),
    Case(
        rule="index-in-requirements",
        bad=setting("index-url", "https://packages.example/simple", REQUIREMENTS),
        ok=setting("index-url", "https://${USER}:x@NEXUS.example:443/simple/", REQUIREMENTS),
        context=context(indexes=("https://nexus.example/simple",)),
    ),
    Case(
        rule="index-in-requirements",
        bad=setting("find-links", "./wheels", REQUIREMENTS),
        ok=setting("find-links", "./wheels", ARGUMENT),
    ),
    Case(
        rule="index-in-requirements",
        bad=setting("extra-index-url", "https://nexus.example/other", REQUIREMENTS),
        ok=setting("extra-index-url", "https://nexus.example/simple", REQUIREMENTS),
        policy=CORP + '[indexes]\nunlisted = "allow"',
    ),
    Case(
        rule="unlisted-index",
        bad=setting("index-url", "https://packages.example/simple"),
        ok=setting("index-url", "https://nexus.example/simple/"),
        policy=CORP,
    ),
    Case(rule="unlisted-index", bad=setting("extra-index-url", "https://packages.example/simple", REQUIREMENTS), fine=context(), policy=CORP),
    Case(
        rule="unlisted-index",
        bad=setting("extra-index-url", "https://packages.example/simple", PIP_CONF),
        ok=setting("find-links", "/srv/wheels", PIP_CONF),
        policy=CORP,
        level=Level.WARN,
    ),
    Case(
        rule="unlisted-index",
        bad=setting("index-url", "https://proxy.example/simple", ARGUMENT),
        ok=setting("index-url", "https://proxy.example/simple", PIP_CONF),
        policy=CORP + PYPI,
    ),
    Case(rule="unhashed-requirement", bad=line("flask==3.1.0"), ok=line("flask==3.1.0", SHA256)),
    Case(rule="unhashed-requirement", bad=line("flask"), ok=line("flask", constraint=True)),
    Case(rule="unhashed-requirement", bad=line("flask"), fine=context('[hashes]\nmode = "index"')),
    Case(rule="unhashed-requirement", bad=line(f"demo @ {WHEEL}"), ok=line(f"demo @ {WHEEL}#sha256={'a' * 64}")),
    Case(
        rule="unhashed-requirement",
        bad=line("flask", origin=ARGUMENT),
        fine=context(),
        policy='[hashes]\nmode = "required"',
    ),
    Case(
        rule="unhashed-requirement",
        bad=line("./demo", kind=PATH),
        fine=context(),
        context=context(requires_hashes=True),
    ),
    Case(rule="weak-digest", bad=line("demo==1.0", MD5), ok=line("demo==1.0", MD5, SHA256)),
    Case(rule="weak-digest", bad=line(f"demo @ {WHEEL}#md5={'b' * 32}"), ok=line(f"demo @ {WHEEL}#sha256={'a' * 64}")),
    Case(rule="direct-url", bad=line(f"demo @ {WHEEL}", origin=ARGUMENT), ok=line(f"demo @ {WHEEL}", SHA256, origin=ARGUMENT)),
    Case(
        rule="direct-url",
        bad=line(f"demo @ {WHEEL}", SHA256),
        ok=line("demo @ https://ok.example/x/demo.whl", SHA256),
        policy='[urls]\nallow = ["https://ok.example/x/*"]',
    ),
    Case(
        rule="direct-url",
        bad=line("demo @ https://ok.example/x/%2e%2e/demo.whl", SHA256),
        ok=line("demo @ https://user:pw@ok.example/x/demo.whl", SHA256),
        policy='[urls]\nallow = ["https://ok.example/x/*"]',
    ),
    Case(
        rule="direct-url",
        bad=line("demo @ https://ok.example.evil.example/demo.whl", SHA256),
        ok=line("demo @ https://ok.example/demo.whl", SHA256),
        policy='[urls]\nallow = ["https://ok.example/*"]',
    ),
    Case(rule="direct-url", bad=line(f"demo @ {WHEEL}", SHA256, constraint=True), ok=line("demo", constraint=True)),
    Case(rule="direct-url", bad=line("demo @ file:///srv/demo.whl", kind=PATH, constraint=True), ok=line("demo<2", constraint=True)),
    Case(
        rule="direct-url",
        bad=line(f"demo @ git+https://git.example/demo@{COMMIT}", kind=VCS, constraint=True),
        ok=line(f"demo @ git+https://git.example/demo@{COMMIT}", kind=VCS),
    ),
    Case(
        rule="unhashed-requirement",
        bad=setting("no-require-hashes", "true", REQUIREMENTS),
        ok=setting("no-require-hashes", "true"),
        level=Level.WARN,
    ),
    Case(rule="direct-url", bad=line("sftp://files.example/demo.whl", SHA256, kind=URL), ok=line("file:///srv/demo.whl", kind=URL, origin=ARGUMENT)),
    Case(
        rule="unpinned-vcs",
        bad=line("demo @ git+https://git.example/acme/demo@main", kind=VCS),
        ok=line(f"demo @ git+https://git.example/acme/demo.git@{COMMIT}#egg=demo", kind=VCS),
        policy='[vcs]\nallow = ["git+https://git.example/acme/*"]',
    ),
    Case(
        rule="unpinned-vcs",
        bad=line(f"demo @ git+https://git.example/acme/demo@{COMMIT[:12]}", kind=VCS),
        ok=line(f"demo @ git+https://git.example/acme/demo@{COMMIT}", kind=VCS),
        policy='[vcs]\nallow = ["git+https://git.example/acme/demo"]',
    ),
    Case(
        rule="unpinned-vcs",
        bad=line(f"demo @ git+https://git.example/acme/demo@{COMMIT}", kind=VCS),
        fine=context('[vcs]\nallow = ["git+https://git.example/*"]'),
    ),
    Case(
        rule="unpinned-vcs",
        bad=line(f"demo @ git+https://git.example/acme/../evil/demo@{COMMIT}", kind=VCS),
        ok=line(f"demo @ git+https://git.example/acme/demo@{COMMIT}", kind=VCS),
        policy='[vcs]\nallow = ["git+https://git.example/acme/*"]',
    ),
    Case(
        rule="unpinned-vcs",
        bad=line(f"demo @ hg+https://git.example/acme/demo@{COMMIT}", kind=VCS),
        ok=line("demo==1.0", SHA256),
        policy='[vcs]\nallow = ["git+https://git.example/*"]',
    ),
    Case(
        rule="unpinned-vcs",
        bad=line("demo @ git+ssh://git@git.example/acme/demo", kind=VCS),
        ok=line(f"demo @ git+ssh://git@git.example/acme/demo@{COMMIT}", kind=VCS),
        policy='[vcs]\nallow = ["git+ssh://git@git.example/acme/*"]',
    ),
    Case(rule="local-build", bad=line("./demo", kind=PATH, editable=True), fine=context(), policy='[builds]\nlocal = "deny"'),
    Case(
        rule="local-build",
        bad=line("./demo-1.0.tar.gz", kind=PATH),
        ok=line("./demo-1.0-py3-none-any.whl", kind=PATH),
        policy='[builds]\nlocal = "deny"',
    ),
    Case(rule="interpreter-from-environment", bad=setting("python", "/evil", VARIABLE), ok=setting("python", "/mine", ARGUMENT)),
    Case(rule="interpreter-from-environment", bad=setting("python", "/evil", PIP_CONF), ok=setting("python-version", "3.13", PIP_CONF)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.bad.origin}")
def test_is_refused(case: Case) -> None:
    rule = registry()[case.rule]
    (finding,) = judge([case.bad], case.told, [rule])
    assert (finding.rule, finding.level) == (case.rule, case.level)
    assert finding.origin is case.bad.origin
    assert finding.help
    assert not finding.message.endswith(".")
    assert "s3cret" not in f"{finding.message}{finding.subject}{finding.help}{finding.notes}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.bad.origin}")
def test_benign_twin_passes(case: Case) -> None:
    rule = registry()[case.rule]
    if case.ok is not None:
        assert judge([case.ok], case.told, [rule]) == ()
    else:
        assert case.fine is not None
        assert judge([case.bad], case.fine, [rule]) == ()


def test_every_rule_with_a_subject_has_a_case() -> None:
    assert {rule.id for rule in registry().values() if rule.subject} == {case.rule for case in CASES}


def test_an_ordinary_run_finds_nothing() -> None:
    subjects = [
        setting("index-url", "https://nexus.example/simple", PIP_CONF),
        setting("find-links", "/srv/wheels", VARIABLE),
        line("flask==3.1.0", SHA256),
        line("requests", origin=ARGUMENT),
        line(".", kind=PATH, editable=True),
        line(f"demo @ {WHEEL}#sha256={'a' * 64}", origin=ARGUMENT),
    ]
    assert judge(subjects, context()) == ()


def test_a_hash_on_a_constraint_counts_for_the_requirement() -> None:
    rule = [registry()["unhashed-requirement"]]
    assert len(judge([line("Flask>=3")], context(), rule)) == 1
    assert judge([line("Flask>=3"), line("flask==3.1.0", SHA256, constraint=True)], context(), rule) == ()
    assert len(judge([line("Flask>=3"), line("flask==3.1.0", MD5, constraint=True)], context(), rule)) == 1


def test_an_unlisted_index_of_a_file_is_told_once() -> None:
    bad = setting("index-url", "https://packages.example/simple", REQUIREMENTS)
    assert [f.rule for f in judge([bad], context(CORP))] == ["unlisted-index"]
    off = context(CORP + '[rules]\nunlisted-index = "off"')
    assert [f.rule for f in judge([bad], off)] == ["index-in-requirements"]


def test_a_strangers_unlisted_deny_refuses_what_the_machine_allows_beside_its_list() -> None:
    """Setting the operator's index aside would send its names to the listed one."""
    machine = written(CORP + '[indexes]\nunlisted = "allow"', Layer.MACHINE)
    stranger = written('[indexes]\nunlisted = "deny"', Layer.PROJECT, trusted=False)
    extra = setting("extra-index-url", "https://packages.example/simple", PIP_CONF)
    told = replace(context(), policy=merge([machine, stranger])[0])
    assert [finding.level for finding in judge([extra], told)] == [Level.DENY]
    own = replace(told, policy=merge([machine, replace_trust(stranger)])[0])
    assert [finding.level for finding in judge([extra], own)] == [Level.WARN]


def replace_trust(file: PolicyFile) -> PolicyFile:
    return replace(file, source=replace(file.source, trusted=True))


def test_without_a_list_there_is_nothing_to_set_an_index_aside_for() -> None:
    told = context('[indexes]\nunlisted = "deny"')
    (finding,) = judge([setting("index-url", "https://nexus.example/simple", PIP_CONF)], told)
    assert finding.level is Level.DENY


def test_a_variable_does_not_excuse_the_secret_beside_it() -> None:
    origin = said(
        REQUIREMENTS, "-i https://me:s3cret@a.example/ --extra-index-url https://me:${TOKEN}@b.example/"
    )
    bad = setting("index-url", "https://me:s3cret@a.example/", origin)
    assert len(judge([bad], context(), [registry()["credentials-in-url"]])) == 1


def test_a_requirement_file_is_never_the_operators_configuration() -> None:
    bad = replace(setting("trusted-host", "mirror.example", PIP_CONF), in_requirement_file=True)
    assert [finding.level for finding in judge([bad], context())] == [Level.DENY]


@pytest.mark.parametrize("text", ["", CORP])
@pytest.mark.parametrize("origin", [REQUIREMENTS, PIP_CONF, ARGUMENT])
def test_a_plaintext_index_is_told_once(text: str, origin: Origin) -> None:
    bad = setting("index-url", "http://packages.example/simple", origin)
    assert [f.rule for f in judge([bad], context(text))] == ["plaintext-index"]


def test_pips_own_default_typed_out_is_the_listed_pypi() -> None:
    from safepip.core.url import Url

    typed = setting("index-url", "https://default.example/simple/")
    told = context(PYPI, default_index_url=Url.parse("https://default.example/simple"))
    assert judge([typed], told) == ()
    assert [f.rule for f in judge([typed], context(PYPI))] == ["unlisted-index"]
    assert [f.rule for f in judge([typed], replace(told, policy=context(CORP).policy))] == ["unlisted-index"]


def test_a_strangers_unlisted_deny_refuses_and_never_sets_the_operators_index_aside() -> None:
    from .subjects import policy

    stranger = policy('[indexes]\nunlisted = "deny"', trusted=False)
    told = replace(context(), policy=stranger)
    (finding,) = judge([setting("index-url", "https://nexus.example/simple", PIP_CONF)], told)
    assert (finding.rule, finding.level) == ("unlisted-index", Level.DENY)


def test_the_mode_that_asks_for_hashes_is_named() -> None:
    rule = [registry()["unhashed-requirement"]]
    (default,) = judge([line("flask")], context(), rule)
    (explicit,) = judge([line("flask")], context('[hashes]\nmode = "files"'), rule)
    (option,) = judge([line("flask")], context(requires_hashes=True), rule)
    assert default.decided_by == 'safepip\'s default, hashes.mode = "files"'
    assert explicit.decided_by == 'safepip.toml:2:8, hashes.mode = "files"'
    assert option.decided_by.startswith("hash-checking mode")


@pytest.mark.parametrize(
    "bad",
    [line("demo @ https://files.example\\x/demo.whl", SHA256), line("git+ssh://git@[x/demo", kind=VCS)],
)
def test_a_url_that_readers_read_differently_is_refused(bad: RequirementLine) -> None:
    findings = judge([bad], context(), [registry()["direct-url"], registry()["unpinned-vcs"]])
    assert [finding.denies for finding in findings] == [True]
    assert "cannot be read" in findings[0].message


def test_a_rule_about_facts_found_elsewhere_says_nothing_of_subjects() -> None:
    assert list(registry()["tls-failure"].check(setting("pre", "true"), context())) == []
