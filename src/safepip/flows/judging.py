"""Findings at each stage: what policy makes of them, and whether the run stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from safepip.core.errors import ExitCode, Refused
from safepip.core.finding import Finding
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import RouteReason
from safepip.policy.schema import HashMode
from safepip.rules.engine import apply_policy, review_allowances
from safepip.rules.unhashed_requirement import HASH_CHECKING

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from safepip.core.build import Job
    from safepip.core.plan import Plan, Step
    from safepip.core.subjects import RequirementLine
    from safepip.flows.guarded import Guarded
    from safepip.flows.world import World
    from safepip.rules.base import RuleContext


_AT_ONCE = "; or for all at once: "


def stop_if_denied(findings: Iterable[Finding], world: World, *, exit_code: ExitCode | None = None) -> None:
    """Show warnings; raise Refused with everything where one finding denies."""
    told = tuple(findings)
    if any(finding.denies for finding in told):
        raise Refused(told, exit_code=exit_code)
    world.audit.warned(told)
    world.show.warned(told)


def judge_each(
    findings: Iterable[Finding],
    context: RuleContext,
    versions: Mapping[str | None, Version] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Findings made elsewhere, at the levels of the policy; exempted ones left out.

    Args:
        versions: by subject, of those findings that are about a file that was chosen.
    """
    judged = (apply_policy(finding, context, version=versions.get(finding.subject)) for finding in findings)
    return tuple(finding for finding in judged if finding is not None)


def judge_plan(plan: Plan, guarded: Guarded, world: World) -> None:
    """Every artifact that must be listed by a hash of the user's is; all that are not, at once."""
    world.show.noted(plan.notes)
    stop_if_denied(judge_each(map(_unknown_bytes, filter(_is_unknown, plan.steps)), guarded.context), world)
    stop_if_denied(with_way_out(unhashed(plan, guarded), guarded), world)


def unhashed(plan: Plan, guarded: Guarded) -> list[Finding]:
    """What the plan has without a hash of the user's, and needs one; as policy has it."""
    steps = {step.project: step for step in plan.steps}
    missing = [step for step in plan.steps if not step.acceptable.strong and _needs_hash(step, guarded)]
    found = [_unhashed(step, steps, guarded) for step in missing]
    return sorted(judge_each(found, guarded.context, _versions(plan)), key=by_place)


def by_place(finding: Finding) -> tuple[str, str, int, int]:
    """The order in which findings are shown."""
    origin = finding.origin
    return (origin.kind.value, origin.place, origin.line or 0, origin.column or 0)


def judge_artifacts(findings: Iterable[Finding], plan: Plan, guarded: Guarded, world: World) -> None:
    """What the inspection of the verified files found, and which exemptions nobody needed.

    Raises Refused with exit 13.
    """
    judged = judge_each(findings, guarded.context, _versions(plan))
    projects = [step.project for step in plan.steps]
    stop_if_denied(
        (*judged, *review_allowances(guarded.context, projects)), world, exit_code=ExitCode.VERIFICATION
    )


def _versions(plan: Plan) -> Mapping[str | None, Version]:
    """The version of each project that is to be installed."""
    return {step.project: step.version for step in plan.steps}


def _is_unknown(step: Step) -> bool:
    """Whether nothing says what the bytes of a direct URL have to be: no page vouches for it either."""
    remote = step.route.reason is RouteReason.DIRECT and not _is_repository(step)
    return remote and not step.acceptable.strong and not step.file.digests.strong


def _unknown_bytes(step: Step) -> Finding:
    return _unknown(f"{step.name} {step.version}", _origin(step), step.project)


def _unknown(what: str, origin: Origin, project: str | None) -> Finding:
    """No exemption from ``direct-url`` reaches this far: no byte is taken without a digest."""
    return Finding(
        rule="weak-digest",
        message=f"no digest says what {what} has to be",
        origin=origin,
        subject=project,
        help="add #sha256=… to the URL, or --hash=sha256:… after it (`pip hash FILE` prints it)",
    )


def _origin(step: Step) -> Origin:
    """Where somebody asks for it; else its index."""
    asked = next((asker.origin for asker in step.askers if asker.origin), None)
    return asked or Origin(layer=Layer.INDEX, kind=Place.INDEX, place=step.index)


def judge_job(job: Job, guarded: Guarded, world: World) -> None:
    """Raise Refused where a source distribution needs a hash of the user's and has none. Before it is run."""
    if not job.acceptable.strong and must_be_hashed(guarded, from_file=job.from_file):
        stop_if_denied(judge_each([_unhashed_source(job, guarded)], guarded.context), world)


def judge_archive(line: RequirementLine) -> None:
    """Raise Refused where nothing says what the bytes of a direct URL have to be. Before they are run."""
    if not line.hashes.strong:
        raise Refused([_unknown(line.text, line.origin, None)])


def must_be_hashed(guarded: Guarded, *, from_file: bool) -> bool:
    """Whether a hash of the user's is needed, by the policy's mode or pip's."""
    mode = guarded.policy.hash_mode.value
    if guarded.context.requires_hashes or mode is HashMode.REQUIRED:
        return True
    return mode is HashMode.FILES and from_file


def _needs_hash(step: Step, guarded: Guarded) -> bool:
    # A path in a requirement file is the user's own code.
    own = step.source is not None and step.direct and step.route.reason is RouteReason.LOCAL
    return must_be_hashed(guarded, from_file=step.from_file and not own and not _is_repository(step))


def _is_repository(step: Step) -> bool:
    """Whether it is code of a commit, whose id says what it is."""
    return step.source is not None and step.source.vcs is not None


def _unhashed_source(job: Job, guarded: Guarded) -> Finding:
    return Finding(
        rule="unhashed-requirement",
        message=f"{job.name} has no hash, and its build would run its code",
        origin=job.asked or Origin(layer=Layer.INDEX, kind=Place.INDEX, place=job.index.name),
        subject=job.project,
        help=f"after checking it, add its hash: {job.name} --hash=sha256:…",
        decided_by=decided_by_mode(guarded),
    )


def _unhashed(step: Step, steps: Mapping[NormalizedName, Step], guarded: Guarded) -> Finding:
    chain = _chain(step, steps)
    wanted_by = f", needed by {chain[-2].project}," if len(chain) > 1 else ""
    pin = f"{step.name}=={step.version}"
    known = ", ".join(f"--hash={digest}" for digest in step.file.digests.strong[:1])
    notes = [f"asked for by {' -> '.join(f'{one.name} {one.version}' for one in chain)}"] * bool(wanted_by)
    notes += [f"its index offers {step.file.filename} with {known}"] * bool(known)
    return Finding(
        rule="unhashed-requirement",
        message=f"{pin}{wanted_by} has no hash, and {_why(guarded)}",
        origin=_origin(chain[0]),
        subject=step.project,
        notes=tuple(notes),
        help=f"after checking it, add this to {_its_file(guarded)}: {pin} {known}"
        if known
        else f"add {pin} --hash=sha256:…",
        decided_by=decided_by_mode(guarded),
    )


def _chain(step: Step, steps: Mapping[NormalizedName, Step]) -> list[Step]:
    """From what somebody asked for to this step, each needed by the one before; as far as it is known."""
    chain = [step]
    while not any(asker.origin for asker in chain[0].askers):
        known = (steps.get(asker.project) for asker in chain[0].askers if asker.project is not None)
        above = next((one for one in known if one is not None and one not in chain), None)
        if above is None:
            break
        chain.insert(0, above)
    return chain


def _why(guarded: Guarded) -> str:
    if guarded.of_build:
        return f"a build of {guarded.built} would run it"
    return "everything a requirement file brings in needs one"


def with_way_out(findings: list[Finding], guarded: Guarded) -> list[Finding]:
    """The last of them, and no other, says the one command that settles all."""
    if not findings or not guarded.way_out:
        return findings
    *others, last = (replace(one, help=(one.help or "").partition(_AT_ONCE)[0]) for one in findings)
    return [*others, replace(last, help=f"{last.help}{_AT_ONCE}{guarded.way_out}")]


def _its_file(guarded: Guarded) -> str:
    return "a file for --build-constraint" if guarded.of_build else "the file"


def decided_by_mode(guarded: Guarded) -> str:
    """Who asks for hashes."""
    if guarded.context.requires_hashes:
        return HASH_CHECKING
    mode = guarded.policy.hash_mode
    text = f'hashes.mode = "{mode.value.name.lower().replace("_", "-")}"'
    return f"safepip's default, {text}" if mode.origin.layer is Layer.DEFAULT else f"{mode.origin}, {text}"
