"""One environment's part of a lock: a plan for it, and every file that would do there.

The environments of one lock share a router and a client, which remember what they were told: each index is asked
for each project once, and each wheel for its metadata once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from safepip.core.errors import Refused, ResolutionError
from safepip.core.value import value
from safepip.resolve.acceptable import AcceptableFiles, acceptable_files

if TYPE_CHECKING:
    from safepip.core.finding import Finding
    from safepip.core.locking import LockTarget
    from safepip.core.plan import Plan
    from safepip.resolve.request import ResolveRequest
    from safepip.resolve.resolver import Means


@value
class Locked:
    """What one environment needs.

    Attributes:
        files: what would do for each step of the plan that is not direct.
    """

    plan: Plan
    files: AcceptableFiles


def resolve_for_lock(request: ResolveRequest, target: LockTarget, **means: Unpack[Means]) -> Locked:
    """Resolve for an environment that need not be here. Nothing of it is run.

    Args:
        request: what is installed does not count, whatever its options say.
        means: as :func:`~safepip.resolve.resolver.resolve_whole` takes them; the router is the same for every
            environment of the lock.

    Raises:
        As :func:`~safepip.resolve.resolver.resolve` does; refusals and conflicts name the environment.
    """
    from safepip.resolve.resolver import resolve_whole

    options = replace(request.options, ignore_installed=True)
    asked = replace(request, options=options, lock_for=target.name)
    with _naming(target):
        found = resolve_whole(asked, environment=target.environment, **means)
        files = acceptable_files(found.plan, found.finder, found.admission)
    notes = (*found.plan.notes, *_built_here(found.plan, target), *files.notes)
    return Locked(plan=replace(found.plan, notes=notes), files=files)


def _built_here(plan: Plan, target: LockTarget) -> Iterator[str]:
    """Projects whose metadata only a build could tell, and whose build here is not the build there."""
    for step in plan.steps:
        if step.metadata.source == "build" and not target.environment.python:
            yield (
                f"{step.name} {step.version}: its metadata for {target.name} was taken from a build on this machine"
            )


@contextmanager
def _naming(target: LockTarget) -> Iterator[None]:
    """What stands against an answer says for which environment."""
    note = f"in the environment {target.name}"
    try:
        yield
    except Refused as error:
        # Not into the error itself: the client keeps it, and raises it for the next environment again.
        findings = [_with_note(finding, note) for finding in error.findings]
        raise Refused(findings, exit_code=error.exit_code) from None
    except ResolutionError as error:
        # What a build needs is resolved inside the resolution that needs the build, and has said it already.
        error.notes = tuple(dict.fromkeys((*error.notes, note)))
        raise


def _with_note(finding: Finding, note: str) -> Finding:
    return replace(finding, notes=tuple(dict.fromkeys((*finding.notes, note))))
