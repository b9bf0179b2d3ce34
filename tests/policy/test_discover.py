"""Where policy files are looked for."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from safepip.core.errors import ConfigurationError
from safepip.core.origin import Layer
from safepip.policy.discover import PolicyLocation, locate, machine_path
from safepip.policy.document import PYPROJECT_TABLE


def found(
    *existing: str, cwd: str = "/repo/sub", named: tuple[str, ...] = (), policies: tuple[str, ...] = ()
) -> list[PolicyLocation]:
    files = {*existing, *policies}
    return list(
        locate(
            machine="/etc/safepip/policy.toml",
            user_config_dir="/home/me/.config/safepip",
            working_directory=cwd,
            named=named,
            exists=files.__contains__,
            has_policy=set(policies).__contains__,
        )
    )


def test_nothing_there_is_no_policy() -> None:
    assert found() == []


def test_strongest_comes_first() -> None:
    locations = found(
        "/repo/safepip.toml",
        "/home/me/.config/safepip/policy.toml",
        "/etc/safepip/policy.toml",
        named=("ci.toml",),
    )
    assert [location.layer for location in locations] == [
        Layer.MACHINE,
        Layer.USER,
        Layer.OPERATOR,
        Layer.PROJECT,
    ]
    assert [location.trusted for location in locations] == [True, True, True, False]


def test_a_named_file_must_exist_and_others_need_not() -> None:
    (location,) = found(named=("missing.toml",))
    assert location.required


def test_nearest_project_file_wins_over_the_ones_above() -> None:
    (location,) = found("/repo/safepip.toml", "/repo/sub/safepip.toml")
    assert location.path == "/repo/sub/safepip.toml"


def test_pyproject_counts_only_where_it_holds_a_policy() -> None:
    (location,) = found("/repo/sub/pyproject.toml", policies=("/repo/pyproject.toml",))
    assert (location.path, location.table) == ("/repo/pyproject.toml", PYPROJECT_TABLE)


def test_the_walk_ends_at_the_repository_root() -> None:
    assert found("/repo/.git", "/safepip.toml") == []
    assert len(found("/repo/.git", "/repo/safepip.toml")) == 1
    assert len(found("/safepip.toml")) == 1


def test_two_policies_in_one_folder_are_an_error() -> None:
    with pytest.raises(ConfigurationError, match="two policies"):
        found("/repo/safepip.toml", policies=("/repo/pyproject.toml",))


@pytest.mark.parametrize("name", ["/repo/safepip.toml", "../safepip.toml"])
def test_a_project_file_that_is_named_is_trusted_and_read_once(name: str) -> None:
    locations = found("/repo/safepip.toml", cwd="/repo/sub", named=(name,))
    assert [(location.layer, location.trusted) for location in locations] == [(Layer.OPERATOR, True)]


def test_naming_a_pyproject_reads_its_table() -> None:
    (location,) = found(named=("/else/pyproject.toml",))
    assert location.table == PYPROJECT_TABLE


def test_option_and_variable_both_count() -> None:
    assert [location.path for location in found(named=("a.toml", "b.toml", "a.toml"))] == ["a.toml", "b.toml"]


def test_machine_path() -> None:
    assert PurePosixPath(machine_path(windows=False)).is_absolute()
    assert machine_path(windows=True, program_data="D:\\Data") == "D:\\Data\\safepip\\policy.toml"
    assert machine_path(windows=True) == "C:\\ProgramData\\safepip\\policy.toml"
