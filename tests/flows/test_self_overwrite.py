"""What a plan may do to the environment that safepip itself runs in."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import MappingProxyType

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.index import FileEntry, Index, WheelMetadata
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Asker, Plan, Route, RouteReason, Step
from safepip.core.ports import Environment, InstalledDistribution
from safepip.core.url import Url
from safepip.flows.self_overwrite import lands_here, self_overwrites
from safepip.flows.settings import Settings

ARGUMENT = Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=2)
INDEX = Index(name="pypi", url=Url.parse("https://index.example/simple"))
OWN = ("httpx<1,>=0.28", "packaging>=26.3", 'rich>=15; extra == "pretty"', 'tomli; python_version < "3.0"')


def installed(name: str, version: str, *requires: str, extras: tuple[str, ...] = ()) -> InstalledDistribution:
    lines = [f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {text}" for text in requires] + [
        f"Provides-Extra: {extra}" for extra in extras
    ]
    return InstalledDistribution(
        name=name,
        project=canonicalize_name(name),
        version=Version(version),
        version_text=version,
        location="/env/lib",
        metadata="\n".join(lines).encode() + b"\n\n",
    )


def environment(*distributions: InstalledDistribution) -> Environment:
    return Environment(
        python="/env/bin/python",
        prefix="/env",
        version="3.11.0",
        markers={"python_version": "3.11", "sys_platform": sys.platform},
        tags=(),
        installed=MappingProxyType({each.project: each for each in distributions}),
        paths={"purelib": "/env/lib", "platlib": "/env/lib"},
    )


HERE = environment(
    installed("safepip", "0.1", *OWN, extras=("pretty",)),
    installed("packaging", "26.3"),
    installed("httpx", "0.28.1", "httpcore==1.*"),
    installed("httpcore", "1.0.9"),
    installed("rich", "15.0"),
    installed("stranger", "1.0", "packaging<99"),
)


def step(name: str, version: str, *requires: str, extras: tuple[str, ...] = ()) -> Step:
    project = canonicalize_name(name)
    return Step(
        name=name,
        project=project,
        version=Version(version),
        route=Route(project=project, indexes=(INDEX,), reason=RouteReason.ONLY_INDEX),
        index="pypi",
        file=FileEntry(filename=f"{name}-{version}-py3-none-any.whl", url="https://index.example/f"),
        askers=(Asker(text=name, origin=ARGUMENT),),
        metadata=WheelMetadata(
            name=name,
            version=version,
            requires_dist=requires,
            requires_python=None,
            provides_extra=frozenset(extras),
            raw=b"",
        ),
    )


def broken(*steps: Step) -> list[str]:
    return [str(finding.subject) for finding in self_overwrites(Plan(steps=steps), HERE)]


def test_a_version_that_safepip_cannot_run_with_is_refused_and_explained() -> None:
    (finding,) = self_overwrites(Plan(steps=(step("packaging", "19.0"),)), HERE)

    assert (finding.rule, finding.denies, finding.subject) == ("self-overwrite", True, "packaging")
    assert finding.origin == ARGUMENT
    assert finding.message == "packaging 19.0 would break safepip, which runs in this environment"
    assert finding.notes == ("safepip 0.1 needs packaging>=26.3",)
    assert "pipx install safepip" in str(finding.help)
    assert "--python /env" in str(finding.help)


def test_a_newer_version_that_still_fits_passes() -> None:
    assert broken(step("packaging", "27.0")) == []


def test_what_safepip_needs_through_others_counts() -> None:
    (finding,) = self_overwrites(Plan(steps=(step("httpcore", "2.0"),)), HERE)

    assert finding.notes == ("httpx 0.28.1, which safepip needs (safepip -> httpx), needs httpcore==1.*",)


def test_packages_that_move_together_may_move() -> None:
    assert broken(step("httpx", "0.29", "httpcore==2.*"), step("httpcore", "2.0")) == []


def test_safepip_itself_may_be_upgraded_with_what_it_needs_then() -> None:
    assert broken(step("safepip", "0.2", "httpx>=1", extras=("pretty",)), step("httpx", "1.0")) == []


def test_a_new_safepip_without_what_it_needs_is_refused() -> None:
    assert broken(step("safepip", "0.2", "httpx>=1", "newcomer")) == ["httpx", "newcomer"]


def test_a_new_safepip_does_not_have_to_have_its_extras() -> None:
    assert broken(step("safepip", "0.2", 'newcomer; extra == "more"', extras=("more",))) == []


def test_what_an_extra_of_safepip_uses_is_kept_working() -> None:
    assert broken(step("rich", "14.0")) == ["rich"]
    assert broken(step("rich", "16.0")) == []


def test_a_changed_package_that_wants_what_is_not_there_is_refused() -> None:
    (finding,) = self_overwrites(Plan(steps=(step("httpx", "0.29", "h2"),)), HERE)

    assert finding.message == "safepip, which runs in this environment, would need h2, which is not there"


@pytest.mark.parametrize("name,version", [("stranger", "2.0"), ("unrelated", "1.0"), ("tomli", "0.1")])
def test_what_safepip_does_not_run_on_is_not_its_business(name: str, version: str) -> None:
    assert broken(step(name, version)) == []


def test_what_was_broken_before_is_not_the_plans_doing() -> None:
    here = environment(installed("safepip", "0.1", "packaging>=26.3"), installed("packaging", "25.0"))

    assert self_overwrites(Plan(steps=(step("packaging", "26.0"),)), here) == ()


def test_a_pre_release_meets_a_requirement_by_its_number() -> None:
    assert broken(step("packaging", "27.0rc1")) == []


def test_requirements_that_go_round_come_to_an_end() -> None:
    here = environment(installed("safepip", "0.1", "a"), installed("a", "1", "b"), installed("b", "1", "a<2"))

    found = self_overwrites(Plan(steps=(step("a", "2", "b"),)), here)

    assert [finding.notes for finding in found] == [
        ("b 1, which safepip needs (safepip -> a -> b), needs a<2",)
    ]


@dataclass
class Around:
    """The part of ``flows.world.Surroundings`` that is asked."""

    def absolute(self, path: str) -> str:
        return path if path.startswith("/") else f"/here/{path}"


@dataclass
class Here:
    """The part of ``flows.world.World`` that is asked."""

    prefix: str
    around: Around = field(default_factory=Around)

    def runs_in(self, prefix: str) -> bool:
        return prefix == self.prefix


@pytest.mark.parametrize(
    "settings,expected",
    [
        (Settings(), True),
        (Settings(use_user_site=True), True),
        (Settings(target_dir="out"), False),
        (Settings(target_dir="/env/lib"), True),
        (Settings(prefix="/elsewhere"), False),
        (Settings(prefix="/env"), True),
        (Settings(root="/image"), False),
    ],
)
def test_only_what_lands_where_safepip_runs_is_looked_at(settings: Settings, expected: bool) -> None:
    assert lands_here(settings, HERE, Here("/env")) is expected  # type: ignore[arg-type]  # the part it uses
    assert lands_here(settings, HERE, Here("/other")) is False  # type: ignore[arg-type]  # the part it uses
