"""The merged policy: what is allowed, every key with the place it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, IntEnum
from types import MappingProxyType

from packaging.specifiers import SpecifierSet

from safepip.core.environment_name import EnvironmentName
from safepip.core.finding import Level
from safepip.core.index import Index
from safepip.core.origin import BUILT_IN, Layer, Origin, Sourced
from safepip.core.project import Pattern
from safepip.core.url import Url

BUILT_IN_URL = Url(scheme="https", host="default-index.invalid", port=None, path="/")
"""Stands in an ``[[index]]`` named ``pypi`` until the operator's own index-url, or pip's default,
takes its place. The host can never exist (RFC 6761), so nothing is reached if nobody replaces it."""


class HashMode(IntEnum):
    """Which artifacts must be listed by a hash the user supplied; a higher number is stricter."""

    INDEX = 0
    FIRST_USE = 1
    FILES = 2
    REQUIRED = 3


class Unlisted(IntEnum):
    """What happens to an index URL that no ``[[index]]`` lists."""

    ALLOW = 0
    DENY = 1


class TlsEnvironment(Enum):
    """Whether ``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE`` and their like may choose the roots."""

    HONOUR = "honour"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """One ``[[allow]]``: this rule, for this package, for this reason.

    Attributes:
        package: pattern; None: any subject.
        subject: exactly this subject of a finding, where it is no project name (``--allow``); None: see
            ``package``.
        specifier: versions it covers; None: all.
        expires: last day it holds; None: no end.
        leaves: what stays of a finding that it covers: nothing (OFF), or a warning (WARN), because
            another file asks for one.
    """

    rule: str
    reason: str
    origin: Origin
    package: Pattern | None = None
    subject: str | None = None
    specifier: SpecifierSet | None = None
    expires: date | None = None
    owner: str | None = None
    leaves: Level = Level.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySource:
    """A policy file that took part.

    Attributes:
        sha256: of its bytes.
        content: what it says, whatever its comments and layout (:mod:`safepip.policy.content`).
        trusted: False for a project file found by walking that nobody has trusted: only its refusals
            count.
        doubt: why a file that was trusted once is not any more; empty: it never was.
        set_aside: what an untrusted file would change and does not, as it would be written.
        agreed: each CA bundle that a file names which has been trusted, with the ``sha256:…`` it then had.
    """

    path: str
    layer: Layer
    sha256: str
    content: str = ""
    trusted: bool = True
    doubt: str = ""
    set_aside: tuple[str, ...] = ()
    agreed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """One policy file as written: what it says, and nothing it does not say.

    Attributes:
        values: by attribute of :class:`Policy`; only keys that the file sets.
        levels: ``[rules]``, by rule id.
    """

    source: PolicySource
    values: Mapping[str, Sourced[object]] = field(default_factory=lambda: MappingProxyType({}))
    levels: Mapping[str, Sourced[Level]] = field(default_factory=lambda: MappingProxyType({}))
    indexes: tuple[Index, ...] = ()
    exemptions: tuple[Exemption, ...] = ()

    @property
    def bundles(self) -> tuple[str, ...]:
        """Paths of the CA bundles that it names, each once: who may replace one replaces the roots."""
        general = self.values.get("ca_bundle")
        named = [general.value if general else None, *(index.trust.ca_bundle for index in self.indexes)]
        return tuple(dict.fromkeys(path for path in named if isinstance(path, str)))


def _default(value: object) -> Sourced:  # type: ignore[type-arg]
    return Sourced(value=value, origin=BUILT_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every key of ``safepip.toml`` with its value in force.

    A key whose origin's layer is DEFAULT was set by nobody.
    """

    indexes: tuple[Index, ...] = ()
    """The ``[[index]]`` tables, in order; empty: indexes come from pip's configuration."""
    unlisted: Sourced[Unlisted] = field(default_factory=lambda: _default(Unlisted.ALLOW))
    ca_bundle: Sourced[str | None] = field(default_factory=lambda: _default(None))
    tls_environment: Sourced[TlsEnvironment] = field(default_factory=lambda: _default(TlsEnvironment.HONOUR))
    hash_mode: Sourced[HashMode] = field(default_factory=lambda: _default(HashMode.FILES))
    record: Sourced[str | None] = field(default_factory=lambda: _default(None))
    sdists: Sourced[tuple[Pattern, ...]] = field(default_factory=lambda: _default(()))
    local_builds: Sourced[bool] = field(default_factory=lambda: _default(True))
    """``builds.local``: whether directories and editables that the user names may be built."""
    vcs_allow: Sourced[tuple[str, ...]] = field(default_factory=lambda: _default(()))
    urls_allow: Sourced[tuple[str, ...]] = field(default_factory=lambda: _default(("https://*",)))
    min_age: Sourced[timedelta] = field(default_factory=lambda: _default(timedelta(days=1)))
    """Cool-down. As a default it holds for the built-in index only, where it gives times."""
    lock_environments: Sourced[tuple[EnvironmentName, ...]] = field(default_factory=lambda: _default(()))
    """What ``lock`` locks for; empty: the environment at hand."""
    levels: Mapping[str, Sourced[Level]] = field(default_factory=lambda: MappingProxyType({}))
    exemptions: tuple[Exemption, ...] = ()
    log_file: Sourced[str | None] = field(default_factory=lambda: _default(None))
    sources: tuple[PolicySource, ...] = ()

    def level(self, rule: str, default: Level) -> Sourced[Level]:
        """The level in force for a rule."""
        return self.levels.get(rule) or Sourced(value=default, origin=BUILT_IN)

    def agreed_digest(self, bundle: str | None) -> str | None:
        """``sha256:…`` that the CA bundle at this path had when trust was given; None: nobody was asked."""
        digests = (digest for source in self.sources for path, digest in source.agreed if path == bundle)
        return next(digests, None)

    @property
    def unlisted_by_stranger(self) -> bool:
        """Whether an untrusted file is why unlisted indexes are denied.

        It may only refuse: to set an index of the operator's configuration aside would send its names to
        another one.
        """
        place = self.unlisted.origin.place
        return any(source.path == place and not source.trusted for source in self.sources)
