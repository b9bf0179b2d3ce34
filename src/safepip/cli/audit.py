"""The audit log of one run: what is kept until it is written, and when that is.

What was admitted is written before anything is put anywhere: an environment never holds a file
that its log does not know. A run that ends otherwise writes once, at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from safepip.core.errors import ConfigurationError

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from safepip.core.digest import Digests
    from safepip.core.errors import SafepipError
    from safepip.core.finding import Finding
    from safepip.core.origin import Sourced
    from safepip.core.plan import Plan
    from safepip.report.log import Record, Run


class OpenLog(Protocol):
    """A log file that is open; :class:`safepip.io.log.LogFile`."""

    @property
    def identity(self) -> tuple[int, int]: ...

    def append(self, text: str) -> None:
        """Raises ConfigurationError."""

    def close(self) -> None: ...


class AuditTrail:
    """Implements :class:`safepip.flows.world.Audit`.

    Args:
        open_file: opens a log, or raises ConfigurationError.
        file_digests: hashes a file whose index publishes no digest.
    """

    def __init__(
        self, open_file: Callable[[Sourced[str]], OpenLog], file_digests: Callable[[Path], Digests]
    ) -> None:
        self._open_file = open_file
        self._file_digests = file_digests
        self._logs: list[OpenLog] = []
        self._pending: list[Record] = []
        self._run: Run | None = None

    def open(self, places: Sequence[Sourced[str]], *, command: str, policy: str, now: datetime) -> None:
        """See the port."""
        from safepip.report.log import Run

        for place in places:
            log = self._open_file(place)
            if any(log.identity == other.identity for other in self._logs):
                log.close()
            else:
                self._logs.append(log)
        self._run = Run(time=now, policy=policy, command=command)

    def passed(self, finding: Finding, decided_by: str) -> None:
        """See the port."""
        if self._logs:
            from safepip.report.log import decision

            self._pending.append(decision(finding, exemption=decided_by))

    def warned(self, findings: Sequence[Finding]) -> None:
        """See the port."""
        if self._logs:
            from safepip.report.log import decision

            self._pending.extend(map(decision, findings))

    def admitted(self, plan: Plan, files: Mapping[NormalizedName, Path]) -> None:
        """See the port."""
        if self._logs:
            from safepip.report.log import artifacts

            unpublished = [step.project for step in plan.steps if not step.file.digests.strong]
            computed = {project: self._file_digests(files[project]) for project in unpublished}
            self._pending.extend(artifacts(plan, computed))
            self.write()

    def failed(self, error: SafepipError) -> None:
        """Why there is no result. Raises ConfigurationError where it cannot be written."""
        if self._logs:
            from safepip.report.log import failure

            self._pending.extend(failure(error))
            self.write()

    def write(self) -> None:
        """Write what was kept, to every log; a log that fails is given up, and told of at the end.

        Raises:
            ConfigurationError: the first failure.
        """
        if not self._pending or self._run is None:
            return
        from safepip.report.log import render_log

        # A rule may say the same of a file each time that file is looked at.
        text = render_log(dict.fromkeys(self._pending), self._run)
        self._pending.clear()
        failures = [error for log in tuple(self._logs) if (error := self._append(log, text))]
        if failures:
            raise failures[0]

    def close(self) -> None:
        """The end of the run, however it came."""
        with suppress(ConfigurationError):
            self.write()
        for log in self._logs:
            log.close()
        self._logs.clear()

    def _append(self, log: OpenLog, text: str) -> ConfigurationError | None:
        try:
            log.append(text)
        except ConfigurationError as error:
            self._logs.remove(log)
            log.close()
            return error
        return None
