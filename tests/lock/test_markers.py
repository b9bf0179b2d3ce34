"""Markers of a lock for several environments: true in those that are meant, false in the others."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from safepip.lock.environments import Environments
from safepip.lock.markers import equalities, terms
from tests.lock.answers import target

NAMES = [
    f"{system}-cp3{minor}"
    for system, minor in product(("linux-x86_64", "linux-aarch64", "macos-arm64", "win-amd64"), range(9, 15))
]


def of(*names: str) -> Environments:
    return Environments(target(name) for name in names)


def numbers(environments: Environments, *names: str) -> frozenset[int]:
    return frozenset(environments.names.index(name) for name in names)


@st.composite
def environments_and_some(draw: st.DrawFn) -> tuple[Environments, frozenset[int]]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=10, unique=True))
    wanted = draw(st.sets(st.integers(0, len(names) - 1), min_size=1))
    return of(*names), frozenset(wanted)


def true_in(text: str, environments: Environments) -> frozenset[int]:
    marker = Marker(text)
    return frozenset(
        number
        for number, one in enumerate(environments.targets)
        if marker.evaluate(dict(one.environment.markers), context="requirement")
    )


@settings(deadline=None)
@given(environments_and_some())
def test_a_marker_is_true_exactly_where_it_is_meant(case: tuple[Environments, frozenset[int]]) -> None:
    environments, wanted = case
    text = environments.expression(wanted)

    assert text is not None
    assert true_in(text, environments) == wanted


@settings(deadline=None)
@given(environments_and_some(), st.sampled_from(["3.9.7", "3.11.9", "3.13.0", "3.14.2"]))
def test_and_so_in_every_environment_that_the_lock_admits(
    case: tuple[Environments, frozenset[int]], full: str
) -> None:
    """Another patch release, another kernel: the markers of the lock decide, not the machine it was made on."""
    environments, wanted = case
    text = environments.expression(wanted)
    for number, one in enumerate(environments.targets):
        elsewhere = dict(one.environment.markers) | {"platform_release": "9", "platform_version": "#9"}
        if full.startswith(elsewhere["python_version"] + "."):
            elsewhere["python_full_version"] = full
        assert text
        assert Marker(text).evaluate(elsewhere, context="requirement") == (number in wanted)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (("win-amd64-cp312", "win-amd64-cp313"), 'sys_platform == "win32"'),
        (("linux-x86_64-cp312", "win-amd64-cp312"), 'python_version == "3.12"'),
        (("win-amd64-cp312",), 'python_version == "3.12" and sys_platform == "win32"'),
        (
            ("linux-x86_64-cp312", "linux-x86_64-cp313", "win-amd64-cp313"),
            'python_version == "3.13" or sys_platform == "linux"',
        ),
    ],
)
def test_what_they_have_in_common_is_said_once(wanted: tuple[str, ...], text: str) -> None:
    environments = of("linux-x86_64-cp312", "linux-x86_64-cp313", "win-amd64-cp312", "win-amd64-cp313")

    assert environments.expression(numbers(environments, *wanted)) == text


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ((9, 10), 'python_version < "3.11"'),
        ((10, 11, 12), 'python_version >= "3.10"'),
        ((10, 11), 'python_version >= "3.10" and python_version < "3.12"'),
        ((9, 11, 12), 'python_version != "3.10"'),
    ],
)
def test_versions_are_compared_as_versions(wanted: tuple[int, ...], text: str) -> None:
    environments = of(*(f"linux-x86_64-cp3{minor}" for minor in (9, 10, 11, 12)))
    names = [f"linux-x86_64-cp3{minor}" for minor in wanted]

    assert environments.expression(numbers(environments, *names)) == text


def test_environments_with_markers_of_any_form_get_those_markers() -> None:
    old, new = "python_version < '3.12' or os_name == 'java'", "python_version >= '3.12'"
    environments = Environments(
        [target("linux-x86_64-cp311", marker=old), target("linux-x86_64-cp312", marker=new)]
    )

    assert environments.expression(frozenset({0})) == '(python_version < "3.12" or os_name == "java")'
    assert environments.expression(frozenset({1})) == 'python_version >= "3.12"'
    assert environments.requires_python is None


def test_environments_that_share_a_marker_are_not_told_apart() -> None:
    environments = Environments([target("linux-x86_64-cp311"), target("linux-x86_64-cp311-musl")])

    assert environments.expression(frozenset({0})) is None
    assert environments.alike(frozenset({0})) == ("linux-x86_64-cp311", "linux-x86_64-cp311-musl")
    assert len(environments.markers) == 1


def test_a_marker_that_holds_elsewhere_too_tells_nothing() -> None:
    both = "python_version >= '3.11'"
    environments = Environments([target("linux-x86_64-cp311", marker=both), target("linux-x86_64-cp312")])

    assert environments.expression(frozenset({0})) is None
    assert environments.expression(frozenset({1})) is not None


def test_many_environments_take_a_moment() -> None:
    environments = of(*NAMES)

    assert environments.expression(numbers(environments, *NAMES[::5])) is not None


@pytest.mark.parametrize(
    "marker",
    ['python_version >= "3.11"', 'python_version == "3.11" or os_name == "nt"', 'python_version == "3.*"'],
)
def test_only_equalities_fix_a_variable(marker: str) -> None:
    assert equalities(marker) is None


def test_a_variable_that_is_fixed_twice_is_not_fixed() -> None:
    assert equalities('python_version == "3.11" and python_version == "3.12"') is None


def test_environments_that_fix_different_variables_get_their_own_markers() -> None:
    one, other = "python_version == '3.11'", "python_version == '3.12' and os_name == 'posix'"
    environments = Environments(
        [target("linux-x86_64-cp311", marker=one), target("linux-x86_64-cp312", marker=other)]
    )

    assert environments.expression(frozenset({1})) == 'python_version == "3.12" and os_name == "posix"'


def test_what_would_take_too_long_to_shorten_is_not_shortened() -> None:
    environments = [{f"variable_{n}": str((number * n) % 11) for n in range(1, 6)} for number in range(11)]

    assert terms(environments) == []


def test_what_is_no_version_is_compared_as_text() -> None:
    found = terms([{"python_version": "3.11"}, {"python_version": "nightly"}])

    assert [term.text for term in found] == ['python_version == "3.11"', 'python_version == "nightly"']
