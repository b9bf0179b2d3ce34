"""What happens during a run, for progress and the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from safepip.core.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBegan:
    """A stage of the main path: ``resolving``, ``downloading``, ``verifying``, ``installing``."""

    stage: str
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectListed:
    """An index answered for a project."""

    project: str
    index: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadBegan:
    """``size`` in bytes, None if unknown; ``cached`` when the store already has the file."""

    filename: str
    size: int | None
    cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadAdvanced:
    """``received`` more bytes of a file."""

    filename: str
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadFinished:
    """All bytes are in the store and their digest is right."""

    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A rule said something."""

    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A line worth a person's attention that is no finding."""

    text: str


Event = StageBegan | ProjectListed | DownloadBegan | DownloadAdvanced | DownloadFinished | Found | Noted
