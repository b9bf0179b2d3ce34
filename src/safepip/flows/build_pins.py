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

from safepip.core.errors import Refused, ResolutionError
from safepip.core.locking import Choice
from safepip.core.plan import Plan

if TYPE_CHECKING:
    from safepip.core.plan import Step
    from safepip.core.ports import Environment
    from safepip.flows.build import Builds
    from safepip.flows.guarded import Guarded
    from safepip.flows.opening import Needed

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
            not, what they have said in an earlier call counts as far as it can be had there, else only what
            ``pyproject.toml`` says.

    Returns:
        An entry for each source that has a room of its own, also where it needs nothing.

    Raises:
        BuildError: a source is no project, its backend failed, or it needs itself.
        Refused, Undecided and the others: what a build needs cannot be had.
    """
    bare = replace(environment, installed={})

    def pinned(needed: Needed) -> Choice:
        if not needed.guarded.roots:
            return Choice(plan=Plan(steps=()), files={})
        choice = choose(needed.guarded, bare, needed.builds)
        nested = pinned_builds(choice.plan, bare, needed.builds, choose, runs=runs)
        return replace(choice, builds=nested)

    asked = ((step, builds.needs(step, runs=runs)) for step in plan.steps)
    return {step.project: _had(step, needed, builds, pinned) for step, needed in asked if needed is not None}


def _had(step: Step, needed: Needed, builds: Builds, pinned: Callable[[Needed], Choice]) -> Choice:
    """Everything that is needed, or what ``pyproject.toml`` says where the rest may be meant for here only."""
    try:
        return pinned(needed)
    except (Refused, ResolutionError) as error:
        # What a backend asks for here may be nothing that there is elsewhere, nor what is needed there.
        if needed.declared is None or not _is_not_there(error):
            raise
        builds.note(_not_locked(step, error))
        return pinned(needed.declared)


def _is_not_there(error: Refused | ResolutionError) -> bool:
    """Whether there is no wheel for the environment, and nothing worse."""
    return isinstance(error, ResolutionError) or all(one.rule == "sdist-build" for one in error.findings)


def _not_locked(step: Step, error: Refused | ResolutionError) -> str:
    because = error.findings[0].message if isinstance(error, Refused) else error.message
    return (
        f"what the backend of {step.name} {step.version} asks for here, besides what its pyproject.toml says, "
        f"is not locked for another environment: {because.partition(chr(10))[0]}"
    )
