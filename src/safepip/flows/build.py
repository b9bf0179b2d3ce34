"""Building under policy: sources become wheels, which then are inspected and applied as any other.

Nothing of a source runs before policy has admitted it: the rules about paths and URLs have spoken
when :meth:`Builds.direct` is called, the admission of listed files when :meth:`Builds.listed` is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.build import Described, Job, Source
from safepip.core.errors import BuildError
from safepip.core.index import FileEntry, WheelMetadata
from safepip.core.plan import Plan, Step
from safepip.flows.judging import judge_archive, judge_job
from safepip.pipcompat.fragment import read_fragment

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.finding import Finding
    from safepip.core.index import Index
    from safepip.core.origin import Origin
    from safepip.core.subjects import RequirementLine
    from safepip.core.url import Url
    from safepip.core.workshop import Workshop
    from safepip.flows.build_room import Preparation, Project
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import Connection, World


class Builds:
    """Implements :class:`safepip.core.workshop.Sources` for one plan, and makes the wheels of it.

    Args:
        open_shop: called when something is built, not before: most plans have nothing to build.
        editables: whether ``-e`` makes a wheel that leads to the folder; else an ordinary one, as with
            pip's ``wheel`` and ``download``.
        inside: URLs of the sources that wait for this plan; empty for the user's own command.
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
    ) -> None:
        self._guarded = guarded
        self._connection = connection
        self._world = world
        self._open_shop = open_shop
        self._editables = editables
        self._inside = inside
        self._jobs: dict[Source, Job] = {}

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
            inside=self._inside,
        )

    def close(self) -> None:
        """Leave the workshop, if it was ever opened. For the user's own command only."""
        if "_shop" in self.__dict__:
            self._shop.close()

    def direct(self, line: RequirementLine, url: Url, index: Index) -> Described:
        """See the port."""
        if url.scheme == "file" and self._shop.is_directory(url.local_path):
            source, tree, file = self._directory(line, url)
        else:
            source, tree, file = self._archive(line, url, index)
        name = line.requirement.name if line.requirement is not None else source.url
        project = self._open(name, source, tree, line.from_file, line.origin)
        return Described(source=source, file=file, metadata=project.metadata)

    def listed(self, job: Job) -> WheelMetadata:
        """See the port."""
        self._jobs[job.source] = job
        archive = self._connection.store.have(job.file, job.index, job.acceptable)
        known = self._shop.static_metadata(archive, job.file.filename)
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
        names = [step.asked_name for step in waiting]
        self._preparation.say(f"Building wheels for collected packages: {', '.join(names)}")
        made = dict(files)
        steps = {step.project: step for step in plan.steps}
        for step in waiting:
            steps[step.project], made[step.project] = self._wheel(step, files.get(step.project))
        self._preparation.say(f"Successfully built {' '.join(names)}")
        return replace(plan, steps=tuple(steps.values())), made

    def relevant(self, findings: tuple[Finding, ...], plan: Plan) -> tuple[Finding, ...]:
        """What is worth saying of what is inside the wheels.

        An editable project is found through a hook, and nothing but a build starts in a build's room.
        """
        editable = {step.project for step in plan.steps if step.source is not None and step.source.editable}
        return tuple(
            finding
            for finding in findings
            if finding.rule != "startup-hook" or not (self._inside or finding.subject in editable)
        )

    def _nested(self, guarded: Guarded, inside: tuple[str, ...]) -> Builds:
        return Builds(guarded, self._connection, self._world, lambda: self._shop, inside=inside)

    def _directory(self, line: RequirementLine, url: Url) -> tuple[Source, Path, FileEntry]:
        tree = Path(url.local_path)
        source = Source(
            url=_bare(url),
            directory=True,
            editable=line.editable and self._editables,
            settings=line.config_settings,
        )
        self._world.show.processing(str(tree), source.url if line.editable else None)
        return source, tree, FileEntry(filename=tree.name, url=source.url)

    def _archive(self, line: RequirementLine, url: Url, index: Index) -> tuple[Source, Path, FileEntry]:
        """An archive that the user named: fetched, checked and unpacked."""
        if line.editable:
            raise BuildError(
                f"{line.text} is not a valid editable requirement. It should either be a path to a local "
                "project or a VCS URL.",
                origin=line.origin,
            )
        if url.scheme == "file":
            self._world.show.processing(url.local_path, None)
        else:
            judge_archive(line)
        file = FileEntry(filename=url.filename, url=_bare(url), size=line.size)
        archive = self._connection.store.have(file, index, line.hashes)
        source = Source(
            url=file.url,
            subdirectory=_subdirectory(line),
            digests=self._shop.digests(archive),
            settings=line.config_settings,
        )
        tree = self._shop.unpack(archive, file.filename, source.subdirectory)
        return source, tree, replace(file, digests=source.digests)

    def _wheel(self, step: Step, archive: Path | None) -> tuple[Step, Path]:
        """The step with the wheel that its source gives, and where that is."""
        source = step.source
        project = None if source is None else self._project(source, archive)
        if source is None or project is None:
            raise TypeError(f"{step.name} was planned without its source")
        kind = "editable" if source.editable else "wheel"
        try:
            with self._preparation.said(f"Building {kind} for {step.asked_name} (pyproject.toml)"):
                wheel = project.backend.build(step.asked_name)
        except BuildError:
            self._preparation.say(f"Failed to build {step.asked_name}")
            raise
        self._preparation.say(
            f"  Created wheel for {step.asked_name}: filename={wheel.path.name} size={wheel.size} "
            f"sha256={wheel.digests.sha256}"
        )
        file = replace(step.file, filename=wheel.path.name, digests=wheel.digests, size=wheel.size)
        return replace(step, file=file), wheel.path

    def _project(self, source: Source, archive: Path | None) -> Project | None:
        """What :meth:`direct` has opened, or else an index's source, which nobody had to run so far."""
        job = self._jobs.get(source)
        if job is None or archive is None:
            return self._preparation.known(source)
        return self._opened(job, archive)

    def _opened(self, job: Job, archive: Path) -> Project:
        """An index's source, unpacked and opened. Raises Refused where it needs a hash and has none."""
        known = self._preparation.known(job.source)
        if known is not None:
            return known
        from safepip.flows.planning import memory_of

        judge_job(job, self._guarded, self._world)
        tree = self._shop.unpack(archive, job.file.filename, "")
        memory_of(self._guarded, self._world).remember_source(job, archive)
        return self._open(job.name, job.source, tree, job.from_file, job.asked)

    def _open(self, name: str, source: Source, tree: Path, from_file: bool, origin: Origin | None) -> Project:
        from safepip.flows.build_room import Opening

        return self._preparation.open(
            Opening(name=name, source=source, tree=tree, from_file=from_file, origin=origin)
        )


def _bare(url: Url) -> str:
    return replace(url, fragment="").without_secrets


def _subdirectory(line: RequirementLine) -> str:
    address = line.requirement.url if line.requirement is not None else line.text
    return read_fragment(address or "").subdirectory or ""
