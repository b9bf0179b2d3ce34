"""Names of environments that a lock can be for, such as ``linux-x86_64-cp311``.

A name says only what markers (PEP 508) and tags (PEP 425) can tell. The table of machines here is the whole
of what can be named; :mod:`safepip.resolve.lock_targets` says what each one is like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from safepip.core.value import value


@value
class Machine:
    """What markers see of an operating system and its processor.

    Attributes:
        machine: ``platform_machine``.
    """

    os_name: str
    sys_platform: str
    platform_system: str
    machine: str


def _linux(machine: str) -> Machine:
    return Machine(os_name="posix", sys_platform="linux", platform_system="Linux", machine=machine)


def _macos(machine: str) -> Machine:
    return Machine(os_name="posix", sys_platform="darwin", platform_system="Darwin", machine=machine)


def _windows(machine: str) -> Machine:
    return Machine(os_name="nt", sys_platform="win32", platform_system="Windows", machine=machine)


_LINUX = ("x86_64", "aarch64", "ppc64le", "s390x", "riscv64")
MACHINES: Mapping[tuple[str, str], Machine] = {
    **{("linux", machine): _linux(machine) for machine in _LINUX},
    **{("musllinux", machine): _linux(machine) for machine in _LINUX},
    ("macos", "arm64"): _macos("arm64"),
    ("macos", "x86_64"): _macos("x86_64"),
    ("windows", "amd64"): _windows("AMD64"),
    ("windows", "arm64"): _windows("ARM64"),
    # A 32-bit Python sees the processor of the 64-bit Windows that it runs on (``platform.machine``).
    ("windows", "x86"): _windows("AMD64"),
}
"""By the name's first two parts. ``linux`` is the GNU C library, ``musllinux`` musl, which markers do not tell apart."""
PYTHONS = (
    "cp310",
    "cp311",
    "cp312",
    "cp313",
    "cp314",
    "cp315",
    "cp313t",
    "cp314t",
    "cp315t",
    "pp310",
    "pp311",
)
"""A name's last part: CPython, CPython without the global lock, PyPy. Python 3.10 is the oldest that pip runs on."""

_SYSTEM_ALIASES = {
    "manylinux": "linux",
    "musl": "musllinux",
    "alpine": "musllinux",
    "darwin": "macos",
    "macosx": "macos",
    "win": "windows",
}
_MACHINE_ALIASES = {
    ("linux", "amd64"): "x86_64",
    ("linux", "arm64"): "aarch64",
    ("musllinux", "amd64"): "x86_64",
    ("musllinux", "arm64"): "aarch64",
    ("macos", "aarch64"): "arm64",
    ("windows", "x86_64"): "amd64",
    ("windows", "aarch64"): "arm64",
    ("windows", "win32"): "x86",
    ("windows", "32"): "x86",
}
_PYTHON = re.compile(
    r"(?P<name>cp|py|pp|python|cpython|pypy)?3\.?(?P<minor>\d{1,2})(?P<threads>t?)\Z", re.ASCII
)
_SHAPE = "SYSTEM-MACHINE-PYTHON, such as linux-x86_64-cp311"


@value
class EnvironmentName:
    """One environment, by the three parts of its name; written in one way only.

    Attributes:
        system: ``linux``, ``musllinux``, ``macos``, ``windows``.
        machine: as that system writes it: ``x86_64``, ``aarch64``, ``arm64``, ``amd64``, …
        python: ``cp311``, ``cp314t``, ``pp311``.
    """

    system: str
    machine: str
    python: str

    def __str__(self) -> str:
        return f"{self.system}-{self.machine}-{self.python}"

    @property
    def seen(self) -> Machine:
        """What markers see of the machine."""
        return MACHINES[self.system, self.machine]

    @property
    def minor(self) -> int:
        """11 of Python 3.11."""
        return int(self.python[3:].rstrip("t"))

    @property
    def implementation(self) -> str:
        """``implementation_name`` of PEP 508."""
        return "pypy" if self.python.startswith("pp") else "cpython"

    @property
    def free_threaded(self) -> bool:
        """Whether it is CPython without the global lock (PEP 703), which markers do not tell."""
        return self.python.endswith("t")

    @property
    def marker(self) -> str:
        """True there, and in no other environment that can be named but those that no marker tells apart."""
        seen = self.seen
        return (
            f'python_version == "3.{self.minor}" and sys_platform == "{seen.sys_platform}"'
            f' and platform_machine == "{seen.machine}" and implementation_name == "{self.implementation}"'
        )


class EnvironmentNameError(ValueError):
    """A name that is none, or that cannot stand beside another.

    Attributes:
        position: which of the names is meant, 0 the first.
        hint: what to do about it.
    """

    def __init__(self, message: str, *, position: int, hint: str) -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint


def nameable() -> Iterator[EnvironmentName]:
    """Every environment that has a name."""
    for system, machine in MACHINES:
        for python in PYTHONS:
            yield EnvironmentName(system=system, machine=machine, python=python)


def read_environment_names(texts: Sequence[str]) -> tuple[EnvironmentName, ...]:
    """What the texts name, in their order, each once.

    Raises:
        EnvironmentNameError: one names nothing, or two stand for environments that no marker tells apart,
            so that one lock could not say which of its packages are for which.
    """
    found: dict[str, EnvironmentName] = {}
    for position, text in enumerate(texts):
        name = _read(text, position)
        twin = found.setdefault(name.marker, name)
        if twin != name:
            raise EnvironmentNameError(
                f"{name} and {twin} cannot be in one lock: no marker tells them apart",
                position=position,
                hint="lock one of them into a file of its own",
            )
    return tuple(found.values())


def _read(text: str, position: int) -> EnvironmentName:
    parts = text.strip().lower().split("-")
    if len(parts) == 2 and parts[0] == "win32":
        parts = ["windows", "x86", parts[1]]
    if len(parts) == 3 and (name := _named(*parts)) is not None:
        return name
    raise EnvironmentNameError(f"unknown environment {text!a}", position=position, hint=_nearest(text))


def _named(system: str, machine: str, python: str) -> EnvironmentName | None:
    system = _SYSTEM_ALIASES.get(system, system)
    machine = _MACHINE_ALIASES.get((system, machine), machine)
    version = _PYTHON.match(python)
    if version is None or (system, machine) not in MACHINES:
        return None
    short = "pp" if version["name"] in {"pp", "pypy"} else "cp"
    python = f"{short}3{version['minor']}{version['threads']}"
    return EnvironmentName(system=system, machine=machine, python=python) if python in PYTHONS else None


def _nearest(text: str) -> str:
    from difflib import get_close_matches

    # Long texts only cost time, and are near to nothing.
    nearest = get_close_matches(text.strip().lower()[:60], map(str, nameable()), n=1)
    return f"did you mean {nearest[0]!r}?" if nearest else f"a name is {_SHAPE}"
