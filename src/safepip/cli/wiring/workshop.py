"""A workshop that is furnished when something has to be built: most runs build nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safepip.core.build import Job
    from safepip.core.digest import Digests
    from safepip.core.index import WheelMetadata
    from safepip.core.workshop import Room, Workshop


class LateWorkshop:
    """Implements :class:`safepip.core.workshop.Workshop`; makes the real one at its first use."""

    def __init__(self, furnish: Callable[[], Workshop]) -> None:
        self._furnish = furnish
        self._furnished: Workshop | None = None

    @property
    def _shop(self) -> Workshop:
        if self._furnished is None:
            self._furnished = self._furnish()
        return self._furnished

    def room(self) -> Room:
        return self._shop.room()

    def target_room(self) -> Room:
        return self._shop.target_room()

    def is_directory(self, path: str) -> bool:
        return Path(path).is_dir()

    def unpack(self, archive: Path, filename: str, subdirectory: str) -> Path:
        return self._shop.unpack(archive, filename, subdirectory)

    def new_folder(self) -> Path:
        return self._shop.new_folder()

    def inside(self, tree: Path, subdirectory: str, name: str) -> Path:
        return self._shop.inside(tree, subdirectory, name)

    def static_metadata(self, archive: Path, job: Job) -> WheelMetadata | None:
        return self._shop.static_metadata(archive, job)

    def read(self, tree: Path, name: str) -> bytes | None:
        return self._shop.read(tree, name)

    def passed_on(self) -> Mapping[str, str]:
        return self._shop.passed_on()

    def digests(self, path: Path) -> Digests:
        return self._shop.digests(path)

    def lacks(self) -> Sequence[str]:
        """See the port; nothing has run where nothing was furnished."""
        return self._furnished.lacks() if self._furnished else ()

    def shortcomings(self) -> Sequence[str]:
        """See the port; nothing has run where nothing was furnished."""
        return self._furnished.shortcomings() if self._furnished else ()

    def close(self) -> None:
        if self._furnished is not None:
            self._furnished.close()
