"""The part of the world that reading requirements needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from safepip.core.ports import Environment
    from safepip.flows.surroundings import Surroundings


class Shows(Protocol):
    """How facts reach the person."""

    def noted(self, lines: Sequence[str]) -> None:
        """Facts that are no findings."""

    def hide(self, variable: str, value: str) -> None:
        """Show the variable wherever its value would stand: it may be a secret."""


class Near(Protocol):
    """The machine and the person."""

    @property
    def around(self) -> Surroundings: ...

    @property
    def show(self) -> Shows: ...


class Meant(Protocol):
    """The environment that requirements are read for; waited for only where something depends on it."""

    @property
    def environment(self) -> Environment: ...
