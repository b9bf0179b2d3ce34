"""Building under policy: sources become wheels, which then are inspected and applied as any other.

Nothing of a source runs before policy has admitted it: the rules about paths and URLs have spoken
when :meth:`Builds.direct` is called, the admission of listed files when :meth:`Builds.listed` is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safepip.core.build import BuiltWheel, Described, Job, Source
from safepip.core.errors import BuildError, Refused
from safepip.core.finding import Level
from safepip.core.index import WheelMetadata
from safepip.core.plan import Plan, Step
from safepip.core.subjects import RequirementKind
from safepip.flows.built_wheels import KeptBuilds, identity_of
from safepip.flows.direct_sources import of_archive, of_directory
from safepip.flows.judging import judge_job, must_be_hashed, with_way_out
from safepip.flows.locked_builds import pins_for
from safepip.flows.opening import Needed, Opening, Project
from safepip.flows.repositories import Checkouts

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.finding import Finding
    from safepip.core.index import Index
    from safepip.core.subjects import RequirementLine
    from safepip.core.url import Url
    from safepip.core.workshop import Workshop
    from safepip.flows.build_room import Preparation
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import Connection, World


class Builds:
    """Implements :class:`safepip.core.workshop.Sources` for one plan, and makes the wheels of it.

    Args:
        open_shop: called when something is built, not before: most plans have nothing to build.
        editables: whether ``-e`` makes a wheel that leads to the folder; else an ordinary one, as with
            pip's ``wheel`` and ``download``.
        inside: URLs of the sources that wait for this plan; empty for the user's own command.
        kept: what earlier runs built; None: what the cache in force has.
    """

    def __init__(
        self,
        guarded: Guarded,
        connection: Connection,
        world: World,
        open_shop: Callable[[], Workshop],
        *,
        editables: bool = True,
        inside: tuple[str, ...] = (),
        kept: KeptBuilds | None = None,
    ) -> None:
        self._guarded = guarded
        self._connection = connection
        self._world = world
        self._open_shop = open_shop
        self._editables = editables
        self._inside = inside
        self._kept = kept or KeptBuilds(guarded, connection, world, lambda: self._shop)
        self._jobs: dict[Source, Job] = {}
        self._openings: dict[Source, Opening] = {}

    @cached_property
    def _shop(self) -> Workshop:
        return self._open_shop()

    @cached_property
    def _preparation(self) -> Preparation:
        from safepip.flows.build_room import Preparation

        return Preparation(
            self._guarded,
            self._connection,
            self._world,
            lambda: self._shop,
            self._nested,
            kept=self._kept,
            inside=self._inside,
        )

    def close(self) -> None:
        """Leave the workshop, if it was ever opened. For the user's own command only."""
        self._kept.close()
        if "_shop" in self.__dict__:
            self._shop.close()

    def direct(self, line: RequirementLine, url: Url, index: Index) -> Described:
        """See the port."""
        if line.kind is RequirementKind.VCS:
            source, tree, file = self._checkouts.bring(line, index)
        elif url.scheme == "file" and self._shop.is_directory(url.local_path):
            source, tree, file = of_directory(line, url, self._world, editables=self._editables)
        else:
            source, tree, file = of_archive(
                line, url, index, shop=self._shop, connection=self._connection, world=self._world
            )
        name = line.requirement.name if line.requirement is not None else source.url
        opening = self._opened_as(
            source,
            name=name,
            tree=tree,
            # The user's own code is as if it had been typed, also in a requirement file.
            from_file=line.from_file and (line.locked is not None or not line.is_own_code),
            origin=line.origin,
            identity=identity_of(source, file.filename),
            pins=None if line.locked is None else line.locked.builds,
        )
        project = self._preparation.open(opening)
        return Described(source=source, file=file, metadata=project.metadata)

    def listed(self, job: Job) -> WheelMetadata:
        """See the port."""
        self._jobs[job.source] = job
        archive = self._connection.store.have(job.file, job.index, job.acceptable)
        known = self._shop.static_metadata(archive, job)
        return known or self._opened(job, archive).metadata

    def built(
        self, plan: Plan, files: Mapping[NormalizedName, Path]
    ) -> tuple[Plan, Mapping[NormalizedName, Path]]:
        """The plan with a wheel in the place of every source, and the files that belong to it.

        Args:
            files: the verified files of all steps but those whose source is a folder.
        """
        waiting = [step for step in plan.as_pinned if step.source is not None]
        if not waiting:
            return plan, files
        self._check_hashes(waiting, files)
        projects = {step.project: self._project(step, files.get(step.project)) for step in waiting}
        names = [s.asked_name for s in waiting if not isinstance(projects[s.project].made, BuiltWheel)]
        if names:
            self._preparation.say(f"Building wheels for collected packages: {', '.join(names)}")
        made = dict(files)
        steps = {step.project: step for step in plan.steps}
        for step in waiting:
            steps[step.project], made[step.project] = self._wheel(step, projects[step.project])
        if names:
            self._preparation.say(f"Successfully built {' '.join(names)}")
        return replace(plan, steps=tuple(steps.values())), made

    def needs(self, step: Step, *, runs: bool) -> Needed | None:
        """What a build of the step's source needs; None where it makes do with what the target has.

        Args:
            runs: whether the backend may be asked too.

        Raises as :meth:`direct` does.
        """
        if step.source is None or not self._guarded.settings.build_isolation:
            return None
        return self._preparation.needs(self._opening(step.source, runs=runs), runs=runs)

    def note(self, line: str) -> None:
        """Tell the person."""
        self._world.show.noted([line])

    def relevant(self, findings: tuple[Finding, ...], plan: Plan) -> tuple[Finding, ...]:
        """What is worth saying of what is inside the wheels.

        An editable project is found through a hook, and nothing but a build starts in a build's room: neither is
        worth a warning. A policy that denies such hooks means those of what builds need, too.
        """
        denied = self._guarded.policy.level("startup-hook", Level.WARN).value is Level.DENY
        editable = {step.project for step in plan.steps if step.source is not None and step.source.editable}
        return tuple(
            finding
            for finding in findings
            if finding.rule != "startup-hook"
            or not (finding.subject in editable or (self._inside and not denied))
        )

    @property
    def _checkouts(self) -> Checkouts:
        return Checkouts(
            shop=self._shop,
            connection=self._connection,
            world=self._world,
            say=self._preparation.say,
            editables=self._editables,
        )

    def _nested(self, guarded: Guarded, inside: tuple[str, ...]) -> Builds:
        return Builds(
            guarded, self._connection, self._world, lambda: self._shop, inside=inside, kept=self._kept
        )

    def _wheel(self, step: Step, project: Project) -> tuple[Step, Path]:
        """The step with the wheel that its source gives, and where that is."""
        if isinstance(project.made, BuiltWheel):
            self._preparation.say(f"  Using cached {project.made.path.name}")
            self._world.show.noted(
                [f"when {project.made.path.name} was built, {line}" for line in project.made.lacked]
            )
            return _with_wheel(step, project.made), project.made.path
        kind = "editable" if step.source is not None and step.source.editable else "wheel"
        try:
            with self._preparation.said(f"Building {kind} for {step.asked_name} (pyproject.toml)"):
                wheel = project.made.build(step.asked_name)
        except BuildError:
            self._preparation.say(f"Failed to build {step.asked_name}")
            raise
        self._preparation.say(
            f"  Created wheel for {step.asked_name}: filename={wheel.path.name} size={wheel.size} "
            f"sha256={wheel.digests.sha256}"
        )
        done = _with_wheel(step, wheel)
        kept = self._kept.keep(project.inputs, done, wheel)
        self._preparation.say(f"  Stored in directory: {kept or wheel.path.parent}")
        return done, wheel.path

    def _check_hashes(self, waiting: Sequence[Step], files: Mapping[NormalizedName, Path]) -> None:
        """Where several will be built: raise Refused with everything that their builds need and that has no
        hash. Nothing of those that nobody had to run so far has run then.
        """
        found: list[Finding] = []
        for step in waiting if len(waiting) > 1 else ():
            job = None if step.source is None else self._jobs.get(step.source)
            if job is None or not must_be_hashed(self._guarded, from_file=job.from_file):
                continue
            try:
                self._preparation.check(self._unpacked(job, files[step.project]))
            except Refused as refused:
                if any(finding.rule != "unhashed-requirement" for finding in refused.findings):
                    raise
                found += refused.findings
        if found:
            raise Refused(with_way_out(found, self._guarded))

    def _project(self, step: Step, archive: Path | None) -> Project:
        """What :meth:`direct` has opened, or else an index's source, which nobody had to run so far."""
        job = None if step.source is None else self._jobs.get(step.source)
        if job is not None and archive is not None:
            return self._opened(job, archive)
        known = None if step.source is None else self._preparation.known(step.source)
        if known is None:
            raise TypeError(f"{step.name} was planned without its source")
        return known

    def _opened(self, job: Job, archive: Path) -> Project:
        """An index's source, unpacked and opened. Raises Refused where it needs a hash and has none."""
        known = self._preparation.known(job.source)
        if known is not None:
            return known
        self._admit(job, archive)
        return self._preparation.open(self._unpacked(job, archive))

    def _opening(self, source: Source, *, runs: bool) -> Opening:
        """The source of a planned step, unpacked; ``runs``: and admitted to run."""
        job = self._jobs.get(source)
        if job is None:
            return self._openings[source]
        archive = self._connection.store.have(job.file, job.index, job.acceptable)
        if runs:
            self._admit(job, archive)
        return self._unpacked(job, archive)

    def _admit(self, job: Job, archive: Path) -> None:
        """Raise Refused where it needs a hash and has none; from now on it counts as used."""
        from safepip.flows.planning import memory_of

        judge_job(job, self._guarded, self._world)
        memory_of(self._guarded, self._world).remember_source(job, archive)

    def _unpacked(self, job: Job, archive: Path) -> Opening:
        known = self._openings.get(job.source)
        if known is not None:
            return known
        tree = self._shop.unpack(archive, job.file.filename, "")
        measured = replace(job.source, digests=self._shop.digests(archive))
        return self._opened_as(
            job.source,
            name=job.name,
            tree=tree,
            from_file=job.from_file,
            origin=job.asked,
            identity=identity_of(measured, job.file.filename),
            pins=pins_for(job.project, self._guarded),
        )

    def _opened_as(self, source: Source, **known: Any) -> Opening:
        """``known``: see :class:`Opening`."""
        opening = self._openings[source] = Opening(source=source, **known)
        return opening


def _with_wheel(step: Step, wheel: BuiltWheel) -> Step:
    file = replace(step.file, filename=wheel.path.name, digests=wheel.digests, size=wheel.size)
    return replace(step, file=file)
