"""Becomes a build backend's process; never imported by safepip.

:mod:`safepip.io.build_process` passes this source text on the command line, with a file to write to, a
mode, and the command to become. Mode ``closed``: the process gets a network of its own, with nothing in it
but the loopback, and can gain no rights. The file then says ``closed``; where the kernel does not allow it,
it says why, and nothing is run. Mode ``open``: the command is run as it is.

Standard library only, and Python 3.10 syntax. Linux: ``unshare(2)``, ``user_namespaces(7)``, ``prctl(2)``.
"""

from __future__ import annotations

import os
import sys

NEW_USERS = 0x10000000
NEW_NETWORK = 0x40000000
SET_DEATH_SIGNAL, KILL = 1, 9
SET_NO_NEW_PRIVILEGES = 38
SET_INTERFACE_FLAGS = 0x8914
UP_AND_RUNNING = 0x1 | 0x40
EVERY_ID = 4294967295
NOT_RUN = 125


def become(status: str, mode: str, command: list[str]) -> None:
    """Does not return."""
    outcome = "open"
    if mode == "closed":
        try:
            close_network()
            outcome = "closed"
        except (OSError, ImportError, AttributeError) as error:
            outcome = "not closed: " + str(error)
    with open(status, "w", encoding="utf-8") as file:
        file.write(outcome)
    if mode == "closed" and outcome != "closed":
        os._exit(NOT_RUN)
    os.execv(command[0], command)  # noqa: S606 - the whole point: no shell, this very program


def close_network() -> None:
    """Leave the network, for this process and all that it starts."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    told, helper = _mapper() if user == 0 else (-1, 0)
    failed = libc.unshare(NEW_USERS | NEW_NETWORK)
    number = ctypes.get_errno()
    if helper:
        os.write(told, b"n" if failed else b"y")
        _, ended = os.waitpid(helper, 0)
        if not failed and ended:
            raise OSError("the identities of the new namespace cannot be set")
    if failed:
        raise OSError(number, os.strerror(number))
    if not helper:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _raise_loopback()
    libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.prctl(SET_DEATH_SIGNAL, KILL, 0, 0, 0)


def _mapper() -> tuple[int, int]:
    """A child that stays outside, and keeps every identity for a superuser that goes in.

    Else files of other users, such as a project's that ``sudo`` builds, would be out of reach.
    """
    heard, told = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child:
        os.close(heard)
        return told, child
    try:
        if os.read(heard, 1) == b"y":
            for kind in ("uid", "gid"):
                _write(f"/proc/{parent}/{kind}_map", f"0 0 {EVERY_ID}")
        os._exit(0)
    except OSError:
        os._exit(1)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _raise_loopback() -> None:
    """Tests of a build may talk to themselves."""
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_INTERFACE_FLAGS, struct.pack("16sH14x", b"lo", UP_AND_RUNNING))


if __name__ == "__main__":
    become(sys.argv[1], sys.argv[2], sys.argv[3:])
