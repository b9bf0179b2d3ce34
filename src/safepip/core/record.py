"""What earlier runs found out: which index a project comes from, and which bytes a file has.

A later run that would silently come to another answer is stopped. A name that was never seen is not
protected by this; a pattern of the policy or a lock is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from packaging.utils import NormalizedName

from safepip.core.digest import Digest
from safepip.core.value import value


@value
class KnownFile:
    """The first bytes that were accepted for a file name of an index.

    Attributes:
        index: name of the index (:attr:`safepip.core.index.Index.name`): ``pypi``, the policy's name, or
            the URL without secrets.
        digest: sha256 of the bytes.
        size: in bytes.
        since: when they were accepted; aware, UTC.
    """

    index: str
    filename: str
    digest: Digest
    size: int
    since: datetime


@value
class KnownRoute:
    """The index that a project was first installed from where no pattern decided.

    Attributes:
        url: of the index, without secrets: the name ``pypi`` stands for whichever the operator set.
    """

    index: str
    url: str
    since: datetime


@value
class Known:
    """All that is remembered of one project.

    Attributes:
        route: None where nothing is remembered, or a pattern, a local folder or a URL decided.
        files: by index name and file name.
    """

    project: NormalizedName
    route: KnownRoute | None = None
    files: Mapping[tuple[str, str], KnownFile] = field(default_factory=lambda: MappingProxyType({}))


class Record(Protocol):
    """The user's record. May be asked from any thread."""

    def known(self, project: NormalizedName) -> Known:
        """What is remembered; nothing where there is no record yet.

        Raises ConfigurationError where there is one that cannot be read: what it says is not known then.
        """

    def remember(
        self, known: Sequence[Known], *, over: Collection[tuple[str, str]] = ()
    ) -> Sequence[KnownFile]:
        """Write down, all or nothing. Raises OSError where nothing can be written there.

        Args:
            over: keys of :attr:`Known.files` that take the place of what was remembered.

        Returns:
            What stays of other files, because another run has remembered other bytes meanwhile.
        """

    def forget(self, project: NormalizedName) -> bool:
        """Take everything about a project out; whether there was anything. Raises OSError."""
