"""The little that commands need which pip applies as they are. Loads next to nothing: they are many."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from safepip.io.choice import Interpreter, choose
from safepip.io.pip import PassThroughPip

if TYPE_CHECKING:
    from safepip.core.ports import Pip


class PassingWorld:
    """Implements :class:`safepip.flows.delegate.Passing`.

    Args:
        stays: whether this process must go on when pip is done; else pip may take its place.
        silent: whether to say nothing of one's own.
    """

    def __init__(
        self, environ: Mapping[str, str] | None = None, *, stays: bool = False, silent: bool = False
    ) -> None:
        self.environ = os.environ if environ is None else environ
        self._stays = stays
        self._silent = silent

    @property
    def pip(self) -> Pip:
        return PassThroughPip(self.environ, replaces_process=os.name == "posix" and not self._stays)

    def python_for(self, option: str | None) -> str:
        """The interpreter of the environment a command works on; says which where it is another's."""
        choice = choose(option, self.environ, Interpreter.running())
        if not choice.own and option is None:
            self.noted(f"working on {choice.python} ({choice.reason})")
        return choice.python

    def configuration(self, python: str) -> Sequence[tuple[str, bytes]]:
        """See the port."""
        from safepip.io.at_hand import contents, home, prefix_of
        from safepip.pipcompat.places import config_paths

        places = config_paths(
            sys.platform,
            self.environ,
            prefix_of(python),
            home(),
            base_prefix=sys.base_prefix if python == sys.executable else "",
            exists=os.path.exists,
            is_dir=os.path.isdir,
        )
        return contents(path for _, path in places)

    def unfinished(self, python: str) -> Sequence[str]:
        """See the port."""
        from safepip.io.unfinished import unfinished

        return unfinished(python, self.environ)

    def recover(self, python: str) -> None:
        """See the port; says what it did."""
        from contextlib import closing

        from safepip.io.agent import Agent
        from safepip.io.recovery import recover

        with closing(Agent(python, self.environ)) as agent:
            for line in recover(agent.facts()):
                self.noted(line)

    def noted(self, line: str) -> None:
        """See the port."""
        if not self._silent:
            sys.stderr.write(f"safepip: {line}\n")
