"""The router of a run. Most runs have no lock, and never load what reads one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safepip.core.finding import Finding
    from safepip.core.ports import IndexClient
    from safepip.flows.guarded import Guarded
    from safepip.route import Routed, Router


def router_of(guarded: Guarded, client: IndexClient, objection: Callable[[Routed], Finding | None]) -> Router:
    """What decides where each project comes from.

    Args:
        objection: see :class:`~safepip.route.router.Router`.
    """
    if guarded.locked:
        from safepip.flows.locked import locked_router

        return locked_router(guarded, client, objection)
    from safepip.route import Router

    return Router(guarded.indexes, client, patterns_only=guarded.patterns_only, objection=objection)
