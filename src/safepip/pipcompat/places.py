"""Where pip looks for its configuration (``get_configuration_files``, ``iter_config_files``).

Nothing is read here; the two questions about the disk are asked through callables.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
from collections.abc import Callable, Mapping

from safepip.pipcompat.written import ConfigKind

NULL_DEVICES = {"win32": "nul"}
SYSTEM_FILE = "/etc/pip.conf"
"""Stronger than the folders of the XDG specification, on every system but macOS and Windows."""
_HOMEBREW_PYTHON = re.compile(r"(?P<prefix>.+)/opt/python[^/]*/Frameworks/Python\.framework/Versions/[^/]+")
Places = list[tuple[ConfigKind, str]]


def config_paths(
    platform: str,
    environ: Mapping[str, str],
    prefix: str,
    home: str,
    *,
    base_prefix: str = "",
    exists: Callable[[str], bool],
    is_dir: Callable[[str], bool],
) -> Places:
    """Every file that pip would try, weakest first. Those that do not exist are among them.

    The user's own are too where pip is isolated: its first parser never is.

    Args:
        platform: ``sys.platform`` of the target.
        prefix: ``sys.prefix`` of the target, whose own file counts.
        home: the user's home folder.
        base_prefix: ``sys.base_prefix`` of the target, by which pip knows a Python of Homebrew's.
    """
    named = environ.get("PIP_CONFIG_FILE")
    if named == NULL_DEVICES.get(platform, "/dev/null"):
        return []
    places: Places = [(ConfigKind.GLOBAL, path) for path in _global(platform, environ, base_prefix)]
    if not (named and exists(named)):
        places += [(ConfigKind.USER, path) for path in _user(platform, environ, home, is_dir)]
    join = ntpath.join if platform == "win32" else posixpath.join
    places.append((ConfigKind.SITE, join(prefix, _basename(platform))))
    if named is not None:
        places.append((ConfigKind.ENV, named))
    return places


def _basename(platform: str) -> str:
    return "pip.ini" if platform == "win32" else "pip.conf"


def _global(platform: str, environ: Mapping[str, str], base_prefix: str) -> list[str]:
    if platform == "win32":
        named = environ.get("PROGRAMDATA") or environ.get("ALLUSERSPROFILE") or r"C:\ProgramData"
        folder = _windows_folder(environ, "COMMON_APPDATA") or named
        return [ntpath.join(ntpath.normpath(folder), "pip", "pip.ini")]
    if platform == "darwin":
        folders = _xdg_list(environ, "XDG_DATA_DIRS")
        if not folders:
            homebrew = _HOMEBREW_PYTHON.fullmatch(base_prefix)
            folders = [f"{homebrew['prefix']}/share"] if homebrew else []
            folders.append("/Library/Application Support")
        return [posixpath.join(folder, "pip", "pip.conf") for folder in folders]
    folders = _xdg_list(environ, "XDG_CONFIG_DIRS") or ["/etc/xdg"]
    return [*(posixpath.join(folder, "pip", "pip.conf") for folder in folders), SYSTEM_FILE]


def _user(platform: str, environ: Mapping[str, str], home: str, is_dir: Callable[[str], bool]) -> list[str]:
    if platform == "win32":
        named = environ.get("APPDATA") or ntpath.join(home, "AppData", "Roaming")
        roaming = ntpath.normpath(_windows_folder(environ, "APPDATA") or named)
        return [ntpath.join(home, "pip", "pip.ini"), ntpath.join(roaming, "pip", "pip.ini")]
    legacy = posixpath.join(home, ".pip", "pip.conf")
    if platform == "darwin":
        support = _xdg(environ, "XDG_DATA_HOME") or posixpath.join(home, "Library/Application Support")
        folder = posixpath.join(support, "pip")
        if not is_dir(folder):
            folder = posixpath.join(home, ".config", "pip")
        return [legacy, posixpath.join(folder, "pip.conf")]
    config = _xdg(environ, "XDG_CONFIG_HOME") or posixpath.join(home, ".config")
    return [legacy, posixpath.join(config, "pip", "pip.conf")]


def _windows_folder(environ: Mapping[str, str], name: str) -> str | None:
    """What the user put in the place of a known folder (platformdirs' ``WIN_PD_OVERRIDE_*``)."""
    folder = environ.get(f"WIN_PD_OVERRIDE_{name}", "").strip()
    drive, rest = ntpath.splitdrive(folder)
    rooted = rest.startswith(("\\", "/"))
    return folder if drive.startswith(("\\", "/")) or (drive and rooted) else None


def _xdg(environ: Mapping[str, str], name: str) -> str | None:
    path = environ.get(name, "").strip()
    return path if posixpath.isabs(path) else None


def _xdg_list(environ: Mapping[str, str], name: str) -> list[str]:
    return [path for path in map(str.strip, environ.get(name, "").split(":")) if posixpath.isabs(path)]
