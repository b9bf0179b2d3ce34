"""How results reach the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from safepip.core.finding import Finding
from safepip.core.kept import Kept, KeptFile, Removal, Saved
from safepip.core.plan import Plan
from safepip.core.policy_page import PolicyPage, TrustedState
from safepip.core.ports import Applied, Environment
from safepip.core.trusted import TrustedPolicy

if TYPE_CHECKING:
    from safepip.core.explained import Page
    from safepip.core.lock_page import LockPage


class Presenter(Protocol):
    """Shows results to the person; :mod:`safepip.report` has the words, pip's own where pip has some."""

    def warned(self, findings: Sequence[Finding]) -> None:
        """Findings that do not stop the run."""

    def noted(self, lines: Sequence[str]) -> None:
        """Facts that are no findings."""

    def hide(self, variable: str, value: str) -> None:
        """Show the variable wherever its value would stand: it may be a secret."""

    def secrets_in(self, text: str) -> Sequence[str]:
        """What would be shown for secrets in the text: variables that are hidden, parameters of URLs."""

    def satisfied(self, plan: Plan) -> None:
        """``Requirement already satisfied: …``."""

    def reported(self, plan: Plan, environment: Environment, path: str) -> None:
        """``--report FILE``; ``-`` is stdout."""

    def would_install(self, plan: Plan) -> None: ...

    def installed(self, plan: Plan, applied: Applied) -> None: ...

    def downloaded(self, plan: Plan, saved: Sequence[Saved]) -> None: ...

    def saved(self, files: Sequence[Saved]) -> None:
        """``Saved …``: each file of a mirror."""

    def building(self, line: str) -> None:
        """pip's own words about a build, for stdout."""

    def processing(self, path: str, editable: str | None) -> None:
        """``Processing ./dir``; with the URL of an editable one ``Obtaining file:///dir``."""

    def explained(self, plan: Plan, heading: str = "") -> None:
        """``--explain``: each step with its reasons, under a heading where there are several plans."""

    def reserve(self) -> None:
        """From now on stdout is for the one answer that was asked for; what else is said there goes to stderr."""

    def locked(self, page: LockPage) -> None:
        """``lock``: what the file holds now, and what was another way before."""

    def explained_page(self, page: Page) -> None:
        """``safepip explain``: one page, with what rules say about the settings."""

    def policy_shown(self, page: PolicyPage) -> None:
        """``safepip policy show``."""

    def policy_trusted(self, entry: TrustedPolicy, changes: Sequence[str]) -> None:
        """``safepip policy trust``: what counts from now on that did not count before."""

    def policy_written(self, path: str) -> None:
        """``safepip policy init``."""

    def policy_revoked(self, path: str) -> None:
        """``safepip policy trust --revoke``."""

    def policies_checked(self, paths: Sequence[str]) -> None:
        """``safepip policy check`` found nothing in these files."""

    def policies_listed(self, states: Sequence[TrustedState]) -> None:
        """``safepip policy trust --list``."""

    def answered(self, text: str) -> None:
        """What a command of safepip's own was asked for: lines for stdout, already safe to show."""

    def kept_in(self, folder: str) -> None:
        """``cache dir``."""

    def kept_summary(self, kept: Kept) -> None:
        """``cache info``."""

    def kept_listed(self, wheels: Sequence[KeptFile], list_format: str) -> None:
        """``cache list``; the format is ``human`` or ``abspath``."""

    def kept_removed(self, removal: Removal, pattern: str) -> None:
        """``cache remove``; the pattern ``*`` is ``cache purge``."""
