"""Everything outside, as the flows see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    from safepip.cli.wiring.connection import Dial, RealConnection
    from safepip.core.built import BuiltWheels
    from safepip.core.digest import Digests
    from safepip.core.index import Trust
    from safepip.core.kept import Saved
    from safepip.core.mirror import MirrorFolder
    from safepip.core.ports import Draft, Files, KeptFiles, Output, Pip
    from safepip.core.record import Record
    from safepip.core.trusted import TrustedPolicies
    from safepip.core.url import Url
    from safepip.core.workshop import Workshop
    from safepip.flows.world import Target, Transport
    from safepip.io.choice import Choice
    from safepip.pipcompat.argv import OwnOptions
    from safepip.report.facts import Outcome

_CONSEQUENCES = {
    "install": "nothing was installed",
    "sync": "nothing was changed",
    "lock": "nothing was written",
    "download": "nothing was saved",
    "mirror": "nothing was saved",
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
        from safepip.cli.wiring.connection import remote_texts

        return remote_texts(self._dial(transport), trust, admits, self._closing)

    def _dial(self, transport: Transport) -> Dial:
        from safepip.cli.asking import Asking, somebody_is_there
        from safepip.cli.wiring.connection import Dial

        ask = Asking(self.quieten) if somebody_is_there() else None
        return Dial(transport, self.around.environ, ask=ask)

    def connect(self, transport: Transport, *, begin: Callable[[], None] = lambda: None) -> RealConnection:
        """See the port."""
        from safepip.cli.wiring.connection import RealConnection

        return RealConnection(self._dial(transport), self.sink, begin)

    def built_wheels(self, cache_dir: str) -> BuiltWheels:
        """See the port."""
        from safepip.io.built import KeptWheels

        record = Path(self.around.user_data_dir, "built-wheels.sqlite3")
        return KeptWheels(record, Path(cache_dir, "store"))

    def kept(self, cache_dir: str) -> KeptFiles:
        """See the port."""
        from safepip.io.kept import KeptFolders

        cache = Path(cache_dir)
        return KeptFolders(files=cache / "store", pages=cache / "pages", now=self.clock.now())

    def draft(self, path: str) -> Draft:
        """See the port."""
        from safepip.io.draft import FileDraft

        return FileDraft(Path(path), self.around.environ)

    def output(self, path: str) -> Output:
        """See the port."""
        from safepip.io.output import OutputFile

        return OutputFile(Path(path))

    def workshop(self, target: Target) -> Workshop:
        """See the port."""
        from safepip.cli.wiring.workshop import LateWorkshop

        def furnish() -> Workshop:
            from safepip.io.build import PrivateWorkshop

            environ, shown = self.around.environ, self._verbosity > 0
            return PrivateWorkshop(lambda: target.environment, environ, heard=self.overheard, shown=shown)

        shop = LateWorkshop(furnish)
        self._closing.callback(shop.close)  # where Ctrl-C came while it was left
        return shop

    @cached_property
    def trusted(self) -> TrustedPolicies:
        """See the port."""
        from safepip.io.trusted import TrustedFile

        return TrustedFile(Path(self.around.user_data_dir, "trusted.json"))

    def found_text(self, path: str) -> bytes:
        """See the port."""
        from safepip.io.policy_files import read_found

        return read_found(path)

    def write_text(self, path: str, text: str, *, over: bool) -> None:
        """See the port."""
        from safepip.io.saving import write

        write(Path(path), text, over=over)

    def mirror(self, folder: str, *, flat: bool) -> MirrorFolder:
        """See the port."""
        from safepip.io.mirror import DiskMirror

        return DiskMirror(Path(self.around.absolute(folder)), flat=flat)

    def save(self, source: Path, folder: str, filename: str) -> Saved:
        """See the port."""
        from safepip.io.saving import save

        return save(source, Path(self.around.absolute(folder)), filename)

    def first_uses(self, path: str | None) -> Record:
        """See the port."""
        from safepip.io.record import SqliteRecord

        record = SqliteRecord(Path(path or Path(self.around.user_data_dir, "first-use.sqlite3")))
        self._closing.callback(record.close)
        return record

    def measure(self, path: Path, digests: Digests) -> tuple[str, int]:
        """See the port."""
        from safepip.io.log import file_digests

        return digests.sha256 or str(file_digests(path).sha256), path.stat().st_size

    @cached_property
    def pip(self) -> Pip:
        from safepip.io.pip import PassThroughPip

        # This process stays: it has folders to remove and an audit log to write.
        return PassThroughPip(self.around.environ, replaces_process=False)

    def python_for(self, option: str | None) -> str:
        """See the port; says which one it is where it is not safepip's own."""
        return self._choice(option).python

    def _choice(self, option: str | None) -> Choice:
        from safepip.io.choice import Interpreter, choose

        choice = choose(option, self.around.environ, Interpreter.running())
        if not choice.own and choice.reason != "--python":
            self.show.noted([f"working on {choice.python} ({choice.reason})"])
        return choice

    def runs_in(self, prefix: str) -> bool:
        """See the port."""
        from safepip.io.choice import Interpreter

        return Interpreter.running().imports_from(prefix)

    def stand_apart(self, names: Iterable[str]) -> None:
        """See the port."""
        import shutil
        import tempfile

        from safepip.io.apart import stand_apart

        private = Path(tempfile.mkdtemp(prefix="safepip-"))
        self._closing.callback(shutil.rmtree, private, ignore_errors=True)
        stand_apart(names, private)

    def expect_target(self, python: str | None) -> None:
        """Start the interpreter that :meth:`target` will be asked for."""
        self._expected = self._new_target(python)
        self._closing.callback(self._expected.close)

    def target(self, python: str | None) -> RealTarget:
        """See the port."""
        expected, self._expected = self._expected, None
        return expected or self._new_target(python)

    def _new_target(self, python: str | None) -> RealTarget:
        choice = self._choice(python)
        return RealTarget(choice.python, self.around.environ, choice.reason)

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
                lock=self.show.shown_lock,
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
