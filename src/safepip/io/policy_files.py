"""Reading policy files, and what they name, that were merely found: a folder may hold anything there."""

from __future__ import annotations

import errno
import os
import stat

from safepip.core.limits import Limits

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_found(path: str, max_bytes: int = Limits().policy_max_bytes) -> bytes:
    """The file's bytes. A pipe or device in its place would make the run wait, or read, for ever.

    A link is followed: where policies are kept together, a project links to one.

    Raises:
        OSError: it is not there, no regular file, or too large.
    """
    descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, "too large", path)
    return content
