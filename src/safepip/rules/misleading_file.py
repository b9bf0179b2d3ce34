"""The rule ``misleading-file``."""

from __future__ import annotations

from typing import Any

from safepip.rules.base import Rule


class MisleadingFile(Rule[Any]):
    r"""Requirement file that does not do what it shows

    What it finds:
        In a requirement or constraint file: a character that ends a line for pip but not in an editor
        (vertical tab, form feed, U+0085, U+2028 and their like, a carriage return alone); a comment that
        ends in a backslash and so swallows the next line; an option that pip ignores where it stands
        (behind a requirement, beside `-r` or `-e`), a word that it ignores behind an option; a hash that
        belongs to no requirement, or that no file can have; an encoding other than UTF-8 or an 8-bit
        character set, or bytes that are not of it.

    Why it matters:
        Whoever reviews the file sees one thing, and pip does another: what looks like the rest of a
        comment adds an index, and a hash that is there to be seen is not checked.

    Example:
        flask==3.1.0 \
            # the one from our mirror
            --hash=sha256:…

    Instead:
        Do what the message says at the character that it points to. Here: write the comment above the
        requirement, so that the hash belongs to it.

    Policy keys:
        none
    """

    id = "misleading-file"
    exemptible = False
