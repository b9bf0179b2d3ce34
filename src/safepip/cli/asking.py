"""Asking the person at the terminal for a user name and a password, in pip's words."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable

from safepip.core.url import Credentials
from safepip.report.visible import shown


def somebody_is_there() -> bool:
    """Whether a question would be seen and could be answered. pip asks in any case, and fails on a pipe."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


class Asking:
    """Asks on stderr, because stdout may be read by a program.

    Args:
        make_room: takes whatever is drawn off the terminal.
    """

    def __init__(self, make_room: Callable[[], None]) -> None:
        self._make_room = make_room

    def __call__(self, host: str, username: str | None) -> Credentials | None:
        """Credentials for ``HOST[:PORT]``; None where nothing was typed (Ctrl-D, an empty name)."""
        self._make_room()
        try:
            name = username or self._line(f"User for {shown(host)}: ")
            if not name:
                return None
            return Credentials(username=name, password=getpass.getpass("Password: ", stream=sys.stderr))
        except EOFError:
            sys.stderr.write("\n")
            return None

    @staticmethod
    def _line(question: str) -> str:
        sys.stderr.write(question)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")
