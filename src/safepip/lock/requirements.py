"""The answers of all environments as one hashed requirements file, for installers that read no lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.utils import NormalizedName

from safepip.core.digest import Digests
from safepip.core.index import Index
from safepip.core.locking import Answer
from safepip.lock.hashed import HEADER, INDENT, Block, Hashed, NotHashed, read_hashed
from safepip.lock.packages import direct_digests, who_asked
from safepip.lock.places import from_folder, index_url, inexpressible, local_path, plain_url
from safepip.lock.united import Entry, United, unite

_PYLOCK = "lock it into a pylock.toml, which can name it"


def requirements_text(answers: Iterable[Answer], *, base: str, previous: str | None = None) -> str:
    """A file for ``pip install --require-hashes -r``: one block for each version of each project.

    Hashes of every file that would do, who asked, and the index, which the file does not choose.

    Args:
        base: absolute path of the folder that the file will stand in.
        previous: the text that it replaces; what people wrote between its requirements is kept.

    Raises:
        CommandError: a folder, which has no hash; or as :func:`safepip.lock.document.merge`.
        VerificationError: a file has different digests in different environments.
    """
    united = unite(answers)
    notes = _Notes(_read(previous))
    last = {entry.key.project: entry for entry in united.packages}
    lines = [*HEADER, *notes.head]
    for entry in united.packages:
        above, inside = notes.of(entry.key.project, last=last[entry.key.project] is entry)
        lines += [*above, *_generated(united, entry, base), *(f"{INDENT}{comment}" for comment in inside)]
    return "\n".join([*lines, *notes.left_over()]).rstrip("\n") + "\n"


class _Notes:
    """What people wrote into the file before. The n-th requirement of a project keeps what its n-th had."""

    def __init__(self, before: Hashed) -> None:
        self.head = before.head
        self._foot = before.foot
        self._blocks: dict[NormalizedName, list[Block]] = {}
        for block in before.blocks:
            self._blocks.setdefault(block.project, []).append(block)

    def of(self, project: NormalizedName, *, last: bool) -> tuple[list[str], list[str]]:
        """Lines above a requirement, and comments below it.

        Args:
            last: whether it is the project's last one, which gets the rest.
        """
        waiting = self._blocks.get(project, [])
        taken = waiting[: len(waiting) if last else 1]
        del waiting[: len(taken)]
        above = (
            [*taken[0].above, *(line for block in taken[1:] for line in block.above if line)] if taken else []
        )
        return above, [comment for block in taken for comment in block.inside]

    def left_over(self) -> Iterator[str]:
        """What stands at the end: as before, and comments whose requirement is gone."""
        yield from self._foot
        for project, blocks in sorted(self._blocks.items()):
            comments = [line for block in blocks for line in (*block.above, *block.inside) if line]
            if comments:
                yield from ("", f"# {project} is not required any more; this was said about it:", *comments)


def _read(previous: str | None) -> Hashed:
    if previous is None:
        return Hashed()
    try:
        return read_hashed(previous)
    except NotHashed as error:
        raise inexpressible(
            f"line {error.line} of the file to be replaced: {error}", "write to another file with -o"
        ) from None


def _requirement(united: United, entry: Entry) -> str:
    marker = united.marker(entry)
    text = f"{entry.key.project}=={entry.key.version}" if entry.index else _direct(entry)
    return text if marker is None else f"{text} ; {marker.replace(chr(34), chr(39))}"


def _direct(entry: Entry) -> str:
    source, name = entry.step.source, entry.step.name
    if source is None:
        return f"{entry.key.project} @ {plain_url(entry.step.file.url, what=name)}"
    if not source.is_archive:
        kind = "folder" if source.directory else "repository"
        raise inexpressible(
            f"{entry.key.project} is a {kind}, which has no hash that a requirements file could hold", _PYLOCK
        )
    subdirectory = f"#subdirectory={source.subdirectory}" if source.subdirectory else ""
    return f"{entry.key.project} @ {plain_url(source.url, what=name)}{subdirectory}"


def _generated(united: United, entry: Entry, base: str) -> Iterator[str]:
    """The requirement, its hashes, who asked, and where its files are."""
    requirement = _requirement(united, entry)
    files = [file.digests for file in entry.files.values()] if entry.index else [direct_digests(entry.step)]
    digests = sorted({_sha256(one, entry) for one in files})
    yield " \\\n".join([requirement, *(f"{INDENT}--hash=sha256:{digest}" for digest in digests)])
    via = who_asked(entry, base)
    if via:
        yield _comment(f"via {', '.join(via)}")
    place = None if entry.index is None else _place(entry.index, base)
    if place:
        yield _comment(f"from {place}")


def _comment(text: str) -> str:
    """One line, whatever a file is called: after a line break in a name pip would read on."""
    shown = (one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return f"{INDENT}# {''.join(shown)}"


def _sha256(digests: Digests, entry: Entry) -> str:
    """pip would hold every file to every algorithm that stands there, so there is only one."""
    if digests.sha256 is None:
        raise inexpressible(
            f"{entry.title} has no sha256, so it cannot be locked", "give it one with --hash, or in its URL"
        )
    return digests.sha256


def _place(index: Index, base: str) -> str | None:
    if index.kind.local:
        path = local_path(index.url.for_request)
        return None if path is None else from_folder(path, base)
    return index_url(index)
