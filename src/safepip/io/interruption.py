"""Ctrl-C and its like while an environment is being changed: everything is put back first."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType


def _ending_signals() -> Sequence[signal.Signals]:
    names = ("SIGTERM", "SIGHUP", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextlib.contextmanager
def terminations_interrupt() -> Iterator[None]:
    """SIGTERM and its like become KeyboardInterrupt, so that everything is put back first."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    before = {number: signal.signal(number, interrupt) for number in _ending_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def undisturbed(act: Callable[[], None]) -> None:
    """Run ``act`` to its end; a second Ctrl-C must not leave the work half done."""
    if threading.current_thread() is not threading.main_thread():
        act()
        return
    numbers = [signal.SIGINT, *_ending_signals()]
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        act()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
