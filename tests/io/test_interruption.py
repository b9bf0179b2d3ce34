"""Ctrl-C while something is made that has to be ended again."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from safepip.io.interruption import deferring

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


@POSIX
def test_a_signal_is_heard_at_the_end_of_the_block() -> None:
    done = []

    def act() -> None:
        with deferring():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        act()

    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@POSIX
def test_what_a_signal_did_not_do_before_it_does_not_do_now() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with deferring():
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_without_a_signal_and_beside_the_main_thread_nothing_happens() -> None:
    done = []

    def act() -> None:
        with deferring():
            done.append(1)

    act()
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()

    assert done == [1, 1]
