"""What a lock says of files that have not changed stays as it is.

Indexes answer in JSON today and in HTML tomorrow, with sizes and times or without. The bytes are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from safepip.core.index import FileEntry
from safepip.core.locking import Answer, Choice
from safepip.lock.previous import Previous


def as_before(answers: Iterable[Answer], previous: Previous) -> tuple[Answer, ...]:
    """The answers, with size and upload time of the files that the lock already has as the lock has them."""
    return tuple(replace(answer, choice=_choice(answer.choice, previous)) for answer in answers)


def _choice(choice: Choice, previous: Previous) -> Choice:
    return replace(
        choice,
        files={
            project: tuple(_file(file, previous) for file in files) for project, files in choice.files.items()
        },
        builds={project: _choice(built, previous) for project, built in choice.builds.items()},
    )


def _file(file: FileEntry, previous: Previous) -> FileEntry:
    facts = previous.facts.get(file.filename)
    same = facts is not None and previous.files[file.filename].sha256 == file.digests.sha256
    if facts is None or not same:
        return file
    return replace(file, size=facts.size, upload_time=facts.upload_time)
