"""Every key of a policy file: one row each. Reader, merge, reference page and JSON schema follow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from safepip.core.finding import Level
from safepip.policy import strictness, values
from safepip.policy.schema import HashMode, TlsEnvironment, Unlisted
from safepip.policy.strictness import Strictness

STRING: Mapping[str, object] = {"type": "string", "minLength": 1}
STRINGS: Mapping[str, object] = {"type": "array", "items": STRING}
BOOLEAN: Mapping[str, object] = {"type": "boolean"}
DURATION: Mapping[str, object] = {"type": "string", "pattern": "^[0-9]{1,6} (second|minute|hour|day|week)s?$"}

LEVELS = {"off": Level.OFF, "warn": Level.WARN, "deny": Level.DENY}
HASH_MODES = {
    "required": HashMode.REQUIRED,
    "files": HashMode.FILES,
    "first-use": HashMode.FIRST_USE,
    "index": HashMode.INDEX,
}
UNLISTED = {"allow": Unlisted.ALLOW, "deny": Unlisted.DENY}
TLS_ENVIRONMENT = {"honour": TlsEnvironment.HONOUR, "ignore": TlsEnvironment.IGNORE}
LOCAL_BUILDS = {"allow": True, "deny": False}
UNAVAILABLE = {"stop": False, "skip": True}
DIGESTS = {"index": False, "record": True}

LATER = frozenset({"attestations", "advisories"})
"""Tables of the policy language that this version does not act on, so it must not accept them."""


def _one_of(words: Mapping[str, object]) -> Mapping[str, object]:
    return {"enum": list(words)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    Attributes:
        path: table and key with a dot: ``hashes.mode``; for array tables ``index.url``.
        read: from the TOML value to ours.
        schema: JSON schema of the TOML value.
        meaning: for the reference page; Markdown.
        default: for the reference page; TOML, or words.
        field: attribute of :class:`~safepip.policy.schema.Policy`; empty for keys of array tables.
        strictness: how layers merge; None for keys of array tables, which belong to their entry.
        refuses: whether tightening it can only turn an answer into a refusal, so that it counts
            even from a project file that nobody has trusted yet.
    """

    path: str
    read: values.Reader
    schema: Mapping[str, object]
    meaning: str
    default: str
    field: str = ""
    strictness: Strictness | None = None
    refuses: bool = False

    @property
    def table(self) -> str:
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        return self.path.partition(".")[2]


SCALARS = (
    Key(
        path="indexes.unlisted",
        read=values.choice(UNLISTED),
        schema=_one_of(UNLISTED),
        meaning="Whether index URLs from pip's configuration or the command line that no `[[index]]` lists may be asked.",
        default='`"allow"` while no `[[index]]` is listed, `"deny"` once one is',
        field="unlisted",
        strictness=replace(strictness.HIGHER, meaning='"deny" is stricter'),
        refuses=True,
    ),
    Key(
        path="tls.ca-bundle",
        read=values.path,
        schema=STRING,
        meaning="PEM file whose roots, and no others, count for every index without its own `ca-bundle`. Relative to the policy file.",
        default="the operating system's store",
        field="ca_bundle",
        strictness=strictness.FIXED,
    ),
    Key(
        path="tls.environment",
        read=values.choice(TLS_ENVIRONMENT),
        schema=_one_of(TLS_ENVIRONMENT),
        meaning="Whether `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` and their like may choose the roots.",
        default='`"honour"`',
        field="tls_environment",
        strictness=strictness.IGNORE,
    ),
    Key(
        path="hashes.mode",
        read=values.choice(HASH_MODES),
        schema=_one_of(HASH_MODES),
        meaning="Which artifacts must be listed by a hash of yours. `required`: all. `files`: what requirement files and locks"
        " bring in; the rest as `first-use`. `first-use`: none, but the strong digest that the index publishes must"
        " stay what it was when the file was first installed. `index`: the digest that the index publishes now.",
        default='`"files"`',
        field="hash_mode",
        strictness=replace(strictness.HIGHER, meaning="listed strictest first"),
        refuses=True,
    ),
    Key(
        path="builds.sdists",
        read=values.each(values.pattern),
        schema=STRINGS,
        meaning='Projects that may be built from a source archive of an index or URL. `[]`: none, `["*"]`: all.',
        default="`[]`",
        field="sdists",
        strictness=strictness.PATTERNS,
    ),
    Key(
        path="builds.local",
        read=values.choice(LOCAL_BUILDS),
        schema=_one_of(LOCAL_BUILDS),
        meaning="Whether directories, editables and archives on this machine that you name may be built.",
        default='`"allow"`',
        field="local_builds",
        strictness=strictness.FALSE,
        refuses=True,
    ),
    Key(
        path="vcs.allow",
        read=values.each(values.url_pattern),
        schema=STRINGS,
        meaning="Repositories that may be installed from, as whole URLs or prefixes that end in `/*`, with `git+`; each by a full commit id.",
        default="`[]`",
        field="vcs_allow",
        strictness=strictness.URLS,
        refuses=True,
    ),
    Key(
        path="urls.allow",
        read=values.each(values.url_pattern),
        schema=STRINGS,
        meaning="Direct URLs, and remote requirement files, that may be fetched: whole URLs or prefixes that end in `/*`.",
        default='`["https://*"]`, each with a hash',
        field="urls_allow",
        strictness=strictness.URLS,
        refuses=True,
    ),
    Key(
        path="cooldown.min-age",
        read=values.duration,
        schema=DURATION,
        meaning="How old a file must be. Set explicitly, it holds for every index and refuses files without an upload time.",
        default='`"1 day"`, for the built-in index where it gives upload times',
        field="min_age",
        strictness=strictness.HIGHER,
    ),
    Key(
        path="lock.environments",
        read=values.environments,
        schema=STRINGS,
        meaning="Environments that `safepip lock` locks for where `--environment` names none, such as `linux-x86_64-cp311`, `macos-arm64-cp312` or `windows-amd64-cp314`.",
        default="the environment at hand",
        field="lock_environments",
        strictness=strictness.FIXED,
    ),
    Key(
        path="log.file",
        read=values.path,
        schema=STRING,
        meaning="File that gets one JSON line for each decision. Relative to the policy file.",
        default="none",
        field="log_file",
        strictness=strictness.FIXED,
    ),
)

INDEX = (
    Key(
        path="index.name",
        read=values.index_name,
        schema=STRING,
        meaning="What messages, locks and `mirror-of` call it. `pypi` without a `url` is pip's own default index.",
        default="required",
    ),
    Key(
        path="index.url",
        read=values.index_url,
        schema=STRING,
        meaning="Base URL of the simple API: `https:`, or `file:` for a folder of this machine; one that ends in `.html` is a page of links, as for `--find-links`. Never with credentials.",
        default="required, except for `pypi`",
    ),
    Key(
        path="index.packages",
        read=values.each(values.pattern),
        schema=STRINGS,
        meaning="Names, prefixes such as `acme-*`, or `*`, that come from here and from nowhere else.",
        default="none: no pattern decides",
    ),
    Key(
        path="index.ca-bundle",
        read=values.path,
        schema=STRING,
        meaning="PEM file whose roots, and no others, count for this index. Relative to the policy file.",
        default="`tls.ca-bundle`",
    ),
    Key(
        path="index.client-cert",
        read=values.path,
        schema=STRING,
        meaning="PEM file with certificate and key that this index asks for (mTLS). Relative to the policy file.",
        default="none",
    ),
    Key(
        path="index.file-hosts",
        read=values.each(values.host),
        schema=STRINGS,
        meaning="Hosts (`host` or `host:port`), besides its own, that its pages may link and redirect to.",
        default="any HTTPS host, without credentials, if the page gives a strong digest",
    ),
    Key(
        path="index.absent-status",
        read=values.each(values.status),
        schema={"type": "array", "items": {"type": "integer", "minimum": 400, "maximum": 499}},
        meaning='HTTP statuses that mean "not here", besides 404 and 410 (static buckets answer 403).',
        default="`[]`",
    ),
    Key(
        path="index.mirror-of",
        read=values.index_name,
        schema=STRING,
        meaning="Name of the index whose files these merge with.",
        default="none",
    ),
    Key(
        path="index.digests",
        read=values.choice(DIGESTS),
        schema=_one_of(DIGESTS),
        meaning='Where the digest of a file comes from, besides your own: `"index"`, which must publish a strong one; or '
        '`"record"`, for an index that publishes none: that of the first download, which is remembered and required from then on.',
        default='`"index"`',
    ),
    Key(
        path="index.unavailable",
        read=values.choice(UNAVAILABLE),
        schema=_one_of(UNAVAILABLE),
        meaning='What no answer means: `"stop"`, or `"skip"`: as if it did not have the project. A failing certificate, a '
        "redirect to plaintext and a quarantine are not skipped.",
        default='`"stop"`',
    ),
    Key(
        path="index.min-age",
        read=values.duration,
        schema=DURATION,
        meaning="Cool-down of this index, instead of `cooldown.min-age`.",
        default="`cooldown.min-age`",
    ),
    Key(
        path="index.unsafe-plaintext",
        read=values.flag,
        schema=BOOLEAN,
        meaning="Allows an `http:` URL whose host is a loopback address, and no other.",
        default="`false`",
    ),
)

ALLOW = (
    Key(path="allow.rule", read=values.text, schema=STRING, meaning="Id of the rule.", default="required"),
    Key(
        path="allow.reason",
        read=values.text,
        schema=STRING,
        meaning="Why it is fine; shown wherever the exemption is used.",
        default="required",
    ),
    Key(
        path="allow.package",
        read=values.package,
        schema=STRING,
        meaning="Name or pattern, with an optional version specifier: `acme-sdk`, `acme-*`, `acme-sdk>=2,<3`.",
        default="whatever the rule looks at",
    ),
    Key(
        path="allow.expires",
        read=values.day,
        schema={"type": "string", "format": "date"},
        meaning="Last day it holds, by the calendar of UTC, as a TOML date.",
        default="no end",
    ),
    Key(path="allow.owner", read=values.text, schema=STRING, meaning="Whom to ask.", default="none"),
)

KEYS = (*SCALARS, *INDEX, *ALLOW)
TABLES = frozenset({key.table for key in KEYS} | {"rules"})
"""Every table a policy file may have."""
