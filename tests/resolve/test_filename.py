"""File names are read exactly as packaging and pip read them, only cheaper."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from pip._internal.index.package_finder import _extract_version_from_fragment
from pip._internal.utils.misc import splitext

from safepip.resolve.filename import Texts, archive_version, split_extension, split_wheel, tags_of
from safepip.resolve.request import ResolveOptions
from safepip.resolve.target import Target, release_of
from tests.resolve.asking import TAGS, environment

PART = st.sampled_from(
    [
        "demo",
        "Demo_Pkg",
        "de__mo",
        "de.mo",
        "1.0",
        "v1.0",
        "1.0rc1",
        "x",
        "",
        "1",
        "1a",
        "py3",
        "py2.py3",
        "none",
        "any",
        "cp311",
        "3py",
        "ü",
    ]
)
NAMES = st.lists(PART, min_size=3, max_size=7).map("-".join)
TARGET = Target(environment(), ResolveOptions())


@given(stem=NAMES)
@example(stem="demo-1.0-1x-py3-none-any")
@example(stem="demo")
def test_tags_are_found_without_splitting_the_rest(stem: str) -> None:
    parts = split_wheel(f"{stem}.whl")
    assert parts is None or tags_of(f"{stem}.whl") == parts.tags


@given(stem=NAMES, extension=st.sampled_from([".whl", ".WHL", ".zip", ""]))
@example(stem="demo-1.0-1x-py3-none-any", extension=".whl")
@example(stem="demo-1.0-py3..py2-none-any", extension=".whl")
@example(stem="demo-1.0-py3-none-any", extension=".whl")
def test_wheels_are_split_as_packaging_parses_them(stem: str, extension: str) -> None:
    filename = stem + extension
    texts = Texts()
    parts = split_wheel(filename)
    version = texts.version(parts.version) if parts is not None else None
    try:
        name, expected, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        # The tags are judged by the target, which then supports none of them.
        assert parts is None or version is None or TARGET.tag_priority(parts.tags) is None
        return
    assert parts is not None
    assert (texts.project(parts.name), version, parts.build) == (name, expected, build)
    supported = [place for place, tag in enumerate(TAGS) if tag in tags]
    assert TARGET.tag_priority(parts.tags) == (min(supported) if supported else None)


@given(stem=st.lists(PART, min_size=1, max_size=5).map("-".join))
@example(stem="demo-1.0-1")
@example(stem="Demo.Pkg-2.0")
def test_archives_are_split_as_pip_splits_them(stem: str) -> None:
    for project in map(canonicalize_name, ("demo", "demo-pkg", "demo-1-0")):
        assert archive_version(stem, project, Texts()) == _extract_version_from_fragment(stem, project)


@pytest.mark.parametrize(
    "filename", ["a-1.tar.gz", "a-1.TAR.gz", "a-1.zip", "a-1.tgz", "a-1", "a.tar-1.zip", ".tar.gz"]
)
def test_extensions_are_pips(filename: str) -> None:
    assert split_extension(filename) == splitext(filename)


def test_a_tag_bomb_supports_nothing() -> None:
    many = ".".join(f"py{number}" for number in range(100))
    assert TARGET.tag_priority(f"{many}-{many.replace('py', 'abi')}-any") is None


@pytest.mark.parametrize(
    "text,expected",
    [("3.11.7", "3.11.7"), ("3.15.0rc1", "3.15.0"), ("3.8", "3.8.0"), ("3", "3.0.0"), ("3.11.2+", "3.11.2")],
)
def test_the_targets_version_knows_no_prereleases(text: str, expected: str) -> None:
    assert str(release_of(text)) == expected
