"""How a run speaks: colour, quietness, progress, the log file."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, TextIO, cast

from safepip.cli.audit import AuditTrail
from safepip.cli.machine import Machine
from safepip.cli.presenter import StreamPresenter

if TYPE_CHECKING:
    from safepip.core.events import Event
    from safepip.core.ports import Clock
    from safepip.flows.world import Options
    from safepip.pipcompat.argv import Invocation, OwnOptions
    from safepip.report.progress import Progress


class Speaking:
    """The part of the world that people see."""

    def __init__(self) -> None:
        self.around = Machine()
        self.show = StreamPresenter(cwd=self.around.cwd_to_show, clear=self.quieten)
        self._verbosity = 0
        self._bar = "auto"
        self._dry_run = False
        self._progress: Progress | None = None
        self._closing = ExitStack()
        self._lock = threading.Lock()

    @cached_property
    def audit(self) -> AuditTrail:
        from safepip.io.log import LogFile, file_digests

        return AuditTrail(LogFile, file_digests)

    @cached_property
    def clock(self) -> Clock:
        from safepip.io.clock import SystemClock

        return SystemClock()

    def begin(self, own: OwnOptions, invocation: Invocation) -> None:
        """Take from the command line what decides how to speak, before anything can go wrong."""
        self.speak_as(own)
        self.show.command = invocation.command or ""
        given = [option.dest for option in invocation.options]
        self._speak(given.count("verbose") - given.count("quiet"), no_color="no_color" in given)

    def speak_as(self, own: OwnOptions) -> None:
        """Take the format of the report; no command is known yet."""
        self.show.format = own.report_format
        self.show.command = ""

    def manner(self, options: Options) -> None:
        """See the port."""
        from safepip.flows.settings import read_settings

        settings = read_settings(options)
        self._bar = str(options.value("progress_bar") or "auto")
        self._dry_run = settings.dry_run
        if path := options.value("log"):
            from safepip.cli.runlog import RunLog

            self.show.log = RunLog(self.around.absolute(str(path)), self.clock.now)
            self._closing.callback(self.show.log.close)
        self._speak(settings.verbosity, no_color=settings.no_color)

    def _speak(self, verbosity: int, *, no_color: bool) -> None:
        from safepip.report.choose import wants_color

        self._verbosity = verbosity
        self.show.quiet = max(0, -verbosity)
        self.show.verbose = max(0, verbosity)
        self.show.color = wants_color(
            is_terminal=sys.stderr.isatty(), environ=self.around.environ, no_color=no_color
        )
        self.show.width = _terminal_width()

    def sink(self, event: Event) -> None:
        """Progress to stderr; findings that come while resolving to the presenter."""
        from safepip.core.events import Found

        if isinstance(event, Found):
            self.quieten()
            self.audit.warned([event.finding])
            self.show.warned([event.finding])
            return
        if self.show.format == "text":
            with self._lock:
                progress = self._drawn()
            progress(event)
        if self.show.log is not None:
            with self._lock:
                self._logged(event)

    def _drawn(self) -> Progress:
        if self._progress is None:
            from safepip.report.choose import wants_drawing
            from safepip.report.progress import progress_on

            self._progress = progress_on(
                sys.stderr,
                bar=self._bar,
                verbosity=self._verbosity,
                drawn=wants_drawing(is_terminal=sys.stderr.isatty(), environ=self.around.environ),
                color=self.show.color,
                width=self.show.width or 80,
            )
        return self._progress

    @cached_property
    def _logged(self) -> Progress:
        """The same for ``--log``, which no ``-q`` makes shorter."""
        from safepip.report.progress import LineProgress

        return LineProgress(cast("TextIO", self.show.log), verbosity=1)

    def overheard(self, line: str) -> None:
        """A line that a build printed: for who asked for all words, and for the log."""
        with self._lock:
            if self._verbosity > 0:
                self.quieten()
            self.show.overheard(line, shown=self._verbosity > 0)

    def quieten(self) -> None:
        """Take progress off the terminal, so that a line can be written."""
        if self._progress is not None:
            self._progress.close()
            self._progress = None


def _terminal_width() -> int | None:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return None
