"""``--report-format github``: findings as annotations of a GitHub Actions run.

One workflow command a line (GitHub docs, "Workflow commands"). Everything by others is made
harmless first and then escaped, so no finding can end its own annotation or begin another command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from safepip.core.errors import SafepipError
from safepip.core.finding import Finding, Level
from safepip.core.origin import Origin, Place
from safepip.report.facts import LEVEL_WORDS, Outcome, visible_findings
from safepip.report.frame import place_of
from safepip.report.redact import redact
from safepip.report.visible import shown, whole_line

SHORTEST_TOKEN = 16
"""Characters of a token for :func:`guarded`; a shorter one could be guessed."""


def render_github(outcome: Outcome) -> str:
    """A command for each finding and for the error, if there is one; empty if there is nothing."""
    lines = [annotation(finding) for finding in visible_findings(outcome.findings)]
    if outcome.error is not None:
        lines.append(_error_annotation(outcome.error))
    return "".join(f"{line}\n" for line in lines)


def annotation(finding: Finding) -> str:
    """``::error file=requirements.txt,line=1,col=13,title=plaintext-index::index URL uses http…``."""
    texts = [finding.message, *_elsewhere(finding.origin), f"decided by: {finding.decided_by}"]
    texts += [f"note: {note}" for note in finding.notes]
    texts += [f"{at.label or 'see'}: {place_of(at.origin)}" for at in finding.related]
    if finding.help is not None:
        texts.append(f"help: {finding.help}")
    properties = {**_position(finding.origin), "title": f"safepip: {finding.rule}"}
    return _command(LEVEL_WORDS.get(finding.level, LEVEL_WORDS[Level.WARN]), properties, texts)


def guarded(text: str, *, token: str) -> str:
    """Text by others, between commands that switch off the reading of commands and on again.

    Args:
        text: any lines; they come out harmless in any case, the fence is the second wall.
        token: random, new for each use.

    Raises:
        ValueError: the token is short, or not only letters and digits.
    """
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isalnum():
        raise ValueError(f"a stop token needs {SHORTEST_TOKEN} or more letters and digits")
    lines = [whole_line(line) for line in text.splitlines()]
    return "\n".join([f"::stop-commands::{token}", *lines, f"::{token}::"]) + "\n"


def _error_annotation(error: SafepipError) -> str:
    texts = [*error.message.splitlines(), *(f"note: {note}" for note in (*error.preface, *error.notes))]
    if error.hint is not None:
        texts.append(f"help: {error.hint}")
    properties: dict[str, str] = {}
    if error.origin is not None:
        texts[1:1] = _elsewhere(error.origin)
        properties = _position(error.origin)
    return _command("error", {**properties, "title": f"safepip: {error.reference}"}, texts)


def _elsewhere(origin: Origin) -> list[str]:
    """The place in words, where it is no file that an annotation could stand in."""
    return [] if origin.kind is Place.FILE else [f"at: {place_of(origin)}"]


def _position(origin: Origin) -> dict[str, str]:
    if origin.kind is not Place.FILE:
        return {}
    # Masked as it was written: a turned slash can make a password look like a path.
    position = {"file": redact(origin.place).replace("\\", "/")}
    if origin.line is not None:
        position["line"] = str(origin.line)
        if origin.column is not None:
            position["col"] = str(origin.column)
            if origin.length:
                # GitHub reads both ends as inclusive.
                position["endColumn"] = str(origin.column + origin.length - 1)
    return position


def _command(level: str, properties: Mapping[str, str], texts: Sequence[str]) -> str:
    given = ",".join(f"{key}={_escaped_property(shown(value))}" for key, value in properties.items())
    # Escaped line by line: the only line breaks in a message are ours.
    return f"::{level} {given}::" + "%0A".join(_escaped(shown(text)) for text in texts)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
