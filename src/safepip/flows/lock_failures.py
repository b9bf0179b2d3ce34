"""Environments without an answer: each failure names its environment, and all are told together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.errors import ExitCode, Refused, RequirementFileError, ResolutionError

if TYPE_CHECKING:
    from safepip.core.finding import Finding
    from safepip.core.locking import LockTarget

IN_ENVIRONMENT = "in the environment "
"""How the note begins that :func:`~safepip.resolve.locking.resolve_for_lock` adds to what it finds."""
Failure = Refused | ResolutionError | RequirementFileError


@contextmanager
def collected(failed: list[Failure], target: LockTarget, *, named: bool) -> Iterator[None]:
    """Keep what fails for this environment, to be told with what fails for the others.

    Args:
        named: whether a failure names the environment already, and else is about none in particular.
    """
    try:
        yield
    except (ResolutionError, RequirementFileError) as error:
        if not named:
            error.notes = (*error.notes, f"{IN_ENVIRONMENT}{target.name}")
        failed.append(error)
    except Refused as error:
        failed.append(error)


def stop_if_failed(failed: Sequence[Failure]) -> None:
    """Raise everything that speaks against the lock; what speaks against several environments is said once."""
    refused = [error for error in failed if isinstance(error, Refused)]
    if refused:
        codes = {error.exit_code for error in refused}
        code = ExitCode.REFUSED if len(codes) > 1 else codes.pop()
        raise Refused(_merged(finding for error in refused for finding in error.findings), exit_code=code)
    if failed:
        first = failed[0]
        first.notes = tuple(dict.fromkeys((*first.notes, *_others(first, failed[1:]))))
        raise first


def _others(first: Failure, others: Iterable[Failure]) -> Iterator[str]:
    """What the others say that the first does not."""
    for other in others:
        if other.message != first.message:
            yield other.message
        yield from other.notes


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
