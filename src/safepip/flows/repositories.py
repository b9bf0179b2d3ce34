"""Code of repositories: one commit, which policy has admitted, brought to where it is built."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from safepip.core.build import Commit, Source
from safepip.core.errors import CommandError, Refused
from safepip.core.finding import Finding
from safepip.core.index import FileEntry
from safepip.core.repository import Repository, RepositoryError, read_repository
from safepip.pipcompat.fragment import read_fragment

if TYPE_CHECKING:
    from safepip.core.index import Index
    from safepip.core.subjects import RequirementLine
    from safepip.core.workshop import Workshop
    from safepip.flows.world import Connection, World

_NO_EXEMPTION = "safepip's default (no exemption reaches this far)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkouts:
    """Brings commits to a workshop.

    Attributes:
        say: pip's lines about it.
        editables: whether ``-e`` is to leave a folder that can be edited; pip's ``wheel`` leaves none.
    """

    shop: Workshop
    connection: Connection
    world: World
    say: Callable[[str], None]
    editables: bool

    def bring(self, line: RequirementLine, index: Index) -> tuple[Source, Path, FileEntry]:
        """The source of a repository's requirement, its project's folder, and what stands for its file.

        Raises:
            Refused: it names no commit, whatever policy lets pass.
            CommandError: it is to be editable.
            Also what :meth:`~safepip.core.workshop.Repositories.checkout` raises.
        """
        repository, commit = pinned(line)
        if line.editable and self.editables:
            raise _no_editable(line, repository, commit)
        subdirectory = read_fragment(line.target or "").subdirectory or ""
        self.say(f"  Cloning {repository.shown} (to revision {commit.requested})")
        folder = self.shop.new_folder()
        self.world.show.noted(self.connection.repositories.checkout(repository, commit, index, folder))
        self.say(f"  Resolved {repository.shown} to commit {commit.id}")
        names = hashlib.sha256(self.shop.read(folder, "names") or b"").hexdigest()
        source = Source(
            url=repository.shown,
            subdirectory=subdirectory,
            settings=line.config_settings,
            vcs=replace(commit, names=names),
        )
        tree = self.shop.inside(folder / "tree", subdirectory, repository.shown)
        return source, tree, FileEntry(filename=repository.name, url=repository.shown)


def pinned(line: RequirementLine) -> tuple[Repository, Commit]:
    """The repository, and the one commit of it that is meant.

    An exemption may stand in for ``vcs.allow``. Which code it is no exemption can say.
    """
    try:
        repository = read_repository(line.target or "")
    except RepositoryError as error:
        raise _refusal(line, str(error), error.hint) from None
    if repository.commit is None:
        what = "names no full commit id, so nothing says which code it is"
        raise _refusal(line, what, repository.how_to_pin)
    return repository, Commit(system="git", requested=repository.revision, id=repository.commit)


def _refusal(line: RequirementLine, problem: str, instruction: str) -> Refused:
    return Refused(
        [
            Finding(
                rule="unpinned-vcs",
                message=f"{line.name or 'the repository'} {problem}",
                origin=line.origin,
                subject=line.name,
                help=instruction,
                decided_by=_NO_EXEMPTION,
            )
        ]
    )


def _no_editable(line: RequirementLine, repository: Repository, commit: Commit) -> CommandError:
    return CommandError(
        f"{line.name or repository.shown} cannot be editable straight from its repository: its code would be "
        "built where you work on it",
        reference="editable-repository",
        origin=line.origin,
        hint=f"git clone {repository.shown} FOLDER, then git -C FOLDER checkout {commit.id}, look at it, and "
        "install -e ./FOLDER; or leave -e out",
    )
