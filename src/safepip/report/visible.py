"""Text by others, made harmless to print.

An index, a file name or a line of a file must not move the cursor, hide other characters, turn the
reading direction, or speak to the build service that reads the log. Each character becomes a
:class:`Cell`: what is shown for it and how wide that is, so that carets can stand under it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from safepip.report.redact import find_secrets, has_hidden

TAB_WIDTH = 4
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_HARMLESS = re.compile(r"[ -~]*\Z")
_WORKFLOW_MARK = re.compile(r"##(?:vso|teamcity|section|command)?(?P<bracket>\[)", re.IGNORECASE)
"""GitHub and Azure runners obey ``##[…]`` and ``##vso[…]`` anywhere in a line."""
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
"""Controls, invisible formatting (also bidirectional overrides), line and paragraph separators, and
the lone surrogates that undecodable bytes become."""
_CONTROL_PICTURES = 0x2400


@dataclass(frozen=True, slots=True)
class Cell:
    """What is shown for one character of a text; ``width`` in columns, 0 for a combining mark."""

    text: str
    width: int


def cells(text: str) -> list[Cell]:
    """One cell for each character: secrets masked, dangers replaced, tabs expanded.

    A masked stretch is one cell with the mask, then empty ones.
    """
    shown_as = [_cell(character) for character in text]
    for mark in _WORKFLOW_MARK.finditer(text):
        shown_as[mark.start("bracket")] = Cell("\\[", 2)
    for secret in find_secrets(text):
        masked = [_cell(character) for character in secret.mask]
        whole = Cell("".join(cell.text for cell in masked), sum(cell.width for cell in masked))
        shown_as[secret.start : secret.end] = [whole] + [Cell("", 0)] * (secret.end - secret.start - 1)
    return shown_as


def shown(text: str) -> str:
    """The text as it may stand inside a line: one line, no secrets, nothing that acts."""
    plain = _HARMLESS.match(text) and "@" not in text and "=" not in text and "##" not in text
    if plain and not has_hidden(text):
        return text
    return "".join(cell.text for cell in cells(text))


def shown_lines(text: str) -> list[str]:
    """The lines of a text of several lines, each as :func:`whole_line`."""
    return [whole_line(line) for line in text.split("\n")]


def whole_line(text: str) -> str:
    """The text as it may stand as a line of its own: ``::`` at its start is a command to runners."""
    line = shown(text)
    if not line.lstrip().startswith("::"):
        return line
    start = len(line) - len(line.lstrip())
    return f"{line[:start]}\\{line[start:]}"


def _cell(character: str) -> Cell:
    if " " <= character <= "~":
        return Cell(character, 1)
    if character == "\t":
        return Cell(" " * TAB_WIDTH, TAB_WIDTH)
    category = unicodedata.category(character)
    if category in _UNSAFE_CATEGORIES:
        return Cell(_picture(character), 1)
    if category in {"Mn", "Me"}:
        return Cell(character, 0)
    wide = unicodedata.east_asian_width(character) in {"W", "F"}
    return Cell(character, 2 if wide else 1)


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else REPLACEMENT
