"""What happens during a run, for progress and the audit log."""

from __future__ import annotations

from safepip.core.finding import Finding
from safepip.core.value import value


@value
class StageBegan:
    """A stage of the main path: ``resolving``, ``downloading``, ``verifying``, ``installing``."""

    stage: str
    total: int | None = None


@value
class ProjectListed:
    """An index answered for a project."""

    project: str
    index: str


@value
class DownloadBegan:
    """``size`` in bytes, None if unknown; ``cached`` when the store already has the file."""

    filename: str
    size: int | None
    cached: bool


@value
class DownloadAdvanced:
    """``received`` more bytes of a file."""

    filename: str
    received: int


@value
class DownloadFinished:
    """All bytes are in the store and their digest is right."""

    filename: str


@value
class Found:
    """A rule said something."""

    finding: Finding


@value
class Noted:
    """A line worth a person's attention that is no finding."""

    text: str


Event = StageBegan | ProjectListed | DownloadBegan | DownloadAdvanced | DownloadFinished | Found | Noted
