"""Rules on real files: every line below a ``# BAD`` comment is found, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from safepip.core.origin import Layer, Origin, Place, Sourced
from safepip.core.subjects import RequirementLine, Setting
from safepip.pipcompat import conf, reqfile
from safepip.rules import registry
from safepip.rules.engine import judge
from tests.support.disk import Disk

from .subjects import context

CASES = sorted(path for path in (Path(__file__).parent / "cases").glob("*/*") if path.suffix != ".toml")
TYPED = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=2)


def subjects(path: Path) -> Iterator[RequirementLine | Setting]:
    if path.name == "pip.conf":
        for written in conf.parse(path.read_text(), str(path)).written:
            for word in written.words:
                yield Setting(option=written.key, value=word.value, origin=word.origin)
        return
    read = reqfile.read(
        Sourced(value=str(path), origin=TYPED),
        constraint=False,
        files=Disk(),
        environ={"NEXUS_TOKEN": "s3cret"},
    )
    yield from read.lines
    yield from (replace(setting, in_requirement_file=True) for setting in read.settings)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_exactly_the_bad_lines_are_found(path: Path) -> None:
    lines = path.read_text().split("\n")
    policy = path.parent / "safepip.toml"
    wanted = {number for number, text in enumerate(lines, start=2) if text.startswith("# BAD")}
    told = context(policy.read_text() if policy.exists() else "")
    rule = registry()[path.parent.name]
    assert {finding.origin.line for finding in judge(subjects(path), told, [rule])} == wanted
    assert wanted
