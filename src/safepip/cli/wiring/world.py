"""Everything outside, as the flows see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from safepip import __version__
from safepip.cli.wiring.speaking import Speaking
from safepip.cli.wiring.target import RealTarget
from safepip.core.errors import ExitCode, SafepipError

# Loaded before the target's interpreter is started, which then starts while the rest is loaded:
# what only some methods need, they import.
if TYPE_CHECKING:
    from safepip.cli.wiring.connection import RealConnection
    from safepip.core.index import Trust
    from safepip.core.ports import Files, KeptFiles, Pip
    from safepip.core.url import Url
    from safepip.flows.world import Transport
    from safepip.pipcompat.argv import OwnOptions
    from safepip.report.facts import Outcome

_CONSEQUENCES = {
    "install": "nothing was installed",
    "download": "nothing was saved",
    "wheel": "nothing was saved",
}


class RealWorld(Speaking):
    """Implements :class:`safepip.flows.world.World`."""

    def __init__(self) -> None:
        super().__init__()
        self._expected: RealTarget | None = None

    # --- The ports -------------------------------------------------------------------------------

    @cached_property
    def files(self) -> Files:
        """Local texts only; :meth:`texts` reads remote ones too."""
        from safepip.cli.wiring.connection import local_texts

        return local_texts(self.around.environ)

    def texts(self, transport: Transport, trust: Trust, admits: Callable[[Url], bool]) -> Files:
        """See the port. The HTTP client is made at the first remote text."""
        from safepip.cli.wiring.connection import Dial, remote_texts

        return remote_texts(Dial(transport, self.around.environ), trust, admits, self._closing)

    def connect(self, transport: Transport, *, begin: Callable[[], None] = lambda: None) -> RealConnection:
        """See the port."""
        from safepip.cli.wiring.connection import Dial, RealConnection

        return RealConnection(Dial(transport, self.around.environ), self.sink, begin)

    def kept(self, cache_dir: str) -> KeptFiles:
        """See the port."""
        from safepip.io.kept import KeptFolders

        cache = Path(cache_dir)
        return KeptFolders(files=cache / "store", pages=cache / "pages", now=self.clock.now())

    def save(self, source: Path, folder: str, filename: str) -> str:
        """See the port."""
        from safepip.io.saving import save

        return save(source, Path(self.around.absolute(folder)), filename)

    @cached_property
    def pip(self) -> Pip:
        from safepip.io.pip import PassThroughPip

        return PassThroughPip(self.around.environ)

    def python_for(self, option: str | None) -> str:
        """See the port; says which one it is where it is not safepip's own."""
        from safepip.io.choice import Interpreter, choose

        choice = choose(option, self.around.environ, Interpreter.running())
        if not choice.own and choice.reason != "--python":
            self.show.noted([f"working on {choice.python} ({choice.reason})"])
        return choice.python

    def runs_in(self, prefix: str) -> bool:
        """See the port."""
        from safepip.io.choice import Interpreter

        return Interpreter.running().imports_from(prefix)

    def expect_target(self, python: str | None) -> None:
        """Start the interpreter that :meth:`target` will be asked for."""
        self._expected = RealTarget(self.python_for(python), self.around.environ)
        self._closing.callback(self._expected.close)

    def target(self, python: str | None) -> RealTarget:
        """See the port."""
        expected, self._expected = self._expected, None
        return expected or RealTarget(self.python_for(python), self.around.environ)

    # --- The end ---------------------------------------------------------------------------------

    def fail(self, error: SafepipError) -> int:
        """Show why there is no result. Returns the exit code."""
        from safepip.report.choose import reporter_for
        from safepip.report.facts import outcome_of

        self.quieten()
        outcome = outcome_of(error, consequence=_CONSEQUENCES.get(self.show.command, ""))
        if self.show.format == "text":
            render = reporter_for("text", version=__version__, color=self.show.color, width=self.show.width)
            self.show.err(render(outcome).rstrip("\n"))
        else:
            findings = (*self.show.told, *outcome.findings)
            self._report(replace(outcome, findings=findings, plan=self.show.shown_plan))
        self._log(error)
        return outcome.exit_code

    def succeed(self, own: OwnOptions, exit_code: int) -> None:
        """Say how a run ended that no error ended, where a program is to read it.

        Other commands than those that make a plan have printed their answer already.
        """
        if self.show.format == "text" or self.show.command not in _CONSEQUENCES:
            return
        from safepip.report.facts import Outcome

        self._report(
            Outcome(
                verdict="planned" if own.explain or self._dry_run else "done",
                exit_code=exit_code,
                findings=tuple(self.show.told),
                plan=self.show.shown_plan,
            )
        )

    def _report(self, outcome: Outcome) -> None:
        from safepip.report.choose import reporter_for

        text = reporter_for(self.show.format, version=__version__)(outcome).rstrip("\n")
        if text:
            self.show.out(text)

    def _log(self, failure: SafepipError) -> None:
        try:
            self.audit.failed(failure)
        except SafepipError as unwritten:
            from safepip.report.visible import shown

            self.show.err(f"error[{unwritten.reference}]: {shown(unwritten.message)}")

    def cancelled(self) -> int:
        """Ctrl-C, in pip's words; what was begun has been undone."""
        self.quieten()
        self.show.err("ERROR: Operation cancelled by user")
        self._log(SafepipError("Operation cancelled by user", reference="cancelled"))
        return ExitCode.ERROR

    def report_bug(self, error: Exception) -> int:
        """A failure that nobody foresaw."""
        import traceback

        from safepip.report.redact import redact
        from safepip.report.visible import shown

        self.quieten()
        if self._verbosity > 0:
            self.show.err(redact("".join(traceback.format_exception(error))))
        self.show.err(
            f"error[bug]: {type(error).__name__}: {shown(redact(str(error)))}\n"
            "  = note: this is a bug in safepip; nothing was handed to pip unverified\n"
            "  = help: run again with -v for the traceback, and report it"
        )
        self._log(SafepipError(f"{type(error).__name__}: {error}", reference="bug"))
        return ExitCode.BUG

    def close(self) -> None:
        """End what the run began."""
        self.quieten()
        self.audit.close()
        self._closing.close()
