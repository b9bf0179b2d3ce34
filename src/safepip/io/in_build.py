"""Becomes a build backend's process; never imported by safepip.

:mod:`safepip.io.build_process` passes this source text on the command line, with a file to write to, a
mode, folders, and the command to become. Mode ``closed``: the process gets a network of its own, with nothing
in it but the loopback, and can gain no rights. The file then says ``closed``; where the kernel does not
allow it, it says why, and nothing is run. Mode ``open``: the network stays.

Where folders are given, nothing outside of them can be written, made, moved or removed; a second line of the
file says ``confined``, or why not.

Standard library only, and Python 3.10 syntax. Linux: ``unshare(2)``, ``user_namespaces(7)``, ``prctl(2)``,
``landlock(7)``.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Callable

NEW_USERS = 0x10000000
NEW_NETWORK = 0x40000000
SET_DEATH_SIGNAL, KILL = 1, 9
SET_NO_NEW_PRIVILEGES = 38
SET_INTERFACE_FLAGS = 0x8914
UP_AND_RUNNING = 0x1 | 0x40
EVERY_ID = 4294967295
NOT_RUN = 125
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
# Remove and make folders, files and every special file; link and rename across folders.
CHANGES = WRITE_FILE | TRUNCATE | sum(1 << bit for bit in range(4, 14))


def become(status: str, mode: str, folders: list[str], command: list[str]) -> None:
    """Does not return."""
    with open(status, "w", encoding="utf-8") as file:
        network = _outcome(close_network, "closed") if mode == "closed" else "open"
        files = _outcome(lambda: confine(folders), "confined") if folders else "free"
        file.write(network + "\n" + files)
    if mode == "closed" and network != "closed":
        os._exit(NOT_RUN)
    os.execv(command[0], command)  # noqa: S606 - the whole point: no shell, this very program


def _outcome(act: Callable[[], None], done: str) -> str:
    try:
        act()
    except (OSError, ImportError, AttributeError) as error:
        return f"not {done}: {error}"
    return done


def confine(folders: list[str]) -> None:
    """Leave nothing to write to but these folders, and devices that are there already."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def call(number: int, *arguments: object) -> int:
        result: int = libc.syscall(number, *arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    version = call(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 2:  # the first one forbids every rename between folders
        raise OSError("the kernel's landlock is too old")
    rights = CHANGES if version > 2 else CHANGES & ~TRUNCATE
    ruleset = call(CREATE_RULESET, struct.pack("Q", rights), ctypes.c_size_t(8), 0)
    semaphores = "/dev/shm"  # noqa: S108 - multiprocessing makes its own there
    allowed = [*((folder, rights) for folder in folders), (semaphores, rights)]
    for folder, given in [*allowed, ("/dev", rights & (WRITE_FILE | TRUNCATE))]:
        if os.path.isdir(folder):
            opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            call(ADD_RULE, ruleset, 1, struct.pack("=Qi", given, opened), 0)
    libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    call(RESTRICT_SELF, ruleset, 0)


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

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_INTERFACE_FLAGS, struct.pack("16sH14x", b"lo", UP_AND_RUNNING))


if __name__ == "__main__":
    become(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4:])
