"""A file whose index publishes no digest, and which is another than at its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safepip.core.errors import Refused
from safepip.core.finding import Finding
from safepip.io.links import place_of

if TYPE_CHECKING:
    from safepip.core.digest import Digests
    from safepip.core.index import FileEntry, Remembered


def changed(file: FileEntry, remembered: Remembered, actual: Digests) -> Refused:
    """The ``republished-file`` refusal, as :mod:`safepip.flows.objections` makes it of what a page says."""
    finding = Finding(
        rule="republished-file",
        message=f"other bytes than before come under the name {file.filename}",
        origin=place_of(file),
        subject=remembered.project,
        notes=(
            f"sha256:{file.digests.sha256} was first used on {remembered.since:%Y-%m-%d}",
            f"sha256:{actual.sha256} was downloaded now",
            f"from {file.url}",
        ),
        help="ask whoever keeps the index why a released file changed; if that is right, once: "
        f"--allow republished-file:{remembered.project} --reason WHY",
        decided_by="the record of first uses",
    )
    return Refused([finding])
