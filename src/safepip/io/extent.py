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

from safepip.core.errors import ApplyError
from safepip.core.ports import Environment, InstalledDistribution
from safepip.io.agent import Scheme
from safepip.io.installed import metadata_folders, name_of
from safepip.io.journal import Extent
from safepip.io.keeping import files_below
from safepip.verify.names import script_names
from safepip.verify.wheel import data_path

_WINDOWS_LAUNCHERS = (".exe", "-script.py", "-script.pyw", ".exe.manifest", "-script.py.manifest")


def measure(
    wheels: Iterable[tuple[Path, Collection[str]]],
    replaced: Iterable[InstalledDistribution],
    scheme: Scheme,
    *,
    staying: Iterable[InstalledDistribution] = (),
    cache_tag: str,
    prefix: str,
    is_virtual: bool = True,
    whole_entries: bool,
) -> Extent:
    """What installing ``wheels`` in place of ``replaced`` may touch.

    Raises ApplyError where pip would remove what lies outside of the environment.

    Args:
        wheels: each with every spelling of its name: one of them names the folder of its headers.
        staying: what else is installed; files that it has in common with ``replaced`` are noted.
        cache_tag: of the target's bytecode files, such as ``cpython-313``.
        prefix: the target's ``sys.prefix``.
        is_virtual: whether it is a virtual environment; if so, pip removes nothing that lies elsewhere.
        whole_entries: whether top-level entries are replaced whole (``--target`` with ``--upgrade``).
    """
    files = {path for wheel, spellings in wheels for path in _destinations(wheel, spellings, scheme)}
    trees = {_top_level(path, scheme.data) for path in files} if whole_entries else set()
    roots = (prefix, *scheme.folders)
    going = _going(replaced, roots, trees, virtual_prefix=prefix if is_virtual else None)
    files |= going
    own_records = (path for path in files if path.endswith(f".dist-info{os.sep}RECORD"))
    metadata = {os.path.dirname(path) for path in own_records}
    # Packages carry the metadata of what they vendor; only those in a library are installed.
    metadata = {folder for folder in metadata if os.path.dirname(folder) in scheme.libraries}
    files.update([_bytecode(path, cache_tag) for path in files if path.endswith(".py")])
    return Extent(
        files=frozenset(files),
        trees=frozenset(trees),
        metadata_folders=frozenset(metadata),
        roots=roots,
        shared=_shared(going, staying),
    )


def _going(
    replaced: Iterable[InstalledDistribution],
    roots: tuple[str, ...],
    trees: set[str],
    *,
    virtual_prefix: str | None,
) -> set[str]:
    """The files of what is replaced or removed. Adds to ``trees`` as :func:`_recorded`.

    Raises:
        ApplyError: pip would remove a file outside of ``roots``, which no journal keeps.
    """
    found: set[str] = set()
    real_folders: dict[str, str] = {}
    allowed = tuple(os.path.join(folder, "") for folder in roots)
    really = tuple(os.path.join(os.path.realpath(folder), "") for folder in roots)
    for distribution in replaced:
        # pip leaves alone what lies behind a virtual environment, or beside a user's own packages.
        here = os.path.join(os.path.realpath(distribution.location), "").startswith(really)
        for path in _recorded(distribution, trees):
            # As pip knows what it removes (UninstallPathSet.add): links on the way are followed, not the last.
            folder, name = os.path.split(path)
            if folder not in real_folders:
                real_folders[folder] = os.path.realpath(folder)
            real = os.path.join(real_folders[folder], name)
            if path.startswith(allowed):
                found.add(path)
            if real.startswith(really):
                found.add(path if path in found else real)
            elif here and _would_remove(real, virtual_prefix) and os.path.lexists(real):
                raise _outside(distribution, real)
    return found


def _would_remove(path: str, virtual_prefix: str | None) -> bool:
    """As pip's ``UninstallPathSet._permitted``, for which a folder beside ``env`` named ``env2`` is inside."""
    return virtual_prefix is None or path.startswith(os.path.realpath(virtual_prefix))


def _outside(distribution: InstalledDistribution, path: str) -> ApplyError:
    return ApplyError(
        f"{distribution.name} {distribution.version_text} claims {path}, which is outside of this environment, "
        "and pip would remove it",
        reference="outside-file",
        hint=f"look at the RECORD of {distribution.name} in {distribution.location}; take the line out if it is "
        "wrong, or remove the package by hand",
    )


def _shared(going: set[str], staying: Iterable[InstalledDistribution]) -> frozenset[str]:
    """A namespace's ``__init__.py``, say, that several distributions bring."""
    if not going:
        return frozenset()
    return frozenset(path for one in staying for path in _recorded(one, set()) if path in going)


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
            yield from files_below(str(folder))  # also what some tool has put there since
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
