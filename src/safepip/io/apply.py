"""Applying a plan with pip: a closed command line, inside a journal."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from safepip.core.errors import ApplyError
from safepip.core.plan import Plan
from safepip.core.ports import Applied, ApplyOptions, Environment
from safepip.io.agent import Agent, Destination, Scheme
from safepip.io.bytecode import WORTHWHILE_FILES, Compilers, processors
from safepip.io.extent import by_project, measure
from safepip.io.handover import Handover, destination, set_right, uninstall_argv
from safepip.io.installed import metadata_folders, name_of, scan
from safepip.io.interruption import terminations_interrupt, undisturbed
from safepip.io.journal import Extent, Journal
from safepip.io.keeping import remove
from safepip.io.recovery import exclusive, undo_earlier

_SIGNAL_EXIT = 128
"""Added to a signal's number: the shell's convention for a command that a signal ended."""


class PipApplier:
    """Implements :class:`safepip.core.ports.Applier` with the pip that safepip depends on.

    Good for one plan: the process behind it ends with pip.

    Args:
        environment: gives what the target is; asked when a plan is applied, not before.
    """

    def __init__(self, agent: Agent, environment: Callable[[], Environment]) -> None:
        self._agent = agent
        self._environment = environment

    def warm_up(self) -> None:
        self._agent.warm()

    def close(self) -> None:
        self._agent.close()

    def apply(self, plan: Plan, files: Mapping[NormalizedName, Path], options: ApplyOptions) -> Applied:
        """See the port. After Ctrl-C or SIGTERM everything is as before, and KeyboardInterrupt goes on.

        Raises:
            ApplyError: pip would refuse the destination, the disk is full, or what pip did is not
                what was planned (and has been undone).
        """
        if plan.changes_nothing:
            return Applied(exit_code=0)
        wanted = destination(options.arguments)
        try:
            with terminations_interrupt():
                scheme = _effective(self._agent.locate(wanted), wanted)
                with exclusive(scheme.purelib) as waited:
                    if waited:
                        _check_unchanged(self._environment(), scheme)
                    return self._apply(plan, files, options, wanted, scheme)
        except OSError as error:
            raise _disk_error(error) from error

    def _apply(
        self,
        plan: Plan,
        files: Mapping[NormalizedName, Path],
        options: ApplyOptions,
        wanted: Destination,
        scheme: Scheme,
    ) -> Applied:
        environment = self._environment()
        earlier = undo_earlier(scheme.libraries, (environment.prefix, *scheme.folders))
        messages = [f"WARNING: {line}" for line in earlier]
        if scheme.user and wanted.user is None and not options.quiet:
            messages.append("Defaulting to user installation because normal site-packages is not writeable")
        handover = Handover.write(self._agent.private / "handover", plan, files, options)
        extent = measure(
            zip(handover.wheels, (step.spellings for step in plan.steps), strict=True),
            by_project(environment.installed, plan.touched if wanted.target is None else ()),
            scheme,
            cache_tag=str(self._agent.facts()["cache_tag"]),
            prefix=environment.prefix,
            staying=(one for project, one in environment.installed.items() if project not in plan.touched),
            is_virtual=environment.is_virtual,
            whole_entries=wanted.target is not None and "--upgrade" in options.arguments,
        )
        journal = Journal.begin(scheme.purelib, extent)
        try:
            applied = self._run(plan, handover, options, extent, user=scheme.user)
            if applied.exit_code == 0:
                journal.put_back(extent.shared)
                _finish(plan, handover, scheme, may_keep=wanted.target is not None)
                undisturbed(journal.commit)
        except BaseException:
            self._agent.close()
            undisturbed(journal.undo)
            raise
        if applied.exit_code != 0:
            undisturbed(journal.undo)
        return Applied(exit_code=applied.exit_code, messages=(*messages, *applied.messages))

    def _run(
        self, plan: Plan, handover: Handover, options: ApplyOptions, extent: Extent, *, user: bool
    ) -> Applied:
        log = handover.folder / "pip.log"
        compiled_apart = bool(plan.steps) and _worth_workers(extent, options)
        # What goes may own what comes: it goes first.
        lines = [uninstall_argv(plan, options)] if plan.removed else []
        if plan.steps:
            lines.append(handover.argv(options, user=user, compiles=not compiled_apart))
        if not compiled_apart:
            return _told(self._agent.run(lines, log), log)
        folders = sorted(map(Path, extent.metadata_folders))
        cache_tag = str(self._agent.facts()["cache_tag"])
        agent = self._agent
        with Compilers(agent.python, agent.environ, agent.private / "empty", folders, cache_tag) as compilers:
            code = agent.run(lines, log)
            if code == 0:
                compilers.finish()
        return _told(code, log)


def _worth_workers(extent: Extent, options: ApplyOptions) -> bool:
    """Not with ``--target``: pip makes those files elsewhere and moves them."""
    forwarded = {argument.partition("=")[0] for argument in options.arguments}
    if forwarded & {"--no-compile", "--target"} or processors() == 1:
        return False
    return sum(path.endswith(".py") for path in extent.files) >= WORTHWHILE_FILES


def _told(code: int, log: Path) -> Applied:
    """pip's exit code and what it said.

    A negative code is the signal that ended it.
    """
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    # The closing line is safepip's to print, once all is set right.
    said = [line for line in text.splitlines() if line and not line.startswith("Successfully installed ")]
    if code < 0:
        said.append(f"ERROR: pip was ended by signal {-code}")
        code = _SIGNAL_EXIT - code
    return Applied(exit_code=code, messages=tuple(said))


def _effective(scheme: Scheme, wanted: Destination) -> Scheme:
    """``--target`` fills a scheme elsewhere and moves its entries into one flat folder."""
    if wanted.target is None:
        return scheme
    target = os.path.abspath(wanted.target)

    def moved(folder: str) -> str:
        return os.path.join(target, os.path.relpath(folder, scheme.data))

    return Scheme(
        purelib=target,
        platlib=target,
        data=target,
        scripts=moved(scheme.scripts),
        headers=moved(scheme.headers),
    )


def _check_unchanged(environment: Environment, scheme: Scheme) -> None:
    """Raise ApplyError where another command has been there since the plan was made."""
    here = {os.path.realpath(library) for library in scheme.libraries}
    if not here & {os.path.realpath(path) for path in (*environment.paths.values(), environment.user_site)}:
        return  # a folder elsewhere: nothing was planned on what it holds
    known = environment.installed
    elsewhere = {project for project, one in known.items() if os.path.realpath(one.location) not in here}
    before = {project: one.version_text for project, one in known.items() if project not in elsewhere}
    found = scan(scheme.libraries, library=scheme.libraries, user_site="")
    now = {project: one.version_text for project, one in found.items() if project not in elsewhere}
    if before != now:
        raise ApplyError(
            "another command has changed the environment meanwhile",
            reference="changed-meanwhile",
            hint="run this one again: it was planned on what was there before",
        )


def _version_of(folder: Path) -> Version | None:
    """The version in a metadata folder's name, which may be written otherwise than in the wheel's own."""
    try:
        return Version(folder.name.removesuffix(".dist-info").partition("-")[2])
    except InvalidVersion:
        return None


def _finish(plan: Plan, handover: Handover, scheme: Scheme, *, may_keep: bool) -> None:
    """Set the metadata right, and hold what pip did against the plan.

    ``may_keep``: pip may have left an older entry in place (``--target`` without ``--upgrade``).
    """
    folders = {
        (name_of(folder), _version_of(folder)): folder
        for library in scheme.libraries
        for folder in metadata_folders(library)
    }
    stays = {(step.project, step.version) for step in plan.steps}
    husks = {key: folder for key, folder in folders.items() if key not in stays and _is_husk(folder)}
    for key in [key for key in husks if key[0] in plan.touched and not may_keep]:
        remove(str(folders.pop(key)))
    if left := {name for name, _ in folders} & {one.project for one in plan.removed}:
        raise _not_met(f"pip did not remove {', '.join(sorted(left))}")
    for step, wheel in zip(plan.steps, handover.wheels, strict=True):
        found = folders.get((step.project, step.version))
        if found is not None and (found / "RECORD").is_file():
            set_right(step, found, wheel, flat=handover.flat)
        elif not may_keep:
            raise _not_met(f"pip did not install {step.name} {step.version}")


def _is_husk(folder: Path) -> bool:
    """Whether pip has removed the distribution: what is left is in no RECORD, and would pass for one."""
    return folder.suffix == ".dist-info" and not any(
        (folder / name).exists() for name in ("METADATA", "RECORD")
    )


def _not_met(what: str) -> ApplyError:
    return ApplyError(
        f"{what}, which was planned",
        reference="plan-not-met",
        hint="this is a defect of safepip; everything has been put back",
    )


def _disk_error(error: OSError) -> ApplyError:
    return ApplyError(
        f"Could not install packages due to an OSError: {error}",
        reference="disk",
        hint="consider the --user option, or check the permissions and the free space",
    )
