"""The record of first uses where several runs work at once, and where an index publishes no digests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.digest import Digest, Digests
from safepip.core.errors import Refused
from safepip.core.index import FileEntry, Index
from safepip.core.plan import Plan, Route, RouteReason, Step
from safepip.core.record import Known, KnownFile
from safepip.core.url import Url
from safepip.flows.remembering import Memory
from safepip.policy.schema import HashMode, Policy
from safepip.rules.base import RuleContext
from tests.fakes.world import parse_metadata
from tests.support.wheels import make_wheel, metadata_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DEMO = canonicalize_name("demo")
INDEX = Index(name="corp", url=Url.parse("https://corp.example/simple"))
FIRST, OTHER = Digest.of("sha256", "a" * 64), Digest.of("sha256", "b" * 64)


class Shared:
    """A record to which another run adds just before this one does."""

    def __init__(self, before: Digest | None = None, meanwhile: Digest | None = None) -> None:
        self._before, self._meanwhile = before, meanwhile
        self.written: list[Known] = []

    def known(self, project: str) -> Known:
        files = {} if self._before is None else {("corp", "demo-1.0.whl"): kept(self._before)}
        return Known(project=canonicalize_name(project), files=files)

    def remember(
        self, known: Sequence[Known], *, over: Collection[tuple[str, str]] = ()
    ) -> Sequence[KnownFile]:
        self.written += known
        return [kept(self._meanwhile)] if self._meanwhile and not over else []

    def forget(self, project: str) -> bool:
        raise NotImplementedError


def kept(digest: Digest) -> KnownFile:
    return KnownFile(index="corp", filename="demo-1.0.whl", digest=digest, size=3, since=NOW)


def memory(record: Shared, measured: Digest = FIRST, mode: HashMode = HashMode.FILES) -> Memory:
    policy = Policy()
    context = RuleContext(policy=replace(policy, hash_mode=replace(policy.hash_mode, value=mode)), now=NOW)
    return Memory(record, context, lambda event: None, lambda path, digests: (measured.hex, 3))


def plan(index: Index, *digests: Digest) -> Plan:
    wheel = make_wheel("demo")
    file = FileEntry(
        filename="demo-1.0.whl", url="https://corp.example/demo-1.0.whl", digests=Digests.of(digests)
    )
    metadata = parse_metadata(metadata_of(wheel))
    route = Route(project=DEMO, indexes=(index,), reason=RouteReason.PATTERN)
    step = Step(
        name="demo",
        project=DEMO,
        version=Version("1.0"),
        route=route,
        index="corp",
        file=file,
        metadata=metadata,
    )
    return Plan(steps=(step,))


FILES = {DEMO: Path("/store/demo-1.0.whl")}


def test_of_two_runs_with_other_bytes_the_second_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        memory(Shared(meanwhile=OTHER)).remember(plan(INDEX, FIRST), FILES)

    (finding,) = caught.value.findings
    assert (finding.rule, finding.subject) == ("republished-file", "demo")
    assert str(OTHER) in finding.notes[0]
    assert str(FIRST) in finding.notes[1]


def test_of_two_runs_with_the_same_bytes_both_go_on() -> None:
    record = Shared()
    memory(record).remember(plan(INDEX, FIRST), FILES)
    assert [one.project for one in record.written] == ["demo"]


def test_what_another_run_has_remembered_since_the_page_was_read_counts() -> None:
    with pytest.raises(Refused) as caught:
        memory(Shared(before=OTHER)).remember(plan(INDEX, FIRST), FILES)
    assert caught.value.findings[0].rule == "republished-file"


@pytest.mark.parametrize("mode", list(HashMode))
def test_in_every_mode_a_file_without_a_published_digest_is_compared(mode: HashMode) -> None:
    bare = replace(INDEX, records_digests=True)
    with pytest.raises(Refused):
        memory(Shared(before=OTHER), mode=mode).remember(plan(bare), FILES)
    memory(Shared(before=FIRST), mode=mode).remember(plan(bare), FILES)


def test_a_page_that_publishes_digests_is_believed_in_the_mode_that_says_so() -> None:
    memory(Shared(before=OTHER), mode=HashMode.INDEX).remember(plan(INDEX, FIRST), FILES)


def test_the_digest_of_the_first_use_stands_for_one_that_the_page_lacks() -> None:
    bare = replace(INDEX, records_digests=True)
    file = plan(bare).steps[0].file

    completed = memory(Shared(before=FIRST)).completed(DEMO, bare, file)

    assert completed.digests.sha256 == FIRST.hex
    assert completed.remembered is not None
    assert completed.remembered.since == NOW
    assert memory(Shared()).completed(DEMO, bare, file) == file
    assert memory(Shared(before=FIRST)).completed(DEMO, INDEX, file) == file


def test_a_digest_that_the_page_gives_is_not_replaced() -> None:
    bare = replace(INDEX, records_digests=True)
    file = plan(bare, OTHER).steps[0].file
    assert memory(Shared(before=FIRST)).completed(DEMO, bare, file) == file
