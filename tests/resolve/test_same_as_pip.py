"""Random universes, resolved by safepip and by the real pip: the same files, or the same words."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from pip._internal.resolution.resolvelib.resolver import get_topological_weights
from pip._vendor.resolvelib.structs import DirectedGraph

from safepip.core.errors import ResolutionError
from safepip.core.plan import Plan
from safepip.resolve.order import installation_order
from safepip.resolve.request import ReleaseControl, ResolveOptions, UpgradeStrategy
from tests.resolve.asking import Asking, environment, installed
from tests.resolve.universe import Case, make_case, write_index, write_installed

CASES = int(os.environ.get("SAFEPIP_DIFFERENTIAL_CASES", "40"))
"""How many universes; a longer run finds rarer differences."""
FIRST_SEED = int(os.environ.get("SAFEPIP_DIFFERENTIAL_SEED", "0"))


class SortedGraph(DirectedGraph[Any]):
    """pip walks sets, so that where cycles are broken depends on chance; here on the names."""

    def iter_children(self, key: Any) -> Any:
        return iter(sorted(super().iter_children(key)))


@pytest.mark.differential
def test_same_files_or_same_words(tmp_path: Path) -> None:
    cases = [make_case(seed) for seed in range(FIRST_SEED, FIRST_SEED + CASES)]
    differences = [
        f"seed {case.seed}: {difference}\n  {case.roots} {case.constraints} {case.options} {case.installed}"
        for case, theirs in zip(cases, _pip_answers(cases, tmp_path), strict=True)
        for difference in _differences(_our_answer(case), theirs)
    ]
    assert not differences, "\n".join(differences)


def test_the_universes_are_worth_comparing() -> None:
    answers = [_our_answer(make_case(seed)) for seed in range(40)]
    solved = [answer for answer in answers if isinstance(answer, Plan)]
    assert 10 <= len(solved) <= 38
    assert any(answer.satisfied for answer in solved)
    assert max(len(answer.steps) for answer in solved) >= 3


@pytest.mark.parametrize("seed", range(30))
def test_installation_order_is_pips(seed: int) -> None:
    chance = random.Random(seed)
    nodes: list[str | None] = [None, *"abcdefgh"[: chance.randint(2, 8)]]
    edges = {
        (parent, child)
        for parent in nodes
        for child in nodes[1:]
        if child != parent and chance.random() < 0.25
    }
    edges |= {(None, child) for child in nodes[1:2]}
    theirs = SortedGraph()
    for node in nodes:
        theirs.add(node)
    for parent, child in edges:
        theirs.connect(parent, child)
    reached = _reachable(edges)
    for node in nodes:
        if node is not None and node not in reached:
            theirs.remove(node)
    ours = {
        node: [child for parent, child in edges if parent == node and child in reached and child is not None]
        for node in nodes
        if node is None or node in reached
    }
    weights = get_topological_weights(theirs, set(reached))
    expected = sorted(reached, key=lambda name: (weights[name], canonicalize_name(name)), reverse=True)
    assert installation_order(ours, reached) == expected


def _reachable(edges: set[tuple[str | None, str | None]]) -> set[str]:
    reached: set[str] = set()
    waiting: list[str | None] = [None]
    while waiting:
        node = waiting.pop()
        for parent, child in edges:
            if parent == node and child is not None and child not in reached:
                reached.add(child)
                waiting.append(child)
    return reached


def _our_answer(case: Case) -> Plan | ResolutionError:
    asking = Asking(
        target=environment(
            *(installed(name, version, *requires) for name, version, requires in case.installed)
        )
    )
    index = asking.world.index("pypi")
    for release in case.releases:
        asking.world.publish(
            index,
            release.name,
            release.version,
            tag=release.tag,
            content=release.content,
            build=release.build,
            requires_python=release.page_python,
            yanked=release.yanked,
        )
    asking.options = _options(case)
    try:
        return asking(*case.roots, constraints=case.constraints)
    except ResolutionError as error:
        return error


def _options(case: Case) -> ResolveOptions:
    upgrade = UpgradeStrategy.ONLY_IF_NEEDED if "--upgrade" in case.options else UpgradeStrategy.NONE
    if "--upgrade-strategy=eager" in case.options:
        upgrade = UpgradeStrategy.EAGER
    return ResolveOptions(
        upgrade=upgrade,
        force_reinstall="--force-reinstall" in case.options,
        ignore_installed="--ignore-installed" in case.options,
        no_deps="--no-deps" in case.options,
        ignore_requires_python="--ignore-requires-python" in case.options,
        release_control=ReleaseControl(all_releases=frozenset({":all:"} if "--pre" in case.options else ())),
    )


def _pip_answers(cases: list[Case], folder: Path) -> list[dict[str, Any]]:
    questions = []
    for case in cases:
        place = folder / str(case.seed)
        (place / "simple").mkdir(parents=True)
        write_index(case, place / "simple")
        write_installed(case, place / "site")
        constraints = place / "constraints.txt"
        constraints.write_text("\n".join(case.constraints))
        arguments = ["--index-url", (place / "simple").as_uri(), "--constraint", str(constraints)]
        arguments += ["--disable-pip-version-check", "--no-cache-dir", *case.options, *case.roots]
        questions.append({"arguments": arguments, "path": str(place / "site")})
    child = subprocess.run(
        [sys.executable, Path(__file__).with_name("pip_child.py")],
        input=json.dumps(questions).encode(),
        capture_output=True,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(child.stdout)
    return answers


def _differences(ours: Plan | ResolutionError, theirs: dict[str, Any]) -> list[str]:
    if isinstance(ours, ResolutionError):
        if theirs["code"] == 0:
            return [f"pip installs {theirs['files']}, safepip: {ours.message} {ours.notes}"]
        return [
            f"pip does not say {text!r} but {theirs['err']}"
            for text in _words(ours)
            if text not in theirs["err"]
        ]
    if theirs["code"] != 0:
        return [f"safepip installs {[step.file.filename for step in ours.steps]}, pip: {theirs['err']}"]
    found = []
    files = sorted(step.file.filename for step in ours.steps)
    if files != theirs["files"]:
        found.append(f"files {files}, pip {theirs['files']}")
    requested = sorted(step.project for step in ours.steps if step.requested)
    # pip forgets REQUESTED where a dependency happened to ask for the very file first.
    if not set(theirs["requested"]) <= set(requested):
        found.append(f"requested {requested}, pip {theirs['requested']}")
    satisfied = [_satisfied_line(one) for one in ours.satisfied]
    said = [line for line in theirs["out"].splitlines() if line.startswith("Requirement already")]
    if [line.partition(" in ")[0] for line in said] != [line.partition(" in ")[0] for line in satisfied]:
        found.append(f"already satisfied {satisfied}, pip {said}")
    tails = [
        (line.partition(" (from ")[2], mine.partition(" (from ")[2])
        for line, mine in zip(said, satisfied, strict=False)
    ]
    found += [f"chain {mine!r}, pip {line!r}" for line, mine in tails if line != mine]
    return found


def _satisfied_line(one: Any) -> str:
    chain = f" (from {'->'.join(one.needed_by)})" if one.needed_by else ""
    return f"Requirement already satisfied: {one.text} in {one.location}{chain} ({one.version})"


def _words(error: ResolutionError) -> list[str]:
    """What pip says at its error level: the first line of a conflict, all lines of a missing project.

    Left out: pip's list of versions for another Python, which it gathers from
    projects that have nothing to do with the error; URLs, which differ by construction.
    """
    if error.reference == "resolution-impossible":
        return [f"ERROR: {error.preface[0].partition(chr(10))[0]}", f"ERROR: {error.message}"]
    told = [text for text in (*error.preface, error.message) if not text.endswith("Requires-Python >=3.99")]
    return [f"ERROR: {text.partition(chr(10))[0]}" for text in told]
