"""Looking into the verified wheels of a plan, several at a time, before pip sees any of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from packaging.utils import NormalizedName

from safepip.core.finding import Finding
from safepip.core.limits import Limits
from safepip.core.plan import Step
from safepip.verify.overlap import overlaps
from safepip.verify.wheel import Inspection, inspect


def inspect_files(
    steps: Sequence[Step],
    files: Mapping[NormalizedName, Path],
    limits: Limits,
    *,
    installed: Mapping[NormalizedName, Iterable[str]],
) -> tuple[Finding, ...]:
    """Everything that is wrong with the wheels, each alone and all together.

    Args:
        installed: what is installed, as :func:`~safepip.verify.overlap.overlaps` takes it.
    """
    with ThreadPoolExecutor(limits.inspect_workers, thread_name_prefix="safepip-inspect") as pool:
        inspected = list(pool.map(partial(_inspect, files=files, limits=limits), steps))
    findings = [finding for one in inspected for finding in one.findings]
    return (*findings, *overlaps(inspected, installed))


def _inspect(step: Step, *, files: Mapping[NormalizedName, Path], limits: Limits) -> Inspection:
    with files[step.project].open("rb") as stream:
        return inspect(stream, step.file.filename, expected=step.metadata, limits=limits)
