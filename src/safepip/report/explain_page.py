"""The pages of ``safepip explain`` as text: aligned, calm, one fact a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from safepip.core.explained import (
    ConfigurationPage,
    ErrorPage,
    FileVerdict,
    Page,
    ProjectPage,
    RulePage,
    SettingPage,
)
from safepip.core.origin import BUILT_IN, Layer, Origin, Sourced
from safepip.report.columns import block, columns, paragraphs
from safepip.report.visible import shown, whole_line

if TYPE_CHECKING:
    from safepip.core.finding import Finding

Row = Sequence[str]
_ACTS = {
    "decided": "decides it",
    "forwarded": "forwards it to pip, written anew",
    "neutral": "takes it, and nothing follows from it",
    "refused": "refuses it on the command line and in requirement files, sets it aside elsewhere",
    "passed": "leaves it to pip",
    "policy": "merges it",
}
_NOWHERE = {"not found": "nowhere", "refused": "refused", "not asked": "not known before asking"}
WIDTH = 76
"""Columns of running text, beside its indentation."""
_GLUE = "\x00"
"""A space at which no line is broken; never part of a page."""
_LABELS = 11
"""Columns that labels take."""
_AS_WRITTEN = frozenset({"Example"})
"""Sections of a rule's page whose line breaks mean something; the others are running text."""
REFUSALS_SHOWN = 5
"""Refused files that are named for each rule; the rest is counted."""


def page_text(page: Page) -> str:
    """The page, ending in a newline; everything by others made safe to show."""
    return "\n".join(map(whole_line, _lines(page))).strip("\n") + "\n"


def _lines(page: Page) -> list[str]:
    match page:
        case ConfigurationPage():
            return _configuration(page)
        case SettingPage():
            return _setting(page)
        case RulePage():
            return _rule(page)
        case ErrorPage():
            return _error(page)
        case ProjectPage():
            return _project(page)


def page_findings(page: Page, *, color: bool, width: int | None) -> str:
    """What rules say about the settings that the page shows; empty if nothing, or if it is no such page."""
    findings: tuple[Finding, ...] = () if isinstance(page, RulePage | ErrorPage) else page.findings
    if not findings:
        return ""
    from safepip.report.console import render_findings

    return render_findings(findings, color=color, width=width, verdict="would be refused", consequence="")


# --- The whole configuration --------------------------------------------------------------------------


def _configuration(page: ConfigurationPage) -> list[str]:
    target = page.target
    lines = block(
        "Environment",
        [
            (
                "python",
                target.python,
                f"{target.version}, {target.reason}" if target.reason else target.version,
            ),
            ("pip", f"{page.pip_version}, safepip's own"),
            ("roots", page.roots.value, _set_by(page.roots.origin)),
            ("cache", page.cache_dir or "none: nothing is kept"),
        ],
    )
    lines += block("Indexes", _index_rows(page))
    lines += block("pip's configuration files", ((kind, path) for kind, path in page.files))
    lines += block("pip's options", _setting_rows(page.options))
    lines += block(
        "Unknown to pip, so without effect", ((one.value, str(one.origin)) for one in page.unknown)
    )
    lines += block("Policy files", _policy_file_rows(page))
    lines += block("Policy", _setting_rows(page.policy))
    lines += block("Exemptions", ((one.value, str(one.origin)) for one in page.exemptions))
    if not (page.policy or page.policy_files):
        lines += ["", "Policy", "  no policy file: safepip's defaults hold"]
    return lines


def _index_rows(page: ConfigurationPage) -> Iterator[Row]:
    for index in page.indexes:
        url = "" if index.url == index.name else index.url
        facts = [*index.special]
        if index.patterns:
            facts.insert(0, f"for {', '.join(index.patterns)}")
        if index.roots and index.roots != page.roots.value:
            facts.append(f"roots {index.roots}")
        yield (index.name, url, _set_by(index.origin))
        yield from (("", f"  {fact}") for fact in facts)


def _setting_rows(settings: Iterable[SettingPage]) -> Iterator[Row]:
    for setting in settings:
        rules = ", ".join(dict.fromkeys(f"[{finding.rule}]" for finding in setting.findings))
        name = setting.name
        for one in setting.said or (Sourced(value=setting.value, origin=BUILT_IN),):
            yield (name, one.value, f"{_set_by(one.origin)} {rules}".rstrip())
            name = ""
        yield from (("", f"  shadows {one.value}", _set_by(one.origin)) for one in setting.shadowed)


def _policy_file_rows(page: ConfigurationPage) -> Iterator[Row]:
    for file in page.policy_files:
        yield (file.layer, file.path, "" if file.trusted else "not trusted: only its refusals count")
        yield from (("", f"  set aside: {what}") for what in file.set_aside)


# --- One setting --------------------------------------------------------------------------------------


def _setting(page: SettingPage) -> list[str]:
    rows: list[Row] = [*_places("set by", page.said), *_places("shadows", page.shadowed)]
    rows += [("default", page.default)] if page.default else []
    rows += _hung("safepip", f"{_ACTS.get(page.role, page.role)}: {page.reason}")
    rows += _hung("written", ", ".join(page.spellings))
    rows += [("page", f"docs/{page.page}")] if page.page else []
    rows += _also(page.also)
    head = [shown(f"{page.name} = {page.value}")]
    return [*head, *(paragraphs(_wrapped(page.meaning)) if page.meaning else []), "", *columns(rows)]


def _wrapped(text: str, width: int = WIDTH) -> str:
    import re
    from textwrap import fill

    # What stands between backquotes is to be copied: it stays on one line.
    whole = re.sub("`[^`]+`", lambda span: span[0].replace(" ", _GLUE), " ".join(text.split()))
    return fill(whole, width, break_long_words=False, break_on_hyphens=False).replace(_GLUE, " ")


def _hung(label: str, text: str) -> Iterator[Row]:
    """A row of running text, continued under itself; none for empty text."""
    for number, line in enumerate(_wrapped(text, WIDTH - _LABELS).splitlines()):
        yield ("" if number else label, line)


def _places(word: str, said: Iterable[Sourced[str]]) -> Iterator[Row]:
    every = list(said)
    for number, one in enumerate(every):
        place = _set_by(one.origin)
        alone = len(every) == 1 and word == "set by"
        yield (word if number == 0 else "", place if alone else f"{place}: {one.value}")


def _also(words: Iterable[str]) -> list[Row]:
    kinds = {word: word.partition(":")[0] for word in words}
    return [
        ("also", f"{'an' if kind == 'error' else 'a'} {kind} may have this name: safepip explain {word}")
        for word, kind in kinds.items()
    ]


# --- One rule -----------------------------------------------------------------------------------------


def _rule(page: RulePage) -> list[str]:
    lines = [shown(f"{page.rule}: {page.title[0].lower()}{page.title[1:]}"), ""]
    level = page.level.value
    by_default = page.level.origin.layer is Layer.DEFAULT
    rows: list[Row] = [
        (
            "level",
            f"{level} (safepip's default)" if by_default else f"{level} ({_set_by(page.level.origin)})",
        ),
        ("severity", page.severity),
        ("lowered", "yes, with a reason" if page.exemptible else "never, and nothing is exempt from it"),
    ]
    rows += [("exempt", f"{one.value} ({one.origin})") for one in page.exemptions]
    rows += [("page", f"docs/{page.page}"), *_also(page.also)]
    lines += columns(rows)
    for name, text in page.sections:
        if text != "none":
            lines += ["", name, *paragraphs(text if name in _AS_WRITTEN else _filled(text))]
    return lines


def _filled(text: str) -> str:
    return "\n\n".join(_wrapped(paragraph) for paragraph in text.split("\n\n"))


def _error(page: ErrorPage) -> list[str]:
    rows: list[Row] = [("exit", " or ".join(map(str, page.codes)))]
    rows += _hung("do", page.remedy)
    rows += [("page", f"docs/{page.page}"), *_also(page.also)]
    return [page.reference, *paragraphs(_wrapped(page.meaning)), "", *columns(rows)]


# --- One project --------------------------------------------------------------------------------------


def _project(page: ProjectPage) -> list[str]:
    rows: list[Row] = []
    if page.comes_from:
        rows += [("comes from", page.comes_from), ("because", page.because)]
    else:
        rows += [("comes from", f"{_NOWHERE.get(page.outcome, page.outcome)}: {page.because}")]
    if page.chosen is not None:
        rows += [("newest admitted", f"{page.chosen.version} ({page.chosen.filename})")]
    elif page.outcome == "settled":
        why = "policy refuses every file that fits" if page.refused else f"no file fits {page.asked_for}"
        rows += [("newest admitted", f"none: {why}")]
    rows += [("installed", page.installed or "no")]
    rows += [("note", note) for note in page.notes]
    if page.offline:
        rows += [("note", "nothing was sent to an index")]
    lines = [shown(page.asked_for), *columns(rows)]
    lines += block("Indexes", _answer_rows(page))
    lines += block("Policy refuses", _refusal_rows(page.refused))
    if page.settle:
        lines += ["", "What to do", *paragraphs(page.settle)]
    return lines


def _answer_rows(page: ProjectPage) -> Iterator[Row]:
    for index in page.indexes:
        if index.answer != "serves":
            yield (index.index, index.answer if not index.why else f"{index.answer}: {index.why}")
            continue
        dated = "" if index.uploaded == "-" else f" of {index.uploaded}"
        same = f", {index.identical} of them the same elsewhere" if index.identical else ""
        status = "" if index.status == "active" else f", {index.status}"
        files = f"{index.files} file{'' if index.files == 1 else 's'}"
        yield (index.index, f"newest {index.newest}{dated}, {files}{same}{status}")
        yield from (("", f"its page says: {claim}") for claim in index.claims)


def _refusal_rows(refused: Sequence[FileVerdict]) -> Iterator[Row]:
    """The best few of each rule that pip would have taken, as they were met; the rest is counted."""
    for rule in dict.fromkeys(one.rule for one in refused if one.preferred):
        of_rule = [one for one in refused if one.rule == rule and one.preferred]
        yield from ((f"[{rule}]", one.reason) for one in of_rule[:REFUSALS_SHOWN])
        if (more := len(of_rule) - REFUSALS_SHOWN) > 0:
            yield (f"[{rule}]", f"and {more} more file{'' if more == 1 else 's'}")
    for rule, others in Counter(one.rule for one in refused if not one.preferred).items():
        yield (f"[{rule}]", f"{others} file{'' if others == 1 else 's'} that would not be taken anyway")


def _set_by(origin: Origin) -> str:
    """Whose word it is and where it stands."""
    return str(origin) if origin.layer is Layer.DEFAULT else f"{origin} ({origin.layer.name.lower()})"
