"""Wheels that earlier runs built, and everything that one of them depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from safepip.core.build import BuiltWheel
from safepip.core.index import WheelMetadata
from safepip.core.value import value

SANDBOX = 1
"""Raised whenever a build finds other surroundings than before: what was built in the old ones is built anew."""


@value
class Inputs:
    """What decides which wheel comes out of a source, as far as anybody can know.

    Attributes:
        source: what the code is, such as :func:`archive_identity` says.
        subdirectory: of the project inside.
        settings: ``KEY=VALUE`` texts of ``--config-settings``, in order.
        interpreter: what the target's Python says of itself.
        environ: the variables that the build environment passes on.
        room: file name and sha256 of every wheel that the build room holds.
    """

    source: str
    subdirectory: str
    settings: tuple[str, ...]
    interpreter: Mapping[str, object]
    environ: Mapping[str, str]
    room: Sequence[tuple[str, str]]

    @property
    def key(self) -> str:
        """Sha256 over all of it, in a form in which equal inputs are equal texts."""
        said = {
            "kind": "wheel",
            "sandbox": SANDBOX,
            "source": self.source,
            "subdirectory": self.subdirectory,
            "settings": list(self.settings),
            "interpreter": dict(self.interpreter),
            "environ": dict(self.environ),
            "room": sorted(self.room),
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def archive_identity(sha256: str, filename: str) -> str:
    """What the code of an archive is. How it is unpacked goes by its name, and may decide what is in it."""
    kind = "zip" if filename.lower().endswith(".zip") else "tar"
    return f"{kind} sha256:{sha256}"


class BuiltWheels(Protocol):
    """The user's record of built wheels, and their bytes in the cache. The bytes are nothing without the record.

    Every method may find that the record or the folder cannot be used. Asking then raises ConfigurationError;
    keeping raises OSError.
    """

    def knows(self, source: str) -> bool:
        """Whether a backend of this code has ever been asked; if not, there is no wheel of it either."""

    def asked(self, key: str) -> tuple[str, ...] | None:
        """What a backend asked for besides, in a room with these inputs; None: it has not been asked yet."""

    def find(self, key: str) -> tuple[BuiltWheel, WheelMetadata] | None:
        """The wheel of these inputs, hashed just now; None where there is none, or not with its bytes."""

    def remember_asked(self, source: str, key: str, texts: Sequence[str]) -> None: ...

    def keep(self, key: str, wheel: BuiltWheel, now: datetime) -> Path:
        """Remember the wheel of these inputs; the folder where it is now."""

    def close(self) -> None: ...
