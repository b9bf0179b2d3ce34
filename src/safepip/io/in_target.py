"""Runs inside the target's interpreter; never imported by safepip.

:class:`safepip.io.agent.Agent` passes this source text on the command line, after a guard that any
Python can parse has checked the version. It says what the target is, then waits for one JSON
message a line on standard input and can do three things: import pip's install command ahead of
need (``warm``), say where an installation would go (``locate``), and hand command lines to
pip's own main function (``run``), after which the process ends with pip's exit code. When
standard input closes it ends at once, having changed nothing that it was not told to change.

Standard library only, and Python 3.10 syntax: the oldest target that pip 26.3 supports.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

_REFUSED_EVENTS = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendto",
        "socket.sendmsg",
        "os.system",
    }
)
_PIP_MODULES = (
    "pip._internal.cli.main",
    "pip._internal.cli.autocompletion",
    "pip._internal.cli.main_parser",
    "pip._internal.commands.install",
    "pip._internal.network.session",
    "pip._internal.operations.install.wheel",
    "pip._internal.resolution.resolvelib.resolver",
    "pip._internal.metadata.importlib",
    "pip._vendor.truststore",
)


class PipFinder:
    """Finds the top-level ``pip`` in one folder only, whatever the target has installed."""

    folder = ""

    @classmethod
    def find_spec(cls, name: str, _path: Any = None, target: Any = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [cls.folder], target) if name == "pip" else None


def forget_other_pips() -> None:
    """Drop a pip that the target's start-up (a ``.pth`` file, ``sitecustomize``) imported: it is not safepip's."""
    for name in [name for name in sys.modules if name == "pip" or name.startswith("pip.")]:
        del sys.modules[name]


def markers() -> dict[str, str]:
    """The environment markers of PEP 508, without the cost of importing a parser for them."""
    import platform

    implementation = sys.implementation
    release = implementation.version
    version = f"{release.major}.{release.minor}.{release.micro}"
    if release.releaselevel != "final":
        version += release.releaselevel[0] + str(release.serial)
    return {
        "implementation_name": implementation.name,
        "implementation_version": version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "platform_python_implementation": platform.python_implementation(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def facts() -> dict[str, Any]:
    """What :class:`safepip.core.ports.Environment` needs, except the installed distributions."""
    import site
    import sysconfig

    tags = import_module("pip._internal.utils.compatibility_tags").get_supported()
    return {
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "is_virtual": sys.prefix != sys.base_prefix,
        "version": "{}.{}.{}".format(*sys.version_info[:3]),
        "markers": markers(),
        "tags": [str(tag) for tag in tags],
        "paths": sysconfig.get_paths(),
        "cache_tag": sys.implementation.cache_tag or "",
        "path": sys.path,
        "user_site": site.getusersitepackages(),
        "user_base": site.getuserbase(),
        "user_site_enabled": bool(site.ENABLE_USER_SITE),
    }


def locate(destination: dict[str, Any]) -> dict[str, Any]:
    """Where pip would install for these options: its scheme, and whether it is the user scheme.

    ``home`` stands for the folder that ``--target`` fills. pip's refusals come back as ``error``.
    """
    install = import_module("pip._internal.commands.install")
    prefix, home, root = destination["prefix"], destination["target"], destination["root"]
    try:
        user = install.decide_user_install(
            destination["user"], prefix_path=prefix, target_dir=home, root_path=root
        )
        scheme = install.get_scheme("UNKNOWN", user=user, home=home, root=root, prefix=prefix)
    except Exception as error:  # noqa: BLE001 - pip's own exceptions; the parent shows the words
        return {"error": str(error)}
    keys = ("purelib", "platlib", "scripts", "headers", "data")
    return {"user": user, "scheme": {key: os.path.abspath(getattr(scheme, key)) for key in keys}}


def refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: pip has no business with the network or with other programs here.

    An ``OSError``, so that pip's optional probes (``rustc``, ``lsb_release``) shrug it off. The
    interpreter itself stays allowed: tag detection on some macOS builds runs it.
    """
    if event in _REFUSED_EVENTS or (event == "subprocess.Popen" and arguments[0] != sys.executable):
        raise PermissionError("safepip: pip may not use " + event + " while applying a plan")


def end_with_parent() -> None:
    """Block until standard input closes, then end the process, mid-work if it must be."""
    while os.read(0, 1):
        pass
    os._exit(1)


def run(message: dict[str, Any]) -> None:
    """Run pip on each of ``lines``, up to the first that fails; does not return."""
    import logging
    import threading

    for name in _PIP_MODULES:
        import_module(name)
    os.environ.update(message["environ"])
    log = os.open(message["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.addaudithook(refuse_network)
    code = 0
    for argv in message["lines"]:
        code = code or exit_code_of(argv)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def exit_code_of(argv: list[str]) -> int:
    """How pip ends on one command line."""
    import importlib

    importlib.invalidate_caches()  # what an earlier line removed is not there any more
    sys.argv = ["pip", *argv]
    try:
        return int(import_module("pip._internal.cli.main").cli(argv))
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)


def messages() -> Any:
    """JSON objects from standard input, a line each, read without buffering ahead of the need."""
    pending = b""
    while chunk := os.read(0, 65536):
        pending += chunk
        *lines, pending = pending.split(b"\n")
        yield from map(json.loads, lines)


def main(pip_folder: str, mark: str) -> None:
    """Say the facts, then serve. ``mark`` tells our lines from what the target's start-up prints."""

    def say(answer: dict[str, Any]) -> None:
        os.write(1, b"")  # a closed pipe shows here, before any work
        data = (mark + json.dumps(answer) + "\n").encode()
        while data:
            data = data[os.write(1, data) :]

    # pip's modules are many objects that stay: searching them for garbage again and again is wasted.
    gc.set_threshold(100_000)
    PipFinder.folder = pip_folder
    forget_other_pips()
    sys.meta_path.insert(0, PipFinder)  # a class with find_spec is a finder
    sys.stdout.flush()  # else what the target's start-up printed would be taken for pip's words
    say(facts())
    for message in messages():
        if "warm" in message:
            for name in _PIP_MODULES:
                import_module(name)
        elif "locate" in message:
            say(locate(message["locate"]))
        else:
            run(message["run"])


if __name__ == "__main__":
    main(*sys.argv[2:4])
