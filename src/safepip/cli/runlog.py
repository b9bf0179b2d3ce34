"""``--log FILE``: what was said in the run, appended line by line with the time, as pip writes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from safepip.core.errors import CommandError


class RunLog:
    """A log file that is open.

    Args:
        path: appended to; missing folders are made, as pip makes them.
        now: the time of a line.

    Raises:
        CommandError: it cannot be written.
    """

    def __init__(self, path: str, now: Callable[[], datetime]) -> None:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._file = Path(path).open("a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - the run closes it
        except OSError as error:
            raise CommandError(
                f"Could not write the log: {error}", reference="log", hint="name another file with --log"
            ) from None
        self._now = now

    def write(self, text: str) -> None:
        """One entry; what was said has been made safe to show already."""
        moment = self._now().astimezone()
        stamp = f"{moment:%Y-%m-%dT%H:%M:%S},{moment.microsecond // 1000:03}"
        self._file.writelines(f"{stamp} {line}\n" for line in text.splitlines())

    def flush(self) -> None:
        """Progress is written to it as to a stream."""
        self._file.flush()

    def close(self) -> None:
        self._file.close()
