"""Settings and requirement lines as somebody could have written them, for the tests of rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from packaging.requirements import Requirement

from safepip.core.digest import AcceptableDigests, Digest
from safepip.core.index import Index
from safepip.core.origin import Layer, Origin, Place
from safepip.core.subjects import RequirementKind, RequirementLine, Setting
from safepip.core.url import Url
from safepip.policy.read import parse
from safepip.policy.schema import Policy
from safepip.policy.tighten import merge
from safepip.rules import known_rules
from safepip.rules.base import RuleContext

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHA256 = "sha256:" + "a" * 64
MD5 = "md5:" + "b" * 32
COMMIT = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"

ARGUMENT = Origin(
    layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=3, text="safepip install …"
)
VARIABLE = Origin(layer=Layer.OPERATOR, kind=Place.ENVIRONMENT, place="PIP_SOMETHING")
PIP_CONF = Origin(layer=Layer.OPERATOR, kind=Place.FILE, place="pip.conf", line=2, text="")
REQUIREMENTS = Origin(layer=Layer.PROJECT, kind=Place.FILE, place="requirements.txt", line=1, text="")


def setting(option: str, value: str, origin: Origin = ARGUMENT, **more: Any) -> Setting:
    return Setting(
        option=option, value=value, origin=origin, in_requirement_file=origin is REQUIREMENTS, **more
    )


def line(
    text: str, *hashes: str, origin: Origin = REQUIREMENTS, kind: RequirementKind | None = None, **more: Any
) -> RequirementLine:
    """A line as the readers of requirement files make it; ``text`` is the requirement without options."""
    name, at, target = text.partition(" @ ")
    if not at:
        name, target = ("", text) if kind not in {None, RequirementKind.NAMED} else (text, "")
    if kind is None:
        kind = RequirementKind.URL if at else RequirementKind.NAMED
    digests = [Digest.parse(item) for item in hashes]
    algorithm, equals, digits = target.partition("#")[2].partition("=")
    if equals and algorithm in {"sha256", "md5", "sha1"}:
        digests.append(Digest.of(algorithm, digits))
    return RequirementLine(
        text=text,
        kind=kind,
        requirement=Requirement(text if at or kind is RequirementKind.NAMED else name) if name else None,
        origin=origin,
        target=target or None,
        hashes=AcceptableDigests.of(digests),
        hash_options=tuple(Digest.parse(item) for item in hashes),
        from_file=origin is REQUIREMENTS,
        **more,
    )


def policy(text: str, *, layer: Layer = Layer.USER, trusted: bool = True) -> Policy:
    file = parse(
        text, place="safepip.toml", layer=layer, directory="/p", known_rules=known_rules(), trusted=trusted
    )
    return merge([file])[0]


def context(text: str = "", *, indexes: tuple[str, ...] = (), **more: Any) -> RuleContext:
    """``text`` is the policy; ``indexes`` are those that the operator's configuration names."""
    named = tuple(Index(name=url, url=Url.parse(url), origin=PIP_CONF) for url in indexes)
    return RuleContext(policy=policy(text), now=NOW, indexes=named, **more)
