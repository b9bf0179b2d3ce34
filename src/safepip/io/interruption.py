"""Ctrl-C and its like while an environment is being changed: everything is put back first."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


def _signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextlib.contextmanager
def terminations_interrupt() -> Iterator[None]:
    """SIGTERM and its like become KeyboardInterrupt, as Ctrl-C does, so that everything is put back first.

    The first signal is the last one that counts: a second Ctrl-C in the middle of putting back
    would leave the work half done.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        for later in _signals():
            signal.signal(later, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    # What is ignored already (nohup) stays ignored.
    heard = [number for number in _signals() if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def deferring() -> Iterator[None]:
    """Ctrl-C and its like are heard when the block ends: what it makes is known by then to who has to end it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    caught = [number for number in _signals() if callable(signal.getsignal(number))]
    before = {number: signal.signal(number, lambda said, _: heard.append(said)) for number in caught}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])


def undisturbed(act: Callable[[], None]) -> None:
    """Run ``act`` to its end; a Ctrl-C meanwhile is not heard."""
    if threading.current_thread() is not threading.main_thread():
        act()
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _signals()}
    try:
        act()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
