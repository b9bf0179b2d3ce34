"""Folders and archives that the user named: brought to where they are built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.build import Source
from safepip.core.errors import BuildError
from safepip.core.index import FileEntry
from safepip.flows.judging import judge_archive
from safepip.pipcompat.fragment import read_fragment

if TYPE_CHECKING:
    from safepip.core.index import Index
    from safepip.core.subjects import RequirementLine
    from safepip.core.url import Url
    from safepip.core.workshop import Workshop
    from safepip.flows.world import Connection, World


def of_directory(
    line: RequirementLine, url: Url, world: World, *, editables: bool
) -> tuple[Source, Path, FileEntry]:
    """The folder itself: it is built where it stands.

    Args:
        editables: whether ``-e`` means anything.
    """
    tree = Path(url.local_path)
    source = Source(
        url=_bare(url),
        directory=True,
        editable=line.editable and editables,
        settings=line.config_settings,
    )
    world.show.processing(str(tree), source.url if line.editable else None)
    return source, tree, FileEntry(filename=tree.name, url=source.url)


def of_archive(
    line: RequirementLine, url: Url, index: Index, *, shop: Workshop, connection: Connection, world: World
) -> tuple[Source, Path, FileEntry]:
    """An archive: fetched, checked and unpacked. Raises Refused where nothing says what its bytes have to be."""
    if line.editable:
        raise BuildError(
            f"{line.text} is not a valid editable requirement. It should either be a path to a local "
            "project or a VCS URL.",
            origin=line.origin,
        )
    if url.scheme == "file":
        world.show.processing(url.local_path, None)
    else:
        judge_archive(line)
    file = FileEntry(filename=url.filename, url=_bare(url), size=line.size)
    archive = connection.store.have(file, index, line.hashes)
    source = Source(
        url=file.url,
        subdirectory=_subdirectory(line),
        digests=shop.digests(archive),
        settings=line.config_settings,
    )
    tree = shop.unpack(archive, file.filename, source.subdirectory)
    return source, tree, replace(file, digests=source.digests)


def _bare(url: Url) -> str:
    return replace(url, fragment="").without_secrets


def _subdirectory(line: RequirementLine) -> str:
    address = line.requirement.url if line.requirement is not None else line.text
    return read_fragment(address or "").subdirectory or ""
