"""What a lock is made from: for each environment that it is for, the plan and every file that would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from types import MappingProxyType

from packaging.utils import NormalizedName

from safepip.core.index import FileEntry
from safepip.core.plan import Plan
from safepip.core.ports import Environment
from safepip.core.value import value


@value
class LockTarget:
    """One environment that a lock is for.

    Attributes:
        name: such as ``linux-x86_64-cp311``.
        environment: its markers and tags; nothing is installed in it.
        marker: a marker (PEP 508) that is true there, as ``environments`` of a lock lists it (PEP 751).
    """

    name: str
    environment: Environment
    marker: str


@value
class Choice:
    """What one resolution chose.

    Attributes:
        plan: one step for each project.
        files: for each project that comes from an index or folder, every file of the chosen version that
            this environment could use and policy admits, the chosen one among them; each has a sha256.
        builds: for each project that is built, what its build needs.
    """

    plan: Plan
    files: Mapping[NormalizedName, tuple[FileEntry, ...]]
    builds: Mapping[NormalizedName, Choice] = field(default_factory=lambda: MappingProxyType({}))

    def with_builds(self) -> Iterator[Choice]:
        """This choice, and those for what its builds need, and builds of that."""
        yield self
        for needed in self.builds.values():
            yield from needed.with_builds()


@value
class Answer:
    """What was chosen for one environment."""

    target: LockTarget
    choice: Choice
