"""Findings and errors for people: what, where, who decided, what to do.

Readable without colour; colour only repeats what the words say. Every text by others goes through
:mod:`safepip.report.visible`, so the only escape sequences in the result are those written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from safepip.core.errors import Refused, SafepipError
from safepip.core.finding import Finding, Level
from safepip.core.origin import Origin
from safepip.report.facts import LEVEL_WORDS, count_levels, place_order, visible_findings
from safepip.report.frame import Frame, frame, line_number, place_of
from safepip.report.visible import shown, shown_lines

PLACES_NAMED = 4
"""Further places of one finding that are named; the rest is counted."""

WHOLE = 6
"""Blocks of one rule that are shown in full; of more, the first ones and the last, which has the remedy."""
_FIRST = 3

_RESET = "\x1b[0m"
_STYLES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "title": "\x1b[1m",
    "gutter": "\x1b[34m",
    "help": "\x1b[36m",
    "note": "\x1b[1;34m",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One block of output: a finding, or an error that looks like one."""

    level: str
    word: str
    reference: str | None
    message: str
    places: Sequence[tuple[Origin, str]]
    decided_by: str | None = None
    notes: Sequence[str] = field(default=())
    help: str | None = None
    see: str | None = None
    """The command that says more; once for each run, so that it stays out of the way."""


def render_finding(finding: Finding, *, color: bool, width: int | None = None) -> str:
    """One finding as a block that ends in a newline.

    Args:
        finding: denials are titled ``error``, warnings ``warning``.
        color: whether to write ANSI colours.
        width: columns of the terminal; None where there is none. Only source lines are cut to it.
    """
    return _render(_entry(finding, others=()), color=color, width=width)


def render_findings(
    findings: Sequence[Finding],
    *,
    color: bool,
    width: int | None = None,
    verdict: str = "refused",
    consequence: str = "nothing was installed",
) -> str:
    """All findings of a stage, warnings first, then one summary line; empty if there are none.

    The same finding at several places is one block that names the others. ``verdict`` and
    ``consequence`` stand in the summary only if a finding denies.
    """
    ordered = visible_findings(findings)
    if not ordered:
        return ""
    entries = [_entry(first, others=[other.origin for other in rest]) for first, *rest in _folded(ordered)]
    if ordered[-1].denies:
        # Denials stand last, and there the eye ends.
        entries[-1] = replace(entries[-1], see=f"safepip explain {entries[-1].reference}")
    blocks = [
        _in_brief(together, color=color) if brief else _render(together[0], color=color, width=width)
        for brief, together in _by_length(entries)
    ]
    return "\n".join(blocks) + "\n" + summary_line(ordered, verdict=verdict, consequence=consequence) + "\n"


def render_error(error: SafepipError, *, color: bool, width: int | None = None) -> str:
    """An error in the shape of a finding; :class:`Refused` is shown as its findings.

    Where pip ends in the same way the words are pip's, so they begin as pip's do: ``ERROR: ``.
    """
    if isinstance(error, Refused):
        return render_findings(error.findings, color=color, width=width)
    paint = _Painter(color=color)
    reference = None if error.is_pips or error.reference == "error" else error.reference
    preface = [line for text in error.preface for line in _titled("ERROR", text, "error", paint)]
    entry = _Entry(
        level="error",
        word="ERROR" if error.is_pips else "error",
        reference=reference,
        message=error.message,
        places=[] if error.origin is None else [(error.origin, "")],
        notes=error.notes,
        help=error.hint,
        see=None if reference in {None, "usage"} else _explanation(str(reference)),
    )
    return "".join(f"{line}\n" for line in preface) + _render(entry, color=color, width=width)


def _explanation(reference: str) -> str:
    """The command that explains an error; a name of one word may be a project's as well."""
    return f"safepip explain {reference if '-' in reference else f'error:{reference}'}"


def summary_line(
    findings: Sequence[Finding], *, verdict: str = "refused", consequence: str = "nothing was installed"
) -> str:
    """``safepip: refused: 2 errors, 1 warning; nothing was installed``."""
    count = count_levels(findings)
    counted = ", ".join(
        f"{count[level]} {LEVEL_WORDS[level]}{'' if count[level] == 1 else 's'}"
        for level in (Level.DENY, Level.WARN)
        if count[level]
    )
    if not count[Level.DENY]:
        return f"safepip: {counted}"
    return f"safepip: {verdict}: {counted}" + (f"; {consequence}" if consequence else "")


def _folded(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings that say the same, together; each place once."""
    groups: dict[tuple[object, ...], dict[tuple[object, ...], Finding]] = {}
    for finding in findings:
        same = (finding.rule, finding.level, finding.message, finding.subject, finding.help)
        group = groups.setdefault((*same, finding.decided_by, finding.notes, finding.related), {})
        group.setdefault(place_order(finding.origin), finding)
    return [list(group.values()) for group in groups.values()]


def _by_length(entries: Sequence[_Entry]) -> Iterator[tuple[bool, list[_Entry]]]:
    """Each entry alone; those in the middle of many of one rule together, to be told in brief."""
    of_rule: dict[tuple[str, str | None], list[_Entry]] = {}
    for entry in entries:
        of_rule.setdefault((entry.level, entry.reference), []).append(entry)
    middle = {id(one) for same in of_rule.values() if len(same) > WHOLE for one in same[_FIRST:-1]}
    for brief, group in groupby(entries, key=lambda entry: id(entry) in middle):
        if brief:
            yield True, list(group)
        else:
            yield from ((False, [entry]) for entry in group)


def _in_brief(entries: Iterable[_Entry], *, color: bool) -> str:
    """A line each: what, and where."""
    paint = _Painter(color=color)
    return "".join(f"{line}\n" for entry in entries for line in _title(_with_place(entry), paint))


def _with_place(entry: _Entry) -> _Entry:
    origin, _ = entry.places[0]
    return replace(entry, message=f"{entry.message} ({place_of(origin)})")


def _entry(finding: Finding, *, others: Sequence[Origin]) -> _Entry:
    level = LEVEL_WORDS.get(finding.level, "note")
    return _Entry(
        level=level,
        word=level,
        reference=finding.rule,
        message=finding.message,
        places=[(finding.origin, ""), *((at.origin, at.label) for at in finding.related)],
        decided_by=finding.decided_by,
        notes=[*finding.notes, *_more_places(others)],
        help=finding.help,
    )


def _more_places(others: Sequence[Origin]) -> list[str]:
    if not others:
        return []
    named = ", ".join(place_of(origin) for origin in others[:PLACES_NAMED])
    rest = ", …" if len(others) > PLACES_NAMED else ""
    return [f"and {len(others)} more place{'' if len(others) == 1 else 's'}: {named}{rest}"]


def _render(entry: _Entry, *, color: bool, width: int | None) -> str:
    paint = _Painter(color=color)
    gutter = max([1, *(len(line_number(origin)) for origin, _ in entry.places)])
    room = None if width is None else width - gutter - len("  | ")
    lines = _title(entry, paint)
    for origin, label in entry.places:
        lines += _drawn(frame(origin, label=label, width=room), gutter=gutter, level=entry.level, paint=paint)
    lines += _trailer(entry, gutter=gutter, paint=paint)
    return "\n".join(lines) + "\n"


def _title(entry: _Entry, paint: _Painter) -> list[str]:
    reference = "" if entry.reference is None else f"[{shown(entry.reference)}]"
    return _titled(f"{entry.word}{reference}", entry.message, entry.level, paint)


def _titled(word: str, text: str, level: str, paint: _Painter) -> list[str]:
    first, *rest = shown_lines(text)
    return [paint(word, level) + paint(f": {first}", "title"), *(f"  {line}".rstrip() for line in rest)]


def _drawn(at: Frame, *, gutter: int, level: str, paint: _Painter) -> list[str]:
    margin = " " * gutter
    arrow = paint(f" {margin}-->", "gutter")
    if at.source is None:
        return [f"{arrow} {at.place}" + (f" ({at.label})" if at.label else "")]
    bar = paint(f" {margin} |", "gutter")
    carets = paint(f"{'^' * at.carets} {at.label}".rstrip(), level)
    return [
        f"{arrow} {at.place}",
        bar,
        f"{paint(f' {at.number:>{gutter}} |', 'gutter')} {at.source}",
        f"{bar} {' ' * at.indent}{carets}",
    ]


def _trailer(entry: _Entry, *, gutter: int, paint: _Painter) -> list[str]:
    facts = [("note", note) for note in entry.notes]
    if entry.decided_by is not None:
        facts.insert(0, ("decided by", entry.decided_by))
    if entry.help is not None:
        facts.append(("help", entry.help))
    if entry.see is not None:
        facts.append(("see", entry.see))
    lines: list[str] = []
    for word, text in facts:
        first, *rest = shown_lines(text)
        start = f" {' ' * gutter} = {word}: "
        lines.append(f"{paint(start.rstrip(), 'help' if word == 'help' else 'gutter')} {first}".rstrip())
        lines += [f"{' ' * len(start)}{line}".rstrip() for line in rest]
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class _Painter:
    """Colours, or not."""

    color: bool

    def __call__(self, text: str, style: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self.color and text.strip() else text
