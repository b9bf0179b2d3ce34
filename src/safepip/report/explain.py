"""``--explain``: a plan for people, each step with its reasons."""

from __future__ import annotations

from safepip.core.plan import Plan, RouteReason, Step
from safepip.report.visible import shown


def render_plan(plan: Plan) -> str:
    """One block a step: which file, from where and why, who asked; then what goes. Empty for an empty plan."""
    blocks = ["".join(f"{shown(line)}\n" for line in _block(step, plan)) for step in plan.steps]
    blocks += [f"{shown(f'{one.name} {one.version} (removed: not locked)')}\n" for one in plan.removed]
    blocks += [f"{shown(f'note: {note}')}\n" for note in plan.notes]
    return "\n".join(blocks)


def _block(step: Step, plan: Plan) -> list[str]:
    replaced = plan.replaced.get(step.project)
    lines = [f"{step.name} {step.version}" + ("" if replaced is None else f" (replaces {replaced})")]
    lines += [
        f"  file: {step.file.filename}",
        f"  index: {step.index} ({_reason(step)})",
        f"  hash: {_hash(step)}",
    ]
    for asker in step.askers:
        where = asker.origin or asker.project
        lines.append(f"  asked for by: {asker.text}" + ("" if where is None else f" ({where})"))
    if step.file.yanked is not None:
        lines.append(f"  yanked: {step.file.yanked or 'no reason given'}")
    return lines


def _reason(step: Step) -> str:
    if step.route.reason is RouteReason.PATTERN and step.route.pattern is not None:
        return f"pattern {step.route.pattern}"
    return step.route.reason.value


def _hash(step: Step) -> str:
    if step.acceptable:
        return "given by you"
    published = step.file.digests.strong
    return str(published[-1]) + ", published by the index" if published else "none published"
