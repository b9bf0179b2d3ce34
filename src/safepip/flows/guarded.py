"""What the first half of a guarded command hands to the second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from safepip.core.finding import Level
from safepip.policy.schema import HashMode

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.index import Index, Trust
    from safepip.core.subjects import RequirementLine
    from safepip.flows.settings import Settings
    from safepip.flows.world import Transport
    from safepip.pipcompat.effective import EffectiveConfig
    from safepip.policy.schema import Policy
    from safepip.route import Routed
    from safepip.rules.base import RuleContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """Everything that was said, judged.

    Attributes:
        config: every option in force with its origin.
        roots, constraints: requirements in pip's order.
        build_constraints: constraints on what builds need, and on nothing else.
        indexes: every index that may be asked.
        trust: TLS trust of everything that is no index: direct URLs, remote files.
        context: what rules are told; later stages judge with the same.
        locked: where the projects of lock files come from: no index is asked for them.
        built: whose build needs the roots, so that ``build_constraints`` hold for them; empty for the
            user's own command.
        way_out: the command that gives everything a hash, once a build has to know.
    """

    config: EffectiveConfig
    settings: Settings
    transport: Transport
    policy: Policy
    roots: tuple[RequirementLine, ...]
    constraints: tuple[RequirementLine, ...]
    indexes: tuple[Index, ...]
    trust: Trust
    context: RuleContext
    build_constraints: tuple[RequirementLine, ...] = ()
    locked: Mapping[NormalizedName, Routed] = field(default_factory=dict)
    built: str = ""
    way_out: str = ""

    @property
    def of_build(self) -> bool:
        """Whether the roots are what a build needs."""
        return bool(self.built)

    @property
    def counts_hashes(self) -> bool:
        """Whether anything that is asked for has a hash, or needs one."""
        mode = self.policy.hash_mode.value
        if self.context.requires_hashes or mode is HashMode.REQUIRED:
            return True
        listed = any(line.from_file for line in self.roots) and mode is HashMode.FILES
        return listed or any(line.hashes for line in (*self.roots, *self.constraints))

    @property
    def patterns_only(self) -> bool:
        """Whether a name that no pattern decides may not be asked for."""
        return patterns_only(self.policy)


def patterns_only(policy: Policy) -> bool:
    """Whether the policy sends no name anywhere that no pattern decides."""
    return policy.level("unrouted-project", Level.OFF).value is Level.DENY
