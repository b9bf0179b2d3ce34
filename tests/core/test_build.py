"""What a pyproject.toml says about building, read as pip reads it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepip.core.build import (
    LEGACY_BACKEND,
    LEGACY_REQUIRES,
    BuildSystem,
    Source,
    config_settings,
    origin_of,
    read_build_system,
)
from safepip.core.digest import Digest, Digests
from safepip.core.errors import BuildError


@pytest.mark.parametrize("content", [None, b"", b"[project]\nname = 'demo'\n"])
def test_without_a_table_setuptools_is_meant(content: bytes | None) -> None:
    assert read_build_system(content, "demo") == BuildSystem(requires=LEGACY_REQUIRES, backend=LEGACY_BACKEND)


def test_without_a_backend_setuptools_is_meant_and_has_to_be_asked_for() -> None:
    system = read_build_system(b"[build-system]\nrequires = ['wheel']\n", "demo")

    assert (system.requires, system.backend, system.checked) == (("wheel",), LEGACY_BACKEND, LEGACY_REQUIRES)


def test_what_the_table_says_counts() -> None:
    text = b"[build-system]\nrequires = ['a>1', 'b']\nbuild-backend = 'x:y'\nbackend-path = ['tools']\n"

    assert read_build_system(text, "demo") == BuildSystem(
        requires=("a>1", "b"), backend="x:y", backend_path=("tools",)
    )


@pytest.mark.property
@given(st.binary(max_size=200))
def test_any_bytes_are_a_build_system_or_one_error(content: bytes) -> None:
    with contextlib.suppress(BuildError):
        assert read_build_system(content, "demo").backend


@pytest.mark.parametrize(
    "texts, settings",
    [
        ((), {}),
        (("a=1",), {"a": "1"}),
        (("a=1", "b=x=y", "a=2", "a=3"), {"a": ["1", "2", "3"], "b": "x=y"}),
        (("a=",), {"a": ""}),
    ],
)
def test_a_setting_given_twice_is_a_list(texts: tuple[str, ...], settings: dict[str, object]) -> None:
    assert config_settings(texts) == settings


def test_where_a_source_came_from_is_said_as_the_standard_wants_it() -> None:
    digests = Digests.of([Digest.of("sha256", "0" * 64)])
    archive = Source(url="https://files.example/a.tar.gz", digests=digests, subdirectory="inner")

    assert origin_of(Source(url="file:///a", directory=True)) == {"url": "file:///a", "dir_info": {}}
    assert origin_of(archive) == {
        "url": "https://files.example/a.tar.gz",
        "archive_info": {"hash": f"sha256={'0' * 64}", "hashes": {"sha256": "0" * 64}},
        "subdirectory": "inner",
    }
