"""The bytes of a lock: the same for the same answers, readable, and read back as they were meant."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepip.core.errors import CommandError
from safepip.core.locking import Answer
from safepip.lock.document import merge
from safepip.lock.read import oddities
from safepip.lock.write import pylock_bytes
from tests.lock.answers import BASE, POLICY, answer, choice, entry, from_file, from_project, step, wheel
from tests.lock.locks import lock_of

LINUX, MAC, WINDOWS = "linux-x86_64-cp311", "macos-arm64-cp312", "win-amd64-cp313"
TAGS = ("py3-none-any", "cp311-cp311-manylinux_2_28_x86_64", "cp313-cp313-win_amd64")


def written(*answers: Answer) -> bytes:
    return pylock_bytes(merge(answers, base=BASE, policy_digest=POLICY))


@st.composite
def answers(draw: st.DrawFn) -> list[Answer]:
    """One to three environments with a few projects each, some of them built."""
    found = []
    for name in draw(st.lists(st.sampled_from([LINUX, MAC, WINDOWS]), min_size=1, max_size=3, unique=True)):
        steps, files, builds = [], {}, {}
        for project in draw(st.lists(st.sampled_from(["app", "lib", "tool"]), max_size=3, unique=True)):
            version = draw(st.sampled_from(["1.0", "1.10", "1.9"]))
            tags = draw(st.lists(st.sampled_from(TAGS), min_size=1, unique=True))
            files[project] = [
                entry(f"{project}-{version}.tar.gz"),
                *(wheel(project, version, tag) for tag in tags),
            ]
            askers = draw(
                st.lists(st.sampled_from([from_file(), from_file("dev.in"), from_project("app")]), min_size=1)
            )
            steps.append(step(project, version, *askers, file=files[project][-1]))
            if draw(st.booleans()):
                builds[project] = choice(step("setuptools", draw(st.sampled_from(["70.0", "80.0"]))))
        found.append(answer(name, *steps, files=files, builds=builds))
    return found


def shuffled(one: Answer) -> dict[str, Any]:
    """The same answer, its parts given the other way round."""
    steps = tuple(reversed(one.choice.plan.steps))
    files = {name: tuple(reversed(listed)) for name, listed in reversed(one.choice.files.items())}
    return {"steps": steps, "files": files, "builds": dict(reversed(one.choice.builds.items()))}


@settings(deadline=None)
@given(answers())
def test_the_order_of_answers_makes_no_difference(found: list[Answer]) -> None:
    again = []
    for one in reversed(found):
        parts = shuffled(one)
        again.append(answer(one.target.name, *parts.pop("steps"), **parts))

    assert written(*found) == written(*again)


@settings(deadline=None)
@given(answers())
def test_what_is_written_is_read_back(found: list[Answer]) -> None:
    made = merge(found, base=BASE, policy_digest=POLICY)
    data = pylock_bytes(made)
    read = lock_of(data.decode())

    assert pylock_bytes(read.pylock) == data
    assert not list(oddities(read))


def test_markers_need_no_backslashes() -> None:
    text = written(answer(LINUX, step("demo", "1.0")), answer(WINDOWS, step("demo", "2.0"))).decode()

    assert "marker = \"sys_platform == 'linux'\"\n" in text
    assert "\\" not in text


def test_a_lock_begins_with_what_made_it_and_has_no_time_in_it() -> None:
    text = written(answer(LINUX, step("demo", "1.0"))).decode()

    assert text.startswith("# Made by `safepip lock`")
    assert tomllib.loads(text)["created-by"] == "safepip"
    assert text == written(answer(LINUX, step("demo", "1.0"))).decode()


def test_a_lock_of_nothing_is_a_lock() -> None:
    assert lock_of(written(answer(LINUX)).decode()).pylock.packages == []


def test_what_is_no_lock_is_not_written() -> None:
    wrong = entry("demo-1.0-nothing.whl")

    with pytest.raises(CommandError, match=r"the lock would be none by the standard: Invalid wheel filename"):
        written(answer(LINUX, step("demo", "1.0", file=wrong)))
