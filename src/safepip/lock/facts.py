"""What a lock says of files that have not changed stays, where the index does not say otherwise.

Indexes answer in JSON today and in HTML tomorrow, with sizes and times or without. The bytes are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from safepip.core.index import FileEntry
from safepip.core.locking import Answer, Choice
from safepip.lock.previous import Previous

_Fact = TypeVar("_Fact")


def as_before(answers: Iterable[Answer], previous: Previous, *, filled: bool) -> tuple[Answer, ...]:
    """The answers, with the size and upload time that the lock has of a file where its index gives none now.

    What an index says counts before what a lock says: anybody may have written that.

    Args:
        filled: whether what the lock leaves out is filled in; else it stays out.
    """
    return tuple(replace(answer, choice=_choice(answer.choice, previous, filled)) for answer in answers)


def _choice(choice: Choice, previous: Previous, filled: bool) -> Choice:
    return replace(
        choice,
        files={
            project: tuple(_file(file, previous, filled) for file in files)
            for project, files in choice.files.items()
        },
        builds={project: _choice(built, previous, filled) for project, built in choice.builds.items()},
    )


def _file(file: FileEntry, previous: Previous, filled: bool) -> FileEntry:
    facts = previous.facts.get(file.filename)
    if facts is None or previous.files[file.filename].sha256 != file.digests.sha256:
        return file
    return replace(
        file,
        size=_fact(facts.size, file.size, filled),
        upload_time=_fact(facts.upload_time, file.upload_time, filled),
    )


def _fact(before: _Fact | None, now: _Fact | None, filled: bool) -> _Fact | None:
    if before is None:
        return now if filled else None
    return before if now is None else now
