"""May this listed file be used? Asked lazily, best file first; a refused file is passed over, and the
ledger keeps the reason.

Only what the page itself tells is judged here. Bytes are judged when they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from packaging.utils import NormalizedName
from packaging.version import Version

from safepip.core.digest import AcceptableDigests
from safepip.core.finding import Admit, Finding, Level, Refuse, Severity, Verdict
from safepip.core.index import FileEntry, Index
from safepip.core.origin import Layer, Origin, Place
from safepip.core.url import Url, UrlError
from safepip.core.value import value
from safepip.policy.schema import Policy
from safepip.resolve.hashes import hash_matches
from safepip.resolve.offers import Offer
from safepip.rules.base import decision

_NO_PLAIN_URL = "the index must link its files with plain https URLs; tell its operator"
Judge = Callable[[Finding, Version], Finding | None]
"""Gives a finding about a version the policy's level; None where policy lets it pass."""
FirstUse = Callable[[NormalizedName, Version, Index, FileEntry, Iterable[FileEntry]], None]
"""Raises Refused where a listed file is not the one that was first used under its name, or came later than
the use of one beside it: then no other file takes its place in silence.

The last are the other files of its version that the index offers this target, as far as policy lets
them be taken; none where the user's own hash says that this file is meant."""


def never_used(
    _project: NormalizedName,
    _version: Version,
    _index: Index,
    _file: FileEntry,
    _beside: Iterable[FileEntry],
) -> None:
    """Nothing is remembered."""


@value
class PassedOver:
    """A file that was refused, with the finding that says why."""

    offer: Offer
    finding: Finding


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every refusal of a run, by project: what explanations are made from."""

    _by_project: dict[NormalizedName, dict[str, PassedOver]] = field(default_factory=dict)

    def record(self, project: NormalizedName, offer: Offer, finding: Finding) -> None:
        self._by_project.setdefault(project, {})[offer.file.url] = PassedOver(offer=offer, finding=finding)

    def of(self, project: NormalizedName) -> tuple[PassedOver, ...]:
        """The project's refusals, best file first as they were met."""
        return tuple(self._by_project.get(project, {}).values())


class Admission:
    """Judges listed files, each once."""

    def __init__(
        self, policy: Policy, now: datetime, judge: Judge, *, first_use: FirstUse = never_used
    ) -> None:
        self._first_use = first_use
        self._policy = policy
        self._now = now
        self._judge = judge
        self._verdicts: dict[tuple[Offer, bool], tuple[Verdict, tuple[Finding, ...]]] = {}
        self.ledger = Ledger()

    def admit(self, project: NormalizedName, offer: Offer, acceptable: AcceptableDigests) -> Verdict:
        """Whether the file may be used; a refusal goes into the ledger.

        Args:
            acceptable: the user's own hashes for the requirement; empty if there are none.
        """
        verdict, _ = self._assess(project, offer, acceptable)
        if isinstance(verdict, Refuse):
            self.ledger.record(project, offer, verdict.finding)
        return verdict

    def warnings(
        self, project: NormalizedName, offer: Offer, acceptable: AcceptableDigests
    ) -> tuple[Finding, ...]:
        """What is to be said about an admitted file that is chosen."""
        return self._assess(project, offer, acceptable)[1]

    def _assess(
        self, project: NormalizedName, offer: Offer, acceptable: AcceptableDigests
    ) -> tuple[Verdict, tuple[Finding, ...]]:
        pinned = hash_matches(offer.file, acceptable) or (not offer.file.digests and acceptable.strong)
        key = (offer, pinned)
        if key not in self._verdicts:
            if not offer.local:
                beside = () if pinned else self.beside(project, offer)
                self._first_use(project, offer.version, offer.index, offer.file, beside)
            self._verdicts[key] = self._verdict(offer, self._findings(project, offer, pinned))
        return self._verdicts[key]

    def beside(self, project: NormalizedName, offer: Offer) -> Iterator[FileEntry]:
        """The other files of its version that the index offers this target; sources only where they may be built."""
        builds = self.admits_build(project)
        if offer.wheel or builds:
            for other in offer.project:
                same = other.index is offer.index and other.version == offer.version
                if same and other is not offer and (other.wheel or builds):
                    yield other.file

    def _verdict(self, offer: Offer, findings: Iterator[Finding]) -> tuple[Verdict, tuple[Finding, ...]]:
        warnings = []
        for finding in findings:
            judged = self._judge(finding, offer.version)
            if judged is None:
                continue
            if judged.denies:
                return Refuse(finding=judged), ()
            warnings.append(judged)
        return Admit(), tuple(warnings)

    def _findings(self, project: NormalizedName, offer: Offer, pinned: bool) -> Iterator[Finding]:
        if not offer.wheel and not self.admits_build(project):
            yield sdist_build(project, offer, decision(self._policy.sdists))
            return
        if not offer.local:
            yield from _link_findings(project, offer)
            if not pinned and not offer.file.digests.strong and not offer.index.records_digests:
                yield _weak_digest(project, offer)
            yield from self._cooldown(project, offer, pinned)
        if offer.file.yanked is not None:
            yield _yanked(project, offer)

    def admits_build(self, project: NormalizedName) -> bool:
        """Whether ``builds.sdists`` lets source distributions of the project run their code."""
        return any(pattern.matches(project) for pattern in self._policy.sdists.value)

    def _cooldown(self, project: NormalizedName, offer: Offer, pinned: bool) -> Iterator[Finding]:
        min_age, explicit, decided_by = self._min_age(offer.index)
        if min_age <= timedelta(0):
            return
        uploaded = offer.file.upload_time
        if uploaded is None:
            if explicit:
                yield _of_unknown_age(project, offer, decided_by)
            return
        age = self._now - uploaded
        if age < min_age:
            why = f"it was uploaded {_span(age)} ago, and files must be {_span(min_age)} old"
            finding = _fresh(project, offer, why, decided_by)
            # The user has seen these very bytes: a default must not stand against that.
            yield replace(finding, level=Level.WARN) if pinned and not explicit else finding

    def _min_age(self, index: Index) -> tuple[timedelta, bool, str]:
        """The cool-down in force, whether somebody asked for it, and who."""
        if index.min_age is not None:
            return index.min_age, True, f"{index.origin}, min-age of the index {index.name}"
        policy = self._policy.min_age
        if policy.origin.layer is not Layer.DEFAULT:
            return policy.value, True, f"{policy.origin}, cooldown.min-age"
        if index.built_in:
            return policy.value, False, f"safepip's default, cooldown.min-age = {_span(policy.value)!r}"
        return timedelta(0), False, ""


def place_of(offer: Offer) -> Origin:
    """Where a page lists the file."""
    if offer.file.locked is not None:
        return offer.file.locked
    page = offer.file.page or str(offer.index.url)
    return Origin(layer=Layer.INDEX, kind=Place.INDEX, place=page, key=offer.file.where or None)


def sdist_build(project: NormalizedName, offer: Offer, decided_by: str) -> Finding:
    """Only building could install this file, and building runs its code."""
    return Finding(
        rule="sdist-build",
        message=f"{project} {offer.version} offers no wheel that fits, and building {offer.file.filename} would run its code",
        origin=place_of(offer),
        subject=project,
        help=f"ask for a version that has a wheel for this environment, or admit {project} in [builds] sdists",
        decided_by=f"{decided_by}, builds.sdists",
        severity=Severity.MEDIUM,
    )


def _link_findings(project: NormalizedName, offer: Offer) -> Iterator[Finding]:
    """The file's URL: HTTPS, without credentials, on a host that the index may link to."""
    index = offer.index
    try:
        url = Url.parse(offer.file.url)
    except UrlError as error:
        yield _file_host(project, offer, f"a URL that {error}", _NO_PLAIN_URL)
        return
    if url.credentials is not None:
        yield _file_host(project, offer, "a URL with credentials in it", _NO_PLAIN_URL)
    elif url.scheme == "http" and not (index.allows_plaintext and url.is_loopback):
        yield Finding(
            rule="plaintext-link",
            message=f"the page of {project} on {index.name} links to {offer.file.filename} over http: anyone on the way can change it",
            origin=place_of(offer),
            subject=project,
            notes=(f"the link is {url}",),
            help="have the index link over https",
            decided_by="safepip's default (no setting allows plaintext)",
        )
    elif url.scheme not in {"http", "https"}:
        what = f"a {url.scheme}: URL, which a remote page may not name"
        yield _file_host(project, offer, what, _NO_PLAIN_URL)
    elif not _is_allowed_host(url, index):
        instruction = f"if it belongs there, add {url.netloc} to file-hosts of the [[index]] {index.name!r}"
        yield _file_host(project, offer, f"the host {url.netloc}", instruction)


def _is_allowed_host(url: Url, index: Index) -> bool:
    if index.file_hosts is None or url.netloc == index.url.netloc:
        return True
    return url.netloc in index.file_hosts


def _file_host(project: NormalizedName, offer: Offer, what: str, instruction: str) -> Finding:
    index = offer.index
    return Finding(
        rule="file-host",
        message=f"the page of {project} on {index.name} links to {offer.file.filename} at {what}",
        origin=place_of(offer),
        subject=project,
        help=instruction,
        decided_by=f"{index.origin}, file-hosts of the index {index.name}"
        if index.file_hosts
        else "safepip's default",
    )


def _weak_digest(project: NormalizedName, offer: Offer) -> Finding:
    given = ", ".join(algorithm.value for algorithm in offer.file.digests.by_algorithm)
    has = f"only {given}" if given else "no digest"
    return Finding(
        rule="weak-digest",
        message=f"the page of {project} on {offer.index.name} gives {has} for {offer.file.filename}; sha256 or stronger is needed",
        origin=place_of(offer),
        subject=project,
        help="give its sha256 with --hash, or have the index publish one",
    )


def _fresh(project: NormalizedName, offer: Offer, why: str, decided_by: str) -> Finding:
    return Finding(
        rule="fresh-release",
        message=f"{project} {offer.version} ({offer.file.filename}) is too new: {why}",
        origin=place_of(offer),
        subject=project,
        help=f"wait, or exempt {project} with an [[allow]] for fresh-release and a reason",
        decided_by=decided_by,
        severity=Severity.MEDIUM,
    )


def _of_unknown_age(project: NormalizedName, offer: Offer, decided_by: str) -> Finding:
    finding = _fresh(project, offer, "", decided_by)
    return replace(
        finding,
        message=f"{project} {offer.version} ({offer.file.filename}) may be too new: its index gives no upload time",
        help=f'exempt {project} with an [[allow]] for fresh-release and a reason, or write min-age = "0 days" '
        "in the [[index]] of an index that gives none",
    )


def _yanked(project: NormalizedName, offer: Offer) -> Finding:
    return Finding(
        rule="yanked-release",
        message=f"{project} {offer.version} was yanked by its authors",
        origin=place_of(offer),
        level=Level.WARN,
        subject=project,
        notes=(f"Reason for being yanked: {offer.file.yanked or '<none given>'}",),
        help="ask for another version",
        severity=Severity.LOW,
    )


def _span(span: timedelta) -> str:
    """``3 days``, ``5 hours``, ``12 minutes``: the largest unit that does not hide the amount."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        count = minutes // size
        if count >= 2 or (count == 1 and minutes % size == 0) or unit == "minute":
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    raise AssertionError("the last unit always answers")
