"""What a build backend prints: followed while it runs, and its last words."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

Heard = Callable[[str], None]
"""Is told each line that a backend prints, not made safe to show yet. Called from a thread."""

_SHOWN_LINES = 60
"""The last words of a backend that failed; its traceback stands there."""
_LAST_BYTES = 64 << 10
_LINE_MAX_CHARS = 10_000
_TOLD_MAX_BYTES = 16 << 20
"""Of one hook; a log or a terminal has no use for more."""


def nobody(_: str) -> None:
    """Hears nothing."""


class Output:
    """The file that one process prints into.

    Args:
        heard: is told of the lines.
    """

    def __init__(self, path: Path, heard: Heard = nobody) -> None:
        self._path = path
        self._heard = heard
        self._read = 0
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def size(self) -> int:
        """In bytes, so far."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def follow(self, *, to_the_end: bool = False) -> None:
        """Tell of the lines that have become whole since the last call; at the end, of the last one too."""
        if self._heard is nobody:
            return
        while block := self._next():
            self._tell(self._rest + self._decoder.decode(block))
        if to_the_end and self._rest:
            self._heard(self._rest)
            self._rest = ""

    def last_words(self) -> str:
        """The last lines, with a line before them and one behind."""
        with self._path.open("rb") as stream:
            stream.seek(max(0, self.size - _LAST_BYTES))
            lines = stream.read(_LAST_BYTES).decode(errors="replace").splitlines()
        if not lines:
            return "[no output]"
        shown = lines[-_SHOWN_LINES:]
        last = "" if len(shown) == len(lines) else "last "
        said = [f"  {line.rstrip()}" for line in shown]
        return "\n".join([f"[{last}{len(shown)} lines of output]", *said, "[end of output]"])

    def _next(self) -> bytes:
        """What was printed since; nothing once it has been too much."""
        if self._read >= _TOLD_MAX_BYTES:
            return b""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._read)
                block = stream.read(min(_LAST_BYTES, _TOLD_MAX_BYTES - self._read))
        except OSError:
            return b""
        self._read += len(block)
        if self._read >= _TOLD_MAX_BYTES:
            block += f"\n[more than {_TOLD_MAX_BYTES} bytes; what follows is left out]\n".encode()
        return block

    def _tell(self, text: str) -> None:
        lines = text.splitlines(keepends=True)
        self._rest = ""
        if lines and lines[-1] == lines[-1].rstrip("\r\n") and len(lines[-1]) < _LINE_MAX_CHARS:
            self._rest = lines.pop()
        for line in lines:
            for start in range(0, len(line), _LINE_MAX_CHARS):
                self._heard(line[start : start + _LINE_MAX_CHARS].rstrip("\r\n"))
