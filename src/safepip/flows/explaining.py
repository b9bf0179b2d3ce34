"""``safepip explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safepip.core.errors import CommandError

if TYPE_CHECKING:
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions


def explain(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Not yet."""
    raise CommandError("explain is being written", reference="missing-command")
