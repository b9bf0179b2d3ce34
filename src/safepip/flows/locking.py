"""``safepip lock``: what is asked for, resolved for each environment, written down with every hash.

Nothing is installed, and no file is fetched but those whose index says no digest of them. The file on
disk changes at the very end, at once, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from safepip.core.errors import CommandError, ExitCode, OutOfDate
from safepip.core.lock_page import LockPage
from safepip.core.plan import Plan
from safepip.flows.applying import check_virtualenv
from safepip.flows.build import Builds
from safepip.flows.guard import prepare
from safepip.flows.lock_answers import Answers
from safepip.flows.lock_inputs import asked_for, chosen_targets
from safepip.flows.lock_output import check_nested, content, destination, difference, is_same
from safepip.flows.planning import memory_of
from safepip.flows.settings import read_settings
from safepip.policy.fingerprint import fingerprint

if TYPE_CHECKING:
    from safepip.core.lock_page import LockDifference
    from safepip.core.locking import Answer
    from safepip.flows.lock_inputs import Asked
    from safepip.flows.lock_output import Destination
    from safepip.flows.world import Target, World
    from safepip.pipcompat.argv import Invocation, OwnOptions


def lock(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Resolve for every environment, merge, write. Returns pip's exit code.

    Raises:
        OutOfDate: ``--check``, and the file does not say what it would.
        Refused, Undecided, ResolutionError, CommandError and the other SafepipErrors; the file is then as
            it was.
    """
    with closing(world.target(own.python)) as target:
        known = prepare(invocation, own, world, target)
        check_virtualenv(read_settings(known.config), target.environment)
        to = destination(own, known.config, world)
        targets = chosen_targets(own, known.policy, target.environment)
        asked = asked_for(invocation, own, known, targets, environment=target.environment, world=world)
        check_nested(to, (line for one in asked for line in one.lines), world)
        answers = _answers(asked, to, target, world)
        world.show.satisfied(_united(answers))
        world.show.noted(
            [f"{said} is not locked, so there is nothing to upgrade" for said in _missing(own, answers)]
        )
        if own.explain:
            _explain(answers, world)
            return ExitCode.OK
        after = content(to, answers, fingerprint(known.policy))
        _check_secrets(to, after, world)
        if own.lock.check:
            _compare(to, after)
        else:
            _write(to, after, answers, asked, world)
        world.show.locked(_page(to, after, answers))
        return ExitCode.OK


def _answers(asked: Sequence[Asked], to: Destination, target: Target, world: World) -> tuple[Answer, ...]:
    """What each environment needs."""
    guarded = asked[0].guarded
    with (
        closing(world.connect(guarded.transport)) as connection,
        closing(Builds(guarded, connection, world, lambda: world.workshop(target))) as builds,
    ):
        return Answers(guarded, connection, world, to.kept).everything(asked, builds)


def _check_secrets(to: Destination, after: bytes, world: World) -> None:
    """Raise CommandError where a lock would show to everybody what this machine was told alone."""
    lines = map(str.strip, after.decode().splitlines())
    # What people wrote into a comment is theirs.
    said = (line for line in lines if not line.startswith("#") or line.startswith(("# from ", "# via ")))
    secrets = world.show.secrets_in("\n".join(said))
    if secrets:
        raise CommandError(
            f"{to.name} would show what {' and '.join(secrets)} stands for",
            reference="lock-format",
            hint="give credentials as userinfo of the URL, in a netrc file or in a keyring: these are never "
            "written; what is no secret, write out in the URL",
        )


def _compare(to: Destination, after: bytes) -> None:
    """Raise OutOfDate where the file does not say what it would."""
    if is_same(to.before, after):
        return
    change = difference(to, after)
    raise OutOfDate(
        f"{to.name} is not there" if to.before is None else f"{to.name} is not up to date",
        reference="lock-outdated",
        notes=() if change is None else change.lines,
        hint="run the same command without --check",
    )


def _write(
    to: Destination, after: bytes, answers: Sequence[Answer], asked: Sequence[Asked], world: World
) -> None:
    """Write the lock, and down what was locked."""
    choices = [choice for answer in answers for choice in answer.choice.with_builds()]
    for choice in choices:
        world.audit.admitted(_with_digests_only(choice.plan), {})
    if to.output is None:
        world.show.answered(after.decode())
    elif not is_same(to.before, after):
        to.output.write(after)
    memory = memory_of(asked[0].guarded, world)
    for choice in choices:
        memory.remember_listed(choice.plan, choice.files)


def _with_digests_only(plan: Plan) -> Plan:
    """Without folders and repositories, which are no files."""
    return replace(plan, steps=tuple(step for step in plan.steps if step.file.digests.strong))


def _united(answers: Sequence[Answer]) -> Plan:
    """Every step of every environment, each once: a report has one plan."""
    steps = {
        (step.project, step.version, step.file.filename): step
        for answer in answers
        for step in answer.choice.plan.steps
    }
    return Plan(steps=tuple(steps.values()))


def _missing(own: OwnOptions, answers: Sequence[Answer]) -> list[str]:
    """Projects that are to be upgraded, and that nobody needs."""
    needed = {
        step.project
        for answer in answers
        for choice in answer.choice.with_builds()
        for step in choice.plan.steps
    }
    named = [one.value.name for one in own.lock.upgrade_packages]
    return [name for name in named if canonicalize_name(name) not in needed]


def _explain(answers: Sequence[Answer], world: World) -> None:
    for answer in answers:
        heading = f"for {answer.target.name}" if len(answers) > 1 else ""
        world.show.explained(answer.choice.plan, heading)


def _page(to: Destination, after: bytes, answers: Sequence[Answer]) -> LockPage:
    change: LockDifference | None = difference(to, after)
    return LockPage(
        output=to.name,
        format=to.format.value,
        environments=tuple(answer.target.name for answer in answers),
        packages=len({step.project for answer in answers for step in answer.choice.plan.steps}),
        difference=change,
        written=not is_same(to.before, after),
    )
