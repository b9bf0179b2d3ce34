"""What is said of a file that stays: by the index, or by the lock where the index says nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from safepip.core.index import FileEntry
from safepip.core.locking import Answer
from safepip.lock.document import merge
from safepip.lock.facts import as_before
from safepip.lock.previous import previous_of
from tests.lock.answers import BASE, POLICY, answer, choice, step, wheel

OLD, NEW = datetime(2001, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)
BARE = {"size": None, "upload_time": None}
NOW = {"size": 5, "upload_time": NEW}
BEFORE = {"size": 1, "upload_time": OLD}


def demo(**fields: object) -> Answer:
    return answer("linux-x86_64-cp311", step("demo", "1.0", file=wheel("demo", "1.0", **fields)))


def after(before: Answer, now: Answer, *, filled: bool = False) -> Answer:
    """What is locked now, over a lock of what was answered before."""
    previous = previous_of(merge([before], base=BASE, policy_digest=POLICY))
    return as_before([now], previous, filled=filled)[0]


def said(of: Answer) -> dict[str, object]:
    (file,) = of.choice.files["demo"]
    return {"size": file.size, "upload_time": file.upload_time}


@pytest.mark.parametrize("filled", [False, True])
def test_the_index_counts_before_the_lock(filled: bool) -> None:
    assert said(after(demo(**BEFORE), demo(**NOW), filled=filled)) == NOW
    assert said(after(demo(**BEFORE), demo(**BARE), filled=filled)) == BEFORE


def test_what_the_lock_leaves_out_is_filled_in_only_where_it_is_to_move() -> None:
    assert said(after(demo(**BARE), demo(**NOW))) == BARE
    assert said(after(demo(**BARE), demo(**NOW), filled=True)) == NOW


@pytest.mark.parametrize("filled", [False, True])
def test_nothing_is_taken_over_from_other_bytes_or_another_file(filled: bool) -> None:
    assert said(after(demo(**BEFORE), demo(content="other", **BARE), filled=filled)) == BARE
    renamed: FileEntry = wheel("demo", "1.0", "cp311-cp311-linux_x86_64", **BARE)
    other = answer("linux-x86_64-cp311", step("demo", "1.0", file=renamed))
    assert said(after(demo(**BEFORE), other, filled=filled)) == BARE


def test_what_builds_need_is_treated_alike() -> None:
    def built(**fields: object) -> Answer:
        tool = choice(step("tool", "1.0", file=wheel("tool", "1.0", **fields)))
        return answer("linux-x86_64-cp311", step("demo", "1.0"), builds={"demo": tool})

    (file,) = after(built(**BEFORE), built(**BARE)).choice.builds["demo"].files["tool"]

    assert (file.size, file.upload_time) == (1, OLD)
