"""``safepip explain PROJECT``: which index it would come from, why, and what policy would refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from safepip.core.digest import AcceptableDigests
from safepip.core.errors import ExitCode, Refused, SafepipError
from safepip.core.explained import FileVerdict, IndexAnswer, ProjectPage
from safepip.core.finding import Finding, Refuse
from safepip.core.index import Serves, Unknown
from safepip.core.plan import Route, RouteReason
from safepip.flows.explain_settings import InForce
from safepip.flows.remembering import Memory, in_words
from safepip.flows.settings import resolve_options
from safepip.pipcompat.requirement import parse_requirement
from safepip.resolve.admit import Admission
from safepip.resolve.finder import Finder
from safepip.resolve.target import Target as ResolveTarget
from safepip.route import Ask, NotFound, Routed, Router, decide
from safepip.route.ambiguous import what_each_has
from safepip.route.decide import UNDECIDED_RULE, may_skip
from safepip.rules.engine import apply_policy, judge

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.index import Answer, Index
    from safepip.core.ports import Environment, IndexClient
    from safepip.flows.explain_words import ProjectWord
    from safepip.flows.world import World
    from safepip.resolve.offers import Offer
    from safepip.route import Outcome

REMOTE_REFUSED = "nothing is asked while a setting is refused"


class ProjectExplainer:
    """One project under everything that is in force.

    Args:
        asks: whether remote indexes may be asked; local folders always are.
    """

    def __init__(self, word: ProjectWord, known: InForce, environment: Environment, *, asks: bool) -> None:
        self.word = word
        self.project: NormalizedName = canonicalize_name(word.requirement.name)
        self.known = known
        self.environment = environment
        self.asks = asks
        self.answers: dict[str, Answer] = {}

    def page(self, client: IndexClient, world: World) -> ProjectPage:
        """Ask whom a guarded command would ask, no one else, and say what came out."""
        outcome = self._route(client, world)
        page = ProjectPage(
            project=self.project,
            asked_for=self.word.said.value,
            outcome=_word_for(outcome),
            comes_from=self._index_of(outcome),
            because=self._because(outcome),
            indexes=tuple(self._index_answers(outcome)),
            installed=self._installed(),
            settle=(outcome.finding.help or "") if isinstance(outcome, Refuse) else "",
            notes=tuple(self._notes(world)),
            offline=not self.asks,
            findings=self._about_requirement(world),
        )
        return self._with_files(page, client, world) if isinstance(outcome, Route) else page

    @property
    def exit_code(self) -> int:
        """11 where an index gave no answer that could be relied on."""
        silent = (
            a for name, a in self.answers.items() if isinstance(a, Unknown) and not self._skips(name, a)
        )
        return ExitCode.UNDECIDED if any(silent) else ExitCode.OK

    def _skips(self, name: str, answer: Unknown) -> bool:
        return any(may_skip(index, answer) for index in self.known.indexes if index.name == name)

    def _decide(self) -> Outcome:
        return decide(self.project, self.known.indexes, self.answers, patterns_only=self.known.patterns_only)

    def _route(self, client: IndexClient, world: World) -> Outcome:
        while isinstance(step := self._decide(), Ask):
            asked = [index for index in step.indexes if self.asks or index.kind.local]
            if not asked:
                return step
            remote = [index.label for index in asked if not index.kind.local]
            if remote:
                world.show.noted([f"asking {_joined(remote)} for {self.project}"])
            futures = {index.name: client.listing(index, self.project) for index in asked}
            self.answers |= {name: future.result() for name, future in futures.items()}
            if len(asked) < len(step.indexes):
                return self._decide()
        return step

    def _index_of(self, outcome: Outcome) -> str:
        if isinstance(outcome, Route):
            return _joined([index.label for index in outcome.indexes])
        if isinstance(outcome, Ask) and len(outcome.indexes) == 1:
            return outcome.indexes[0].label
        return ""

    def _because(self, outcome: Outcome) -> str:
        if isinstance(outcome, Route):
            return self._why(outcome)
        if isinstance(outcome, NotFound):
            return outcome.note
        if isinstance(outcome, Refuse):
            return f"{outcome.finding.message} ({outcome.finding.rule})"
        asked = tuple(index for index in outcome.indexes if not index.kind.local)
        pattern = self._pattern(asked[0]) if len(asked) == 1 else ""
        if pattern:
            return f"the pattern {pattern!r} gives it to this index and to no other"
        if len(asked) == 1:
            return "it is the only index that would be asked"
        return f"{_joined([i.label for i in asked])} would be asked, and one that alone serves it counts"

    def _why(self, route: Route) -> str:
        if route.reason is RouteReason.PATTERN:
            origin = route.index.origin
            return f"the pattern {route.pattern!r} gives it to this index and to no other ({origin})"
        return str(route.reason.value)

    def _pattern(self, index: Index) -> str:
        matching = [pattern for pattern in index.patterns if pattern.matches(self.project)]
        return str(max(matching, key=lambda pattern: pattern.specificity)) if matching else ""

    def _index_answers(self, outcome: Outcome) -> Iterator[IndexAnswer]:
        """Every index that exists, in order: what it has, or why it was not asked."""
        served = [(i, a) for i in self.known.indexes if isinstance(a := self.answers.get(i.name), Serves)]
        rows = {index.name: row for (index, _), row in zip(served, what_each_has(served), strict=True)}
        waiting = {index.name for index in outcome.indexes} if isinstance(outcome, Ask) else set()
        for index in self.known.indexes:
            answer, row = self.answers.get(index.name), rows.get(index.name)
            made = partial(IndexAnswer, index=index.label, url=index.url.without_secrets)
            if isinstance(answer, Serves) and row is not None:
                yield made(
                    answer="serves",
                    newest=row.newest,
                    uploaded=row.uploaded,
                    files=int(row.files),
                    identical=int(row.identical),
                    claims=tuple(_claims(answer)),
                    status=answer.listing.status.value,
                )
            elif isinstance(answer, Unknown):
                yield made(answer="no answer", why=answer.finding.message)
            elif answer is not None:
                yield made(answer="absent")
            else:
                yield made(answer="not asked", why=self._why_not(outcome, waits=index.name in waiting))

    def _why_not(self, outcome: Outcome, *, waits: bool) -> str:
        if waits:
            return "it would be"
        if isinstance(outcome, Route) and outcome.reason is RouteReason.LOCAL_FOLDER:
            return "a local folder has it, so the name is not sent"
        return "a pattern gives the name to another index, so it is not sent" if self._routed else ""

    @property
    def _routed(self) -> bool:
        """Whether a pattern of any index decides."""
        return any(self._pattern(index) for index in self.known.indexes)

    def _installed(self) -> str | None:
        found = self.environment.installed.get(self.project)
        return None if found is None else found.version_text

    def _notes(self, world: World) -> Iterator[str]:
        if self.word.near:
            yield f"no rule or setting has this name; there is {_joined(self.word.near)}"
        yield from in_words(world.first_uses(self.known.policy.record.value).known(self.project))
        for index in self.known.indexes:
            answer = self.answers.get(index.name)
            if isinstance(answer, Serves):
                yield from answer.listing.notes

    def _about_requirement(self, world: World) -> tuple[Finding, ...]:
        """What rules would say of the requirement, typed for ``install`` as it was typed here."""
        said = self.word.said
        around = world.around
        line = parse_requirement(said.value, said.origin, exists=lambda _: False, is_dir=around.is_dir)
        return judge((line,), self.known.context)

    def _with_files(self, page: ProjectPage, client: IndexClient, world: World) -> ProjectPage:
        judging = _Judging(self, client, world)
        try:
            chosen, refused = judging.verdicts()
            notes = (*page.notes, *judging.notes())
        except Refused as error:
            told = "; ".join(f"{finding.message} ({finding.rule})" for finding in error.findings)
            return replace(page, outcome="refused", comes_from="", because=told)
        except SafepipError as error:
            return replace(page, notes=(*page.notes, error.message))
        return replace(page, chosen=chosen, refused=refused, notes=tuple(dict.fromkeys(notes)))


class _Judging:
    """The files of the route, as policy sees them."""

    def __init__(self, asked: ProjectExplainer, client: IndexClient, world: World) -> None:
        known = asked.known
        self._asked = asked
        self._context = known.context
        self._memory = Memory(
            world.first_uses(known.policy.record.value), known.context, world.sink, world.measure
        )
        options = resolve_options(known.settings, asked.environment)
        router = Router(
            known.indexes, client, patterns_only=known.patterns_only, objection=self._memory.objection
        )
        self._finder = Finder(router, ResolveTarget(asked.environment, options), options)
        self._admission = Admission(known.policy, known.context.now, self._judge)

    def _judge(self, finding: Finding, version: object) -> Finding | None:
        del version
        return apply_policy(finding, self._context)

    def verdicts(self) -> tuple[FileVerdict | None, tuple[FileVerdict, ...]]:
        """The best file that policy admits, and what it refuses, best first.

        A source beside a wheel of its version is nobody's choice, and left out.
        """
        chosen: FileVerdict | None = None
        refused: list[FileVerdict] = []
        none = AcceptableDigests()
        offers = self._finder.applicable(self._asked.project, self._asked.word.requirement.specifier, none)
        as_wheels = {offer.version for offer in offers if offer.wheel}
        for offer in offers:
            against = self._against(offer, none)
            if against is None:
                chosen = chosen or _verdict(offer, None)
            elif offer.wheel or offer.version not in as_wheels:
                refused.append(_verdict(offer, against, preferred=chosen is None))
        return chosen, tuple(refused)

    def notes(self) -> tuple[str, ...]:
        """What the route says about itself: an index that was skipped, an archived project."""
        routed = self._finder.routed(self._asked.project)
        return routed.notes if isinstance(routed, Routed) else ()

    def _against(self, offer: Offer, acceptable: AcceptableDigests) -> Finding | None:
        verdict = self._admission.admit(self._asked.project, offer, acceptable)
        if isinstance(verdict, Refuse):
            return verdict.finding
        try:
            beside = self._admission.beside(self._asked.project, offer)
            self._memory.check(self._asked.project, offer.version, offer.index, offer.file, beside)
        except Refused as error:
            return error.findings[0]
        return None


def _word_for(outcome: Outcome) -> str:
    if isinstance(outcome, Refuse):
        return "undecided" if outcome.finding.rule == UNDECIDED_RULE else "refused"
    words = {Route: "settled", NotFound: "not found", Ask: "not asked"}
    return words[type(outcome)]


def _verdict(offer: Offer, finding: Finding | None, *, preferred: bool = True) -> FileVerdict:
    return FileVerdict(
        version=str(offer.version),
        filename=offer.file.filename,
        index=offer.index.label,
        rule=finding.rule if finding else "",
        reason=finding.message if finding else "",
        decided_by=finding.decided_by if finding else "",
        preferred=preferred,
    )


def _claims(answer: Serves) -> Iterator[str]:
    """What the page says of other places. Shown, never believed (PEP 708, 752)."""
    said: Mapping[str, tuple[str, ...]] = {
        "tracks": answer.listing.tracks,
        "also at": answer.listing.alternate_locations,
        "namespaces": answer.listing.namespaces,
    }
    return (f"{what} {', '.join(places)}" for what, places in said.items() if places)


def _joined(names: tuple[str, ...] | list[str]) -> str:
    return " and ".join(names)
