"""What each environment of a lock needs: resolved, listed and measured, nothing of it installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.digest import Digests
from safepip.core.events import Event, Found, StageBegan
from safepip.core.locking import Answer, Choice, LockTarget
from safepip.flows.build_pins import pinned_builds
from safepip.flows.judging import judge_each, judge_plan, stop_if_denied
from safepip.flows.lock_failures import Failure, collected, stop_if_failed
from safepip.flows.lock_keeping import KeepingRouter
from safepip.flows.lock_routes import rerouted
from safepip.flows.planning import memory_of, with_digests
from safepip.flows.policies import telling_what_was_set_aside
from safepip.flows.recorded import recorded
from safepip.flows.routing import router_of
from safepip.flows.settings import resolve_options
from safepip.resolve.locking import resolve_for_lock
from safepip.resolve.request import ResolveRequest
from safepip.route import Routed

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.index import FileEntry
    from safepip.core.plan import Plan, Step
    from safepip.core.ports import Environment
    from safepip.flows.build import Builds
    from safepip.flows.guarded import Guarded
    from safepip.flows.lock_inputs import Asked
    from safepip.flows.lock_keeping import Kept, Versions
    from safepip.flows.world import Connection, World
    from safepip.resolve.acceptable import Acceptable, AcceptableFiles
    from safepip.resolve.request import FormatControl
    from safepip.route import Router


class Answers:
    """Answers for one environment after the other, over one connection.

    Args:
        guarded: of the command: its policy, and its indexes.
        kept: what stays of the lock before; None: there was none.
    """

    def __init__(self, guarded: Guarded, connection: Connection, world: World, kept: Kept | None) -> None:
        self._guarded = guarded
        self._connection = connection
        self._world = world
        self._kept = kept
        self._memory = memory_of(guarded, world)
        self._client = recorded(connection.client, guarded.indexes, self._memory)
        self._router: Router | None = None
        self._told: set[object] = set()

    def everything(self, asked: Sequence[Asked], builds: Builds) -> tuple[Answer, ...]:
        """An answer for each environment, in their order.

        Raises:
            Refused, ResolutionError: of every environment that has none.
            Undecided, VerificationError, BuildError: of the first.
        """
        self._world.sink(StageBegan(stage="resolving"))
        found: dict[str, Answer] = {}
        failed: list[Failure] = []
        # What the sources of this very environment say of themselves, the others are told.
        for one in sorted(asked, key=lambda one: not one.here):
            with collected(failed, one.target, named=True):
                found[one.target.name] = Answer(target=one.target, choice=self._whole(one, builds))
        stop_if_failed(failed)
        answers = tuple(found[one.target.name] for one in asked)
        return answers if self._kept is None else self._held_against(self._kept, answers)

    def _held_against(self, kept: Kept, answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
        """The answers, as they fit to the lock before. Raises Refused for other bytes, and for other indexes."""
        measured = _measured_in(answers)

        def offered(project: NormalizedName) -> frozenset[str]:
            return self._published(project) | measured.get(project, set())

        changed = [
            *kept.republished(answers, offered),
            *rerouted(kept.previous, answers, self._guarded.indexes, offered),
        ]
        stop_if_denied(judge_each(changed, self._guarded.context), self._world)
        return kept.as_before(answers)

    def _published(self, project: NormalizedName) -> frozenset[str]:
        """The sha256 of everything that is listed of a project that has been asked for, as far as pages say it."""
        routed = self._router.find(project) if self._router is not None else None
        files = [file for _, listed in routed.files for file in listed] if isinstance(routed, Routed) else []
        return frozenset(file.digests.sha256 for file in files if file.digests.sha256 is not None)

    def _whole(self, asked: Asked, builds: Builds) -> Choice:
        def choose(guarded: Guarded, environment: Environment, builds: Builds) -> Choice:
            return self._choice(guarded, replace(asked.target, environment=environment), builds)

        choice = self._choice(asked.guarded, asked.target, builds)
        needed = pinned_builds(choice.plan, asked.target.environment, builds, choose, runs=asked.here)
        return replace(choice, builds=needed)

    def _choice(self, guarded: Guarded, target: LockTarget, builds: Builds) -> Choice:
        request = ResolveRequest(
            roots=guarded.roots,
            constraints=guarded.constraints,
            options=resolve_options(guarded.settings, target.environment),
            direct_trust=guarded.trust,
            preferred=self._preferred(guarded),
            sources=builds,
        )
        router = self._routes(guarded, target)
        with telling_what_was_set_aside(guarded.policy):
            locked = resolve_for_lock(
                request,
                target,
                router=router,
                client=self._client,
                policy=guarded.policy,
                now=guarded.context.now,
                sink=self._tell_once,
                context=guarded.context,
                first_use=self._memory.check,
            )
        judge_plan(
            self._with_news(locked.plan, router, guarded.settings.format_control), guarded, self._world
        )
        files = self._measured(locked.files, locked.plan)
        plan = with_digests(_with_files(locked.plan, files), guarded, self._connection, self._world)
        return Choice(plan=plan, files=files)

    def _preferred(self, guarded: Guarded) -> Versions:
        if self._kept is None:
            return MappingProxyType({})
        return self._kept.build_versions if guarded.of_build else self._kept.versions

    def _routes(self, guarded: Guarded, target: LockTarget) -> Router:
        """One router for all environments, but where a lock among the requirements says what it is for each."""
        if self._router is None or guarded.locked:
            router = router_of(guarded, self._client, self._memory.objection)
            self._router = self._router if guarded.locked else router
        else:
            router = self._router
        return router if self._kept is None else KeepingRouter(router, self._kept, target)

    def _measured(self, files: AcceptableFiles, plan: Plan) -> Mapping[NormalizedName, tuple[FileEntry, ...]]:
        """The files with a digest each: those that no page gives one for are read for it."""
        read = {one.file.url: self._measure(one) for one in files.unmeasured}
        by_project = files.by_project({url: sha256 for url, (sha256, _) in read.items()})
        found = {
            project: tuple(
                replace(file, size=read[file.url][1]) if file.url in read else file for file in several
            )
            for project, several in by_project.items()
        }
        self._check_measured(files, plan, found)
        return found

    def _check_measured(
        self, files: AcceptableFiles, plan: Plan, found: Mapping[NormalizedName, tuple[FileEntry, ...]]
    ) -> None:
        """Raise Refused where what was read is not what was read at its first use."""
        versions = {step.project: step.version for step in plan.steps}
        for one in files.unmeasured:
            if not one.index.kind.local:
                file = next(file for file in found[one.project] if file.url == one.file.url)
                self._memory.check(one.project, versions[one.project], one.index, file)

    def _measure(self, one: Acceptable) -> tuple[str, int]:
        path = self._connection.store.have(one.file, one.index, one.hashes)
        return self._world.measure(path, Digests())

    def _with_news(self, plan: Plan, router: Router, formats: FormatControl) -> Plan:
        """The plan with those notes only that no other environment's had."""
        added = router.news(plan, formats) if isinstance(router, KeepingRouter) else ()
        notes = tuple(note for note in (*plan.notes, *added) if note not in self._told)
        self._told.update(notes)
        return replace(plan, notes=notes)

    def _tell_once(self, event: Event) -> None:
        if isinstance(event, Found):
            if event.finding in self._told:
                return
            self._told.add(event.finding)
        self._world.sink(event)


def _measured_in(answers: Sequence[Answer]) -> Mapping[NormalizedName, set[str]]:
    """The sha256 of every file that would do, also of those that had to be read for it."""
    found: dict[NormalizedName, set[str]] = {}
    choices = (choice for answer in answers for choice in answer.choice.with_builds())
    for project, files in (listed for choice in choices for listed in choice.files.items()):
        digests = {file.digests.sha256 for file in files if file.digests.sha256 is not None}
        found.setdefault(project, set()).update(digests)
    return found


def _with_files(plan: Plan, files: Mapping[NormalizedName, tuple[FileEntry, ...]]) -> Plan:
    """The plan with the digests that were measured."""
    return replace(plan, steps=tuple(_with_file(step, files) for step in plan.steps))


def _with_file(step: Step, files: Mapping[NormalizedName, tuple[FileEntry, ...]]) -> Step:
    return replace(step, file=files[step.project][0]) if step.project in files else step
