"""What ``lock`` has to say at its end: what stands in the file now, and what was another way before."""

from __future__ import annotations

from collections.abc import Sequence

from safepip.core.value import value

_SHOWN = 5
"""Projects of one kind that are named; the others are counted."""


@value
class LockDifference:
    """What a lock has another way than the one before; each project as it is shown.

    Attributes:
        added, removed: such as ``flask 3.1.0``.
        changed: such as ``flask 3.0.0 → 3.1.0``.
        other_files: same version, other files: ``flask 3.1.0``.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    other_files: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each kind of difference; at least one."""
        kinds = (
            ("missing", self.added),
            ("not needed", self.removed),
            ("other version", self.changed),
            ("other files", self.other_files),
        )
        lines = tuple(f"{kind}: {', '.join(some(projects))}" for kind, projects in kinds if projects)
        return lines or ("the packages are the same; what is said about them differs",)


@value
class LockPage:
    """How locking ended.

    Attributes:
        output: path as the user wrote it; ``-``: stdout.
        format: ``pylock`` or ``requirements``.
        environments: their names, in the order asked for.
        packages: how many projects are locked; build requirements do not count.
        difference: from what stood there before; None: nothing did.
        written: whether the file was changed; with ``--check`` never.
    """

    output: str
    format: str
    environments: tuple[str, ...]
    packages: int
    difference: LockDifference | None
    written: bool


def some(projects: Sequence[str]) -> list[str]:
    """The first of them, and how many more there are."""
    more = len(projects) - _SHOWN
    return [*projects[:_SHOWN], *([f"{more} more"] if more > 0 else [])]
