"""What sources need to be built, pinned for each environment; and locked pins, judged where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.build import Source
from safepip.core.digest import AcceptableDigests, Digest
from safepip.core.errors import Refused, ResolutionError
from safepip.core.finding import Finding
from safepip.core.locking import Choice
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Plan, Step
from safepip.core.ports import Environment, InstalledDistribution
from safepip.core.subjects import LockedFile, RequirementKind, RequirementLine
from safepip.flows.build import Builds
from safepip.flows.build_pins import pinned_builds
from safepip.flows.guarded import Guarded
from safepip.flows.locked import route_locked
from safepip.flows.opening import Needed
from safepip.policy.schema import Policy
from tests.flows.test_placing import CORP, PUBLIC, STRICT, TRUST
from tests.lock.answers import entry, step, target

NOWHERE = Origin(layer=Layer.ARTIFACT, kind=Place.FILE, place="pyproject.toml")


def source(name: str) -> Step:
    """A step that has to be built."""
    url = f"https://files.example/{name}-1.0.tar.gz"
    return step(name, "1.0", file=entry(f"{name}-1.0.tar.gz"), source=Source(url=url))


@dataclass
class Asking:
    """The roots of a build, by which :func:`choose` knows what to answer."""

    roots: tuple[str, ...]


@dataclass
class Sources:
    """Stands for :class:`Builds`: what each source needs, and who asked."""

    needs_of: Mapping[str, tuple[str, ...] | None]
    declared: tuple[str, ...] | None = None
    noted: list[str] = field(default_factory=list)
    asked: list[tuple[str, bool]] = field(default_factory=list)

    def needs(self, step: Step, *, runs: bool) -> Needed | None:
        if step.source is None:
            return None
        self.asked.append((step.project, runs))
        needed = self.needs_of[step.project]
        return None if needed is None else self.needed(needed, self.declared)

    def needed(self, roots: tuple[str, ...], declared: tuple[str, ...] | None = None) -> Needed:
        less = None if declared is None else self.needed(declared)
        return Needed(guarded=cast("Guarded", Asking(roots)), builds=self.own(), declared=less)

    def note(self, line: str) -> None:
        self.noted.append(line)

    def own(self) -> Builds:
        return cast("Builds", self)


@dataclass
class Chooser:
    """Answers each root with a step: a source where its needs are known, else a wheel."""

    sources: Sources
    fails: Mapping[str, Exception] = field(default_factory=dict)
    environments: list[Environment] = field(default_factory=list)

    def __call__(self, guarded: Guarded, environment: Environment, builds: Builds) -> Choice:
        assert builds is self.sources.own()
        self.environments.append(environment)
        roots = cast("Any", guarded).roots
        for error in (self.fails[root] for root in roots if root in self.fails):
            raise error
        steps = tuple(source(name) if name in self.sources.needs_of else step(name, "1.0") for name in roots)
        return Choice(plan=Plan(steps=steps), files={one.project: (one.file,) for one in steps})


def pinned(needs: Mapping[str, tuple[str, ...] | None], *, runs: bool = True) -> tuple[Any, Sources, Chooser]:
    sources = Sources(needs)
    choose = Chooser(sources)
    occupied = replace(
        target("linux-x86_64-cp311").environment,
        installed={
            canonicalize_name("tool"): InstalledDistribution(
                name="tool",
                project=canonicalize_name("tool"),
                version=None,
                version_text="",
                location="/site",
            )
        },
    )
    plan = Plan(steps=(source("demo"), step("lib", "1.0")))
    return pinned_builds(plan, occupied, sources.own(), choose, runs=runs), sources, choose


def test_what_builds_of_build_requirements_need_is_pinned_with_them() -> None:
    found, sources, choose = pinned({"demo": ("backend", "tool"), "backend": ("flit",)})

    assert list(found) == ["demo"]
    assert [one.project for one in found["demo"].plan.steps] == ["backend", "tool"]
    inner = found["demo"].builds["backend"]
    assert [one.project for one in inner.plan.steps] == ["flit"]
    assert inner.builds == {}
    assert sources.asked == [("demo", True), ("backend", True)]
    assert all(environment.installed == {} for environment in choose.environments)


def test_a_source_that_needs_nothing_has_an_entry_that_says_so() -> None:
    found, _, choose = pinned({"demo": ()})
    assert (found["demo"].plan.steps, choose.environments) == ((), [])


def test_a_source_without_a_room_of_its_own_has_no_entry() -> None:
    found, _, _ = pinned({"demo": None})
    assert found == {}


def test_for_another_environment_nothing_is_run() -> None:
    _, sources, _ = pinned({"demo": ("backend",), "backend": ()}, runs=False)
    assert sources.asked == [("demo", False), ("backend", False)]


def refused(*rules: str) -> Refused:
    return Refused([Finding(rule=rule, message=f"{rule} speaks", origin=NOWHERE) for rule in rules])


def with_late(
    error: Exception, declared: tuple[str, ...] | None
) -> tuple[Mapping[NormalizedName, Choice], list[str]]:
    """Where ``late``, which a backend asked for here, cannot be had."""
    sources = Sources({"demo": ("tool", "late")}, declared)
    choose = Chooser(sources, {"late": error})
    environment = target("win-amd64-cp311").environment
    return pinned_builds(
        Plan(steps=(source("demo"),)), environment, sources.own(), choose, runs=False
    ), sources.noted


@pytest.mark.parametrize("error", [ResolutionError("none"), refused("sdist-build")], ids=["none", "source"])
def test_what_a_backend_asked_for_here_may_not_exist_elsewhere(error: Exception) -> None:
    found, noted = with_late(error, ("tool",))

    assert [one.project for one in found["demo"].plan.steps] == ["tool"]
    (note,) = noted
    assert "what the backend of demo 1.0 asks for here" in note
    assert note.endswith(("none", "sdist-build speaks"))


@pytest.mark.parametrize(
    "error, declared",
    [
        (refused("sdist-build", "republished-file"), ("tool",)),
        (refused("index-unavailable"), ("tool",)),
        (ResolutionError("none"), None),
    ],
    ids=["changed", "silent", "declared"],
)
def test_what_is_worse_than_missing_stops(error: Exception, declared: tuple[str, ...] | None) -> None:
    with pytest.raises(type(error)):
        with_late(error, declared)


def locked(
    name: str,
    *,
    url: str = "https://files.example/tool-1.0-py3-none-any.whl",
    digest: str | None = "sha256:" + "a" * 64,
    builds: tuple[RequirementLine, ...] | None = None,
) -> RequirementLine:
    """A line of a lock for version 1.0."""
    given = [] if digest is None else [Digest.parse(digest)]
    file = LockedFile(
        project=canonicalize_name(name),
        lock="pylock.toml",
        remote=False,
        filename=url.rpartition("/")[2],
        url=url,
        origin=replace(NOWHERE, place="pylock.toml", line=sum(map(ord, name))),
        builds=builds,
    )
    return RequirementLine(
        text=f"{name}==1.0",
        kind=RequirementKind.NAMED,
        requirement=Requirement(f"{name}==1.0"),
        origin=NOWHERE,
        hashes=AcceptableDigests.of(given),
        from_file=True,
        locked=file,
    )


def routes(*lines: RequirementLine) -> tuple[Mapping[NormalizedName, object], list[str]]:
    """Who has a route, and which rules object."""
    found, findings = route_locked(lines, (STRICT,), Policy(), TRUST, patterns_only=False)
    return found, [f"{finding.rule} {finding.subject}" for finding in findings]


HTTP = "http://files.example/tool-1.0-py3-none-any.whl"
FOREIGN = "https://other.example/tool-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    "tool, objections",
    [
        ({}, []),
        ({"url": HTTP}, ["plaintext-link tool"]),
        ({"url": FOREIGN}, ["file-host tool"]),
        ({"digest": "md5:" + "0" * 32}, ["weak-digest tool"]),
        ({"digest": None}, ["weak-digest tool"]),
    ],
)
def test_what_a_lock_has_for_builds_is_judged_with_the_rest(
    tool: dict[str, Any], objections: list[str]
) -> None:
    found, rules = routes(locked("demo", builds=(locked("tool", **tool),)))
    assert (list(found), rules) == (["demo"], objections)


def test_builds_of_what_builds_need_are_judged_once() -> None:
    shared = (locked("tool", url=HTTP),)
    needs = (locked("one", builds=shared), locked("two", builds=shared))
    _, rules = routes(locked("demo", builds=needs), locked("other", builds=needs))
    assert rules == ["plaintext-link tool"]


def test_a_lock_that_says_nothing_of_builds_is_judged_as_before() -> None:
    found, findings = route_locked([locked("demo")], (CORP, PUBLIC), Policy(), TRUST, patterns_only=False)
    assert (list(found), findings) == (["demo"], ())
