"""``safepip explain``: what is in force, where it was set, and where a project would come from."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from safepip.core.errors import CommandError, ConfigurationError, ExitCode, UsageError
from safepip.pipcompat.own import GRAMMAR

if TYPE_CHECKING:
    from safepip.flows.explain_words import OptionWord, PolicyWord, ProjectWord, RuleWord
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions

FORMATS = ("text", "json")


def explain(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Answer one question. Changes nothing; sends nothing but a project's name to its own index.

    Returns:
        0; 10 where a setting would be refused, 11 where an index gave no answer.

    Raises:
        CommandError, UsageError: more than one word, or one that means nothing.
        ConfigurationError: a policy or configuration that cannot be read.
    """
    from safepip.flows.explain_pages import error_page
    from safepip.flows.explain_words import ErrorWord, ProjectWord, RuleWord, meaning_of

    _check(invocation, own)
    meaning = meaning_of(invocation.arguments[0]) if invocation.arguments else None
    if isinstance(meaning, RuleWord):
        return _rule(meaning, own, world)
    if isinstance(meaning, ErrorWord):
        world.show.explained_page(error_page(meaning.reference, meaning.also))
        return ExitCode.OK
    if isinstance(meaning, ProjectWord):
        return _project(meaning, invocation, own, world)
    return _settings(meaning, invocation, own, world)


def _check(invocation: Invocation, own: OwnOptions) -> None:
    if own.report_format not in FORMATS:
        raise UsageError(
            f"explain has no {own.report_format} form",
            reference="usage",
            hint="use --report-format text or json",
        )
    if len(invocation.arguments) > 1:
        raise CommandError(
            "explain takes one rule, setting or project",
            reference="usage",
            origin=invocation.arguments[1].origin,
            hint="ask for one after the other",
        )


def _rule(word: RuleWord, own: OwnOptions, world: World) -> int:
    """The page is shown in any case; then what is wrong with the policy, if something is."""
    from safepip.flows.explain_pages import rule_page
    from safepip.flows.policies import read_policy

    try:
        policy, _ = read_policy(own, world)
    except ConfigurationError:
        world.show.explained_page(rule_page(word.rule, None, word.also))
        raise
    world.show.explained_page(rule_page(word.rule, policy, word.also))
    return ExitCode.OK


def _settings(
    word: OptionWord | PolicyWord | None, invocation: Invocation, own: OwnOptions, world: World
) -> int:
    from safepip.flows.explain_overview import overview
    from safepip.flows.explain_pages import option_page, policy_page
    from safepip.flows.explain_settings import gather_in_force
    from safepip.flows.explain_words import OptionWord

    command = word.command if isinstance(word, OptionWord) else GRAMMAR
    with closing(world.target(own.python)) as target:
        known = gather_in_force(invocation, own, world, target, command=command)
        if word is None:
            world.show.explained_page(overview(known, world, target))
            return ExitCode.REFUSED if known.refused else ExitCode.OK
        page = (
            option_page(word, known, world.around)
            if isinstance(word, OptionWord)
            else policy_page(word, known)
        )
        world.show.explained_page(page)
        return ExitCode.REFUSED if any(finding.denies for finding in page.findings) else ExitCode.OK


def _project(word: ProjectWord, invocation: Invocation, own: OwnOptions, world: World) -> int:
    from dataclasses import replace

    from safepip.flows.explain_project import REMOTE_REFUSED, ProjectExplainer
    from safepip.flows.explain_settings import OFFLINE, gather_in_force

    with closing(world.target(own.python)) as target:
        known = gather_in_force(invocation, own, world, target)
        asks = not known.refused and OFFLINE not in own.flags
        explainer = ProjectExplainer(word, known, target.environment, asks=asks)
        with closing(world.connect(known.transport)) as connection:
            page = explainer.page(connection.client, world)
        if known.refused:
            page = replace(page, notes=(*page.notes, REMOTE_REFUSED))
        page = replace(page, findings=(*known.findings, *page.findings))
        world.show.explained_page(page)
        return ExitCode.REFUSED if known.refused else explainer.exit_code
