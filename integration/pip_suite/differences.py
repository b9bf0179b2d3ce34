"""Which of pip's tests may end otherwise, and why: the data beside this module, and what follows from it."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from integration.pip_suite.plugin import matcher

DATA = Path(__file__).with_name("differences.toml")


class Kind(Enum):
    """What becomes of a test that asserts something safepip does not do."""

    REFUSED = "refused"
    """It runs, and fails because safepip refused, naming one of the rules."""
    DIFFERS = "differs"
    """It runs, and fails because safepip gives the answer in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference from pip by design.

    Attributes:
        section: heading (as a link target) of docs/reference/differences-from-pip.md that explains it.
        rules: rules of which a refusal names one; none for :attr:`Kind.DIFFERS`.
        tests: patterns of the tests that meet it; empty where pip has none.
    """

    section: str
    kind: Kind
    rules: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Tests that say nothing about a drop-in, and are not run."""

    why: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All of the data."""

    by_design: tuple[Difference, ...]
    outside: tuple[Outside, ...]

    def of(self, test: str) -> Difference | None:
        """The difference that a test meets."""
        for difference in self.by_design:
            if any(matcher(pattern).fullmatch(test) for pattern in difference.tests):
                return difference
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How one test ended, as the plugin saw it.

    Attributes:
        outcome: pytest's word.
        rules: those that safepip named on stderr.
        started: how often safepip was started.
    """

    outcome: str
    rules: frozenset[str] = frozenset()
    started: int = 0


class Verdict(Enum):
    """How one test ended, seen with the data."""

    PASSED = "passed"
    FAILED = "failed"
    BY_DESIGN = "by design"
    OUTSIDE = "outside"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came out of a run.

    Attributes:
        counts: for each file of tests, how many ended how.
        failed: tests that nothing explains.
        stale: what the data says and the run does not bear out.
    """

    counts: dict[str, Counter[Verdict]] = field(default_factory=dict)
    refused: int = 0
    failed: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def add(self, test: str, verdict: Verdict) -> None:
        self.counts.setdefault(test.partition("::")[0], Counter())[verdict] += 1


def read(path: Path = DATA) -> Differences:
    """The data. Raises KeyError or TypeError where it has another form."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return Differences(
        by_design=tuple(
            Difference(
                section=entry["section"],
                kind=Kind(entry["kind"]),
                rules=tuple(entry.get("rules", ())),
                tests=tuple(entry["tests"]),
            )
            for entry in found["difference"]
        ),
        outside=tuple(Outside(why=entry["why"], tests=tuple(entry["tests"])) for entry in found["outside"]),
    )


def gathered(text: str) -> tuple[dict[str, Found], set[str]]:
    """What the plugin wrote: each test with what its phases add up to, and the ids that were left out."""
    tests: dict[str, Found] = {}
    outside: set[str] = set()
    for line in text.splitlines():
        entry = json.loads(line)
        outside.update(entry.get("outside", ()))
        if "test" in entry:
            before = tests.get(entry["test"], Found(outcome="passed"))
            worse = entry["outcome"] != "passed" and before.outcome != "failed"
            tests[entry["test"]] = Found(
                outcome=entry["outcome"] if worse else before.outcome,
                rules=before.rules | frozenset(entry["rules"]),
                started=max(before.started, entry["started"]),
            )
    return tests, outside


def tally(tests: Mapping[str, Found], outside: Iterable[str], known: Differences) -> Tally:
    """Judge each test of a run, and count those that were left out."""
    result = Tally()
    for test in outside:
        result.add(test, Verdict.OUTSIDE)
    for test, found in tests.items():
        verdict = _judge(test, found, known.of(test), result)
        result.add(test, verdict)
        if verdict is Verdict.FAILED:
            result.failed.append(test)
    return result


def _judge(test: str, found: Found, difference: Difference | None, result: Tally) -> Verdict:
    if found.outcome in {"skipped", "xfailed"} or (found.outcome == "passed" and not found.started):
        # pip's own suite says that it means nothing here, or the test never started pip.
        return Verdict.OUTSIDE
    if found.outcome == "passed":
        if difference is not None:
            result.stale.append(f"{test} passes, but is listed under {difference.section}")
        return Verdict.PASSED
    if difference is None:
        return Verdict.FAILED
    if difference.kind is Kind.REFUSED:
        if not found.rules & set(difference.rules):
            result.stale.append(f"{test} fails, but not by a rule of {difference.section}")
            return Verdict.FAILED
        result.refused += 1
    return Verdict.BY_DESIGN
