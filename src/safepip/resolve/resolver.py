"""The entry: requirements → plan, or the reason there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NotRequired, TypedDict, Unpack

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep, Resolver

from safepip.core.errors import Refused, ResolutionError
from safepip.core.events import Found
from safepip.core.finding import Finding, Refuse
from safepip.core.limits import Limits
from safepip.core.plan import Plan
from safepip.core.ports import Environment, EventSink, IndexClient
from safepip.core.subjects import RequirementKind, RequirementLine
from safepip.core.value import value
from safepip.policy.schema import Policy
from safepip.resolve.admit import Admission, FirstUse, never_used
from safepip.resolve.candidate import Candidate
from safepip.resolve.closure import Closure
from safepip.resolve.constraint import NO_CONSTRAINT, Constraint
from safepip.resolve.explain import Explainer
from safepip.resolve.factory import Factory
from safepip.resolve.finder import Finder
from safepip.resolve.mismatch import constraint_place
from safepip.resolve.planning import Planner
from safepip.resolve.provider import Provider
from safepip.resolve.request import ResolveRequest, UpgradeStrategy
from safepip.resolve.requirement import Requirement
from safepip.resolve.target import Target
from safepip.resolve.wheels import Wheels
from safepip.route import Router
from safepip.route.router import refused
from safepip.rules.base import RuleContext
from safepip.rules.engine import apply_policy


@value
class Resolution:
    """A plan, and what knows the files that it was chosen from.

    Attributes:
        finder: what is on offer; its answers are remembered.
        admission: which of it policy admits.
    """

    plan: Plan
    finder: Finder
    admission: Admission


class Means(TypedDict):
    """What a resolution works with; see :func:`resolve_whole`."""

    router: Router
    client: IndexClient
    policy: Policy
    now: datetime
    sink: EventSink
    context: NotRequired[RuleContext | None]
    first_use: NotRequired[FirstUse]


def resolve(request: ResolveRequest, *, environment: Environment, **means: Unpack[Means]) -> Plan:
    """Choose one file for every project, as pip 26.3 would among the files that policy admits.

    Arguments and errors are those of :func:`resolve_whole`.
    """
    return resolve_whole(request, environment=environment, **means).plan


def resolve_whole(
    request: ResolveRequest,
    *,
    environment: Environment,
    router: Router,
    client: IndexClient,
    policy: Policy,
    now: datetime,
    sink: EventSink,
    context: RuleContext | None = None,
    first_use: FirstUse = never_used,
) -> Resolution:
    """The plan, with what it was chosen from.

    Args:
        now: the run's one now; files younger than the cool-down are measured against it.
        sink: gets the warnings about chosen files, as :class:`Found`.
        context: what findings are judged with, so that used exemptions are remembered; None: a
            new one of ``policy`` and ``now``.
        first_use: looks at each file before it is judged.

    Raises:
        Refused: a project without a route, or no answer but with files that policy refuses.
        ResolutionError: there is no answer; pip's words.
        Undecided, VerificationError: metadata that cannot be had, or is not what it should be.
    """
    judging = context or RuleContext(policy=policy, now=now, indexes=router.indexes)
    admission = Admission(policy, now, partial(_judge, judging), first_use=first_use)
    factory = _factory(request, environment, router, client, admission)
    roots = _ask_ahead(request, factory, router)
    try:
        planner = _resolved(request, environment, factory, admission)
        plan, warnings = planner.plan()
    except Refused as error:
        raise _with_other_roots(error, router, roots) from None
    for finding in warnings:
        sink(Found(finding=finding))
    return Resolution(plan=plan, finder=factory.finder, admission=admission)


def _judge(context: RuleContext, finding: Finding, version: Version) -> Finding | None:
    return apply_policy(finding, context, version=version)


def _factory(
    request: ResolveRequest,
    environment: Environment,
    router: Router,
    client: IndexClient,
    admission: Admission,
) -> Factory:
    options = request.options
    target = Target(environment, options, request.lock_for)
    installed = {} if options.ignore_installed else dict(environment.installed)
    stays = options.upgrade is not UpgradeStrategy.EAGER and not options.force_reinstall
    wheels = Wheels(
        client=client,
        prefetch=router.prefetch,
        target=target,
        admission=admission,
        trust=request.direct_trust,
        homes=frozenset(index.url.origin for index in router.indexes),
        ahead=not options.no_deps,
        sources=request.sources,
        skip_ahead=frozenset(installed) if stays else frozenset(),
    )
    finder = Finder(router, target, options, request.preferred)
    return Factory(
        target=target,
        options=options,
        finder=finder,
        wheels=wheels,
        installed=installed,
        closure=Closure.of(request.roots, request.constraints),
    )


def _ask_ahead(request: ResolveRequest, factory: Factory, router: Router) -> list[NormalizedName]:
    """Ask for the pages of the roots at once. What is installed may not need any page."""
    upgrades = request.options.upgrade is not UpgradeStrategy.NONE or request.options.force_reinstall
    names = []
    for line in request.roots:
        if line.kind is RequirementKind.NAMED and line.requirement is not None:
            project = canonicalize_name(line.requirement.name)
            wanted = factory.target.wants(line.requirement, frozenset())
            if wanted and (upgrades or project not in factory.installed):
                router.prefetch(project)
                names.append(project)
    return names


def _resolved(
    request: ResolveRequest, environment: Environment, factory: Factory, admission: Admission
) -> Planner:
    constraints = _constraints(request.constraints, factory)
    requirements, user_requested = _roots(request.roots, factory)
    provider = Provider(factory, constraints, request.options.upgrade, user_requested)
    reporter: BaseReporter[Requirement, Candidate, str] = BaseReporter()
    resolver: Resolver[Requirement, Candidate, str] = Resolver(provider, reporter)
    explainer = Explainer(
        finder=factory.finder, target=factory.target, ledger=admission.ledger, constraints=constraints
    )
    try:
        result = resolver.resolve(requirements, max_rounds=Limits().resolve_rounds_max)
    except ResolutionImpossible as impossible:
        raise explainer.error(list(impossible.causes)) from None
    except ResolutionTooDeep:
        raise ResolutionError(
            "Dependency resolution exceeded maximum depth",
            reference="resolution-too-deep",
            hint="give more of the requirements a version, so that there is less to try",
        ) from None
    return Planner(
        request=request,
        environment=environment,
        factory=factory,
        admission=admission,
        constraints=constraints,
        user_requested=user_requested,
        result=result,
    )


def _constraints(lines: Sequence[RequirementLine], factory: Factory) -> dict[str, Constraint]:
    """By project. Raises Refused or ResolutionError for what cannot be a constraint."""
    found: dict[str, Constraint] = {}
    for line in lines:
        requirement = line.requirement
        if problem := _not_a_constraint(line):
            raise ResolutionError(problem, origin=line.origin)
        if line.kind is not RequirementKind.NAMED:
            raise Refused([constraint_place(line)])
        if requirement is not None and factory.target.wants(requirement, frozenset()):
            project = canonicalize_name(requirement.name)
            found[project] = found.get(project, NO_CONSTRAINT).narrowed(line)
    return found


def _not_a_constraint(line: RequirementLine) -> str | None:
    """In pip's words (``check_invalid_constraint_type``)."""
    if line.requirement is None:
        return "Unnamed requirements are not allowed as constraints"
    if line.editable:
        return "Editable requirements are not allowed as constraints"
    return "Constraints cannot have extras" if line.requirement.extras else None


def _roots(lines: Sequence[RequirementLine], factory: Factory) -> tuple[list[Requirement], dict[str, int]]:
    """Requirements, those with extras last, and each identifier's place among the user's lines."""
    requirements: list[Requirement] = []
    user_requested: dict[str, int] = {}
    for place, line in enumerate(lines):
        made = factory.of_root(line)
        if made:
            user_requested.setdefault(made[0].name, place)
            requirements += made
    # The base's specifiers then count before candidates with extras are looked at, as in pip.
    requirements.sort(key=lambda requirement: requirement.name != requirement.project)
    return requirements, user_requested


def _with_other_roots(error: Refused, router: Router, roots: Sequence[NormalizedName]) -> Refused:
    """Where a route was refused, say so of all roots at once."""
    refusals: list[Refuse] = router.refusals(roots)
    told = [refusal.finding for refusal in refusals]
    if not any(finding in told for finding in error.findings):
        return error
    others = [Refuse(finding=finding) for finding in error.findings if finding not in told]
    return refused([*refusals, *others])
