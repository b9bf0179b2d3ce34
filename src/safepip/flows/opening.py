"""A source on its way to a wheel: unpacked, ready to be built, known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from safepip.core.build import BuiltWheel, Source
    from safepip.core.index import WheelMetadata
    from safepip.core.origin import Origin
    from safepip.core.workshop import Backend
    from safepip.flows.build import Builds
    from safepip.flows.guarded import Guarded
    from safepip.flows.locked_builds import Pins


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An unpacked source that is to be run, and who asked for it.

    Attributes:
        name: as messages call it.
        from_file: whether a requirement file brought it in.
        pins: what a lock has for its build; None: no lock says anything of it.
        identity: what tells its code from any other; empty where that may change, as in a folder.
    """

    name: str
    source: Source
    tree: Path
    from_file: bool
    origin: Origin | None
    pins: Pins | None = None
    identity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A source of which is known what it is.

    Attributes:
        made: its wheel, or the backend that makes it.
        inputs: the key of all that the wheel depends on; None: nobody can tell, or it is there already.
    """

    made: Backend | BuiltWheel
    metadata: WheelMetadata
    inputs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A source whose backend stands in a room with everything that it asks for.

    Attributes:
        needs: requirement texts: those of ``pyproject.toml``, then those that the backend adds.
        inputs: as of :class:`Project`.
    """

    backend: Backend
    needs: tuple[str, ...]
    inputs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What has to be resolved for a room, and by what.

    Attributes:
        guarded: its roots are the requirements.
        builds: makes wheels of the sources among what they resolve to.
        declared: the same for what ``pyproject.toml`` alone says; None where the rest of it is certain, or
            there is none.
    """

    guarded: Guarded
    builds: Builds
    declared: Needed | None = None
