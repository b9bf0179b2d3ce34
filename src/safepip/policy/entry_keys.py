"""The keys of ``[[index]]`` and ``[[allow]]``: one row each."""

from __future__ import annotations

from safepip.policy import values
from safepip.policy.key import BOOLEAN, DURATION, STRING, STRINGS, Key, one_of

UNAVAILABLE = {"stop": False, "skip": True}
DIGESTS = {"index": False, "record": True}

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
        schema=one_of(DIGESTS),
        meaning='Where the digest of a file comes from, besides your own: `"index"`, which must publish a strong one; or '
        '`"record"`, for an index that publishes none: that of the first download, which is remembered and required from then on.',
        default='`"index"`',
    ),
    Key(
        path="index.unavailable",
        read=values.choice(UNAVAILABLE),
        schema=one_of(UNAVAILABLE),
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
