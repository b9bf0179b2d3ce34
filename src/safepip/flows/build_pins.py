"""What the sources of a plan need to be built, pinned: for locks.

What a source needs is known in two steps. ``pyproject.toml`` says a part of it, and is only read. The
rest says its backend (``get_requires_for_build_wheel``, PEP 517), which runs only where policy has
admitted the source, in a room of verified wheels, and never for another environment than this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from safepip.core.locking import Choice
from safepip.core.plan import Plan

if TYPE_CHECKING:
    from safepip.core.ports import Environment
    from safepip.flows.build import Builds
    from safepip.flows.guarded import Guarded

Choose = Callable[["Guarded", "Environment", "Builds"], Choice]
"""Resolves the roots for an environment, and lists the files that would do; the choice has no builds."""


def pinned_builds(
    plan: Plan, environment: Environment, builds: Builds, choose: Choose, *, runs: bool
) -> Mapping[NormalizedName, Choice]:
    """For each source of a plan what a build of it needs, and what builds of that need.

    Args:
        environment: that the plan is for.
        builds: what the plan was made with.
        runs: whether backends may be asked: where the plan is for the environment that they run in. If
            not, what they have said in an earlier call counts, else only what ``pyproject.toml`` says.

    Returns:
        An entry for each source that has a room of its own, also where it needs nothing.

    Raises:
        BuildError: a source is no project, its backend failed, or it needs itself.
        Refused, Undecided and the others: what a build needs cannot be had.
    """
    bare = replace(environment, installed={})
    found: dict[NormalizedName, Choice] = {}
    for step in plan.steps:
        needed = builds.needs(step, runs=runs)
        if needed is None:
            continue
        if not needed.guarded.roots:
            found[step.project] = Choice(plan=Plan(steps=()), files={})
            continue
        choice = choose(needed.guarded, bare, needed.builds)
        nested = pinned_builds(choice.plan, bare, needed.builds, choose, runs=runs)
        found[step.project] = replace(choice, builds=nested)
    return found
