"""From the name of an environment to what a resolution has to know of it, on whatever machine that runs.

What a name leaves open is decided here, the same way everywhere:

- Linux has the GNU C library :data:`GLIBC` or newer, or musl :data:`MUSL` or newer; macOS is :data:`MACOS` or newer.
- Python has any patch level. A marker counts where it is true for one of them
  (:mod:`safepip.resolve.patch_levels`). Requires-Python is held against the newest: an old patch level then gets a
  clear refusal when it installs, where the oldest would have everybody get old releases in silence
  (``!=3.9.0`` was such a case).
- The release of the operating system is not known, besides macOS'. A marker that asks for it is false.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.tags import Tag, compatible_tags, cpython_tags, generic_tags, mac_platforms

from safepip.core.environment_name import (
    MACHINES,
    PYTHONS,
    EnvironmentName,
    EnvironmentNameError,
    read_environment_names,
)
from safepip.core.errors import UsageError
from safepip.core.locking import LockTarget
from safepip.core.origin import Sourced
from safepip.core.ports import Environment
from safepip.resolve.patch_levels import NEWEST

GLIBC = (2, 28)
"""What RHEL 8, Debian 10 and Ubuntu 20.04 have at least, and what manylinux_2_28 wheels ask for."""
MUSL = (1, 2)
"""Since Alpine 3.13."""
MACOS = (13, 0)
_DARWIN = "22.0.0"
"""``platform_release`` of macOS 13."""
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""Older names of manylinux profiles (PEP 600), by the minor version of their glibc."""
_WINDOWS_TAGS = {"amd64": "win_amd64", "arm64": "win_arm64", "x86": "win32"}
_PYPY_ABI = "pp73"


def lock_targets(names: Sequence[Sourced[str]]) -> tuple[LockTarget, ...]:
    """What ``--environment`` asks for, each once.

    Raises:
        UsageError: a name is none, or two cannot be in one lock.
    """
    try:
        found = read_environment_names([name.value for name in names])
    except EnvironmentNameError as error:
        origin = names[error.position].origin
        raise UsageError(
            f"option --environment: {error}", reference="usage", origin=origin, hint=error.hint
        ) from None
    return tuple(lock_target(name) for name in found)


def lock_target(name: EnvironmentName) -> LockTarget:
    """The environment of that name. Nothing is installed in it, and it has no interpreter to run."""
    markers = _markers(name)
    environment = Environment(
        python="",
        prefix="",
        version=markers["python_full_version"],
        markers=markers,
        tags=tuple(_tags(name)),
        installed={},
        paths={},
    )
    return LockTarget(name=str(name), environment=environment, marker=name.marker)


def target_of(environment: Environment) -> LockTarget:
    """The interpreter at hand, with its own markers and tags, as if nothing were installed in it."""
    markers = environment.markers
    empty = Environment(
        python=environment.python,
        prefix=environment.prefix,
        version=environment.version,
        markers=markers,
        tags=environment.tags,
        installed={},
        paths=environment.paths,
        is_virtual=environment.is_virtual,
    )
    asked = ("python_version", "sys_platform", "platform_machine", "implementation_name")
    marker = " and ".join(f'{variable} == "{markers[variable]}"' for variable in asked)
    return LockTarget(name=_name_of(environment), environment=empty, marker=marker)


def _markers(name: EnvironmentName) -> Mapping[str, str]:
    seen, pypy = name.seen, name.implementation == "pypy"
    full = f"3.{name.minor}.{NEWEST}"
    return {
        "implementation_name": name.implementation,
        "implementation_version": f"7.3.{NEWEST}" if pypy else full,
        "os_name": seen.os_name,
        "platform_machine": seen.machine,
        "platform_python_implementation": "PyPy" if pypy else "CPython",
        "platform_release": _DARWIN if name.system == "macos" else "",
        "platform_system": seen.platform_system,
        "platform_version": "",
        "python_full_version": full,
        "python_version": f"3.{name.minor}",
        "sys_platform": seen.sys_platform,
    }


def _tags(name: EnvironmentName) -> Iterator[Tag]:
    """As :func:`packaging.tags.sys_tags` gives them on such a machine."""
    platforms, version = list(_platforms(name)), (3, name.minor)
    if name.implementation == "cpython":
        yield from cpython_tags(version, abis=[name.python], platforms=platforms)
        family = f"cp3{name.minor}"
    else:
        abi = f"pypy3{name.minor}_{_PYPY_ABI}"
        yield from generic_tags(name.python, abis=[abi], platforms=platforms)
        family = "pp3"
    yield from compatible_tags(version, interpreter=family, platforms=platforms)


def _platforms(name: EnvironmentName) -> Iterator[str]:
    machine = name.machine
    if name.system == "windows":
        yield _WINDOWS_TAGS[machine]
    elif name.system == "macos":
        yield from mac_platforms(MACOS, machine)
    else:
        yield f"linux_{machine}"
        yield from _musllinux(machine) if name.system == "musllinux" else _manylinux(machine)


def _manylinux(machine: str) -> Iterator[str]:
    """Down to the oldest profile that was ever defined for the machine (PEP 600)."""
    major, newest = GLIBC
    oldest = 5 if machine == "x86_64" else 17
    for minor in range(newest, oldest - 1, -1):
        yield f"manylinux_{major}_{minor}_{machine}"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_{machine}"


def _musllinux(machine: str) -> Iterator[str]:
    major, newest = MUSL
    return (f"musllinux_{major}_{minor}_{machine}" for minor in range(newest, -1, -1))


def _name_of(environment: Environment) -> str:
    """The name that it would be given by; of what has none, one in the same form."""
    markers = environment.markers
    python = _python_of(environment)
    name = f"{markers['sys_platform']}-{markers['platform_machine']}-{python}".lower()
    if python not in PYTHONS:
        return name
    platforms = {tag.platform for tag in environment.tags}
    for (system, machine), seen in MACHINES.items():
        same = (seen.sys_platform, seen.machine) == (markers["sys_platform"], markers["platform_machine"])
        if same and _is_of(system, machine, platforms):
            return str(EnvironmentName(system=system, machine=machine, python=python))
    return name


def _python_of(environment: Environment) -> str:
    """``cp311``, ``cp314t``, ``pp311``, or ``graalpy311``."""
    implementation = environment.markers["implementation_name"]
    short = {"cpython": "cp", "pypy": "pp"}.get(implementation, implementation)
    threads = "t" if environment.tags and environment.tags[0].abi.endswith("t") else ""
    return short + environment.markers["python_version"].replace(".", "") + threads


def _is_of(system: str, machine: str, platforms: set[str]) -> bool:
    """Whether its tags are those of the system, where its markers leave that open."""
    if system == "windows":
        return _WINDOWS_TAGS[machine] in platforms
    musl = any(platform.startswith("musllinux_") for platform in platforms)
    return system == "macos" or (system == "musllinux") == musl
