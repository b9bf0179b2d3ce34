"""The command that gives everything a hash: what was asked for, in the words of ``lock``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import pytest

from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.subjects import RequirementLine
from safepip.flows.guarded import Guarded
from safepip.flows.way_out import way_out
from safepip.pipcompat.requirement import parse_requirement
from tests.flows.test_build_pins import locked

TYPED = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line")
IN_FILE = Origin(layer=Layer.PROJECT, kind=Place.FILE, place="requirements.txt", line=1)


@dataclass
class Said:
    """Options in force, by pip's ``dest``."""

    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def items(self, dest: str) -> tuple[Sourced[str], ...]:
        return tuple(Sourced(value=text, origin=TYPED) for text in self.held.get(dest, ()))


@dataclass
class Asked:
    """What of a command :func:`way_out` looks at."""

    roots: tuple[RequirementLine, ...]
    config: Said = field(default_factory=Said)


def typed(text: str, *, editable: bool = False, origin: Origin = TYPED) -> RequirementLine:
    is_path = text.startswith(".")
    return parse_requirement(
        text, origin, editable=editable, is_dir=lambda _: is_path, exists=lambda _: is_path
    )


def command(*roots: RequirementLine, **said: tuple[str, ...]) -> str:
    return way_out(cast("Guarded", Asked(roots, Said(said))))


@pytest.mark.parametrize(
    "text, shown",
    [
        ("demo", "demo"),
        ("demo[fast]>=2", "'demo[fast]>=2'"),
        ("./my project", "'./my project'"),
        ("demo @ https://me:secret@files.example/demo-1.0.tar.gz", "URL"),
        ("git+https://me:secret@git.example/demo@main", "URL"),
    ],
)
def test_what_was_typed_is_named_as_a_shell_takes_it_and_without_secrets(text: str, shown: str) -> None:
    assert command(typed(text)) == f"safepip lock {shown}, then -r pylock.toml in the place of that"


def test_files_groups_and_scripts_are_named_and_not_what_is_in_them() -> None:
    said = command(
        typed("inside", origin=IN_FILE),
        typed("./mine", editable=True),
        requirements=("requirements.txt", "https://me:secret@files.example/more.txt"),
        editables=("./mine",),
        dependency_groups=("dev",),
        requirements_from_scripts=("tool.py",),
    )
    assert said.partition(",")[0] == (
        "safepip lock -e ./mine -r requirements.txt -r URL --group dev --requirements-from-script tool.py"
    )


def test_what_a_lock_asks_for_is_locked_again() -> None:
    assert command(locked("demo"), requirements=("pylock.toml",)) == (
        "safepip lock with what pylock.toml was locked from"
    )
