"""The options that only ``lock`` has, taken out before pip's grammar sees the rest."""

from __future__ import annotations

import pytest

from safepip.core.errors import UsageError
from safepip.pipcompat.argv import parse
from safepip.pipcompat.own import split_own
from safepip.pipcompat.own_lock import LockOptions


def options(*argv: str) -> LockOptions:
    return split_own(["lock", *argv])[0].lock


def test_environments_add_up_each_once_and_keep_their_places() -> None:
    found = options("app", "--environment", "b, a", "--environment=c,a").environments

    assert [(said.value, said.origin.line) for said in found] == [("b", 4), ("a", 4), ("c", 5)]


def test_everything_is_off_unless_it_is_said() -> None:
    assert options("app") == LockOptions()
    assert options("app").format == "pylock"


def test_flags_and_packages() -> None:
    found = options("--check", "--upgrade", "--upgrade-package", "Flask", "--upgrade-package=idna == 3.0")

    assert (found.check, found.upgrade) == (True, True)
    named = [(one.value.name, str(one.value.specifier)) for one in found.upgrade_packages]
    assert named == [("Flask", ""), ("idna", "==3.0")]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--format", "toml"], "invalid choice: 'toml' (choose from 'pylock', 'requirements')"),
        (["--environment", "a,,b"], "no name in 'a,,b'"),
        (["--environment", ""], "no name"),
        (["--environment"], "requires 1 argument"),
        (["--upgrade-package", "flask[async]"], "takes NAME or NAME==VERSION"),
        (["--upgrade-package", "flask @ https://files.example/f.whl"], "takes NAME or NAME==VERSION"),
        (["--upgrade-package", "flask; python_version > '3'"], "takes NAME or NAME==VERSION"),
        (["--upgrade-package", "=="], "takes NAME or NAME==VERSION"),
    ],
)
def test_a_value_that_is_none_is_a_mistake_of_the_command_line(argv: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        options(*argv)
    assert said in caught.value.message


@pytest.mark.parametrize("option", ["--environment=a", "--format=pylock", "--upgrade-package=a"])
def test_no_other_command_has_them(option: str) -> None:
    own, rest = split_own(["download", option, "app"])

    assert own.lock == LockOptions()
    with pytest.raises(UsageError, match="no such option"):
        parse(rest)


def test_pips_own_upgrade_stays_pips() -> None:
    own, rest = split_own(["install", "--upgrade", "app"])

    assert (own.lock.upgrade, list(rest)) == (False, ["install", "--upgrade", "app"])


def test_pips_abbreviations_of_lock_work_but_for_one() -> None:
    """``--check`` is ours; pip has it stand for ``--check-build-dependencies``."""
    own, rest = split_own(["lock", "--check-b", "--up", "2026-01-01", "--out", "pylock.a.toml", "app"])

    assert own.lock == LockOptions()
    assert [option.name for option in parse(rest).options] == [
        "check-build-dependencies",
        "uploaded-prior-to",
        "output",
    ]
