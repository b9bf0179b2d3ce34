"""Every key of a policy file: one row each. Reader, merge, reference page and JSON schema follow it."""

from __future__ import annotations

from dataclasses import replace

from safepip.core.finding import Level
from safepip.policy import strictness, values
from safepip.policy.entry_keys import ALLOW, INDEX
from safepip.policy.key import DURATION, STRING, STRINGS, Key, one_of
from safepip.policy.schema import HashMode, TlsEnvironment, Unlisted

__all__ = [
    "ALLOW",
    "HASH_MODES",
    "INDEX",
    "KEYS",
    "LATER",
    "LEVELS",
    "LOCAL_BUILDS",
    "SCALARS",
    "TABLES",
    "TLS_ENVIRONMENT",
    "UNLISTED",
    "Key",
]

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

LATER = frozenset({"attestations", "advisories"})
"""Tables of the policy language that this version does not act on, so it must not accept them."""


SCALARS = (
    Key(
        path="indexes.unlisted",
        read=values.choice(UNLISTED),
        schema=one_of(UNLISTED),
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
        schema=one_of(TLS_ENVIRONMENT),
        meaning="Whether `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` and their like may choose the roots.",
        default='`"honour"`',
        field="tls_environment",
        strictness=strictness.IGNORE,
    ),
    Key(
        path="hashes.mode",
        read=values.choice(HASH_MODES),
        schema=one_of(HASH_MODES),
        meaning="Which artifacts must be listed by a hash of yours. `required`: all. `files`: what requirement files and locks"
        " bring in; the rest as `first-use`. `first-use`: none, but the strong digest that the index publishes must"
        " stay what it was when the file was first installed. `index`: the digest that the index publishes now.",
        default='`"files"`',
        field="hash_mode",
        strictness=replace(strictness.HIGHER, meaning="listed strictest first"),
        refuses=True,
    ),
    Key(
        path="hashes.record",
        read=values.path,
        schema=STRING,
        meaning="File that remembers what was used first, instead of your own: one that a team shares, or that came "
        "with an image. Relative to the policy file.",
        default="`first-use.sqlite3` in the user's data folder",
        field="record",
        strictness=strictness.FIXED,
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
        schema=one_of(LOCAL_BUILDS),
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

KEYS = (*SCALARS, *INDEX, *ALLOW)
TABLES = frozenset({key.table for key in KEYS} | {"rules"})
"""Every table a policy file may have."""
