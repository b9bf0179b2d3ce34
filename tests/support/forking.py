"""Real processes of safepip that need not load it: forked from one that has.

More than half of what a short command costs is the interpreter's start and imports. Each run here still is a
process of its own, with its own folder, environment, streams and end; only what was imported is shared, and
nothing was run. What a start itself does is tested by starting.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

_MAX_BYTES = 1 << 20
_NOT_IMPORTED = {"safepip.io.in_target", "safepip.io.in_build", "safepip.io.pip"}
"""They run in other interpreters, or end the one that imports them."""
_ALSO = ("httpx", "resolvelib", "rich.console", "rich.progress", "sqlite3", "ssl", "subprocess", "truststore")
_AT_START = ("PYTHON", "COVERAGE", "LC_", "LANG", "MALLOC")
"""What an interpreter asks for when it starts, and never again."""


def can_fork(environ: Mapping[str, str]) -> bool:
    """Whether a forked process does what a started one would. One is forked at a time, so threads start theirs."""
    if threading.current_thread() is not threading.main_thread():
        return False
    return sys.platform == "linux" and _starting(environ) == _starting(os.environ) and not _measured()


def run(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str, timeout: float
) -> subprocess.CompletedProcess[str]:
    """``python -m safepip COMMAND``, as :func:`subprocess.run` would with its output captured."""
    told = json.dumps({"argv": list(command), "cwd": str(cwd), "env": dict(env)}).encode()
    if len(told) > _MAX_BYTES:
        raise ValueError("a command line of more than a megabyte")
    with tempfile.TemporaryFile() as given:
        given.write(stdin.encode())
        given.seek(0)
        out, out_of_run = os.pipe()
        err, err_of_run = os.pipe()
        connection = _mother(_starting(os.environ))
        try:
            socket.send_fds(connection, [b"%8d" % len(told)], [given.fileno(), out_of_run, err_of_run])
            connection.sendall(told)
        except BrokenPipeError:
            _mother.cache_clear()  # one failure, not one for each test to come
            raise
        os.close(out_of_run)
        os.close(err_of_run)
    pid = int(_exactly(connection, 8))
    try:
        said = _read((out, err), time.monotonic() + timeout)
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        raise subprocess.TimeoutExpired(command, timeout) from None
    finally:
        code = int(_exactly(connection, 8))
        os.close(out)
        os.close(err)
    return subprocess.CompletedProcess(command, code, _text(said[0]), _text(said[1]))


def _read(streams: tuple[int, int], deadline: float) -> tuple[bytes, bytes]:
    """Both to their ends, which also those hold back whom the process has started."""
    found: dict[int, list[bytes]] = {stream: [] for stream in streams}
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                block = os.read(key.fd, 1 << 16)
                found[key.fd].append(block)
                if not block:
                    selector.unregister(key.fd)
    return b"".join(found[streams[0]]), b"".join(found[streams[1]])


def _text(said: bytes) -> str:
    return io.TextIOWrapper(io.BytesIO(said)).read()


def _starting(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, said) for name, said in environ.items() if name.startswith(_AT_START)))


def _measured() -> bool:
    return any(name.startswith("COVERAGE") for name in os.environ)


@cache
def _mother(_: tuple[tuple[str, str], ...]) -> socket.socket:
    """A process that has everything imported; one for each set of variables that matter to a start."""
    ours, hers = socket.socketpair()
    with hers:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.forking", str(hers.fileno())],
            cwd=Path(__file__).parents[1],
            pass_fds=[hers.fileno()],
            stdin=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _exactly(connection: socket.socket, size: int) -> bytes:
    said = b""
    while len(said) < size:
        block = connection.recv(size - len(said))
        if not block:
            raise EOFError("the process that forks is gone")
        said += block
    return said


def _serve(connection: socket.socket) -> None:
    """In the mother: fork for each request, and tell how it ended."""
    while True:
        head, ancillary, *_ = connection.recvmsg(8, socket.CMSG_SPACE(3 * array.array("i").itemsize))
        if not head:
            return
        streams = array.array("i")
        for _level, _kind, content in ancillary:
            streams.frombytes(content)
        told = json.loads(_exactly(connection, int(head)))
        pid = os.fork()
        if not pid:
            connection.close()
            _become(told, streams)
        for stream in streams:
            os.close(stream)
        connection.sendall(b"%8d" % pid)
        connection.sendall(b"%8d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _become(told: dict[str, object], streams: Sequence[int]) -> NoReturn:
    """In the child: what ``python -m safepip`` is after its imports."""
    from safepip.__main__ import cli

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(str(told["cwd"]))
    os.environ.clear()
    os.environ.update(told["env"])  # type: ignore[call-overload]
    time.tzset()
    sys.argv = ["safepip", *told["argv"]]  # type: ignore[misc]
    cli()
    raise SystemExit


def _import_everything() -> None:
    import safepip

    for module in pkgutil.walk_packages(safepip.__path__, "safepip."):
        if module.name not in _NOT_IMPORTED:
            importlib.import_module(module.name)
    for name in _ALSO:
        importlib.import_module(name)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # in a terminal, Ctrl-C is for the tests
    _import_everything()
    gc.freeze()
    del sys.path[0]  # the folder of tests; as `python -m safepip` drops the working directory
    with socket.socket(fileno=int(sys.argv[1])) as given:
        _serve(given)
