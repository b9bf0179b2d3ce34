"""``uninstall -r FILE``: safepip reads the files, pip is given the names.

pip would fetch remote and nested files itself, by its own rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packaging.utils import parse_wheel_filename

from safepip.core.errors import ConfiguredValueError
from safepip.core.limits import Limits
from safepip.flows.configuration import read_config
from safepip.flows.delegate import refuse_chosen_interpreter
from safepip.flows.guard import named_places, unasked
from safepip.flows.indexes import default_trust
from safepip.flows.judging import judge_each, stop_if_denied
from safepip.flows.policies import read_policy
from safepip.flows.rederive import rederived
from safepip.flows.transport import read_transport, requirement_texts
from safepip.pipcompat.reqfile import read
from safepip.rules.base import RuleContext
from safepip.rules.engine import judge

if TYPE_CHECKING:
    from safepip.core.ports import Files
    from safepip.core.subjects import RequirementLine
    from safepip.flows.world import Options, World
    from safepip.pipcompat.argv import Invocation, OwnOptions


def uninstall(invocation: Invocation, own: OwnOptions, world: World) -> int:
    """Read every file, then let pip remove what they name. Returns pip's exit code.

    Raises:
        Refused, Undecided: a remote file that policy does not admit, or that does not come.
        RequirementFileError: a file that cannot be read.
        ConfiguredValueError: pip is to work in virtual environments only, and this is none.
    """
    refuse_chosen_interpreter(world.around.environ)
    with closing(world.target(own.python)) as target:
        world.show.noted(target.recover())
        config = read_config(invocation, world, target)
        world.manner(config)
        if config.value("require_venv") and not target.environment.is_virtual:
            raise ConfiguredValueError("Could not find an activated virtualenv (required).")
        policy, findings = read_policy(own, world)
        context = RuleContext(policy=policy, now=world.clock.now(), passed=world.audit.passed)
        stop_if_denied((*judge_each(findings, context), *judge(config.settings, context)), world)
        world.show.noted(tuple(unasked(config)))
        trust = default_trust(named_places(config), policy, world.around)
        files = requirement_texts(read_transport(config, world), trust, policy, world)
        names = [*(word.value for word in invocation.arguments), *_names(config, files, world)]
        python = target.environment.python
    words = (*rederived(invocation, config), "--", *names)
    return world.pip.run(words, python=python, changes=True, complete=True)


def _names(config: Options, files: Files, world: World) -> Iterator[str]:
    """What the files name, constraints included, as pip has it; nothing of the rest."""
    for path in config.items("requirements"):
        found = read(
            path,
            constraint=False,
            files=files,
            environ=world.around.environ,
            limits=Limits(),
            hide=world.show.hide,
        )
        yield from filter(None, map(_name, found.lines))


def _name(line: RequirementLine) -> str | None:
    """The project; of a bare URL or path only where it is a wheel."""
    if line.requirement is not None:
        return line.requirement.name
    filename = unquote(urlsplit(line.target or "").path).rpartition("/")[2]
    # What is no wheel's file name has not been read.
    return parse_wheel_filename(filename)[0] if filename.endswith(".whl") else None
