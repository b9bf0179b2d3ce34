"""Whether an installation into an environment was cut short; a look that costs next to nothing.

Made from the interpreter's path alone, so that reading commands can afford it. Installing looks
where the interpreter itself says, see :mod:`safepip.io.recovery`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

_JOURNAL = os.path.join(".safepip-journal", "journal.json")


def unfinished(python: str, environ: Mapping[str, str]) -> list[str]:
    """Libraries of this interpreter's environment, and the user's own, that hold a journal."""
    found = libraries_of(python, environ)
    return [library for library in found if os.path.isfile(os.path.join(library, _JOURNAL))]


def libraries_of(python: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Where libraries of this interpreter's environment, and the user's own, would be."""
    bases = [os.path.dirname(os.path.dirname(os.path.abspath(python)))]
    if home := environ.get("HOME"):
        bases.append(environ.get("PYTHONUSERBASE") or os.path.join(home, ".local"))
    for base in bases:
        yield from _libraries(base)


def _libraries(base: str) -> Iterator[str]:
    yield os.path.join(base, "Lib", "site-packages")
    folder = os.path.join(base, "lib")
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if name.startswith(("python", "pypy")):
            yield from (os.path.join(folder, name, kind) for kind in ("site-packages", "dist-packages"))
