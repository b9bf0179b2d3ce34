"""``config set``: nothing is written that policy would refuse when it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from safepip.core.origin import Place
from safepip.core.subjects import Setting
from safepip.core.url import Url
from safepip.flows.delegate import refuse_chosen_interpreter
from safepip.flows.judging import judge_each, stop_if_denied
from safepip.flows.policies import read_policy
from safepip.pipcompat.table import canonical_name
from safepip.pipcompat.written import normalize_key
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge

if TYPE_CHECKING:
    from safepip.flows.world import World
    from safepip.pipcompat.argv import Invocation, OwnOptions

_LISTS = frozenset({"extra-index-url", "find-links", "trusted-host"})
"""Options whose value in a file is several, with white space between them."""


def config_set(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Judge the setting, then let pip write it. Returns pip's exit code.

    Raises:
        Refused: policy would refuse it.
    """
    refuse_chosen_interpreter(world.around.environ)
    policy, findings = read_policy(own, world)
    context = RuleContext(
        policy=policy,
        now=world.clock.now(),
        default_index_url=Url.parse(world.around.default_index_url),
        passed=world.audit.passed,
    )
    judged = (*judge_each(findings, context), *judge(_settings(invocation), context))
    stop_if_denied(judged, world)
    return world.pip.run(invocation.argv, python=world.python_for(own.python))


def _settings(invocation: Invocation) -> Iterator[Setting]:
    """What ``set SECTION.KEY VALUE`` would say; nothing where pip will refuse the words."""
    words = invocation.arguments
    if len(words) != 3:
        return
    option = canonical_name(normalize_key(words[1].value.partition(".")[2]))
    origin = words[2].origin
    if option == "python":
        # From the command line it would be the user's choice; from a file it is nobody's.
        origin = replace(origin, kind=Place.FILE)
    values = words[2].value.split() if option in _LISTS else [words[2].value]
    yield from (Setting(option=option, value=value, origin=origin) for value in values)
