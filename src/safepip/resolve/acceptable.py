"""Every file of a chosen version that would do: what a lock lists beside the one that was chosen.

Each is judged as if it were to be installed. A wheel that was added to an old release yesterday is as fresh as a
release of yesterday.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from safepip.core.digest import AcceptableDigests, Digest, Digests
from safepip.core.finding import Refuse
from safepip.core.index import FileEntry, Index
from safepip.core.value import value

if TYPE_CHECKING:
    from safepip.core.plan import Plan, Step
    from safepip.resolve.admit import Admission
    from safepip.resolve.finder import Finder
    from safepip.resolve.offers import Offer


@value
class Acceptable:
    """One file that would do.

    Attributes:
        index: whose page lists it.
        hashes: the user's own hashes for the project.
    """

    project: NormalizedName
    index: Index
    file: FileEntry
    hashes: AcceptableDigests = AcceptableDigests()

    @property
    def measured(self) -> bool:
        """Whether its page gives a sha256; else somebody has to hash it (local folders)."""
        return self.file.digests.sha256 is not None


@value
class AcceptableFiles:
    """The files of a plan, those of one project together: the chosen one first, then by name.

    Attributes:
        notes: lines for the person: files that policy keeps out.
    """

    everything: tuple[Acceptable, ...]
    notes: tuple[str, ...] = ()

    @property
    def unmeasured(self) -> tuple[Acceptable, ...]:
        """Those whose sha256 nobody knows yet."""
        return tuple(one for one in self.everything if not one.measured)

    def by_project(self, measured: Mapping[str, str]) -> Mapping[NormalizedName, tuple[FileEntry, ...]]:
        """The files by project, each with a sha256.

        Args:
            measured: sha256 in hexadecimal digits of what is :attr:`unmeasured`, by URL.

        Raises:
            KeyError: one of these is missing.
            DigestError: no sha256.
        """
        found: dict[NormalizedName, tuple[FileEntry, ...]] = {}
        for one in self.everything:
            file = one.file if one.measured else _with_sha256(one.file, measured[one.file.url])
            found[one.project] = (*found.get(one.project, ()), file)
        return found


def acceptable_files(plan: Plan, finder: Finder, admission: Admission) -> AcceptableFiles:
    """What would do for each step that comes from an index or folder.

    Raises:
        Refused: a file is not the one that was first used under its name.
    """
    found: list[Acceptable] = []
    notes: list[str] = []
    for step in plan.steps:
        if not step.direct:
            found += _files(step, finder, admission, notes)
    return AcceptableFiles(everything=tuple(found), notes=tuple(notes))


def _files(step: Step, finder: Finder, admission: Admission, notes: list[str]) -> Iterator[Acceptable]:
    offers = [offer for offer in finder.offers(step.project).offers if _is_of(offer, step)]
    offers.sort(key=lambda offer: (offer.file != step.file, offer.file.filename))
    seen: set[str] = set()
    for offer in offers:
        if offer.file.filename in seen:
            continue
        seen.add(offer.file.filename)
        verdict = admission.admit(step.project, offer, step.acceptable)
        if isinstance(verdict, Refuse):
            # Nearly every project has a source archive: that it may not be built is no news.
            if verdict.finding.rule != "sdist-build":
                notes.append(_left_out(offer, verdict))
            continue
        yield Acceptable(project=step.project, index=offer.index, file=offer.file, hashes=step.acceptable)


def _is_of(offer: Offer, step: Step) -> bool:
    """Whether it is a file of the chosen version that the user's hashes and its authors leave standing."""
    stands = offer.file.yanked is None or step.file.yanked is not None
    return (
        offer.version == step.version and stands and step.acceptable.accepts(offer.file.digests) is not False
    )


def _left_out(offer: Offer, verdict: Refuse) -> str:
    finding = verdict.finding
    return f"{offer.file.filename} left out: {finding.message} ({finding.rule})"


def _with_sha256(file: FileEntry, sha256: str) -> FileEntry:
    return replace(file, digests=Digests.of([*file.digests, Digest.of("sha256", sha256)]))
