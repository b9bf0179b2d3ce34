"""Results to the streams: pip's lines and reports to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from safepip import __version__
from safepip.core.errors import CommandError
from safepip.core.finding import Finding
from safepip.pipcompat.options import PIP_VERSION

if TYPE_CHECKING:
    from safepip.cli.runlog import RunLog
    from safepip.core.explained import Page
    from safepip.core.kept import Kept, KeptFile, Removal, Saved
    from safepip.core.lock_page import LockPage
    from safepip.core.plan import Plan
    from safepip.core.policy_page import PolicyPage, TrustedState
    from safepip.core.ports import Applied, Environment
    from safepip.core.trusted import TrustedPolicy


@dataclass(slots=True, kw_only=True)
class StreamPresenter:
    """Writes to the process's streams.

    Attributes:
        quiet: number of ``-q``: one leaves out what is only nice to know, more leave out warnings;
            nothing leaves out a refusal.
        verbose: number of ``-v``.
        format: ``text``, ``json``, ``sarif`` or ``github``.
        command: pip's command, which decides some words.
        told: every warning so far, for the formats that say all at once.
    """

    cwd: str
    color: bool = False
    width: int | None = None
    quiet: int = 0
    verbose: int = 0
    format: str = "text"
    command: str = "install"
    told: list[Finding] = field(default_factory=list)
    shown_plan: Plan | None = None
    shown_lock: LockPage | None = None
    reserved: bool = False
    """Whether stdout is for one answer alone."""
    log: RunLog | None = None
    """Gets a copy of every line."""
    clear: Callable[[], None] = lambda: None
    """Takes off the terminal what is drawn there, before a line is written."""

    def warned(self, findings: Sequence[Finding]) -> None:
        self.told.extend(findings)
        shown = self.format == "text" and self.quiet < 2
        if not findings or not (shown or self.log):
            return
        from safepip.report.console import render_findings

        color = self.color and shown
        self._tell(render_findings(findings, color=color, width=self.width).rstrip("\n"), shown=shown)

    def hide(self, variable: str, value: str) -> None:
        from safepip.report.redact import hide

        hide(variable, value)

    def secrets_in(self, text: str) -> Sequence[str]:
        from safepip.report.redact import named_secrets

        return named_secrets(text)

    def noted(self, lines: Sequence[str]) -> None:
        from safepip.report.visible import whole_line

        for line in lines:
            # What pip warns of is said in its words; a warning, ours too, is as loud as with pip.
            pips, warns = line.startswith("WARNING: "), line.lower().startswith("warning: ")
            told = whole_line(line if pips else f"safepip: {line}")
            self._tell(told, shown=self.quiet < (2 if warns else 1))

    def satisfied(self, plan: Plan) -> None:
        from safepip.report.lines import already_satisfied

        self.shown_plan = plan
        if self.command == "sync" and not self.verbose:
            return  # all of an environment may stay: how it ends says that
        for met in plan.satisfied:
            self._line(already_satisfied(met, cwd=self.cwd))

    def reported(self, plan: Plan, environment: Environment, path: str) -> None:
        from safepip.report.installation import installation_report, report_text

        report = installation_report(plan, environment, pip_version=PIP_VERSION)
        if path == "-":
            self.out(report_text(report, to_stdout=True))
            return
        try:
            Path(path).write_text(report_text(report), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"Could not install packages due to an OSError: {error}") from None

    def would_install(self, plan: Plan) -> None:
        from safepip.report.lines import would_install, would_remove

        self._line(would_remove(plan))
        self._line(would_install(plan))

    def installed(self, plan: Plan, applied: Applied) -> None:
        from safepip.report.lines import successfully_installed, successfully_uninstalled
        from safepip.report.visible import whole_line

        for message in applied.messages:
            # pip was told to be as quiet: what it says all the same is an error.
            self._tell(whole_line(message), shown=self.quiet < 2 or not message.startswith("WARNING: "))
        for line in successfully_uninstalled(plan):
            self._line(line)
        self._line(successfully_installed(plan))

    def downloaded(self, plan: Plan, saved: Sequence[Saved]) -> None:
        from safepip.report.lines import successfully_downloaded

        self.saved(saved)
        if self.command == "download":
            self._line(successfully_downloaded(plan.as_pinned))

    def saved(self, files: Sequence[Saved]) -> None:
        from safepip.report.lines import already_downloaded, replaced, saved

        for one in files:
            if self.command != "mirror":  # which says at the end how many these were
                self._line(already_downloaded(one))
            if (warning := replaced(one)) and self.quiet < 2:
                self.err(warning)
        for one in files:
            self._line(saved(one, cwd=self.cwd))

    def building(self, line: str) -> None:
        from safepip.report.visible import whole_line

        self._line(whole_line(line))

    def overheard(self, line: str, *, shown: bool) -> None:
        """A line that a build printed."""
        from safepip.report.visible import whole_line

        self._tell(whole_line(f"  {line}"), shown=shown)

    def processing(self, path: str, editable: str | None) -> None:
        from safepip.report.lines import processing

        self._line(processing(path, editable, cwd=self.cwd))

    def explained(self, plan: Plan, heading: str = "") -> None:
        from safepip.report.explain import render_plan

        if self.format == "text":
            self.out((f"{heading}\n\n" if heading else "") + render_plan(plan).rstrip("\n"))

    def reserve(self) -> None:
        self.reserved = True

    def locked(self, page: LockPage) -> None:
        from safepip.report.locking import summary

        self.shown_lock = page
        self._tell(summary(page), shown=self.quiet < 1 and self.format == "text")

    def explained_page(self, page: Page) -> None:
        if self.format == "json":
            from safepip.report.explain_json import page_json

            self.out(page_json(page, told=self.told).rstrip("\n"))
            return
        from safepip.report.explain_page import page_findings, page_text

        if told := page_findings(page, color=self.color, width=self.width):
            self.err(told.rstrip("\n"))
        self.answered(page_text(page))

    def policy_shown(self, page: PolicyPage) -> None:
        from safepip.report.policy_page import page_json, page_text

        self.answered(page_json(page, self.told) if self.format == "json" else page_text(page))

    def policy_trusted(self, entry: TrustedPolicy, changes: Sequence[str]) -> None:
        from safepip.report.policy_page import trust_json, trust_text

        self.answered(
            trust_json(entry, changes, self.told) if self.format == "json" else trust_text(entry, changes)
        )

    def policy_written(self, path: str) -> None:
        from safepip.report.policy_page import written_json, written_text

        self.answered(written_json(path, self.told) if self.format == "json" else written_text(path))

    def policy_revoked(self, path: str) -> None:
        from safepip.report.policy_page import revoked_json, revoked_text

        self.answered(revoked_json(path) if self.format == "json" else revoked_text(path))

    def policies_checked(self, paths: Sequence[str]) -> None:
        if self.format == "text":
            from safepip.report.policy_page import checked_text

            self.answered(checked_text(paths))
            return
        from safepip.report.choose import reporter_for
        from safepip.report.facts import Outcome

        report = reporter_for(self.format, version=__version__)
        if text := report(Outcome(verdict="done", exit_code=0)).rstrip("\n"):
            self.answered(text)

    def policies_listed(self, states: Sequence[TrustedState]) -> None:
        from safepip.report.policy_page import trusted_json, trusted_text

        self.answered(trusted_json(states) if self.format == "json" else trusted_text(states))

    def answered(self, text: str) -> None:
        self.out(text.rstrip("\n"))

    def kept_in(self, folder: str) -> None:
        self._answer([folder])

    def kept_summary(self, kept: Kept) -> None:
        from safepip.report.kept import summary

        self._answer(summary(kept))

    def kept_listed(self, wheels: Sequence[KeptFile], list_format: str) -> None:
        from safepip.report.kept import listing

        self._answer(listing(wheels, list_format))

    def kept_removed(self, removal: Removal, pattern: str) -> None:
        from safepip.report.kept import nothing_matches, removed

        if removal.files == 0 and self.quiet < 2:
            self.err(f"WARNING: {nothing_matches(pattern)}")
        self._answer(removed(removal))

    def out(self, text: str) -> None:
        """A line of what was asked for."""
        self.clear()
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is left in the buffer would be tried again, and fail again, at the very end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise CommandError(
                f"standard output cannot be written: {error.strerror}", reference="output"
            ) from None
        if self.log is not None:
            self.log.write(text)

    def err(self, text: str) -> None:
        """A line about the run."""
        self.clear()
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
        if self.log is not None:
            self.log.write(text)

    def _line(self, text: str | None) -> None:
        if text is not None and self.quiet == 0 and self.format == "text":
            (self.err if self.reserved else self.out)(text)
        elif text is not None and self.log is not None:
            self.log.write(text)

    def _tell(self, text: str, *, shown: bool) -> None:
        """A line about the run; what is not shown is logged all the same."""
        if shown:
            self.err(text)
        elif self.log is not None:
            self.log.write(text)

    def _answer(self, lines: Sequence[str]) -> None:
        """What a command was asked for, in pip's manner: ``-q`` leaves it out."""
        for line in lines if self.quiet == 0 else ():
            self.out(line)
