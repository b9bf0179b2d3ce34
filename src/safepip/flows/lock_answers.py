"""What each environment of a lock needs: resolved, listed and measured, nothing of it installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.digest import Digests
from safepip.core.errors import ExitCode, Refused, ResolutionError
from safepip.core.events import Event, Found, StageBegan
from safepip.core.locking import Answer, Choice, LockTarget
from safepip.flows.build_pins import pinned_builds
from safepip.flows.judging import judge_plan
from safepip.flows.lock_keeping import KeepingRouter
from safepip.flows.planning import memory_of, with_digests
from safepip.flows.policies import telling_what_was_set_aside
from safepip.flows.routing import router_of
from safepip.flows.settings import resolve_options
from safepip.resolve.locking import resolve_for_lock
from safepip.resolve.request import ResolveRequest

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.finding import Finding
    from safepip.core.index import FileEntry
    from safepip.core.plan import Plan, Step
    from safepip.core.ports import Environment
    from safepip.flows.build import Builds
    from safepip.flows.guarded import Guarded
    from safepip.flows.lock_inputs import Asked
    from safepip.flows.lock_keeping import Kept, Versions
    from safepip.flows.remembering import Memory
    from safepip.flows.world import Connection, World
    from safepip.resolve.acceptable import Acceptable, AcceptableFiles
    from safepip.route import Router

IN_ENVIRONMENT = "in the environment "
"""How the note begins that :func:`~safepip.resolve.locking.resolve_for_lock` adds to what it finds."""


@dataclass(slots=True, kw_only=True)
class Answers:
    """Answers for one environment after the other, over one connection.

    Attributes:
        kept: what stays of the lock before; None: there was none.
    """

    connection: Connection
    world: World
    kept: Kept | None
    _router: Router | None = None
    _told: set[object] = field(default_factory=set)

    def everything(self, asked: Sequence[Asked], builds: Builds) -> tuple[Answer, ...]:
        """An answer for each environment, in their order.

        Raises:
            Refused, ResolutionError: of every environment that has none.
            Undecided, VerificationError, BuildError: of the first.
        """
        self.world.sink(StageBegan(stage="resolving"))
        found: dict[str, Answer] = {}
        failed: list[Refused | ResolutionError] = []
        # What the sources of this very environment say of themselves, the others are told.
        for one in sorted(asked, key=lambda one: not one.here):
            try:
                choice = self._whole(one, builds)
            except (Refused, ResolutionError) as error:
                failed.append(error)
                continue
            found[one.target.name] = Answer(target=one.target, choice=choice)
        if failed:
            raise _together(failed)
        return tuple(found[one.target.name] for one in asked)

    def _whole(self, asked: Asked, builds: Builds) -> Choice:
        def choose(guarded: Guarded, environment: Environment, builds: Builds) -> Choice:
            return self._choice(guarded, replace(asked.target, environment=environment), builds)

        choice = self._choice(asked.guarded, asked.target, builds)
        needed = pinned_builds(choice.plan, asked.target.environment, builds, choose, runs=asked.here)
        return replace(choice, builds=needed)

    def _choice(self, guarded: Guarded, target: LockTarget, builds: Builds) -> Choice:
        memory = memory_of(guarded, self.world)
        request = ResolveRequest(
            roots=guarded.roots,
            constraints=guarded.constraints,
            options=resolve_options(guarded.settings, target.environment),
            direct_trust=guarded.trust,
            preferred=self._preferred(guarded),
            sources=builds,
        )
        with telling_what_was_set_aside(guarded.policy):
            locked = resolve_for_lock(
                request,
                target,
                router=self._routes(guarded, target, memory),
                client=self.connection.client,
                policy=guarded.policy,
                now=guarded.context.now,
                sink=self._tell_once,
                context=guarded.context,
                first_use=memory.check,
            )
        judge_plan(self._with_news(locked.plan), guarded, self.world)
        files = self._measured(locked.files, locked.plan, memory)
        plan = with_digests(_with_files(locked.plan, files), guarded, self.connection, self.world)
        return Choice(plan=plan, files=files)

    def _preferred(self, guarded: Guarded) -> Versions:
        if self.kept is None:
            return MappingProxyType({})
        return self.kept.build_versions if guarded.of_build else self.kept.versions

    def _routes(self, guarded: Guarded, target: LockTarget, memory: Memory) -> Router:
        """One router for all environments, but where a lock among the requirements says what it is for each."""
        if self._router is None or guarded.locked:
            router = router_of(guarded, self.connection.client, memory.objection)
            self._router = self._router if guarded.locked else router
        else:
            router = self._router
        return router if self.kept is None else KeepingRouter(router, self.kept, target)

    def _measured(
        self, files: AcceptableFiles, plan: Plan, memory: Memory
    ) -> Mapping[NormalizedName, tuple[FileEntry, ...]]:
        """The files with a digest each: those that no page gives one for are read for it."""
        measured = {one.file.url: self._measure(one) for one in files.unmeasured}
        by_project = files.by_project(measured)
        versions = {step.project: step.version for step in plan.steps}
        for one in files.unmeasured:
            if not one.index.kind.local:
                entry = next(f for f in by_project[one.project] if f.url == one.file.url)
                memory.check(one.project, versions[one.project], one.index, entry)
        return by_project

    def _measure(self, one: Acceptable) -> str:
        path = self.connection.store.have(one.file, one.index, one.hashes)
        return self.world.measure(path, Digests())[0]

    def _with_news(self, plan: Plan) -> Plan:
        """The plan with those notes only that no other environment's had."""
        notes = tuple(note for note in plan.notes if note not in self._told)
        self._told.update(notes)
        return replace(plan, notes=notes)

    def _tell_once(self, event: Event) -> None:
        if isinstance(event, Found):
            if event.finding in self._told:
                return
            self._told.add(event.finding)
        self.world.sink(event)


def _with_files(plan: Plan, files: Mapping[NormalizedName, tuple[FileEntry, ...]]) -> Plan:
    """The plan with the digests that were measured."""
    return replace(plan, steps=tuple(_with_file(step, files) for step in plan.steps))


def _with_file(step: Step, files: Mapping[NormalizedName, tuple[FileEntry, ...]]) -> Step:
    return replace(step, file=files[step.project][0]) if step.project in files else step


def _together(failed: Sequence[Refused | ResolutionError]) -> Refused | ResolutionError:
    """Everything that speaks against the lock; what speaks against several environments is said once."""
    refused = [error for error in failed if isinstance(error, Refused)]
    if not refused:
        first = failed[0]
        for other in failed[1:]:
            first.notes = (*first.notes, *(f"{other.message}", *other.notes))
        return first
    codes = {error.exit_code for error in refused}
    code = ExitCode.REFUSED if len(codes) > 1 else codes.pop()
    return Refused(_merged([f for error in refused for f in error.findings]), exit_code=code)


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """Equal findings as one, which names every environment."""
    found: dict[Finding, list[str]] = {}
    for finding in findings:
        where = [note for note in finding.notes if note.startswith(IN_ENVIRONMENT)]
        others = tuple(note for note in finding.notes if note not in where)
        found.setdefault(replace(finding, notes=others), []).extend(where)
    return [
        replace(finding, notes=(*finding.notes, *dict.fromkeys(where))) for finding, where in found.items()
    ]
