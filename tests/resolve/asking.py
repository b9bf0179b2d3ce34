"""Asking the resolver, shortly."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.utils import canonicalize_name
from packaging.version import Version

from safepip.core.digest import AcceptableDigests, Digest
from safepip.core.events import Event, Found
from safepip.core.finding import Finding
from safepip.core.origin import Layer, Origin, Place
from safepip.core.plan import Plan, Step
from safepip.core.ports import Environment, InstalledDistribution
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.policy.schema import Policy
from safepip.resolve.request import ResolveOptions, ResolveRequest
from safepip.resolve.resolver import resolve
from safepip.route import Router
from tests.fakes.world import World

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TAGS = tuple(sys_tags())
MARKERS = {key: str(value) for key, value in default_environment().items()}
PYTHON = ".".join(str(part) for part in sys.version_info[:3])


def line(
    text: str, *hashes: str, file: str | None = None, number: int = 1, constraint: bool = False
) -> RequirementLine:
    """A named requirement; ``hashes`` as ``--hash`` writes them."""
    digests = [Digest.parse(one) for one in hashes]
    kind = Place.FILE if file else Place.ARGUMENT
    return RequirementLine(
        text=text,
        kind=RequirementKind.NAMED,
        requirement=Requirement(text),
        origin=Origin(layer=Layer.OPERATOR, kind=kind, place=file or "command line", line=number),
        constraint=constraint,
        hashes=AcceptableDigests.of(digests),
        hash_options=tuple(digests),
        from_file=file is not None,
    )


def direct(
    target: str, *hashes: str, name: str | None = None, kind: RequirementKind = RequirementKind.URL
) -> RequirementLine:
    """A requirement by URL or path."""
    digests = [Digest.parse(one) for one in hashes]
    return RequirementLine(
        text=f"{name} @ {target}" if name else target,
        kind=kind,
        requirement=Requirement(f"{name} @ {target}") if name else None,
        target=target,
        origin=Origin(layer=Layer.OPERATOR, kind=Place.ARGUMENT, place="command line", line=2),
        hashes=AcceptableDigests.of(digests),
    )


def installed(name: str, version: str, *requires: str, editable: bool = False) -> InstalledDistribution:
    metadata = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in requires)]
    return InstalledDistribution(
        name=name,
        project=canonicalize_name(name),
        version=Version(version),
        version_text=version,
        location="/site-packages",
        metadata="\n".join(["Metadata-Version: 2.1", *metadata, "", ""]).encode(),
        editable=editable,
    )


def environment(*distributions: InstalledDistribution) -> Environment:
    return Environment(
        python=sys.executable,
        prefix=sys.prefix,
        version=PYTHON,
        markers=MARKERS,
        tags=TAGS,
        installed={one.project: one for one in distributions},
        paths={},
    )


@dataclass(slots=True)
class Asking:
    """One world, one target, one policy; call it with requirements."""

    world: World = field(default_factory=World)
    target: Environment = field(default_factory=environment)
    policy: Policy = field(default_factory=Policy)
    options: ResolveOptions = field(default_factory=ResolveOptions)
    events: list[Event] = field(default_factory=list)

    def __call__(
        self,
        *roots: str | RequirementLine,
        constraints: Iterable[str | RequirementLine] = (),
        **options: object,
    ) -> Plan:
        """The plan; keywords are fields of :class:`ResolveOptions`."""
        return resolve(
            ResolveRequest(
                roots=tuple(line(one) if isinstance(one, str) else one for one in roots),
                constraints=tuple(
                    line(one, constraint=True) if isinstance(one, str) else one for one in constraints
                ),
                options=replace(self.options, **options),  # type: ignore[arg-type]  # keywords of tests
            ),
            environment=self.target,
            router=Router(self.world.indexes, self.world),
            client=self.world,
            policy=self.policy,
            now=NOW,
            sink=self.events.append,
        )

    @property
    def findings(self) -> list[Finding]:
        return [event.finding for event in self.events if isinstance(event, Found)]


def chosen(plan: Plan) -> dict[str, str]:
    """Project → version."""
    return {step.project: str(step.version) for step in plan.steps}


def names(steps: Sequence[Step]) -> list[str]:
    return [step.project for step in steps]
