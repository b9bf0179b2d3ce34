"""How far a run has come, counted from its events, and that in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from safepip.core.events import (
    DownloadAdvanced,
    DownloadBegan,
    DownloadFinished,
    Event,
    ProjectListed,
    StageBegan,
)
from safepip.report.lines import size_text
from safepip.report.visible import shown

_STAGES = {
    "resolving": ("Resolving", "requirement"),
    "downloading": ("Fetching", "file"),
    "verifying": ("Verifying", "file"),
    "installing": ("Installing", "package"),
}
"""A stage as :class:`~safepip.core.events.StageBegan` names it: its title, and what ``total`` counts."""


@dataclass(slots=True)
class Tally:
    """Counts, brought forward event by event; not thread-safe by itself.

    Attributes:
        stage: the stage in progress; empty before the first.
        total: what it has to do, in the stage's own unit; None if unknown.
        projects: names that indexes have answered for.
        finished: files that are in the store.
        sizes, received: bytes by file name, of files that were not there before; a size may be
            unknown, and then what was received stands for it.
    """

    stage: str = ""
    total: int | None = None
    projects: set[str] = field(default_factory=set)
    finished: int = 0
    sizes: dict[str, int | None] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)

    def count(self, event: Event) -> None:
        """Take note of an event; findings and notes count nothing."""
        match event:
            case StageBegan():
                self.stage, self.total, self.finished = event.stage, event.total, 0
            case ProjectListed():
                self.projects.add(event.project)
            case DownloadBegan():
                if not event.cached:
                    self.sizes[event.filename] = event.size
                    self.received[event.filename] = 0
                else:
                    self.finished += 1
            case DownloadAdvanced():
                self.received[event.filename] = self.received.get(event.filename, 0) + event.received
            case DownloadFinished():
                self._finish(event.filename)
            case _:
                pass

    @property
    def bytes_received(self) -> int:
        return sum(self._capped(name) for name in self.received)

    @property
    def bytes_total(self) -> int:
        """Of the files begun so far."""
        return sum(self.sizes.get(name) or received for name, received in self.received.items())

    @property
    def status(self) -> str:
        """One line: ``Fetching 3/12 files, 4.1 MB of 22.0 MB``."""
        title, unit = _STAGES.get(self.stage, (shown(self.stage).capitalize(), "item"))
        if self.stage == "resolving" and self.projects:
            return f"{title}: {_counted(len(self.projects), 'project')}"
        if self.stage != "downloading":
            return title if self.total is None else f"{title} {_counted(self.total, unit)}"
        files = f"{self.finished}/{self.total} files" if self.total else _counted(self.finished, unit)
        if not self.bytes_total:
            return f"{title} {files}"
        return f"{title} {files}, {size_text(self.bytes_received)} of {size_text(self.bytes_total)}"

    @property
    def heading(self) -> str | None:
        """The line that opens a stage off a terminal; None where there is nothing to do."""
        title, unit = _STAGES.get(self.stage, (shown(self.stage).capitalize(), "item"))
        if self.total is None:
            return title
        return f"{title} {_counted(self.total, unit)}" if self.total else None

    def _capped(self, name: str) -> int:
        # A download that had to begin again is counted twice; never more than the file.
        size = self.sizes.get(name)
        return self.received[name] if not size else min(self.received[name], size)

    def _finish(self, name: str) -> None:
        if name in self.sizes:
            self.finished += 1
            self.received[name] = self.sizes.get(name) or self.received[name]


def download_line(event: DownloadBegan) -> str:
    """``Downloading flask-3.1.2-py3-none-any.whl (103 kB)``, or ``Using cached …``, as pip says it."""
    verb = "Using cached" if event.cached else "Downloading"
    size = "" if event.size is None else f" ({size_text(event.size)})"
    return shown(f"{verb} {event.filename}{size}")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
