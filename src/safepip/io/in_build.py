"""Becomes a build backend's process; never imported by safepip.

:mod:`safepip.io.build_process` passes this source text on the command line, with a file to write to, a
mode, folders, and the command to become. Mode ``closed``: the command gets a network of its own, with nothing
in it but the loopback, finds no socket of a service outside, can gain no rights, sees and signals no process
but its own, and whatever it started ends with it. The file then says ``closed``; where the kernel does not allow
it, it says why, and nothing is run. Mode ``open``: all that stays as it is.

Where folders are given, nothing outside of them can be written, made, moved or removed; a second line of the
file says ``confined``, or why not.

Standard library only, and Python 3.10 syntax. Linux: ``unshare(2)``, ``user_namespaces(7)``,
``pid_namespaces(7)``, ``mount_namespaces(7)``, ``prctl(2)``, ``landlock(7)``.
"""

from __future__ import annotations

import json
import os
import stat
import struct
import sys
from collections.abc import Callable, Iterator

NEW_MOUNTS = 0x00020000
NEW_SHARED_MEMORY = 0x08000000
NEW_USERS = 0x10000000
NEW_PROCESSES = 0x20000000
NEW_NETWORK = 0x40000000
APART = NEW_MOUNTS | NEW_SHARED_MEMORY | NEW_USERS | NEW_PROCESSES | NEW_NETWORK
SET_DEATH_SIGNAL, KILL = 1, 9
DROP_CAPABILITY, ADMINISTRATION = 24, 21
SET_NO_NEW_PRIVILEGES = 38
MOUNT_BIND, MOUNT_NO_PROGRAMS = 1 << 12, 2 | 4 | 8
SEMAPHORES = "/dev/shm"  # noqa: S108 - multiprocessing makes its own there
BY_SIGNAL = 128
"""Added to the number of the signal that ended a process, as shells do."""
SERVICES = "/run"
SERVICES_MAX = 20_000
NAMES_OF_USERS = ("/run/nscd/", "/run/systemd/userdb/", "/var/lib/sss/", "/run/dbus-nss/")
"""Where the C library asks who a user is; builds do."""
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "stdout", "stderr")
SET_INTERFACE_FLAGS = 0x8914
UP_AND_RUNNING = 0x1 | 0x40
EVERY_ID = 4294967295
NOT_RUN = 125
SET_MOUNT, RECURSIVELY, READ_ONLY = 442, 0x8000, 1
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
# Remove and make folders, files and every special file; link and rename across folders.
CHANGES = WRITE_FILE | TRUNCATE | sum(1 << bit for bit in range(4, 14))


def become(status: str, mode: str, folders: list[str], command: list[str]) -> None:
    """Does not return."""
    with open(status, "w", encoding="utf-8") as file:
        network = _outcome(close_network, "closed") if mode == "closed" else "open"
        file.write(network + "\n")
        file.flush()
        if mode == "closed":
            if network != "closed":
                os._exit(NOT_RUN)
            follow_into_own_processes(folders)
        file.write(_outcome(lambda: confine(folders), "confined") if folders else "free")
    if mode == "closed":
        fork_and_reap()
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
    allowed = [(folder, rights) for folder in (*folders, SEMAPHORES)]
    # No other device: a superuser's build could write to disks.
    allowed += [(f"/dev/{name}", rights & (WRITE_FILE | TRUNCATE)) for name in DEVICES]
    for path, given in allowed:
        if os.path.exists(path):
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
            call(ADD_RULE, ruleset, 1, struct.pack("=Qi", given, opened), 0)
    libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    call(RESTRICT_SELF, ruleset, 0)


def close_network() -> None:
    """Leave the network, for this process and all that it starts."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    services = list(_services())
    told, helper = _mapper() if user == 0 else (-1, 0)
    failed = libc.unshare(APART)
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
    for path in services:
        # One that is out of reach, or gone by now, is no way out either.
        libc.mount(b"/dev/null", os.fsencode(path), None, MOUNT_BIND, None)
    libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.prctl(SET_DEATH_SIGNAL, KILL, 0, 0, 0)


def _services() -> Iterator[str]:
    """Sockets with a path: of agents, containers, buses. A network namespace leaves them where they are."""
    for path in {*_bound(), *_listed()}:
        try:
            found = stat.S_ISSOCK(os.stat(path).st_mode)
        except (OSError, ValueError):
            continue
        if found and not os.path.realpath(path).startswith(NAMES_OF_USERS):
            yield path


def _bound() -> Iterator[str]:
    """What the kernel says that processes of this network have bound."""
    with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            words = line.rstrip("\n").split(maxsplit=7)
            if len(words) == 8 and words[7].startswith("/"):
                yield words[7]


def _listed() -> Iterator[str]:
    """What other networks have bound and left where services are found: a container's way to its host."""
    count = 0
    for folder, _, files in os.walk(SERVICES):
        count += len(files)
        if count > SERVICES_MAX:
            return
        yield from (os.path.join(folder, name) for name in files)


def follow_into_own_processes(folders: list[str]) -> None:
    """Go on as the first process of the new namespace; the one that stays outside ends as that one does.

    The kernel ends the others with the first. ``/proc`` and shared memory are theirs where they may be
    mounted.
    """
    import ctypes

    first = os.fork()
    if first:
        _, ended = os.waitpid(first, 0)
        _end_as(ended)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(SET_DEATH_SIGNAL, KILL, 0, 0, 0)
    if folders:
        _freeze_all_but(folders)
    libc.mount(b"proc", b"/proc", b"proc", MOUNT_NO_PROGRAMS, None)
    libc.mount(b"tmpfs", SEMAPHORES.encode(), b"tmpfs", MOUNT_NO_PROGRAMS, b"mode=1777")
    libc.prctl(DROP_CAPABILITY, ADMINISTRATION, 0, 0, 0)  # what a superuser could undo the mounts with


def _freeze_all_but(folders: list[str]) -> None:
    """Landlock keeps what is in files; this, where the kernel can (5.12), also modes, owners and times."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def change(path: str, flags: int, *attributes: int) -> bool:
        wanted = struct.pack("4Q", *attributes, 0, 0)
        size = ctypes.c_size_t(len(wanted))
        failed: int = libc.syscall(SET_MOUNT, -1, os.fsencode(path), flags, wanted, size)
        return not failed

    for folder in folders:
        libc.mount(os.fsencode(folder), os.fsencode(folder), None, MOUNT_BIND, None)
    if change("/", RECURSIVELY, READ_ONLY, 0):
        for folder in folders:
            change(folder, 0, 0, READ_ONLY)
    os.chdir(os.getcwd())  # else it would still be what lies below one of the new mounts


def fork_and_reap() -> None:
    """Go on as a child: who is the first process of a namespace must fetch the dead, and hears few signals."""
    child = os.fork()
    while child:
        ended, status = os.wait()
        if ended == child:
            _end_as(status)


def _end_as(status: int) -> None:
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else BY_SIGNAL - code)


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
