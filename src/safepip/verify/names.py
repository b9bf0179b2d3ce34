"""Where a wheel's members would land: what no wheel has a right to write.

Names are judged as every platform would read them, not only this one. Each check
yields faults; :mod:`safepip.verify.wheel` makes findings of them.
"""

from __future__ import annotations

import re
import stat
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from safepip.verify.archive import Member

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|\Z)")
_DRIVE: Final = re.compile(r"[a-z]:", re.IGNORECASE)
_SCHEMES: Final = frozenset({"purelib", "platlib", "headers", "scripts", "data"})
_LIBRARIES: Final = frozenset({"purelib", "platlib"})
# Programs that everything else is started by. Suffixes are stripped before the comparison.
_INTERPRETERS: Final = re.compile(r"(pythonw?|pypyw?)(\d+(\.\d+)*t?)?(-config)?")
_ACTIVATION: Final = re.compile(
    r"(de)?activate(_this)?(\.csh|\.fish|\.nu|\.xsh|\.bat|\.ps1|\.py)?", re.IGNORECASE
)
_LAUNCHERS: Final = {
    NormalizedName("pip"): re.compile(r"pip(\d+(\.\d+)*)?"),
    NormalizedName("safepip"): re.compile(r"safepip"),
}
_PROGRAM_SUFFIX: Final = re.compile(r"(-script)?\.(exe|bat|cmd|com|pyw?|pya|ps1)\Z", re.IGNORECASE)
_CONFIGURATION: Final = frozenset(
    {"pip.conf", "pip.ini", "pyvenv.cfg", "sitecustomize.py", "usercustomize.py"}
)
_LIBRARY_IN_DATA: Final = re.compile(r"(lib(64|32)?/(python|pypy)[^/]*|lib/site-packages)/", re.IGNORECASE)
_RUNTIME_IN_DATA: Final = re.compile(r"(python|pypy)[^/]*\.(exe|dll|zip|_pth)", re.IGNORECASE)
_HOOKS: Final = frozenset({"sitecustomize", "usercustomize"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one member.

    Attributes:
        rule: id of the rule.
        why: what is wrong, as the end of "the wheel …"; equal ones are shown together.
        member: its name.
    """

    rule: str
    why: str
    member: str


def escapes(members: Iterable[Member], *, windows: bool) -> Iterator[Fault]:
    """Names that leave the folder they are unpacked in, on any platform the wheel may run on.

    Args:
        windows: whether the wheel may be installed on Windows, where device names, colons and
            trailing dots mean something.
    """
    for member in members:
        if why := _escape(member.name, windows=windows):
            yield Fault("path-escape", why, member.name)
        kind = stat.S_IFMT(member.mode)
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR} or (kind == stat.S_IFDIR) > member.is_folder:
            yield Fault("path-escape", "has links or other special files", member.name)


def _escape(name: str, *, windows: bool) -> str | None:
    if "\\" in name or _CONTROL.search(name):
        return "has names with backslashes or control characters"
    if name.startswith("/") or _DRIVE.match(name):
        return "has absolute names"
    parts = name.removesuffix("/").split("/")
    if not {"", ".", ".."}.isdisjoint(parts):
        return "has names with '..', '.' or empty parts"
    if windows and (":" in name or any(part[-1] in ". " for part in parts)):
        return "has names that Windows reads differently (a colon, a dot or space at the end)"
    if windows and any(_DEVICE.match(part.lower()) for part in parts):
        return "has names of devices"
    return None


def collisions(members: Iterable[Member]) -> Iterator[Fault]:
    """Names that are one file to some reader or file system."""
    seen: dict[str, Member] = {}
    folders: dict[str, str] = {}
    for member in members:
        key = folded(member.name).removesuffix("/")
        other = seen.setdefault(key, member)
        if other is not member and not (member.is_folder and other.is_folder and member.name != other.name):
            why = (
                "has the same name twice"
                if other.name == member.name
                else "has names that differ only in case"
            )
            yield Fault("wheel-contents", why, member.name)
        for folder in _parents(key):
            if folders.setdefault(folder, member.name) != member.name:
                break  # its own parents are known as well
    for key, member in seen.items():
        if not member.is_folder and key in folders:
            yield Fault("wheel-contents", "has a name that is both a file and a folder", member.name)


def folded(name: str) -> str:
    """The name as a file system that ignores case and composition sees it."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def _parents(key: str) -> Iterator[str]:
    while "/" in key:
        key = key.rpartition("/")[0]
        yield key


def misplaced(names: Iterable[str], project: NormalizedName, dist_info: str) -> Iterator[Fault]:
    """Files that a wheel of this project has no business with."""
    data_folder = dist_info.removesuffix(".dist-info") + ".data"
    for name in names:
        top, _, rest = name.partition("/")
        if top.endswith(".data"):
            yield from _in_data(name, rest, own=top == data_folder, project=project)
        else:
            yield from _in_library(name, name, project)


_UNCHECKED_HASH: Final = 0b01
"""Flags of bytecode that Python runs whatever its source says (PEP 552)."""


def bytecode_faults(heads: Mapping[str, bytes]) -> Iterator[Fault]:
    """Bytecode that would run in place of its source.

    Bytecode beside its source is harmless where Python compares the two: installing gives the
    source a new time, and bytecode with a checked hash is compared by content (PEP 552).

    Args:
        heads: every file, with its first 16 bytes if it is bytecode.
    """
    for name, head in heads.items():
        if name.endswith((".pyc", ".pyo")):
            folder, _, last = name.rpartition("/")
            source = f"{folder.removesuffix('__pycache__')}{last.partition('.')[0]}.py"
            cached = folder.rpartition("/")[2] == "__pycache__"
            if not cached or source not in heads:
                yield Fault("wheel-contents", "ships compiled bytecode without its source", name)
            elif int.from_bytes(head[4:8], "little") == _UNCHECKED_HASH:
                yield Fault(
                    "wheel-contents", "ships compiled bytecode that is never compared with its source", name
                )


def _in_data(name: str, rest: str, *, own: bool, project: NormalizedName) -> Iterator[Fault]:
    scheme, slash, path = rest.partition("/")
    if not own:
        yield Fault("wheel-contents", "has another package's .data folder", name)
    elif scheme not in _SCHEMES or not slash or not path:
        yield Fault("wheel-contents", "has a .data folder of no known scheme", name)
    elif scheme in _LIBRARIES:
        yield from _in_library(name, path, project)
    elif scheme == "scripts":
        yield from _in_scripts(name, path, project)
    elif scheme == "data":
        yield from _in_prefix(name, path, project)


def _in_library(name: str, path: str, project: NormalizedName) -> Iterator[Fault]:
    top, slash, rest = path.partition("/")
    if top.endswith((".egg-info", ".dist-info")) and _owner(top) != project:
        yield Fault("wheel-contents", "claims to be another package as well", name)
    if top in _LAUNCHERS and NormalizedName(top) != project:
        yield Fault("wheel-contents", f"would replace {top} itself", name)
    stem = top.partition(".")[0].lower()
    if (not slash and top.lower().endswith(".pth")) or (
        stem in _HOOKS and (not slash or rest.startswith("__init__."))
    ):
        yield Fault("startup-hook", "runs code whenever Python starts", name)


def _owner(folder: str) -> NormalizedName:
    return canonicalize_name(folder.rpartition(".")[0].partition("-")[0])


def _in_scripts(name: str, path: str, project: NormalizedName) -> Iterator[Fault]:
    if reserved_program(path, project):
        yield Fault("wheel-contents", "would replace an interpreter or a launcher", name)
    top = path.partition("/")[0]
    if ("/" in path or top.endswith(".py")) and top.removesuffix(".py") in sys.stdlib_module_names:
        # A program's own folder comes first on its module path: `locale.py` would run with pip.
        yield Fault("wheel-contents", "has a script that shadows a standard module", name)


def _in_prefix(name: str, path: str, project: NormalizedName) -> Iterator[Fault]:
    folder, _, last = path.rpartition("/")
    if last.lower() in _CONFIGURATION or _RUNTIME_IN_DATA.fullmatch(path):
        yield Fault("wheel-contents", "would replace the configuration of Python or pip", name)
    elif _LIBRARY_IN_DATA.match(path):
        yield Fault("wheel-contents", "writes into the library past its own scheme folders", name)
    elif folder.lower() in {"bin", "scripts"} and reserved_program(last, project):
        yield Fault("wheel-contents", "would replace an interpreter or a launcher", name)


def reserved_program(name: str, project: NormalizedName) -> bool:
    """Whether a program of this name would replace an interpreter, pip, or an activation script."""
    stem = _PROGRAM_SUFFIX.sub("", name).lower()
    if _INTERPRETERS.fullmatch(stem) or _ACTIVATION.fullmatch(name):
        return True
    return any(owner != project and pattern.fullmatch(stem) for owner, pattern in _LAUNCHERS.items())


def script_names(entry_points: str) -> list[str]:
    """Names of the scripts that an installer would make from ``entry_points.txt``."""
    found, section = [], ""
    for raw in entry_points.splitlines():
        line = raw.strip()
        if line.startswith("["):
            section = line.strip("[]").strip()
        elif line and line[0] not in "#;" and section in {"console_scripts", "gui_scripts"}:
            found.append(line.partition("=")[0].strip())
    return found


def bad_script(name: str, project: NormalizedName) -> Iterator[Fault]:
    """What is wrong with an entry point of this name."""
    if not name or {"/", "\\"} & set(name) or name in {".", ".."} or ":" in name or _CONTROL.search(name):
        yield Fault("path-escape", "has a script whose name leaves the scripts folder", name)
    elif reserved_program(name, project):
        yield Fault("wheel-contents", "would replace an interpreter or a launcher", name)
    elif name.endswith(".py") and name.removesuffix(".py") in sys.stdlib_module_names:
        yield Fault("wheel-contents", "has a script that shadows a standard module", name)
