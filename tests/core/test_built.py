"""The key of a built wheel: equal for equal inputs, and for no others."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.built import Inputs, archive_identity

INPUTS = Inputs(
    source="tar sha256:00",
    subdirectory="",
    settings=("a=1", "b=2"),
    interpreter={"markers": {"python_full_version": "3.13.1"}, "tags": ["cp313-cp313-linux_x86_64"]},
    environ={"CC": "gcc", "PATH": "/bin"},
    room=(("setuptools-80-py3-none-any.whl", "11"), ("wheel-1-py3-none-any.whl", "22")),
)


@pytest.mark.parametrize(
    "change",
    [
        {"source": "zip sha256:00"},
        {"source": "tar sha256:01"},
        {"subdirectory": "inner"},
        {"settings": ("b=2", "a=1")},
        {"settings": ()},
        {"interpreter": {**INPUTS.interpreter, "markers": {"python_full_version": "3.13.2"}}},
        {"interpreter": {**INPUTS.interpreter, "tags": ["cp313-cp313t-linux_x86_64"]}},
        {"environ": {"CC": "clang", "PATH": "/bin"}},
        {"environ": {"PATH": "/bin"}},
        {"room": INPUTS.room[:1]},
        {"room": (INPUTS.room[0], (INPUTS.room[1][0], "33"))},
        {"room": (INPUTS.room[0], ("wheel-2-py3-none-any.whl", "22"))},
    ],
)
def test_every_input_counts(change: dict[str, Any]) -> None:
    assert replace(INPUTS, **change).key != INPUTS.key


def test_the_order_of_what_has_none_does_not_count() -> None:
    turned = replace(
        INPUTS,
        room=tuple(reversed(INPUTS.room)),
        environ=dict(reversed(INPUTS.environ.items())),
        interpreter=dict(reversed(INPUTS.interpreter.items())),
    )

    assert turned.key == INPUTS.key


def test_a_key_is_the_same_in_every_process() -> None:
    code = "from tests.core.test_built import INPUTS; print(INPUTS.key)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == INPUTS.key


@given(
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.lists(st.text(), max_size=3),
    st.lists(st.text(), max_size=3),
)
def test_no_text_passes_for_another(
    one: dict[str, str], other: dict[str, str], some: list[str], more: list[str]
) -> None:
    """Nothing in a value can look like the end of it, or like the next one."""
    first = replace(INPUTS, environ=one, settings=tuple(some))
    second = replace(INPUTS, environ=other, settings=tuple(more))

    assert (first.key == second.key) == ((one, some) == (other, more))


def test_bytes_of_a_variable_that_are_no_text_are_no_obstacle() -> None:
    assert len(replace(INPUTS, environ={"PATH": "/b\udcffn"}).key) == len(INPUTS.key)
    assert json.dumps("\udcff") == '"\\udcff"'


def test_one_content_under_two_ways_of_unpacking_is_two_sources() -> None:
    assert archive_identity("00", "demo-1.0.ZIP") != archive_identity("00", "demo-1.0.tar.gz")
