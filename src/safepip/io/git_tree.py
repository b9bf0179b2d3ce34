"""The tree of a commit: looked through before it is written, its links made last, as with an archive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from safepip.core.errors import ApplyError, VerificationError
from safepip.core.limits import Limits
from safepip.core.origin import Layer, Origin, Place
from safepip.io.build_unpack import make_link
from safepip.verify.sdist import BadSdist, Entry, Kind, check_entries

TOP = "tree"
"""Archives have one top folder; a commit's files are judged, and written, as if they had one too."""
_KINDS = {"100644": Kind.FILE, "100755": Kind.FILE, "100664": Kind.FILE, "120000": Kind.SYMLINK}
_SUBMODULE = "160000"
_LINK_MAX_BYTES = 4096
"""The longest path of Linux."""


class Tree:
    """What git lists of a commit (``git ls-tree -r -z``).

    Attributes:
        submodules: paths at which other repositories are meant to stand.
    """

    def __init__(self, listed: bytes, shown: str, limits: Limits) -> None:
        """Raises VerificationError: it may not be written to a disk."""
        self._shown = shown
        self._limits = limits
        self.submodules: list[str] = []
        try:
            self._entries = list(self._read(listed))
            # Where links lead is known once they are there; so are sizes.
            check_entries((replace(one, target=".") for one in self._entries), 0, limits)
        except BadSdist as error:
            raise self._refusal(error) from None

    def make_links(self, folder: Path) -> None:
        """Put links in the place of the files that hold where they lead. Raises VerificationError.

        Args:
            folder: the one that :data:`TOP` stands in.
        """
        try:
            entries = [self._with_target(entry, folder) for entry in self._entries]
            check_entries(entries, 0, self._limits)
            for entry in entries:
                if entry.kind is Kind.SYMLINK:
                    make_link(entry, folder)
        except BadSdist as error:
            raise self._refusal(error) from None
        except OSError as error:
            raise ApplyError(
                f"the links of {self._shown} cannot be made: {error.strerror or error}",
                reference="disk",
                hint="check room and permissions of temporary files",
            ) from None

    def _read(self, listed: bytes) -> Iterator[Entry]:
        for count, line in enumerate(filter(None, listed.split(b"\0"))):
            if count > self._limits.sdist_entries_max:
                raise BadSdist(f"has more than {self._limits.sdist_entries_max} files")
            facts, _, name = line.partition(b"\t")
            mode = facts.partition(b" ")[0].decode()
            path = _decoded(name)
            if ".git" in path.lower().split("/"):
                raise BadSdist("has files of a repository of its own", path)
            if path[1:2] == ":":
                raise BadSdist("has names of drives", path)
            if mode == _SUBMODULE:
                self.submodules.append(path)
            yield Entry(name=f"{TOP}/{path}", kind=_kind(mode))

    def _with_target(self, entry: Entry, folder: Path) -> Entry:
        if entry.kind is not Kind.SYMLINK:
            return entry
        content = (folder / entry.name).read_bytes()
        if not 0 < len(content) <= _LINK_MAX_BYTES or b"\0" in content:
            raise BadSdist("has links that lead nowhere", _inside(entry))
        return replace(entry, target=os.fsdecode(content))

    def _refusal(self, error: BadSdist) -> VerificationError:
        member = error.member.removeprefix(f"{TOP}/")
        return VerificationError(
            f"{self._shown} {error}",
            reference="path-escape",
            origin=Origin(layer=Layer.ARTIFACT, kind=Place.ARTIFACT, place=self._shown, key=member or None),
            hint="do not use it; tell whoever made it",
            notes=(member,) if member else (),
        )


def _inside(entry: Entry) -> str:
    return entry.name.partition("/")[2]


def _kind(mode: str) -> Kind:
    return Kind.FOLDER if mode == _SUBMODULE else _KINDS.get(mode, Kind.OTHER)


def _decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise BadSdist("has names that are no UTF-8", repr(name)) from None
