"""What pip will touch when it installs these wheels here: the ground a journal must cover.

A superset: a path that pip then leaves alone costs one look and harms nothing.
"""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from packaging.utils import NormalizedName

from safepip.core.ports import Environment, InstalledDistribution
from safepip.io.agent import Scheme
from safepip.io.installed import metadata_folders, name_of
from safepip.io.journal import Extent
from safepip.verify.names import script_names
from safepip.verify.wheel import data_path

_WINDOWS_LAUNCHERS = (".exe", "-script.py", "-script.pyw", ".exe.manifest", "-script.py.manifest")


def measure(
    wheels: Iterable[tuple[Path, Collection[str]]],
    replaced: Iterable[InstalledDistribution],
    scheme: Scheme,
    *,
    cache_tag: str,
    prefix: str,
    whole_entries: bool,
) -> Extent:
    """What installing ``wheels`` in place of ``replaced`` may touch.

    Args:
        wheels: each with every spelling of its name: one of them names the folder of its headers.
        cache_tag: of the target's bytecode files, such as ``cpython-313``.
        prefix: the target's ``sys.prefix``; pip removes nothing outside of it and the scheme.
        whole_entries: whether top-level entries are replaced whole (``--target`` with ``--upgrade``).
    """
    files: set[str] = set()
    for wheel, spellings in wheels:
        files.update(_destinations(wheel, spellings, scheme))
    trees: set[str] = set()
    if whole_entries:
        trees = {_top_level(path, scheme.data) for path in files}
    roots = (prefix, *scheme.folders)
    allowed = tuple(os.path.join(folder, "") for folder in roots)
    for distribution in replaced:
        for path in _recorded(distribution, trees):
            if path.startswith(allowed):
                files.add(path)
    own_records = (path for path in files if path.endswith(f".dist-info{os.sep}RECORD"))
    metadata = {os.path.dirname(path) for path in own_records}
    # Packages carry the metadata of what they vendor; only those in a library are installed.
    metadata = {folder for folder in metadata if os.path.dirname(folder) in scheme.libraries}
    files.update([_bytecode(path, cache_tag) for path in files if path.endswith(".py")])
    return Extent(
        files=frozenset(files), trees=frozenset(trees), metadata_folders=frozenset(metadata), roots=roots
    )


def _bytecode(path: str, cache_tag: str) -> str:
    folder, name = os.path.split(path)
    return f"{folder}{os.sep}__pycache__{os.sep}{name[:-3]}.{cache_tag}.pyc"


def _top_level(path: str, folder: str) -> str:
    return os.path.join(folder, os.path.relpath(path, folder).split(os.sep)[0])


def _destinations(wheel: Path, spellings: Collection[str], scheme: Scheme) -> Iterator[str]:
    """Where pip puts each member, whichever of purelib and platlib the wheel asks for."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        roots = [os.path.join(folder, "") for folder in scheme.libraries]
        info = next(
            (name.partition("/")[0] for name in names if name.split("/")[0].endswith(".dist-info")), ""
        )
        includes = os.path.dirname(scheme.headers)
        by_key = {
            "purelib": [scheme.purelib],
            "platlib": [scheme.platlib],
            "scripts": [scheme.scripts],
            "headers": [os.path.join(includes, name) for name in {*spellings, info.partition("-")[0]}],
        }
        for name in names:
            if name.endswith("/"):
                continue
            top, _, rest = name.partition("/")
            if top.endswith(".data") and rest:
                key, _, inner = rest.partition("/")
                folders = by_key.get(key, [scheme.data])
                yield from (os.path.normpath(os.path.join(folder, inner)) for folder in folders)
            else:
                yield from (root + name for root in roots)
        for name in ("INSTALLER", "REQUESTED", "direct_url.json"):
            yield from (f"{root}{info}{os.sep}{name}" for root in roots)
        if f"{info}/entry_points.txt" in names:
            text = archive.read(f"{info}/entry_points.txt").decode(errors="replace")
            yield from _launchers(text, scheme.scripts)


def _launchers(entry_points: str, scripts: str) -> Iterator[str]:
    for name in script_names(entry_points):
        path = os.path.join(scripts, name)
        yield path
        if os.name == "nt":
            yield from (path + suffix for suffix in _WINDOWS_LAUNCHERS)
        if name == "pip":  # pip makes pip3 and pip3.N besides (get_console_script_specs)
            yield from (f"{path}3", *(f"{path}3.{minor}" for minor in range(10, 40)))


def _recorded(distribution: InstalledDistribution, trees: set[str]) -> Iterator[str]:
    """The files of an installed distribution; adds to ``trees`` what has no list of files."""
    for folder in metadata_folders(distribution.location):
        if name_of(folder) != distribution.project:
            continue
        record = folder / "RECORD"
        if record.is_file():
            yield from _paths_in(record, distribution.location)
        else:
            trees.update(_legacy(folder, distribution.location))


def _paths_in(record: Path, location: str) -> Iterator[str]:
    with record.open(newline="", encoding="utf-8", errors="surrogateescape") as stream:
        for row in csv.reader(stream):
            if row:
                path = os.path.normpath(os.path.join(location, row[0]))
                yield path
                if path.endswith(".py"):  # pip removes these too (uninstallation_paths)
                    yield from (path + "c", path + "o")


def _legacy(folder: Path, location: str) -> Iterator[str]:
    """An egg: its metadata, its top-level modules, and the list that names it."""
    yield str(folder)
    yield os.path.join(location, "easy-install.pth")
    yield os.path.join(location, folder.stem.split("-")[0] + ".egg-link")
    try:
        modules = (folder / "top_level.txt").read_text(encoding="utf-8").split()
    except OSError:
        return
    for module in modules:
        yield from (os.path.join(location, module), os.path.join(location, module + ".py"))


def by_project(
    installed: Mapping[NormalizedName, InstalledDistribution], projects: Iterable[NormalizedName]
) -> list[InstalledDistribution]:
    return [installed[project] for project in projects if project in installed]


def owned_paths(environment: Environment) -> dict[NormalizedName, frozenset[str]]:
    """The files of every distribution that pip could overwrite, as verified wheels name theirs.

    See :func:`safepip.verify.wheel.installed_paths`. Bytecode and what lies elsewhere is left out.
    """
    found = {}
    for project, distribution in environment.installed.items():
        if distribution.in_scheme or distribution.in_user_site:
            paths = (_by_scheme(path, environment.paths) for path in _recorded(distribution, set()))
            found[project] = frozenset(path for path in paths if path and not path.endswith((".pyc", ".pyo")))
    return found


def _by_scheme(path: str, paths: Mapping[str, str]) -> str | None:
    for key in ("purelib", "platlib", "include", "scripts", "data"):
        inside = path.removeprefix(os.path.join(paths[key], ""))
        if inside != path:
            inside = inside.replace(os.sep, "/")
            names = {"purelib": "library", "platlib": "library", "include": "headers"}
            return data_path(inside) if key == "data" else f"{names.get(key, key)}/{inside}"
    return None
