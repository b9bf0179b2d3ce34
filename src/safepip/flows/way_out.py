"""The one command that gives everything a hash, in the words of the command that was refused."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from safepip.core.origin import Place
from safepip.core.subjects import RequirementKind

if TYPE_CHECKING:
    from safepip.flows.guarded import Guarded

_NAMED = {
    "editables": "-e",
    "requirements": "-r",
    "dependency_groups": "--group",
    "requirements_from_scripts": "--requirements-from-script",
}
"""By pip's ``dest``: the options that name what is asked for; ``lock`` has them all."""
_BESIDE = {
    "constraints": "-c",
    "build_constraints": "--build-constraint",
    "index_url": "--index-url",
    "extra_index_urls": "--extra-index-url",
    "find_links": "--find-links",
    "cert": "--cert",
}
"""Options that change the answer; only what was typed, for the rest is configured for ``lock`` too."""


def way_out(guarded: Guarded) -> str:
    """What to type to have everything locked, builds included.

    Args:
        guarded: the user's own command.
    """
    locks = dict.fromkeys(line.locked.lock for line in guarded.roots if line.locked is not None)
    if locks:
        return f"safepip lock with what {' and '.join(locks)} was locked from"
    return f"safepip lock {' '.join(_asked(guarded))}, then -r pylock.toml in the place of that"


def _asked(guarded: Guarded) -> Iterator[str]:
    for line in guarded.roots:
        if line.origin.kind is Place.ARGUMENT and not line.editable:
            yield _shown(line.text, line.kind)
    for dest, option in _NAMED.items():
        for said in guarded.config.items(dest):
            yield f"{option} {_shown(said.value)}"
    for dest, option in _BESIDE.items():
        for said in guarded.config.items(dest):
            if said.origin.kind is Place.ARGUMENT:
                yield f"{option} {_shown(said.value)}"


def _shown(text: str, kind: RequirementKind = RequirementKind.NAMED) -> str:
    """As a shell takes it; a URL may hold a secret, and whoever typed it knows it."""
    remote = kind in {RequirementKind.URL, RequirementKind.VCS} or "://" in text
    return "URL" if remote else shlex.quote(text)
