"""What a person sees while the run goes on: an :class:`~safepip.core.ports.EventSink`.

On a terminal one line that is redrawn, by rich where it is installed; elsewhere quiet lines. Short
runs draw nothing, so they never pay for rich. A stream that fails ends the drawing, not the run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from safepip.core.events import (
    DownloadAdvanced,
    DownloadBegan,
    DownloadFinished,
    Event,
    Noted,
    ProjectListed,
    StageBegan,
)
from safepip.report.tally import Tally, download_line
from safepip.report.visible import shown, whole_line

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

DRAWN_AFTER_SECONDS = 0.3
"""A run that is over sooner needs no bar."""
REDRAW_SECONDS = 0.1
RAW_SECONDS = 0.25
"""pip's interval for ``--progress-bar raw``."""

Clock = Callable[[], float]


class Progress:
    """Counts events and shows them; safe to call from any thread. Shows nothing by itself."""

    def __init__(self, stream: TextIO, *, verbosity: int = 0, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._verbosity = verbosity
        self._clock = clock
        self._lock = threading.Lock()
        self._tally = Tally()
        self._closed = False

    def __call__(self, event: Event) -> None:
        """Show an event; after :meth:`close`, nothing."""
        with self._lock:
            if self._closed:
                return
            self._tally.count(event)
            try:
                self._show(event)
            except (OSError, ValueError):
                # The stream is closed or broken (stderr | head): who reads it has had enough.
                self._finish()

    def close(self) -> None:
        """Leave the terminal as it was. May be called twice, and after Ctrl-C."""
        with self._lock:
            if not self._closed:
                self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _show(self, event: Event) -> None:
        """At ``-q`` only notes, at ``-qq`` nothing."""
        if isinstance(event, Noted) and self._verbosity >= -1:
            self._line(whole_line(event.text))

    def _line(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def _finish(self) -> None:
        self._closed = True
        with suppress(OSError, ValueError):
            self._end()

    def _end(self) -> None:
        """Undo what was drawn."""


class LineProgress(Progress):
    """Plain lines: one a stage, one a file, more with ``-v``."""

    def _show(self, event: Event) -> None:
        super()._show(event)
        if self._verbosity < 0:
            return
        match event:
            case StageBegan():
                if heading := self._tally.heading:
                    self._line(heading)
            case DownloadBegan():
                self._line(download_line(event))
            case ProjectListed() if self._verbosity > 0:
                self._line(shown(f"{event.project}: answered by {event.index}"))
            case _:
                pass


class RawProgress(LineProgress):
    """``Progress 1024 of 4096``, for programs that read it (``--progress-bar raw``)."""

    _written_at = float("-inf")

    def _show(self, event: Event) -> None:
        super()._show(event)
        if self._verbosity < 0 or not isinstance(event, DownloadBegan | DownloadAdvanced | DownloadFinished):
            return
        now = self._clock()
        if isinstance(event, DownloadFinished) or now - self._written_at >= RAW_SECONDS:
            self._written_at = now
            self._line(f"Progress {self._tally.bytes_received} of {self._tally.bytes_total}")


class _Canvas(Protocol):
    """One line of a terminal that can be drawn again."""

    def draw(self, status: str, received: int, total: int) -> None: ...

    def print_above(self, text: str) -> None: ...

    def erase(self) -> None: ...


class DrawnProgress(Progress):
    """A line on a terminal that is redrawn, and gone when all is done."""

    def __init__(
        self,
        stream: TextIO,
        *,
        verbosity: int = 0,
        color: bool = True,
        width: int = 80,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(stream, verbosity=verbosity, clock=clock)
        self._color = color
        self._width = width
        self._canvas: _Canvas | None = None
        self._drawn_at = clock() + DRAWN_AFTER_SECONDS - REDRAW_SECONDS

    def _show(self, event: Event) -> None:
        super()._show(event)
        if isinstance(event, DownloadBegan) and self._verbosity > 0:
            self._line(download_line(event))
        now = self._clock()
        due = now - self._drawn_at >= REDRAW_SECONDS
        if due or (isinstance(event, StageBegan) and self._canvas is not None):
            self._drawn_at = now
            if self._canvas is None:
                self._canvas = _canvas(self._stream, color=self._color, width=self._width)
            self._canvas.draw(self._tally.status, *self._bytes())

    def _bytes(self) -> tuple[int, int]:
        if self._tally.stage != "downloading":
            return 0, 0
        return self._tally.bytes_received, self._tally.bytes_total

    def _line(self, text: str) -> None:
        if self._canvas is None:
            super()._line(text)
        else:
            self._canvas.print_above(text)

    def _end(self) -> None:
        if self._canvas is not None:
            self._canvas.erase()


class _SingleLine:
    """Carriage returns and spaces, nothing else: works on every terminal."""

    def __init__(self, stream: TextIO, width: int) -> None:
        self._stream = stream
        self._room = max(width - 1, 10)
        self._drawn = ""

    def draw(self, status: str, received: int, total: int) -> None:
        bar = f" {_bar(received / total)}" if total else ""
        text = f"{status}{bar}"
        self._put(text if len(text) <= self._room else status[: self._room])

    def print_above(self, text: str) -> None:
        drawn = self._drawn
        self.erase()
        self._stream.write(f"{text}\n")
        self._put(drawn)

    def erase(self) -> None:
        self._put("")
        self._stream.write("\r")
        self._stream.flush()

    def _put(self, text: str) -> None:
        self._stream.write(f"\r{text:<{len(self._drawn)}}")
        self._stream.flush()
        self._drawn = text


class _Rich:
    """The same line, drawn by rich: a spinner and a bar that move by themselves."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        console = Console(file=stream, no_color=not color, force_terminal=True, highlight=False)
        self._progress: RichProgress = Progress(
            SpinnerColumn("line"),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=8,
        )
        self._task: TaskID = self._progress.add_task("", total=None)

    def draw(self, status: str, received: int, total: int) -> None:
        self._progress.update(self._task, description=status, completed=received, total=total or None)
        # Not before there is something to say; starting again is nothing.
        self._progress.start()

    def print_above(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True, emoji=False)

    def erase(self) -> None:
        self._progress.stop()


def progress_on(
    stream: TextIO,
    *,
    bar: str = "auto",
    verbosity: int = 0,
    drawn: bool = False,
    color: bool = False,
    width: int = 80,
) -> Progress:
    """The sink for a run.

    Args:
        stream: where it goes: stderr.
        bar: pip's ``--progress-bar``: ``auto``, ``on``, ``off`` or ``raw``.
        verbosity: number of ``-v`` less the number of ``-q``.
        drawn: whether the stream is a terminal that can be redrawn
            (:func:`safepip.report.choose.wants_drawing`).
        color: whether colours may be used.
        width: columns of the terminal.
    """
    if verbosity < 0:
        return Progress(stream, verbosity=verbosity)
    if bar == "raw":
        return RawProgress(stream, verbosity=verbosity)
    if bar == "off" or not drawn:
        return LineProgress(stream, verbosity=verbosity)
    return DrawnProgress(stream, verbosity=verbosity, color=color, width=width)


def _canvas(stream: TextIO, *, color: bool, width: int) -> _Canvas:
    try:
        return _Rich(stream, color=color)
    except ImportError:
        return _SingleLine(stream, width)


def _bar(done: float, columns: int = 20) -> str:
    filled = int(min(max(done, 0.0), 1.0) * columns)
    return f"[{'#' * filled}{'.' * (columns - filled)}]"
