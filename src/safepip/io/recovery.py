"""After a command that was killed: what it left half done is undone before anything is decided."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from safepip.io.journal import FOLDER, Journal


def recover(facts: Mapping[str, Any]) -> list[str]:
    """Undo an installation into this environment that was cut short.

    A plan must not be made on what such a one left: a package whose files came half would count as
    installed. Waits for an installation that is still under way.

    Args:
        facts: of the target, see ``in_target.facts``.

    Returns:
        Lines for the person; empty if there was nothing.

    Raises:
        ApplyError: a journal is there and cannot be relied on.
    """
    paths: Mapping[str, str] = facts["paths"]
    libraries = dict.fromkeys((paths["purelib"], paths["platlib"], facts["user_site"]))
    said = []
    for library in filter(None, libraries):
        if os.path.lexists(os.path.join(library, FOLDER)) and os.access(library, os.W_OK):
            with exclusive(library):
                said += undo_earlier([library], (facts["prefix"], facts["user_base"], *paths.values()))
    return said


def undo_earlier(libraries: Iterable[str], allowed: Sequence[str]) -> list[str]:
    """The same for chosen libraries, see :meth:`Journal.pending`; the caller holds the lock."""
    said = []
    for library in libraries:
        earlier = Journal.pending(library, allowed)
        if earlier is not None:
            earlier.undo()
            said.append(f"undid an installation into {library} that was cut short")
    return said


@contextlib.contextmanager
def exclusive(library: str) -> Iterator[bool]:
    """One changing safepip at a time in a library; the next one waits. Gives whether it had to."""
    if os.name != "posix":
        yield False  # the journal's folder stands in: making it twice fails
        return
    import fcntl

    folder = library
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            waited = False
        except BlockingIOError:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            waited = True
        yield waited
    finally:
        os.close(descriptor)
