"""Names of environments: one way to write each, and what no marker tells apart."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from safepip.core.environment_name import (
    EnvironmentName,
    EnvironmentNameError,
    nameable,
    read_environment_names,
)


def one(text: str) -> EnvironmentName:
    (name,) = read_environment_names([text])
    return name


def problem(*texts: str) -> EnvironmentNameError:
    with pytest.raises(EnvironmentNameError) as caught:
        read_environment_names(texts)
    return caught.value


@pytest.mark.parametrize(
    "text,canonical",
    [
        ("linux-x86_64-cp311", "linux-x86_64-cp311"),
        ("linux-arm64-py314", "linux-aarch64-cp314"),
        ("manylinux-amd64-3.12", "linux-x86_64-cp312"),
        ("alpine-x86_64-cp312", "musllinux-x86_64-cp312"),
        ("Darwin-ARM64-python3.13", "macos-arm64-cp313"),
        ("macos-aarch64-cp314t", "macos-arm64-cp314t"),
        ("windows-x86_64-cp311", "windows-amd64-cp311"),
        ("win-arm64-cp311", "windows-arm64-cp311"),
        ("win32-cp311", "windows-x86-cp311"),
        (" linux-x86_64-pypy3.11 ", "linux-x86_64-pp311"),
    ],
)
def test_an_environment_is_written_in_one_way(text: str, canonical: str) -> None:
    assert str(one(text)) == canonical
    assert one(canonical) == one(text)


def test_every_environment_is_read_back_from_its_name() -> None:
    assert all(one(str(name)) == name for name in nameable())


def test_the_same_environment_counts_once_and_in_order() -> None:
    names = read_environment_names(["windows-amd64-cp311", "linux-x86_64-cp311", "linux-amd64-3.11"])
    assert [str(name) for name in names] == ["windows-amd64-cp311", "linux-x86_64-cp311"]


@pytest.mark.parametrize(
    "text,hint",
    [
        ("linux-x64-cp311", "did you mean 'linux-x86_64-cp311'?"),
        ("linux-x86_64-cp31", "did you mean 'linux-x86_64-cp31"),
        ("windows-amd46-cp312", "did you mean 'windows-amd64-cp312'?"),
        ("linux-x86_64-cp309", "did you mean 'linux-x86_64-cp3"),
        ("linux-x86_64-cp312t", "did you mean 'linux-x86_64-cp31"),
        ("x86_64-linux", "a name is SYSTEM-MACHINE-PYTHON"),
        ("", "a name is SYSTEM-MACHINE-PYTHON"),
        ("*", "a name is SYSTEM-MACHINE-PYTHON"),
        ("--", "a name is SYSTEM-MACHINE-PYTHON"),
        ("linux-x86_64-cp311\0" * 9999, "a name is SYSTEM-MACHINE-PYTHON"),
    ],
)
def test_what_names_nothing_is_told_with_the_nearest_that_does(text: str, hint: str) -> None:
    error = problem("macos-arm64-cp311", text)
    assert error.hint.startswith(hint)
    assert error.position == 1


def test_letters_of_another_script_are_shown_as_such() -> None:
    assert "\\u0435" in str(problem("linux-x86_64-\u0435p311"))


@pytest.mark.parametrize(
    "pair",
    [
        ("linux-x86_64-cp311", "musllinux-x86_64-cp311"),
        ("windows-x86-cp312", "windows-amd64-cp312"),
        ("macos-arm64-cp314", "macos-arm64-cp314t"),
    ],
)
def test_two_that_no_marker_tells_apart_are_refused_together(pair: tuple[str, str]) -> None:
    error = problem("linux-s390x-cp313", *pair)
    assert str(error) == f"{pair[1]} and {pair[0]} cannot be in one lock: no marker tells them apart"
    assert error.position == 2


def test_glibc_and_musl_of_different_pythons_go_together() -> None:
    assert len(read_environment_names(["linux-x86_64-cp311", "musllinux-x86_64-cp312"])) == 2


def test_no_two_markers_are_alike_but_those_of_refused_pairs() -> None:
    for first, second in combinations(nameable(), 2):
        twins = first.marker == second.marker
        try:
            read_environment_names([str(first), str(second)])
        except EnvironmentNameError:
            assert twins, (first, second)
        else:
            assert not twins, (first, second)


def test_markers_are_written_as_packaging_writes_them() -> None:
    assert all(str(Marker(name.marker)) == name.marker for name in nameable())


PARTS = ("linux", "win32", "macos", "x86_64", "arm64", "cp311", "cp3", "3.11t", "", "pp3.11", "\n")


@given(st.lists(st.lists(st.sampled_from(PARTS) | st.text(max_size=4), max_size=4).map("-".join), max_size=4))
def test_whatever_is_read_is_a_known_name_or_refused_with_its_place(texts: list[str]) -> None:
    known = {str(name) for name in nameable()}
    try:
        names = read_environment_names(texts)
    except EnvironmentNameError as error:
        wrong = texts[error.position]
        with pytest.raises(EnvironmentNameError):
            read_environment_names([*texts[: error.position], wrong])
    else:
        assert all(str(name) in known for name in names)
        assert len({name.marker for name in names}) == len(names)


@pytest.mark.parametrize("machine", ["riscv64", "s390x", "ppc64le"])
@pytest.mark.parametrize("system", ["linux", "musllinux"])
def test_rarer_machines_are_known(system: str, machine: str) -> None:
    assert one(f"{system}-{machine}-cp313").machine == machine
