"""Asking the indexes, and remembering the outcome for each project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock

from packaging.utils import NormalizedName

from safepip.core.errors import ExitCode, Refused
from safepip.core.finding import Finding, Refuse
from safepip.core.index import Answer, FileEntry, Index, ProjectStatus, Serves, Unknown
from safepip.core.plan import Route
from safepip.core.ports import IndexClient
from safepip.core.value import value
from safepip.route.decide import UNDECIDED_RULE, Ask, NotFound, decide, was_skipped
from safepip.route.merge import merged_files


@value
class Routed:
    """A project's route with everything that may be chosen from.

    Attributes:
        files: what each index of the route lists, each file name once.
        notes: lines worth a person's attention: skipped indexes, an archived project.
    """

    route: Route
    files: tuple[tuple[Index, tuple[FileEntry, ...]], ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Question:
    """One project on its way: what has been answered, how many answers are still awaited."""

    project: NormalizedName
    answers: dict[str, Answer] = field(default_factory=dict)
    awaited: int = 0
    outcome: Future[Routed | NotFound | Refuse] = field(default_factory=Future)


def _none(_routed: Routed) -> None:
    """Nothing stands against any route."""


class Router:
    """Decides once for each project; asks no index that may not hear the name."""

    def __init__(
        self,
        indexes: Sequence[Index],
        client: IndexClient,
        *,
        patterns_only: bool = False,
        objection: Callable[[Routed], Finding | None] = _none,
    ) -> None:
        """Ask nothing yet.

        Args:
            patterns_only: see :func:`~safepip.route.decide.decide`.
            objection: what stands against a route that has been decided, for any thread.
        """
        self.indexes = tuple(indexes)
        self._patterns_only = patterns_only
        self._objection = objection
        self._client = client
        self._questions: dict[NormalizedName, _Question] = {}
        self._lock = Lock()

    def prefetch(self, project: NormalizedName) -> None:
        """Ask for the project now, to need the answer later. Never blocks, never raises."""
        self._question(project)

    def find(self, project: NormalizedName) -> Routed | NotFound:
        """The project's route; waits for the indexes.

        Raises:
            Refused: no route may be taken; exit 11 where an index gave no answer.
        """
        outcome = self._question(project).outcome.result()
        if isinstance(outcome, Refuse):
            raise refused([outcome])
        return outcome

    def refusals(self, projects: Sequence[NormalizedName]) -> list[Refuse]:
        """Which of these projects have no route for a reason; waits for the indexes."""
        outcomes = (self._question(project).outcome.result() for project in projects)
        return [outcome for outcome in outcomes if isinstance(outcome, Refuse)]

    def _question(self, project: NormalizedName) -> _Question:
        with self._lock:
            known = self._questions.get(project)
            if known is not None:
                return known
            question = self._questions[project] = _Question(project=project)
        self._advance(question)
        return question

    def _advance(self, question: _Question) -> None:
        """Go on with what has been answered. Runs on whichever thread brought the last answer."""
        try:
            step = decide(question.project, self.indexes, question.answers, patterns_only=self._patterns_only)
            if isinstance(step, Ask):
                self._ask(question, step.indexes)
            elif isinstance(step, Route):
                routed = _routed(step, self.indexes, question.answers)
                against = self._objection(routed)
                question.outcome.set_result(routed if against is None else Refuse(finding=against))
            else:
                question.outcome.set_result(step)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the outcome
            question.outcome.set_exception(error)

    def _ask(self, question: _Question, indexes: Sequence[Index]) -> None:
        question.awaited = len(indexes)
        for index in indexes:
            answer = self._client.listing(index, question.project)
            answer.add_done_callback(lambda done, index=index: self._answered(question, index, done))  # type: ignore[misc]  # mypy cannot type a default of a lambda

    def _answered(self, question: _Question, index: Index, answer: Future[Answer]) -> None:
        try:
            question.answers[index.name] = answer.result()
        except BaseException as error:  # noqa: BLE001 - a cancelled future, or a bug of the client
            if not question.outcome.done():
                question.outcome.set_exception(error)
            return
        with self._lock:
            question.awaited -= 1
            last = question.awaited == 0
        if last:
            self._advance(question)


def refused(refusals: Sequence[Refuse]) -> Refused:
    """The error for projects without a route: exit 11 where nothing worse than silence was met."""
    findings = [refusal.finding for refusal in refusals]
    undecided = all(finding.rule == UNDECIDED_RULE for finding in findings)
    return Refused(findings, exit_code=ExitCode.UNDECIDED if undecided else None)


def _routed(route: Route, indexes: Sequence[Index], answers: dict[str, Answer]) -> Routed:
    notes = [was_skipped(index) for index in indexes if isinstance(answers.get(index.name), Unknown)]
    served = [answer for index in route.indexes if isinstance(answer := answers[index.name], Serves)]
    notes += [note for answer in served for note in _status_notes(answer)]
    return Routed(route=route, files=merged_files(route, answers), notes=tuple(notes))


def _status_notes(answer: Serves) -> list[str]:
    listing = answer.listing
    notes = list(listing.notes)
    if listing.status in {ProjectStatus.ARCHIVED, ProjectStatus.DEPRECATED}:
        reason = f": {listing.status_reason}" if listing.status_reason else ""
        notes.append(f"{listing.project} is {listing.status.value} on {listing.index}{reason}")
    return notes
