"""Where a name may come from: one index, chosen by policy or because only one serves it.

Decided before anything of a project is chosen, for direct and transitive requirements alike.
"Highest version anywhere" never decides.
"""

from safepip.route.decide import Ask, NotFound, Outcome, decide
from safepip.route.router import Routed, Router

__all__ = ["Ask", "NotFound", "Outcome", "Routed", "Router", "decide"]
