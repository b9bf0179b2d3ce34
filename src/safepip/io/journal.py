"""All or nothing: what an installation may touch is noted, and kept, before it begins.

The journal is a folder in the library that is about to change (so that hard links keep the old
files at no cost). Removing ``journal.json`` is the one moment at which the new state counts. As
long as the file is there, :meth:`Journal.undo` puts everything back, in this process or, after a
SIGKILL or a power failure, in the next one that changes the same library.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from safepip.core.errors import ApplyError
from safepip.core.value import value
from safepip.io.interruption import undisturbed
from safepip.io.keeping import files_below, keep, remove, remove_empty, restore, write_durably

FOLDER = ".safepip-journal"
_NOTES = "journal.json"
_FORMAT = 1


@value
class Extent:
    """Everything that an installation may write or remove.

    Attributes:
        files: absolute paths, whether they exist or not.
        trees: folders or files that may be replaced as a whole, with all they hold.
        metadata_folders: the ``.dist-info`` folders that it may make.
        roots: the folders that all of this lies in.
        shared: those of the files that go with one distribution, and belong to another that stays too.
    """

    files: frozenset[str]
    trees: frozenset[str] = frozenset()
    metadata_folders: frozenset[str] = frozenset()
    roots: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class _Notes:
    """What stands in ``journal.json``.

    Attributes:
        saved: paths that existed; the n-th is kept in the journal's file ``n``.
        absent: paths that did not exist, in folders that did.
        new_folders: folders that did not exist; the topmost ones only.
        folders: folders that existed, with their permission bits.
        leftovers: of each existing folder, and of the one above it, the entries that look like
            pip's own temporary ones.
    """

    saved: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    new_folders: list[str] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    leftovers: dict[str, list[str]] = field(default_factory=dict)
    trees: list[str] = field(default_factory=list)


class Journal:
    """The open journal of one installation."""

    def __init__(self, folder: Path, notes: _Notes) -> None:
        self._folder = folder
        self._notes = notes

    @classmethod
    def begin(cls, library: str, extent: Extent) -> Journal:
        """Keep what exists of ``extent``; from now on :meth:`undo` can restore it.

        Where that is cut short, nothing is left behind.

        Raises:
            OSError: the library cannot be written to, or the disk is full.
        """
        notes = _Notes(trees=sorted(tree for tree in extent.trees if os.path.lexists(tree)))
        _note_missing_folder(library, notes)
        journal = cls(Path(library, FOLDER), notes)
        try:
            journal._keep_all(extent)
        except BaseException:
            undisturbed(journal._discard)
            raise
        return journal

    def _keep_all(self, extent: Extent) -> None:
        notes = self._notes
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = [path for tree in notes.trees for path in files_below(tree)]
        missing: set[str] = set()
        for path in dict.fromkeys([*sorted(extent.files), *kept]):
            _note(path, notes, missing)
        within = _containment(extent.roots)
        for above in {os.path.dirname(folder) for folder in notes.folders} - notes.leftovers.keys():
            if within(above):  # pip moves a folder that it removes aside
                notes.leftovers[above] = _temporary_names(above)
        for number, path in enumerate(notes.saved):
            keep(path, str(self._folder / str(number)))
        write_durably(self._folder / _NOTES, json.dumps(asdict(notes) | {"format": _FORMAT}))

    @classmethod
    def pending(cls, library: str, allowed: Sequence[str]) -> Journal | None:
        """The journal that an earlier command left behind; None if there is none to undo.

        Args:
            allowed: folders within which its paths must lie, so that a journal that came with a
                folder (``--target``) can reach nothing else.

        Raises:
            ApplyError: there is one, and it cannot be relied on.
        """
        folder = Path(library, FOLDER)
        if not os.path.lexists(folder):
            return None
        if folder.is_symlink() or not _is_ours(folder):
            raise _unusable(folder, "it is a link, or belongs to somebody else")
        try:
            content = json.loads((folder / _NOTES).read_bytes())
        except FileNotFoundError:
            shutil.rmtree(folder)  # killed before it began, or after all was done
            return None
        except (OSError, ValueError) as error:
            raise _unusable(folder, str(error)) from error
        return cls(folder, _checked(folder, content, allowed))

    def put_back(self, paths: Collection[str]) -> None:
        """Bring back the files among these that were there, and are gone; :meth:`undo` still can undo all."""
        for number, path in enumerate(self._notes.saved):
            if path in paths and not os.path.lexists(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                keep(str(self._folder / str(number)), path)

    def commit(self) -> None:
        """The new state counts. Raises OSError: it does not, and :meth:`undo` still can."""
        (self._folder / _NOTES).unlink()
        self._discard()

    def _discard(self) -> None:
        """Remove the journal, and the folders that were made for it alone."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / _NOTES).unlink()  # first: what follows may be cut short
        shutil.rmtree(self._folder, ignore_errors=True)
        for made in self._notes.new_folders:
            remove_empty(self._folder.parent, Path(made))

    def undo(self) -> None:
        """Put everything back as it was, unless :meth:`commit` came first.

        May be repeated, also after being cut short.
        """
        if not (self._folder / _NOTES).exists():
            return
        notes = self._notes
        self._remove_new()
        for folder, mode in notes.folders.items():
            if not os.path.isdir(folder):
                os.makedirs(folder)
                os.chmod(folder, mode)
        for number, path in enumerate(notes.saved):
            restore(str(self._folder / str(number)), path)
        (self._folder / _NOTES).unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        for folder in notes.new_folders:
            remove(folder)

    def _remove_new(self) -> None:
        """Everything that was not there before, except the journal and the folders above it."""
        notes, journal = self._notes, str(self._folder)
        leftovers = [
            os.path.join(folder, name)
            for folder, known in notes.leftovers.items()
            for name in set(_temporary_names(folder)) - set(known)
        ]
        trees = [tree for tree in notes.trees if not os.path.islink(tree)]
        folders = [folder for folder in notes.new_folders if not journal.startswith(folder + os.sep)]
        for path in (*notes.absent, *leftovers, *trees, *folders):
            remove(path)


def _note_missing_folder(folder: str, notes: _Notes) -> None:
    """Note the topmost folder that will come into being with ``folder``."""
    missing = None
    while not os.path.isdir(folder):
        missing, folder = folder, os.path.dirname(folder)
    if missing is not None and missing not in notes.new_folders:
        notes.new_folders.append(missing)


def _note(path: str, notes: _Notes, missing: set[str]) -> None:
    """``missing``: folders that were looked for and are not there; thousands of files share them."""
    folder = os.path.dirname(path)
    if folder in missing:
        return
    if folder not in notes.folders:
        if not os.path.isdir(folder):
            missing.add(folder)
            if not any((folder + os.sep).startswith(new + os.sep) for new in notes.new_folders):
                _note_missing_folder(folder, notes)
            return
        notes.folders[folder] = stat.S_IMODE(os.stat(folder).st_mode)
        notes.leftovers[folder] = _temporary_names(folder)
    if os.path.lexists(path):
        if not os.path.isdir(path) or os.path.islink(path):
            notes.saved.append(path)
    else:
        notes.absent.append(path)


def _temporary_names(folder: str) -> list[str]:
    """Entries that a killed pip or safepip leaves: moved aside, or written and not yet renamed.

    pip's ``AdjacentTempDirectory`` begins them with a tilde, its ``adjacent_tmp_file`` ends them
    with ``.tmp``; Python's own writer puts a number after ``.pyc``.
    """
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [
        name
        for name in names
        if name.startswith("~") or ".pyc." in name or name.endswith((".tmp", ".safepip"))
    ]


def _is_ours(folder: Path) -> bool:
    return os.name != "posix" or folder.lstat().st_uid == os.geteuid()


def _checked(folder: Path, content: object, allowed: Sequence[str]) -> _Notes:
    """The notes, if every path in them lies where this installation may write."""
    if not isinstance(content, dict) or content.pop("format", None) != _FORMAT:
        raise _unusable(folder, "its format is not known")
    try:
        notes = _Notes(**content)
        folders = [*notes.folders, *notes.leftovers]
        paths = [*notes.saved, *notes.absent, *notes.new_folders, *notes.trees, *folders]
        within = _containment(allowed)
        foreign = next((path for path in paths if not within(path)), None)
    except (TypeError, ValueError) as error:
        raise _unusable(folder, str(error)) from error
    if foreign is not None:
        raise _unusable(folder, f"it names {foreign!r}, which is outside of this environment")
    return notes


def _containment(allowed: Iterable[str]) -> Callable[[str], bool]:
    roots = [os.path.join(os.path.realpath(root), "") for root in allowed]

    def within(path: str) -> bool:
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path), "")
        return os.path.isabs(path) and os.path.normpath(path) == path and any(map(real.startswith, roots))

    return within


def _unusable(folder: Path, why: str) -> ApplyError:
    return ApplyError(
        f"an installation was cut short here, and its journal {folder} cannot be used: {why}",
        reference="journal",
        hint="make the environment anew, or delete the journal if you know that the environment is whole",
    )
