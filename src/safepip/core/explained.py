"""What ``safepip explain`` has to say, before anybody turns it into text or JSON."""

from __future__ import annotations

from safepip.core.finding import Finding
from safepip.core.origin import Origin, Sourced
from safepip.core.value import value


@value
class SettingPage:
    """One option of pip, or one key of the policy.

    Attributes:
        name: canonical: ``index-url``, ``hashes.mode``, ``rules.yanked-release``.
        value: what is in force, as text; ``default`` where nobody said anything.
        said: what makes up the value, each with its place; several for list options; empty: the default.
        shadowed: what it takes the place of, strongest first.
        default: what holds where nobody says anything.
        role: who acts on it: ``decided``, ``forwarded``, ``neutral``, ``refused``, ``passed`` (by a
            command that pip applies as it is), or ``policy``.
        reason: why.
        meaning: what it is for.
        spellings: every way to write it.
        page: where it is documented, below ``docs``.
        findings: what rules say about it as it was set.
        also: words that ask for something else of the same name.
    """

    name: str
    value: str
    said: tuple[Sourced[str], ...] = ()
    shadowed: tuple[Sourced[str], ...] = ()
    default: str = ""
    role: str = "policy"
    reason: str = ""
    meaning: str = ""
    spellings: tuple[str, ...] = ()
    page: str = ""
    findings: tuple[Finding, ...] = ()
    also: tuple[str, ...] = ()


@value
class RulePage:
    """One rule.

    Attributes:
        sections: name and text, in order; the text may have several lines.
        level: in force: ``off``, ``warn`` or ``deny``; where it was set.
        exemptions: in words, each with its place.
        page: where it is documented, below ``docs``.
    """

    rule: str
    title: str
    severity: str
    since: str
    level: Sourced[str]
    default_level: str
    exemptible: bool
    sections: tuple[tuple[str, str], ...]
    exemptions: tuple[Sourced[str], ...] = ()
    page: str = ""
    also: tuple[str, ...] = ()


@value
class ErrorPage:
    """One kind of error; ``codes`` are the exit codes that it may end in."""

    reference: str
    codes: tuple[int, ...]
    meaning: str
    remedy: str = ""
    page: str = "reference/errors.md"
    also: tuple[str, ...] = ()


@value
class IndexFacts:
    """An index that may be asked.

    Attributes:
        url: without secrets.
        kind: ``simple``, ``links``, ``local-simple``, ``local-folder``.
        roots: whose certificates count for it; empty for local ones.
        special: what its entry says besides, a phrase each.
    """

    name: str
    url: str
    kind: str
    origin: Origin
    patterns: tuple[str, ...] = ()
    roots: str = ""
    special: tuple[str, ...] = ()


@value
class PolicyFileFacts:
    """A policy file that takes part; ``set_aside`` is what an untrusted one says in vain."""

    path: str
    layer: str
    trusted: bool
    set_aside: tuple[str, ...] = ()


@value
class TargetFacts:
    """The environment that commands work on, and why this one."""

    python: str
    version: str
    prefix: str
    reason: str


@value
class ConfigurationPage:
    """Everything that is in force.

    Attributes:
        roots: whose certificates count where an index has no bundle of its own, and who said so.
        files: pip's configuration files that were read, each with its kind.
        options: options of pip that somebody set.
        unknown: keys and variables that no pip command has.
        policy: keys of the policy that somebody set.
        cache_dir: None: nothing is kept.
        findings: what rules say about the settings.
    """

    target: TargetFacts
    pip_version: str
    roots: Sourced[str]
    cache_dir: str | None
    indexes: tuple[IndexFacts, ...]
    files: tuple[tuple[str, str], ...] = ()
    options: tuple[SettingPage, ...] = ()
    unknown: tuple[Sourced[str], ...] = ()
    policy_files: tuple[PolicyFileFacts, ...] = ()
    policy: tuple[SettingPage, ...] = ()
    exemptions: tuple[Sourced[str], ...] = ()
    findings: tuple[Finding, ...] = ()


@value
class IndexAnswer:
    """What one index has of a project.

    Attributes:
        answer: ``serves``, ``absent``, ``no answer``, ``not asked``.
        why: for the last two.
        newest, uploaded: version and date, ``-`` where unknown.
        identical: how many of the files another asked index has with the same digest.
        claims: what its page says about other places and namespaces; shown, never believed.
        status: PEP 792.
    """

    index: str
    url: str
    answer: str
    why: str = ""
    newest: str = "-"
    uploaded: str = "-"
    files: int = 0
    identical: int = 0
    claims: tuple[str, ...] = ()
    status: str = "active"


@value
class FileVerdict:
    """One file and what policy makes of it.

    Attributes:
        rule, reason, decided_by: empty for an admitted one.
        preferred: whether pip would have taken it, rather than what is admitted.
    """

    version: str
    filename: str
    index: str
    rule: str = ""
    reason: str = ""
    decided_by: str = ""
    preferred: bool = True


@value
class ProjectPage:
    """Where a project would come from.

    Attributes:
        asked_for: the requirement as typed.
        outcome: ``settled``, ``not found``, ``refused``, ``undecided`` (an index gave no answer) or
            ``not asked`` (offline, and indexes would have to be asked).
        comes_from: label of the index; empty where none is settled.
        because: why that one, or why none.
        chosen: the file that policy admits and pip would prefer; None: none, or nothing was asked.
        refused: fitting files that policy refuses, best first.
        installed: version in the environment; None: not installed.
        settle: how to settle a name that several indexes serve: lines to paste; empty if settled.
        offline: whether nothing was sent.
        findings: what rules say about the requirement as typed.
    """

    project: str
    asked_for: str
    outcome: str
    comes_from: str
    because: str
    indexes: tuple[IndexAnswer, ...]
    chosen: FileVerdict | None = None
    refused: tuple[FileVerdict, ...] = ()
    installed: str | None = None
    settle: str = ""
    notes: tuple[str, ...] = ()
    offline: bool = False
    findings: tuple[Finding, ...] = ()


Page = ConfigurationPage | SettingPage | RulePage | ErrorPage | ProjectPage
