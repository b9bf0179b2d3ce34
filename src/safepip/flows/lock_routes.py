"""Whether a project still comes from where the lock before has it from.

Where no pattern decides, a lock remembers the index as the record of first uses does, also on a machine that has none:
a private index that forgets a name does not hand it to the public one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from safepip.core.finding import Finding
from safepip.core.url import Url, UrlError
from safepip.flows.remembering import UNDECIDED_BY_POLICY

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.index import Index
    from safepip.core.locking import Answer
    from safepip.core.plan import Step
    from safepip.lock.previous import Pin, Previous

Offered = Callable[["NormalizedName"], frozenset[str]]
"""The sha256 of everything that is offered of a project."""


def rerouted(
    previous: Previous, answers: Sequence[Answer], indexes: Sequence[Index], offered: Offered
) -> Iterator[Finding]:
    """Projects that would come from another index than they were locked from.

    Args:
        indexes: every index that is configured. One that is not among them any more may have moved: then
            it has the files that were locked.
    """
    configured = frozenset(_address(str(index.url.without_secrets)) for index in indexes)
    for pin in (*previous.pins, *previous.build_pins):
        step = _moved(pin, answers)
        if step is None or pin.index is None:
            continue
        gone = _address(pin.index) not in configured
        if not (gone and pin.digests & offered(pin.project)):
            yield _route_changed(step, pin.index)


def _moved(pin: Pin, answers: Iterable[Answer]) -> Step | None:
    """What is chosen of a locked project from another index, where nobody's pattern says so."""
    for answer in answers:
        for step in (step for choice in answer.choice.with_builds() for step in choice.plan.steps):
            route = step.route
            if step.project != pin.project or step.direct or pin.index is None:
                continue
            places = {_address(index.url.without_secrets) for index in route.indexes}
            if route.reason in UNDECIDED_BY_POLICY and _address(pin.index) not in places:
                return step
    return None


def _address(text: str) -> str:
    """A URL in one spelling; what is none stays as it is, and is nobody's."""
    try:
        return Url.parse(text).without_secrets.rstrip("/")
    except UrlError:
        return text


def _route_changed(step: Step, before: str) -> Finding:
    project, index = step.project, step.route.index
    return Finding(
        rule="route-changed",
        message=f"{project} was locked from {before}, and would now come from {index.label}",
        origin=index.place,
        subject=project,
        notes=(f"{step.name} {step.version} is what {index.label} has",),
        help=f'if it belongs to {index.label}, say so in safepip.toml: packages = ["{project}"] in its [[index]]; '
        f"or, once: --allow route-changed:{project} --reason WHY",
        decided_by="the lock that is there",
    )
