"""The files that fit a specifier and hashes, best first: pip's order, tried against pip 26.3."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.digest import AcceptableDigests
from safepip.core.index import FileEntry
from safepip.resolve.hashes import hash_matches
from safepip.resolve.offers import Offer, OfferReader, ProjectOffers
from safepip.resolve.request import ResolveOptions
from safepip.resolve.target import Target
from safepip.route import NotFound, Routed, Router


class Finder:
    """Offers by project, sorted for each question once."""

    def __init__(
        self,
        router: Router,
        target: Target,
        options: ResolveOptions,
        preferred: Mapping[NormalizedName, frozenset[Version]] = MappingProxyType({}),
    ) -> None:
        """``preferred``: see :class:`~safepip.resolve.request.ResolveRequest`."""
        self._router = router
        self._preferred = preferred
        self._options = options
        self._reader = OfferReader(target, options)
        self._offers: dict[NormalizedName, ProjectOffers] = {}
        self._answers: dict[tuple[NormalizedName, SpecifierSet, AcceptableDigests], tuple[Offer, ...]] = {}

    def routed(self, project: NormalizedName) -> Routed | NotFound:
        """The project's route; waits. Raises Refused."""
        return self._router.find(project)

    def offers(self, project: NormalizedName) -> ProjectOffers:
        """Everything that fits the target; waits for the index. Raises Refused, ResolutionError."""
        known = self._offers.get(project)
        if known is None:
            routed = self._router.find(project)
            known = (
                ProjectOffers() if isinstance(routed, NotFound) else self._reader.read(project, routed.files)
            )
            self._offers[project] = known
        return known

    def unfit_wheels(self, project: NormalizedName) -> list[FileEntry]:
        """Wheels of the project for other platforms or Pythons, in the page's order."""
        routed = self._router.find(project)
        return [] if isinstance(routed, NotFound) else list(self._reader.unfit_wheels(project, routed.files))

    def takes_wheels(self, project: NormalizedName) -> bool:
        """Whether ``--no-binary`` leaves wheels of the project among the candidates."""
        return self._reader.formats(project)[0]

    def allows_prereleases(self, project: NormalizedName) -> bool | None:
        """``--pre``, ``--all-releases``, ``--only-final``; None: the specifier decides (PEP 440)."""
        control = self._options.release_control
        if project in control.all_releases:
            return True
        if project in control.only_final:
            return False
        if ":all:" in control.all_releases:
            return True
        return False if ":all:" in control.only_final else None

    def applicable(
        self, project: NormalizedName, specifier: SpecifierSet, acceptable: AcceptableDigests
    ) -> tuple[Offer, ...]:
        """What fits, best first, yanked files left out where PEP 592 leaves them out."""
        key = (project, specifier, acceptable)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = tuple(self._sorted(project, specifier, acceptable))
        return known

    def _sorted(
        self, project: NormalizedName, specifier: SpecifierSet, acceptable: AcceptableDigests
    ) -> list[Offer]:
        offers = self.offers(project).offers
        fitting = list(specifier.filter(offers, self.allows_prereleases(project), key=_version))
        kept = _with_allowed_hashes(fitting, acceptable)
        # pip sorts worst first and stably, then walks backwards: of equals, the last comes first.
        ranked = sorted(kept, key=lambda offer: self._rank(project, offer, acceptable))
        ranked.reverse()
        if all(offer.file.yanked is not None for offer in ranked) and _is_pinned(specifier):
            return ranked
        return [offer for offer in ranked if offer.file.yanked is None]

    def _rank(
        self, project: NormalizedName, offer: Offer, acceptable: AcceptableDigests
    ) -> tuple[bool, bool, bool, bool, Version, int, tuple[()] | tuple[int, str]]:
        """As pip's ``CandidateEvaluator._sort_key``, with preferred versions before others; larger is preferred."""
        return (
            hash_matches(offer.file, acceptable),
            offer.file.yanked is None,
            offer.version in self._preferred.get(project, ()),
            self._options.prefer_binary and offer.wheel,
            offer.version,
            -offer.priority,
            offer.build,
        )


def _version(offer: Offer) -> Version:
    return offer.version


def _with_allowed_hashes(offers: list[Offer], acceptable: AcceptableDigests) -> list[Offer]:
    """Once one file is listed by its hash, files with other hashes are none of the candidates."""
    if not any(hash_matches(offer.file, acceptable) for offer in offers):
        return offers
    return [offer for offer in offers if not offer.file.digests or hash_matches(offer.file, acceptable)]


def _is_pinned(specifier: SpecifierSet) -> bool:
    """Whether one version is asked for by name, which is what admits a yanked one (PEP 592)."""
    return any(
        one.operator == "===" or (one.operator == "==" and not one.version.endswith(".*"))
        for one in specifier
    )
