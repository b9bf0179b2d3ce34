"""Reading a policy file: what it says, and what is refused with its line."""

from __future__ import annotations

from datetime import date, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.errors import ConfigurationError, ExitCode
from safepip.core.finding import Level
from safepip.core.index import IndexKind, Trust
from safepip.core.origin import Layer
from safepip.policy.document import PYPROJECT_TABLE
from safepip.policy.read import has_policy, parse
from safepip.policy.schema import HashMode, TlsEnvironment, Unlisted
from safepip.rules import known_rules

from .support import written

FULL = """\
[[index]]
name = "corp"
url = "https://nexus.example/repository/pypi/simple/"
packages = ["acme", "acme-*"]
ca-bundle = "certs/corp-ca.pem"
client-cert = "/etc/me.pem"
file-hosts = ["cdn.example", "cdn.example:8443"]
absent-status = [403]
digests = "index"
unavailable = "skip"
min-age = "0 days"

[[index]]
name = "pypi"
packages = ["*"]

[[index]]
name = "devpi"
url = "http://127.0.0.1:3141/dev/pypi/+simple"
mirror-of = "pypi"
unsafe-plaintext = true

[indexes]
unlisted = "deny"

[tls]
ca-bundle = "company.pem"
environment = "ignore"

[hashes]
mode = "required"

[builds]
sdists = ["psycopg2"]
local = "deny"

[vcs]
allow = ["git+https://git.example/acme/*"]

[urls]
allow = ["https://files.example/*"]

[cooldown]
min-age = "2 weeks"

[rules]
"yanked-release" = "deny"
unlisted-index = "off"

[[allow]]
rule = "fresh-release"
package = "acme-sdk >=1.2"
reason = "first party, tested on release"
expires = 2027-03-01
owner = "platform"

[log]
file = "audit.jsonl"
"""


def refused(text: str, **options: object) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse(
            text,
            place="safepip.toml",
            layer=Layer.PROJECT,
            directory="/p",
            known_rules=known_rules(),
            **options,
        )  # type: ignore[arg-type]
    assert caught.value.exit_code is ExitCode.BAD_POLICY
    return caught.value


def test_every_key_is_read_with_its_place() -> None:
    file = written(FULL)
    values = {name: sourced.value for name, sourced in file.values.items()}
    assert values["unlisted"] is Unlisted.DENY
    assert values["ca_bundle"] == "/project/company.pem"
    assert values["tls_environment"] is TlsEnvironment.IGNORE
    assert values["hash_mode"] is HashMode.REQUIRED
    assert [str(p) for p in values["sdists"]] == ["psycopg2"]  # type: ignore[attr-defined]
    assert values["local_builds"] is False
    assert values["vcs_allow"] == ("git+https://git.example/acme/*",)
    assert values["urls_allow"] == ("https://files.example/*",)
    assert values["min_age"] == timedelta(weeks=2)
    assert values["log_file"] == "/project/audit.jsonl"
    assert {rule: level.value for rule, level in file.levels.items()} == {
        "yanked-release": Level.DENY,
        "unlisted-index": Level.OFF,
    }
    origin = file.values["hash_mode"].origin
    assert (str(origin), origin.text, origin.key) == ("safepip.toml:31:8", 'mode = "required"', "hashes.mode")


@pytest.mark.parametrize(("word", "records"), [("record", True), ("index", False)])
def test_an_index_that_publishes_no_digests_can_be_admitted(word: str, records: bool) -> None:
    text = f'[[index]]\nname = "a"\nurl = "https://a.example/simple"\ndigests = "{word}"\n'
    (index,) = written(text).indexes
    assert index.records_digests is records


def test_indexes_are_read_with_their_trust() -> None:
    corp, pypi, devpi = written(FULL).indexes
    assert corp.url.without_secrets == "https://nexus.example/repository/pypi/simple"
    assert corp.trust == Trust(ca_bundle="/project/certs/corp-ca.pem", client_cert="/etc/me.pem")
    assert corp.file_hosts == {"cdn.example", "cdn.example:8443"}
    assert (corp.absent_statuses, corp.records_digests, corp.skip_unavailable) == ({403}, False, True)
    assert corp.min_age == timedelta(0)
    assert pypi.built_in
    assert not corp.built_in
    assert pypi.url.host.endswith(".invalid")
    assert devpi.allows_plaintext
    assert devpi.mirror_of == "pypi"
    assert [index.origin.line for index in (corp, pypi, devpi)] == [1, 13, 17]


def test_exemption_is_read() -> None:
    (exemption,) = written(FULL).exemptions
    assert (exemption.rule, str(exemption.package), str(exemption.specifier)) == (
        "fresh-release",
        "acme-sdk",
        ">=1.2",
    )
    assert (exemption.expires, exemption.owner, exemption.origin.line) == (date(2027, 3, 1), "platform", 50)


def test_a_key_that_is_not_written_is_not_set() -> None:
    file = written("[hashes]\n")
    assert not file.values
    assert not file.levels


def test_a_local_index_needs_no_network() -> None:
    (index,) = written('[[index]]\nname = "local"\nurl = "file:///srv/simple"').indexes
    assert index.kind is IndexKind.LOCAL_SIMPLE


def test_table_of_a_pyproject_is_read_and_the_rest_is_not() -> None:
    text = '[project]\nname = "x"\n[tool.other]\nkey = 1\n[tool.safepip.hashes]\nmode = "required"\n'
    file = parse(
        text,
        place="pyproject.toml",
        layer=Layer.PROJECT,
        directory="/p",
        known_rules={},
        table=PYPROJECT_TABLE,
    )
    assert file.values["hash_mode"].origin.line == 6


def test_windows_line_ends_count_as_one() -> None:
    assert refused('[hashes]\r\nmode = "x"\r\n').origin.line == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text, line, words",
    [
        ('[hashes]\nmod = "files"', 2, "unknown key 'mod'"),
        ("[hahses]", 1, "unknown key 'hahses'"),
        ("hashes = 1", 1, "hashes must be a table"),
        ('[index]\nname = "x"', 1, "index must be tables"),
        ('[hashes]\nmode = "file"', 2, "must be one of required, files, first-use, index"),
        ("[hashes]\nmode = 3", 2, "must be a string, not an integer"),
        ("[builds]\nsdists = 'x'", 2, "must be a list"),
        ("[builds]\nsdists = [\n'a',\n'b*c']", 4, "element 2 must be a project name"),
        ("[builds]\nlocal = true", 2, "must be a string, not a boolean"),
        ("[cooldown]\nmin-age = 1", 2, "must be a string"),
        ("[cooldown]\nmin-age = '1 month'", 2, "must be a number and a unit"),
        ("[cooldown]\nmin-age = '-1 days'", 2, "must be a number and a unit"),
        ("[cooldown]\nmin-age = '99999999999 days'", 2, "must be a number and a unit"),
        ("[urls]\nallow = ['https://files.example*']", 2, "'*'"),
        ("[urls]\nallow = ['https://*.example/*']", 2, "'*'"),
        ("[urls]\nallow = ['http://files.example/*']", 2, "must begin with https://"),
        ("[vcs]\nallow = ['*']", 2, "'*'"),
        ("[tls]\nca-bundle = ''", 2, "must not be empty"),
        ("[attestations]\nmode = 'required'", 1, "not supported by this version"),
        ("[advisories]", 1, "not supported by this version"),
        ("\n[advisories.osv]\nx = 1", 2, "not supported by this version"),
        ("[lock]\nenvironment = []", 2, "unknown key 'environment'"),
        ("[lock]\nenvironments = 'linux-x86_64-cp311'", 2, "must be a list"),
        ("[lock]\nenvironments = [311]", 2, "must be a string"),
        (
            "[lock]\nenvironments = [\n'linux-x86_64-cp311',\n'linux-x64-cp311']",
            4,
            "did you mean 'linux-x86_64-cp311'",
        ),
        (
            "[lock]\nenvironments = ['linux-x86_64-cp311', 'musllinux-x86_64-cp311']",
            2,
            "no marker tells them apart",
        ),
        ("[rules]\nyanked-relase = 'deny'", 2, "unknown rule 'yanked-relase'"),
        ("[rules]\nyanked-release = 'error'", 2, "must be one of off, warn, deny"),
        ("[rules]\nyanked-release = true", 2, "must be one of off, warn, deny"),
        ("[rules]\ntrusted-host = 'off'", 2, "never switched off"),
        ("[rules]\nhash-mismatch = 'warn'", 2, "never switched off"),
        ("[[allow]]\nrule = 'plaintext-index'\nreason = 'x'", 2, "nothing is exempt from plaintext-index"),
        ("[[allow]]\nrule = 'fresh-release'", 1, "must have a reason"),
        ("[[allow]]\nreason = 'x'", 1, "must have a rule"),
        ("[[allow]]\nrule = 'fresh-release'\nreason = '  '", 3, "must not be empty"),
        ("[[allow]]\nrule = 'fresh'\nreason = 'x'", 2, "unknown rule 'fresh'"),
        (
            "[[allow]]\nrule = 'fresh-release'\nreason = 'x'\nexpires = '2027-01-01'",
            4,
            "must be a date, not a string",
        ),
        (
            "[[allow]]\nrule = 'fresh-release'\nreason = 'x'\nexpires = 2027-01-01T00:00:00",
            4,
            "not a date with a time",
        ),
        (
            "[[allow]]\nrule = 'fresh-release'\nreason = 'x'\npackage = 'a b'",
            4,
            "must be a project name or pattern",
        ),
        (
            "[[allow]]\nrule = 'fresh-release'\nreason = 'x'\npackage = 'a>>1'",
            4,
            "unreadable version specifier",
        ),
        ("[[allow]]\nrule = 'fresh-release'\nreason = 'x'\nuntil = 2027-01-01", 4, "unknown key 'until'"),
        ("[[index]]\nurl = 'https://a.example/'", 1, "must have a name"),
        ("[[index]]\nname = 'a'", 1, "must have a url"),
        ("[[index]]\nname = 'a b'\nurl = 'https://a.example/'", 2, "must consist of letters"),
        ("[[index]]\nname = 'a'\nurl = 'http://a.example/'", 3, "uses http"),
        ("[[index]]\nname = 'a'\nurl = 'http://127.0.0.1/'", 3, "uses http"),
        (
            "[[index]]\nname = 'a'\nurl = 'http://a.example/'\nunsafe-plaintext = true",
            4,
            "loopback address only",
        ),
        (
            "[[index]]\nname = 'a'\nurl = 'http://127.0.0.1.evil.example/'\nunsafe-plaintext = true",
            4,
            "loopback",
        ),
        ("[[index]]\nname = 'a'\nurl = 'https://u:p@a.example/'", 3, "must not carry a user name"),
        ("[[index]]\nname = 'a'\nurl = 'https://a.example/?x=1'", 3, "neither a query"),
        ("[[index]]\nname = 'a'\nurl = 'a.example/simple'", 3, "has no scheme"),
        ("[[index]]\nname = 'a'\nurl = 'ftp://a.example/'", 3, "must begin with https://"),
        ("[[index]]\nname = 'a'\nurl = 'https://a.example/'\nabsent-status = [503]", 4, "400 to 499"),
        ("[[index]]\nname = 'a'\nurl = 'https://a.example/'\nfile-hosts = ['https://b.example']", 4, "host"),
        ("[[index]]\nname = 'a'\nurl = 'https://a.example/'\npackages = ['x_y', 'X-Y']", 4, "twice"),
        (
            "[[index]]\nname = 'a'\nurl = 'https://a.example/'\n[[index]]\nname = 'a'\nurl = 'https://b.example/'",
            4,
            "defined twice",
        ),
        (
            (
                "[[index]]\nname = 'a'\nurl = 'https://a.example/'\npackages = ['X_y-*']\n"
                "[[index]]\nname = 'b'\nurl = 'https://b.example/'\npackages = ['x-y-*']"
            ),
            5,
            "stands on two indexes",
        ),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    error = refused(text)
    assert words in error.message
    assert error.origin is not None
    assert error.origin.line == line
    assert error.origin.text == text.split("\n")[line - 1]


def test_nearest_key_is_named() -> None:
    assert refused('[hashes]\nmod = "files"').hint == "did you mean 'mode'?"
    assert refused("[rules]\nyanked-relase = 'deny'").hint == "did you mean 'yanked-release'?"
    assert "known here" in (refused("[hashes]\nzzz = 1").hint or "")
    assert refused('[rules]\nzzz = "deny"').hint == "safepip policy schema lists what is known"


def test_all_problems_of_a_file_are_told_at_once_first_line_first() -> None:
    error = refused("[hashes]\nmode = 1\n[rules]\nnone-such = 'off'\n[hahses]\n")
    assert error.origin is not None
    assert error.origin.line == 2
    assert [note.partition(":")[0] + note.partition("toml")[2][:2] for note in error.notes] == [
        "safepip.toml:4",
        "safepip.toml:5",
    ]


@pytest.mark.parametrize(
    "text, line",
    [
        ("[hashes]\nmode = files", 2),
        ("a = 1\na = 2", 2),
        ("[hashes", 1),
        ("x = " + "9" * 5000, 1),
        ("x = '", 1),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(text: str, line: int) -> None:
    error = refused(text)
    assert "not valid TOML" in error.message
    assert error.origin is not None
    assert error.origin.line == line


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 300_000) + " = 1",
        "[" + ".".join(['"b c"'] * 100_000) + "]",
        "x = {" + "a." * 5000 + "a = 1}",
    ],
)
def test_a_key_of_very_many_parts_is_an_error_at_once(text: str) -> None:
    """Forty thousand letters of a stranger's file took minutes, and the memory of the machine."""
    began = process_time()
    assert refused(text).message == "nested too deeply"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        has_policy(f"{text}\n# safepip".encode(), place="pyproject.toml")
    assert process_time() - began < 5


def test_long_lists_on_one_line_are_no_deep_keys() -> None:
    names = ", ".join(f'"acme.{number}"' for number in range(2000))
    (index,) = written(f'[[index]]\nname = "pypi"\npackages = [{names}]\n').indexes
    assert len(index.patterns) == 2000


def test_a_key_with_escapes_is_a_policy_too() -> None:
    assert has_policy(b'[tool."s\\u0061fepip"]\n', place="pyproject.toml")


def test_a_byte_order_mark_is_named_for_it_cannot_be_seen() -> None:
    with pytest.raises(ConfigurationError, match="byte order mark") as error:
        parse(
            b"\xef\xbb\xbf[hashes]\nmode = 'files'\n",
            place="safepip.toml",
            layer=Layer.PROJECT,
            directory="/p",
            known_rules={},
        )
    assert error.value.hint == "save the file as UTF-8 without one"


def test_a_letter_of_another_script_is_told_from_the_one_it_looks_like() -> None:
    message = refused('["h\N{CYRILLIC SMALL LETTER A}shes"]\nmode = "index"').message
    assert message == r"unknown key 'h\u0430shes'"


def test_a_flood_of_problems_is_cut_and_counted() -> None:
    error = refused("[rules]\n" + "".join(f"nothing-{number} = 'deny'\n" for number in range(400)))
    assert error.origin is not None
    assert error.origin.line == 2
    assert len(error.notes) == 50
    assert error.notes[-1] == "and 350 more problems"


def test_what_is_too_long_to_be_read_is_cut() -> None:
    error = refused(
        "[[index]]\nname = '"
        + "x" * 100_000
        + "!'\nurl = 'https://a.example'\npackages = ['"
        + "é" * 9000
        + "']"
    )
    assert all(len(text) < 500 for text in (error.message, *error.notes))


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    assert "nested too deeply" in refused("x = " + "[" * 100_000).message


def test_bytes_that_are_not_utf8_are_refused_with_their_line() -> None:
    error = refused(b"[hashes]\nmode = '\xff'")  # type: ignore[arg-type]
    assert error.origin is not None
    assert error.origin.line == 2


def test_a_secret_in_an_index_url_is_not_in_the_message() -> None:
    error = refused("[[index]]\nname = 'a'\nurl = 'https://u:hunter2@a.example/'")
    assert "hunter2" not in error.message


@pytest.mark.parametrize(
    "text, answer",
    [
        (b"[tool.safepip]\n", True),
        (b"[tool.safepip.hashes]\nmode='files'", True),
        (b"tool = {safepip = {}}", True),
        (b"[project]\nname = 'safepip'", False),
        (b"[tool.black]", False),
        (b"[broken", False),
    ],
)
def test_has_policy(text: bytes, answer: bool) -> None:
    assert has_policy(text, place="pyproject.toml") is answer


def test_a_broken_pyproject_that_may_hold_a_policy_is_an_error() -> None:
    with pytest.raises(ConfigurationError):
        has_policy(b"[tool.safepip]\nmode = ", place="pyproject.toml")


def test_never_switched_off_are_at_least_those_of_the_contract() -> None:
    fixed = {rule for rule, exemptible in known_rules().items() if not exemptible}
    assert fixed >= {
        "plaintext-index", "plaintext-link", "trusted-host", "tls-failure", "hash-mismatch", "weak-digest",
        "path-escape", "record-mismatch", "metadata-mismatch",
    }  # fmt: skip


@given(
    st.text(max_size=60)
    | st.sampled_from(["[rules]\n", "[[allow]]\n", "[[index]]\n"]).flatmap(
        lambda h: st.text(max_size=40).map(lambda t: h + t)
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        written(text)
    except ConfigurationError as error:
        assert error.origin is not None  # noqa: PT017


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\nsafepip = 1"])
def test_a_policy_that_is_no_table_is_refused(text: str) -> None:
    assert "must be a table" in refused(text, table=PYPROJECT_TABLE).message


@pytest.mark.parametrize(
    "text, words",
    [
        ("[tls]\nca-bundle = 'a\\u0000b'".replace("'", '"'), "is not a path"),
        (
            "[[index]]\nname = 'a'\nurl = 'https://a.example/'\nfile-hosts = ['a b']",
            "must be a host or host:port",
        ),
        ("[urls]\nallow = ['https:///*']", "has no host"),
        ("[vcs]\nallow = ['git+https:///acme/*']", "must name a host"),
        ("[urls]\nallow = ['https://files.example/?x=/*']", "before any"),
    ],
)
def test_odd_locations_are_refused(text: str, words: str) -> None:
    assert words in refused(text).message
