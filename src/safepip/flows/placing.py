"""Which index a locked file belongs to: the lock says where it is, policy whether it may be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from safepip.core.finding import Finding, Location, Refuse
from safepip.core.index import Index, IndexKind, Trust
from safepip.core.subjects import LockedFile, RequirementKind, RequirementLine
from safepip.core.url import Url, UrlError
from safepip.policy.schema import Policy
from safepip.policy.urls import admits_url, same_index
from safepip.route.ambiguous import unrouted_project
from safepip.route.decide import Assigned, assigned

_NO_PLAINTEXT = "safepip's default (no setting allows plaintext)"
_URL_HELP = "lock again, so that the lock names https URLs or paths beside it"


@dataclass(slots=True)
class Placing:
    """One locked file: which index it belongs to, or the finding that says why it may not be used."""

    locked: LockedFile
    indexes: Sequence[Index]
    policy: Policy
    trust: Trust
    patterns_only: bool = False
    url: Url | None = None

    def misfits(self, line: RequirementLine) -> Iterator[Finding]:
        """What is wrong with it wherever it comes from."""
        if self.locked.filename and not line.hashes:
            yield self._finding(
                "weak-digest",
                "has no digest that can be checked",
                "lock again, so that the lock has its sha256",
            )
        if self.locked.remote and line.kind is RequirementKind.PATH:
            yield self._elsewhere()

    def index(self, *, direct: bool = False) -> Index | Finding:
        """Its index, or what stands for one; the finding where it may come from nowhere.

        Args:
            direct: whether it is of no index, as the lock says (``archive``).
        """
        try:
            url = self.url = Url.parse(self.locked.url)
        except UrlError as error:
            return self._finding("lock-source", f"has a URL that cannot be read: it {error}", _URL_HELP)
        if url.scheme == "file":
            return self._local(url)
        return next(self._unsafe(url), None) or (self._of_none(url) if direct else self._remote(url))

    def _local(self, url: Url) -> Index | Finding:
        """A file beside a local lock: the project's own copy."""
        if self.locked.remote:
            return self._elsewhere()
        if url.host or url.local_path.startswith(("//", "\\\\")):
            return self._finding(
                "lock-source", f"names a file of another machine ({url.host or 'a share'})", _URL_HELP
            )
        return self._place(url, IndexKind.LOCAL_FOLDER)

    def _elsewhere(self) -> Finding:
        return self._finding(
            "remote-reaches-local",
            "is a file of this machine, and the lock came from a URL",
            "download the lock and its files, and name the local copy",
            decided_by="safepip's default (no setting allows it)",
        )

    def _unsafe(self, url: Url) -> Iterator[Finding]:
        """What no index and no policy lets pass."""
        own = any(index.allows_plaintext and url.origin == index.url.origin for index in self.indexes)
        if url.scheme == "http" and not (own and url.is_loopback):
            yield self._finding(
                "plaintext-link",
                "comes over http: anyone on the way can change it",
                "lock again from an index that links its files with https",
                decided_by=_NO_PLAINTEXT,
            )
        elif url.scheme not in {"http", "https"}:
            yield self._finding("lock-source", f"has a {url.scheme}: URL", _URL_HELP)
        if url.credentials is not None:
            yield self._credentials("its URL")

    def _remote(self, url: Url) -> Index | Finding:
        answer = assigned(self.locked.project, self.indexes)
        if isinstance(answer, Refuse):
            return answer.finding
        if self.patterns_only and (answer is None or answer.pattern is None):
            return replace(unrouted_project(self.locked.project, self.indexes), origin=self.locked.origin)
        recorded = self._recorded(answer)
        if isinstance(recorded, Finding):
            return recorded
        if recorded is None and answer is None:
            return self._of_any(url)
        choices = (recorded,) if recorded is not None else answer.indexes if answer is not None else ()
        remote = [index for index in choices if not index.kind.local]
        if not remote and (answer is None or answer.pattern is None):
            return self._of_none(url)
        fitting = next((index for index in remote if _may_serve(index, url)), None)
        return fitting or self._foreign_host(url, choices)

    def _recorded(self, answer: Assigned | None) -> Index | Finding | None:
        """The index that the lock names, if it does; a finding where it is not the project's."""
        said = self.locked.index
        if said is None:
            return None
        try:
            url = Url.parse(said.value)
        except UrlError as error:
            return self._drift(f"records an index URL that cannot be read: it {error}")
        if url.credentials is not None:
            return replace(self._credentials("the URL of its index"), origin=said.origin)
        known = next((index for index in self.indexes if same_index(index.url, url)), None)
        if known is None:
            return self._drift(f"was locked from {url.without_secrets}, which is no index of this run")
        if answer is None or known in answer.indexes:
            return known
        names = " and ".join(index.label for index in answer.indexes)
        because = f", because of the pattern {answer.pattern!r}" if answer.pattern else ""
        return self._drift(f"was locked from {known.label}, and comes from {names}{because}")

    def _of_any(self, url: Url) -> Index | Finding:
        """Several indexes, no pattern, none recorded: the one whose host it is, else the lock's word."""
        own = [index for index in self.indexes if not index.kind.local and _is_host_of(index, url)]
        return own[0] if own else self._of_none(url)

    def _of_none(self, url: Url) -> Index | Finding:
        """A file of no index: as a direct URL, its digest and ``urls.allow`` decide."""
        if not admits_url(self.policy.urls_allow.value, url):
            return self._finding(
                "direct-url",
                f"comes from {url.netloc}, which urls.allow does not admit",
                "add it to urls.allow in the policy, or lock again from an index",
                decided_by=str(self.policy.urls_allow.origin),
            )
        return self._place(url, IndexKind.LINKS)

    def _place(self, url: Url, kind: IndexKind) -> Index:
        """What stands for the folder of the file: nothing else comes from it, and it gets no secrets."""
        folder = replace(
            url, path=url.path.rpartition("/")[0] or "/", query="", fragment="", credentials=None
        )
        return Index(
            name=folder.local_path if kind.local else folder.without_secrets,
            url=folder,
            kind=kind,
            origin=self.locked.origin,
            trust=replace(self.trust, client_cert=None),
            direct=True,
        )

    def _foreign_host(self, url: Url, indexes: Sequence[Index]) -> Finding:
        names = " and ".join(index.label for index in indexes)
        return self._finding(
            "file-host",
            f"comes from {url.netloc}, which is no file host of {names}",
            "lock again from the index; or add the host to file-hosts of its [[index]] if it belongs there",
            decided_by=str(indexes[0].origin),
        )

    def _credentials(self, where: str) -> Finding:
        return self._finding(
            "credentials-in-url",
            f"has credentials in {where}",
            "take them out of the lock, and keep them in netrc or a keyring",
        )

    def _drift(self, problem: str) -> Finding:
        said = self.locked.index
        finding = self._finding(
            "lock-drift", problem, "lock again with the indexes of this machine, or correct the policy"
        )
        if said is None:
            return finding
        return replace(
            finding, origin=said.origin, related=(Location(origin=self.locked.origin, label="for this file"),)
        )

    def _finding(
        self, rule: str, problem: str, instruction: str, *, decided_by: str = "safepip's default"
    ) -> Finding:
        return Finding(
            rule=rule,
            message=f"{self.locked.filename} of the lock {problem}",
            origin=self.locked.origin,
            subject=self.locked.project,
            help=instruction,
            decided_by=decided_by,
        )


def _may_serve(index: Index, url: Url) -> bool:
    """By the rule for links on the index's pages: the lock's digest is a strong one."""
    return index.file_hosts is None or _is_host_of(index, url)


def _is_host_of(index: Index, url: Url) -> bool:
    return url.origin == index.url.origin or url.netloc in (index.file_hosts or ())
