"""Candidates in pip's order, each looked at only when the resolver comes to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from packaging.version import Version

from safepip.resolve.candidate import Candidate
from safepip.resolve.offers import Offer

Making = Callable[[Offer], Candidate | None]
"""A candidate for an offer; None where the offer may not be used."""


class FoundCandidates(Sequence[Candidate]):
    """What one question finds; can be walked many times. Compare pip's ``found_candidates``.

    Whether there is any candidate is answered without waiting for metadata, so that metadata of
    many projects is on its way at once; walking waits for each candidate's.
    """

    def __init__(
        self,
        *,
        offers: Callable[[], Iterable[Offer]],
        make: Making,
        readable: Callable[[Candidate], bool],
        known_unreadable: Callable[[Candidate], bool],
        installed: Candidate | None,
        prefers_installed: bool,
        incompatible: AbstractSet[Candidate],
    ) -> None:
        """Keep the question.

        Args:
            offers: files that fit, best first; called when a file is needed.
            readable: whether the metadata can be used; waits for it.
            known_unreadable: whether it has come and cannot be used; does not wait.
            installed: the installed distribution if it fits; None if there is none.
            prefers_installed: whether it goes first; else it goes where its version belongs.
            incompatible: candidates that have been ruled out.
        """
        self._offers = offers
        self._make = make
        self._readable = readable
        self._known_unreadable = known_unreadable
        self._installed = installed
        self._prefers_installed = prefers_installed
        self._incompatible = incompatible
        self._any: bool | None = None

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError("candidates are walked, not counted")

    def __len__(self) -> int:
        raise NotImplementedError("candidates are walked, not counted")

    def __iter__(self) -> Iterator[Candidate]:
        walked = False
        unreadable = None
        for candidate in self._ordered():
            if candidate in self._incompatible:
                continue
            if self._readable(candidate):
                walked = True
                yield candidate
            else:
                unreadable = candidate
        if not walked and unreadable is not None:
            # The resolver was told that there is a candidate; this one fails on its dependencies.
            yield unreadable

    def __bool__(self) -> bool:
        if self._any is None:
            self._any = bool(self._prefers_installed and self._installed) or any(
                candidate not in self._incompatible and not self._known_unreadable(candidate)
                for candidate in self._ordered()
            )
        return self._any

    def _ordered(self) -> Iterator[Candidate]:
        if self._installed is None:
            return self._files(set())
        if self._prefers_installed:
            return self._installed_first(self._installed)
        return self._installed_in_place(self._installed)

    def _files(self, versions: set[Version]) -> Iterator[Candidate]:
        """One candidate a version: its best file that may be used."""
        for offer in self._offers():
            if offer.version not in versions:
                candidate = self._make(offer)
                if candidate is not None:
                    versions.add(offer.version)
                    yield candidate

    def _installed_first(self, installed: Candidate) -> Iterator[Candidate]:
        yield installed
        yield from self._files({installed.version})

    def _installed_in_place(self, installed: Candidate) -> Iterator[Candidate]:
        """Before the first file that is not newer; a file of the same version comes after it."""
        versions: set[Version] = set()
        for offer in self._offers():
            if offer.version in versions:
                continue
            if installed.version not in versions and installed.version >= offer.version:
                versions.add(installed.version)
                yield installed
            candidate = self._make(offer)
            if candidate is not None:
                versions.add(offer.version)
                yield candidate
        if installed.version not in versions:
            yield installed
