"""``safepip policy show`` and ``policy schema``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safepip.core.errors import ConfigurationError, ExitCode
from safepip.core.finding import Level
from safepip.core.policy_page import EntryInForce, FileInForce, KeyInForce, PolicyPage
from safepip.flows.policies import read_policy
from safepip.policy import wording
from safepip.policy.fingerprint import fingerprint
from safepip.policy.json_schema import schema_text
from safepip.policy.keys import SCALARS
from safepip.rules import known_rules

if TYPE_CHECKING:
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.policy.schema import Exemption, Policy, PolicySource

_UNTRUSTED = "untrusted-policy"


def show(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """The merged policy, every key with the line that set it.

    Raises ConfigurationError: a file that cannot be read, or says something unknown.
    """
    del invocation
    policy, findings = read_policy(own, world)
    # What is set aside stands in the answer itself, all of it.
    world.show.warned([f for f in findings if f.rule != _UNTRUSTED or own.report_format != "text"])
    world.show.policy_shown(page_of(policy, world))
    return ExitCode.OK


def schema(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """The JSON schema of the policy file, for editors."""
    del invocation, own
    world.show.answered(schema_text(known_rules()))
    return ExitCode.OK


def page_of(policy: Policy, world: World) -> PolicyPage:
    """Everything that is in force."""
    keys = ((key, getattr(policy, key.field)) for key in SCALARS)
    return PolicyPage(
        fingerprint=fingerprint(policy),
        files=tuple(_file(source, world) for source in policy.sources),
        keys=tuple(
            KeyInForce(path=key.path, value=wording.plain(key, said.value), origin=said.origin)
            for key, said in keys
        ),
        levels=tuple(
            KeyInForce(path=f"rules.{rule}", value=wording.level(said.value), origin=said.origin)
            for rule, said in sorted(policy.levels.items())
        ),
        indexes=tuple(
            EntryInForce(said=wording.index_entry(index), origin=index.origin) for index in policy.indexes
        ),
        exemptions=tuple(_exemption(exemption, world) for exemption in policy.exemptions),
    )


def _exemption(exemption: Exemption, world: World) -> EntryInForce:
    state = "leaves a warning" if exemption.leaves is Level.WARN else "holds"
    if exemption.expires is not None and world.clock.now().date() > exemption.expires:
        state = "ended"
    return EntryInForce(said=wording.allow_entry(exemption), origin=exemption.origin, state=state)


def _file(source: PolicySource, world: World) -> FileInForce:
    return FileInForce(
        path=source.path,
        layer=source.layer.name.lower(),
        sha256=source.sha256,
        content=source.content,
        trusted=source.trusted,
        since=_since(source, world),
        doubt=source.doubt,
        set_aside=source.set_aside,
    )


def _since(source: PolicySource, world: World) -> str:
    """When this user trusted it; empty where it needs no trust."""
    if not source.trusted:
        return ""
    path = world.around.one_name(source.path)
    try:
        entries = world.trusted.everything() if source.layer.name == "PROJECT" else ()
    except ConfigurationError:
        return ""
    return next((f"{one.since:%Y-%m-%d}" for one in entries if one.path == path), "")
